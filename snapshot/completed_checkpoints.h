// The checkpoints of one job on disk: <root>/<job>/chk-<id>/, each complete as soon as its `_metadata` is there.
//
// A checkpoint begins as an empty directory that backends fill through storage(); Complete writes `_metadata` last, so
// a directory is either whole or not a checkpoint. A complete one is deleted `_metadata` first. Files of a full
// snapshot belong to the one checkpoint in whose directory they lie. One process at a time may write below
// <root>/<job>: an open CompletedCheckpoints holds a lock on <root>/.<job>.lock, and a second one is refused.
//
// storage() may be used from any thread; the rest by one thread at a time. Nothing is cached: what the disk says
// counts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot/checkpoint_manifest.h"
#include "snapshot/checkpoint_storage.h"
#include "snapshot/directory_lock.h"
#include "spillway/status.h"

namespace spillway::snapshot {

inline constexpr std::string_view kManifestFileName = "_metadata";

struct CompletedCheckpoint {
  std::filesystem::path directory;
  CheckpointManifest manifest;
  // Over `directory`, read-only: opens the files that the manifest names.
  std::shared_ptr<CheckpointStorage> storage;
};

// A directory that looks like a checkpoint and cannot be used, and why: for the log.
struct PassedOverCheckpoint {
  std::filesystem::path directory;
  Status reason;
};

// The newest complete checkpoint, if any, and the newer directories that were passed over to get there.
struct LatestCheckpoint {
  std::optional<CompletedCheckpoint> checkpoint;
  std::vector<PassedOverCheckpoint> passed_over;
};

// Loads the checkpoint in this directory (…/chk-7, wherever it lies now; the path of its `_metadata` will do as well)
// and checks that all its files are there in their full size. Errors say what is wrong with the path and what was
// expected.
[[nodiscard]] Result<CompletedCheckpoint> LoadCheckpoint(const std::filesystem::path& directory);

// "chk-7"
[[nodiscard]] std::string CheckpointDirectoryName(uint64_t checkpoint_id);

class CompletedCheckpoints {
 public:
  ~CompletedCheckpoints();
  // Makes <root>/<job> when it is missing. kInvalidState when another process, or another object of this one, has it
  // open. `job` is one part of a file name: [A-Za-z0-9._-]+.
  static Result<std::unique_ptr<CompletedCheckpoints>> Open(const std::filesystem::path& root, std::string_view job);

  // Over <root>/<job>: the files of checkpoint 7 are created as "chk-7/…".
  [[nodiscard]] const std::shared_ptr<CheckpointStorage>& storage() const { return storage_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

  // Prepares for checkpoint `checkpoint_id`: removes what an earlier, incomplete one of that id left; kInvalidState
  // when it is complete. Gives the prefix for its files, "chk-7/".
  Result<std::string> Begin(uint64_t checkpoint_id);
  // Makes it complete. The manifest's files must be there.
  Status Complete(const CheckpointManifest& manifest);
  // Removes a checkpoint, complete or not. Nothing there is fine.
  Status Remove(uint64_t checkpoint_id);

  // Ascending ids of the directories that have a `_metadata`, readable or not.
  Result<std::vector<uint64_t>> CompleteIds();
  // One above every id that has a directory, complete or not; 1 at first. New checkpoints take this or more.
  Result<uint64_t> NextId();
  Result<LatestCheckpoint> Latest();
  // Removes all complete checkpoints older than the `retained_max` newest that can be loaded; the ids of those removed.
  Result<std::vector<uint64_t>> Retain(uint32_t retained_max);
  // Removes the directories of checkpoints that never became complete, except `in_progress`; their ids.
  Result<std::vector<uint64_t>> RemoveIncomplete(const std::vector<uint64_t>& in_progress = {});

 private:
  CompletedCheckpoints(std::filesystem::path directory, std::unique_ptr<DirectoryLock> lock,
                       std::shared_ptr<CheckpointStorage> storage);
  Result<std::vector<uint64_t>> Ids();
  [[nodiscard]] std::filesystem::path DirectoryOf(uint64_t checkpoint_id) const;
  [[nodiscard]] Result<bool> IsComplete(uint64_t checkpoint_id) const;

  std::filesystem::path directory_;
  std::unique_ptr<DirectoryLock> lock_;
  std::shared_ptr<CheckpointStorage> storage_;
};

}  // namespace spillway::snapshot
