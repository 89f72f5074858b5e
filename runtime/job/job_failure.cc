#include "runtime/job/job_failure.h"

#include <utility>

namespace spillway::runtime {

void JobFailure::AddListener(std::function<void()> listener) {
  listeners_.push_back(std::move(listener));
}

void JobFailure::ReportSubtask(const std::string& operator_name, uint32_t subtask, uint32_t parallelism,
                               const Status& status) {
  Report(status.WithContext("operator '" + operator_name + "', subtask " + std::to_string(subtask + 1) + " of " +
                            std::to_string(parallelism)));
}

void JobFailure::Report(Status status) {
  {
    const std::lock_guard lock(mutex_);
    if (!cause_.ok() || status.ok()) return;
    cause_ = std::move(status);
  }
  reported_.store(true, std::memory_order_release);
  for (const std::function<void()>& listener : listeners_) listener();
}

Status JobFailure::cause() const {
  const std::lock_guard lock(mutex_);
  return cause_;
}

}  // namespace spillway::runtime
