// Runs a program as a child: its output, its exit code, signals to it.
//
// Belongs to one thread. A child that still runs when its object goes is killed.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace spillway {

class ChildProcess {
 public:
  struct Ended {
    int exit_code = -1;  // 128 + signal for one that was killed
    std::string out;
    std::string err;
  };

  explicit ChildProcess(const std::vector<std::string>& command);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  // Reads stdout until `text` is in it; false when the child ends before.
  bool WaitForOutput(std::string_view text);
  void Signal(int number) const;
  // Reads the rest and waits for the end.
  Ended Wait();

  // Runs it to its end.
  static Ended Run(const std::vector<std::string>& command) { return ChildProcess(command).Wait(); }

 private:
  // Reads what there is, waiting for some; false when both ends are closed.
  bool ReadSome();

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  Ended ended_;
};

}  // namespace spillway
