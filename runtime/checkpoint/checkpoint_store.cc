#include "runtime/checkpoint/checkpoint_store.h"

#include <algorithm>
#include <utility>

#include "snapshot/mounted_storage.h"

namespace spillway::runtime {
namespace {

// What is there and cannot be read is no reason to start afresh: that would lose what the job has done.
Status CheckNoneIsUnreadable(const std::vector<snapshot::PassedOverCheckpoint>& passed_over,
                             const std::vector<uint64_t>& complete, const std::filesystem::path& directory) {
  if (complete.empty()) return {};
  std::string reasons;
  for (const snapshot::PassedOverCheckpoint& passed : passed_over) {
    const std::string name = passed.directory.filename().string();
    const bool is_complete = std::any_of(complete.begin(), complete.end(),
                                         [&](uint64_t id) { return snapshot::CheckpointDirectoryName(id) == name; });
    if (is_complete) reasons += (reasons.empty() ? "" : "; ") + name + ": " + passed.reason.message();
  }
  return Status::Corruption("there are checkpoints below " + directory.string() + " and none can be restored (" +
                            reasons + "); mend one, restore another by its path (--restore PATH), or start afresh " +
                            "without --restore and with another --output");
}

}  // namespace

Result<std::unique_ptr<CheckpointStore>> CheckpointStore::Open(const ExecutionOptions& options, const std::string& job,
                                                               const std::shared_ptr<spdlog::logger>& logger) {
  std::unique_ptr<CheckpointStore> store(new CheckpointStore());
  if (!options.checkpoints.directory.empty()) {
    SPILLWAY_ASSIGN_OR_RETURN(store->completed_,
                              snapshot::CompletedCheckpoints::Open(options.checkpoints.directory, job));
  }
  SPILLWAY_RETURN_IF_ERROR(store->FindRestored(options, logger));
  if (store->can_write()) {
    SPILLWAY_ASSIGN_OR_RETURN(store->next_id_, store->completed_->NextId());
    SPILLWAY_ASSIGN_OR_RETURN(const std::vector<uint64_t> removed, store->completed_->RemoveIncomplete());
    for (const uint64_t id : removed) logger->info("removed what was left of checkpoint {}, never completed", id);
  }
  if (store->restored_) {
    store->next_id_ = std::max(store->next_id_, store->restored_->manifest.checkpoint_id + 1);
  }
  SPILLWAY_RETURN_IF_ERROR(store->JoinStorage());
  return store;
}

Status CheckpointStore::FindRestored(const ExecutionOptions& options, const std::shared_ptr<spdlog::logger>& logger) {
  switch (options.restore) {
    case RestoreMode::kNone:
      return {};
    case RestoreMode::kPath: {
      SPILLWAY_ASSIGN_OR_RETURN(restored_, snapshot::LoadCheckpoint(options.restore_path));
      return {};
    }
    case RestoreMode::kLatest: {
      SPILLWAY_ASSIGN_OR_RETURN(snapshot::LatestCheckpoint latest, completed_->Latest());
      if (!latest.checkpoint) {
        SPILLWAY_ASSIGN_OR_RETURN(const std::vector<uint64_t> complete, completed_->CompleteIds());
        SPILLWAY_RETURN_IF_ERROR(CheckNoneIsUnreadable(latest.passed_over, complete, completed_->directory()));
      }
      for (const snapshot::PassedOverCheckpoint& passed : latest.passed_over) {
        logger->warn("passed over checkpoint {}: {}", passed.directory.string(), passed.reason.ToString());
      }
      restored_ = std::move(latest.checkpoint);
      return {};
    }
  }
  return Status::InvalidArgument("unknown restore mode");
}

Status CheckpointStore::JoinStorage() {
  if (completed_ != nullptr) backend_storage_ = completed_->storage();
  if (!restored_) return {};
  // Without a directory of its own the job only reads, so any base will do.
  std::shared_ptr<snapshot::CheckpointStorage> base = backend_storage_ ? backend_storage_ : restored_->storage;
  SPILLWAY_ASSIGN_OR_RETURN(backend_storage_,
                            snapshot::MountStorage(std::move(base), kRestoredMount, restored_->storage));
  return {};
}

}  // namespace spillway::runtime
