#include "runtime/task/start_gate.h"

namespace spillway::runtime {

bool StartGate::ArriveAndWait() {
  std::unique_lock lock(mutex_);
  open_ = --missing_ == 0 && !cancelled_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return open_ || cancelled_; });
  return open_;
}

bool StartGate::Wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return open_ || cancelled_; });
  return open_;
}

void StartGate::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  changed_.notify_all();
}

}  // namespace spillway::runtime
