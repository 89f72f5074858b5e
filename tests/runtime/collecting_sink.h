// A transactional sink in memory for tests. Its output outlives jobs as a disk would, so jobs can be restored onto it.
//
// CollectedOutput may be read from any thread. Sealed output is visible once committed; committing what was never
// sealed, or was dropped by a later Start, is an error: then a job lost something.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "spillway/stream/sink.h"

namespace spillway::runtime {

template <typename T>
class CollectedOutput {
 public:
  std::string Seal(std::vector<T> records) {
    const std::lock_guard lock(mutex_);
    std::string id = "transaction-" + std::to_string(next_++);
    sealed_[id] = std::move(records);
    return id;
  }
  Status Commit(const std::string& id) {
    const std::lock_guard lock(mutex_);
    if (committed_ids_.contains(id)) return {};
    const auto found = sealed_.find(id);
    if (found == sealed_.end()) return Status::Internal("committed without being sealed: " + id);
    committed_.insert(committed_.end(), found->second.begin(), found->second.end());
    committed_ids_.insert(id);
    sealed_.erase(found);
    return {};
  }
  void DropSealed() {
    const std::lock_guard lock(mutex_);
    sealed_.clear();
  }
  [[nodiscard]] std::vector<T> committed() const {
    const std::lock_guard lock(mutex_);
    return committed_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<T>> sealed_;
  std::set<std::string> committed_ids_;
  std::vector<T> committed_;
  uint64_t next_ = 0;
};

// May fail or throw; from several threads.
struct SinkHooks {
  std::function<Status(uint64_t checkpoint_id, uint32_t subtask)> before_prepare;
  std::function<Status(uint64_t checkpoint_id, uint32_t subtask)> after_prepare;
  std::function<Status()> before_commit;
  std::function<Status()> before_write;
};

template <typename T>
class CollectingSink final : public Sink<T> {
 public:
  explicit CollectingSink(std::shared_ptr<CollectedOutput<T>> output, SinkHooks hooks = {})
      : output_(std::move(output)), hooks_(std::move(hooks)) {}

  Status Start(std::optional<uint64_t>, const std::vector<std::string>& committables) override {
    for (const std::string& id : committables) SPILLWAY_RETURN_IF_ERROR(output_->Commit(id));
    output_->DropSealed();
    return {};
  }
  Result<std::unique_ptr<SinkWriter<T>>> CreateWriter(uint32_t subtask) override {
    return std::unique_ptr<SinkWriter<T>>(new Writer(this, subtask));
  }
  Status Commit(const std::vector<std::string>& committables) override {
    if (hooks_.before_commit) SPILLWAY_RETURN_IF_ERROR(hooks_.before_commit());
    for (const std::string& id : committables) SPILLWAY_RETURN_IF_ERROR(output_->Commit(id));
    return {};
  }

 private:
  class Writer final : public SinkWriter<T> {
   public:
    Writer(CollectingSink* sink, uint32_t subtask) : sink_(sink), subtask_(subtask) {}
    Status Write(const T& record) override {
      if (sink_->hooks_.before_write) SPILLWAY_RETURN_IF_ERROR(sink_->hooks_.before_write());
      records_.push_back(record);
      return {};
    }
    Result<std::vector<std::string>> PrepareCommit(uint64_t checkpoint_id) override {
      const SinkHooks& hooks = sink_->hooks_;
      if (hooks.before_prepare) SPILLWAY_RETURN_IF_ERROR(hooks.before_prepare(checkpoint_id, subtask_));
      std::vector<std::string> committables;
      if (!records_.empty()) committables.push_back(sink_->output_->Seal(std::exchange(records_, {})));
      if (hooks.after_prepare) SPILLWAY_RETURN_IF_ERROR(hooks.after_prepare(checkpoint_id, subtask_));
      return committables;
    }

   private:
    CollectingSink* sink_;
    uint32_t subtask_;
    std::vector<T> records_;
  };

  std::shared_ptr<CollectedOutput<T>> output_;
  const SinkHooks hooks_;
};

}  // namespace spillway::runtime
