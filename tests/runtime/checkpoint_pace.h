// Holds a source back so that checkpoints come all along it, however fast the machine is.
//
// The observer counts completed checkpoints; the hook lets the first records of a split pass, and then so many more for
// each checkpoint. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "spillway/stream/job_control.h"
#include "tests/runtime/vector_source.h"

namespace spillway::runtime {

class CheckpointPace final : public JobObserver {
 public:
  explicit CheckpointPace(size_t records_per_checkpoint) : records_per_checkpoint_(records_per_checkpoint) {}

  void OnCheckpointCompleted(const CheckpointInfo& checkpoint) override {
    last_ = checkpoint;
    directories_.push_back(checkpoint.directory);
    completed_.fetch_add(1);
  }
  void OnCheckpointFailed(uint64_t, const Status& why) override {
    why_ = why;
    failed_.fetch_add(1);
  }
  void OnRestored(const RestoredFrom& from) override { restored_ = from; }
  void OnNothingToRestore(const std::filesystem::path&) override { nothing_to_restore_ = true; }

  // After `inner` has let the record pass, if there is one.
  [[nodiscard]] ReadHook Hook(ReadHook inner = nullptr) {
    return [this, inner = std::move(inner)](size_t split, size_t index) -> Result<bool> {
      // Counted from where this run began to read the split.
      if (index >= first_index(split, index) + (completed_.load() + 1) * records_per_checkpoint_) return false;
      return inner ? inner(split, index) : Result<bool>(true);
    };
  }

  [[nodiscard]] uint64_t completed() const { return completed_.load(); }
  [[nodiscard]] uint64_t failed() const { return failed_.load(); }
  // On the thread of Execute, or after it.
  [[nodiscard]] const std::vector<std::filesystem::path>& directories() const { return directories_; }
  [[nodiscard]] const std::optional<RestoredFrom>& restored() const { return restored_; }
  [[nodiscard]] bool nothing_to_restore() const { return nothing_to_restore_; }
  [[nodiscard]] const Status& why_failed() const { return why_; }

 private:
  size_t first_index(size_t split, size_t index) {
    const std::lock_guard lock(mutex_);
    return first_.emplace(split, index).first->second;
  }

  const size_t records_per_checkpoint_;
  std::atomic<uint64_t> completed_{0};
  std::atomic<uint64_t> failed_{0};
  std::mutex mutex_;
  std::map<size_t, size_t> first_;  // guarded by mutex_
  std::optional<CheckpointInfo> last_;
  std::vector<std::filesystem::path> directories_;
  std::optional<RestoredFrom> restored_;
  bool nothing_to_restore_ = false;
  Status why_;
};

}  // namespace spillway::runtime
