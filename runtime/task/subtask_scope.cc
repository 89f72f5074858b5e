#include "runtime/task/subtask_scope.h"

#include <utility>

namespace spillway::runtime {

SubtaskScope::SubtaskScope(const Parts& parts) : parts_(parts), records_(&unused_records_) {
  if (parts_.node->source != nullptr) records_ = &parts_.figures->AddInputCounter();
  if (parts_.node->sink != nullptr) records_ = &parts_.figures->AddOutputCounter();
}

Counter& SubtaskScope::GetCounter(const std::string& name) {
  return parts_.figures->UserCounter(parts_.node->name, parts_.subtask, name);
}

void SubtaskScope::Fail(Status status) {
  if (parts_.stop->failure.ok()) {
    parts_.stop->failure = std::move(status);
    parts_.stop->failed_operator = parts_.node->name;
  }
  parts_.stop->flag.store(true, std::memory_order_relaxed);
}

std::vector<std::string> SubtaskScope::RestoredBlobs(const std::string& name) const {
  return parts_.restore == nullptr ? std::vector<std::string>() : parts_.restore->Blobs(*parts_.node, name);
}

}  // namespace spillway::runtime
