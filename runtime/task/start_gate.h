// Holds the subtasks of a job back until every one of them has opened, so that nothing runs when one cannot.
//
// It opens, or it never does: all get the same answer. Any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace spillway::runtime {

class StartGate {
 public:
  explicit StartGate(size_t subtasks) : missing_(subtasks) {}

  // A subtask has opened; waits for the others. False: the job is ending before it began.
  bool ArriveAndWait();
  // Waits without arriving: for the job's own thread. True once every subtask has opened, though by then one may have
  // failed already.
  bool Wait();
  // Lets all go with false, unless the gate has opened already.
  void Cancel();

 private:
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  size_t missing_;
  bool open_ = false;
  bool cancelled_ = false;
};

}  // namespace spillway::runtime
