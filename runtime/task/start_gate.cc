#include "runtime/task/start_gate.h"

namespace spillway::runtime {

bool StartGate::ArriveAndWait() {
  std::unique_lock lock(mutex_);
  --missing_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return missing_ == 0 || cancelled_; });
  return !cancelled_;
}

bool StartGate::Wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return missing_ == 0 || cancelled_; });
  return missing_ == 0;
}

void StartGate::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  changed_.notify_all();
}

}  // namespace spillway::runtime
