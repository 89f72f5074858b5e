// The first thing that went wrong in a job, and the signal for everybody to end.
//
// Any thread. Only the first cause is kept: what fails afterwards mostly fails because of it. Listeners are added
// before the subtasks start and called once, on the thread that reported, without a lock held; they must not report
// themselves.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "spillway/status.h"

namespace spillway::runtime {

class JobFailure {
 public:
  void AddListener(std::function<void()> listener);

  // "operator 'count', subtask 1 of 2: …"
  void ReportSubtask(const std::string& operator_name, uint32_t subtask, uint32_t parallelism, const Status& status);
  void Report(Status status);

  [[nodiscard]] bool reported() const { return reported_.load(std::memory_order_acquire); }
  // OK while nothing was reported.
  [[nodiscard]] Status cause() const;

 private:
  std::vector<std::function<void()>> listeners_;  // unchanged once subtasks run
  mutable std::mutex mutex_;
  Status cause_;  // guarded by mutex_
  std::atomic<bool> reported_{false};
};

}  // namespace spillway::runtime
