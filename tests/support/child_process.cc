#include "tests/support/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

extern char** environ;

namespace spillway {
namespace {

[[noreturn]] void Die(const char* what) {
  perror(what);
  abort();
}

std::pair<int, int> Pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) Die("pipe2");
  return {ends[0], ends[1]};
}

// Appends what `descriptor` has; closes it and sets it to -1 at the end.
void ReadInto(int* descriptor, std::string* text) {
  std::array<char, 4096> buffer;
  const ssize_t got = read(*descriptor, buffer.data(), buffer.size());
  if (got > 0) {
    text->append(buffer.data(), static_cast<size_t>(got));
  } else if (got == 0 || errno != EINTR) {
    close(*descriptor);
    *descriptor = -1;
  }
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
  const auto [out_read, out_write] = Pipe();
  const auto [err_read, err_write] = Pipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out_write, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err_write, STDERR_FILENO);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  if (posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ) != 0) Die("posix_spawn");
  posix_spawn_file_actions_destroy(&actions);
  close(out_write);
  close(err_write);
  out_ = out_read;
  err_ = err_read;
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_ >= 0) close(out_);
  if (err_ >= 0) close(err_);
}

bool ChildProcess::WaitForOutput(std::string_view text) {
  while (ended_.out.find(text) == std::string::npos) {
    if (!ReadSome()) return false;
  }
  return true;
}

void ChildProcess::Signal(int number) const {
  kill(pid_, number);
}

ChildProcess::Ended ChildProcess::Wait() {
  while (ReadSome()) {
  }
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  ended_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return std::move(ended_);
}

bool ChildProcess::ReadSome() {
  if (out_ < 0 && err_ < 0) return false;
  std::array<pollfd, 2> waiting{pollfd{out_, POLLIN, 0}, pollfd{err_, POLLIN, 0}};  // poll leaves -1 alone
  if (poll(waiting.data(), waiting.size(), -1) < 0) return true;
  if (waiting[0].revents != 0) ReadInto(&out_, &ended_.out);
  if (waiting[1].revents != 0) ReadInto(&err_, &ended_.err);
  return true;
}

}  // namespace spillway
