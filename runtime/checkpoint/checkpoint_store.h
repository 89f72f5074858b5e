// Where a job's checkpoints are, and the one that it starts from.
//
// Made at the start of a run, used by the coordinator's thread; backend_storage() may be used from any thread. Without
// a directory there is nothing to write to, though a checkpoint may still be restored by its path.
#pragma once

#include <spdlog/logger.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "snapshot/completed_checkpoints.h"
#include "spillway/status.h"
#include "spillway/stream/execution_options.h"

namespace spillway::runtime {

class CheckpointStore {
 public:
  // Under which files of the restored checkpoint are known to backends.
  static constexpr const char* kRestoredMount = "restored";

  static Result<std::unique_ptr<CheckpointStore>> Open(const ExecutionOptions& options, const std::string& job,
                                                       const std::shared_ptr<spdlog::logger>& logger);

  [[nodiscard]] bool can_write() const { return completed_ != nullptr; }
  [[nodiscard]] const std::optional<snapshot::CompletedCheckpoint>& restored() const { return restored_; }
  // Null when there is neither anything to write to nor to read from.
  [[nodiscard]] const std::shared_ptr<snapshot::CheckpointStorage>& backend_storage() const { return backend_storage_; }
  // The next checkpoint's id; above all that there were.
  [[nodiscard]] uint64_t TakeId() { return next_id_++; }

  // With can_write() only.
  Result<std::string> Begin(uint64_t checkpoint_id) { return completed_->Begin(checkpoint_id); }
  Status Complete(const snapshot::CheckpointManifest& manifest) { return completed_->Complete(manifest); }
  Status Remove(uint64_t checkpoint_id) { return completed_->Remove(checkpoint_id); }
  Result<std::vector<uint64_t>> Retain(uint32_t retained_max) { return completed_->Retain(retained_max); }
  [[nodiscard]] std::filesystem::path DirectoryOf(uint64_t checkpoint_id) const {
    return completed_->directory() / snapshot::CheckpointDirectoryName(checkpoint_id);
  }

 private:
  CheckpointStore() = default;
  Status FindRestored(const ExecutionOptions& options, const std::shared_ptr<spdlog::logger>& logger);
  Status JoinStorage();

  std::unique_ptr<snapshot::CompletedCheckpoints> completed_;
  std::optional<snapshot::CompletedCheckpoint> restored_;
  std::shared_ptr<snapshot::CheckpointStorage> backend_storage_;
  uint64_t next_id_ = 1;
};

}  // namespace spillway::runtime
