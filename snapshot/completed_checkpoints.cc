#include "snapshot/completed_checkpoints.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>

#include "snapshot/directory_storage.h"
#include "snapshot/posix_file.h"

namespace spillway::snapshot {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDirectoryPrefix = "chk-";

// The id of "chk-7"; nullopt for any other name, "chk-07" too.
std::optional<uint64_t> IdOf(const std::string& name) {
  if (!name.starts_with(kDirectoryPrefix)) return std::nullopt;
  uint64_t id = 0;
  const char* end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data() + kDirectoryPrefix.size(), end, id);
  if (error != std::errc() || rest != end || CheckpointDirectoryName(id) != name) return std::nullopt;
  return id;
}

Status CheckFiles(const CheckpointManifest& manifest, const fs::path& directory) {
  const auto incomplete = [&](const StoredFile& file, const std::string& what) {
    return Status::Corruption("checkpoint " + directory.string() + " is not whole: its file '" + file.name + "' " +
                              what + "; restore from another checkpoint");
  };
  for (const OperatorSnapshot& op : manifest.operators) {
    for (const SubtaskSnapshot& subtask : op.subtasks) {
      if (!subtask.keyed_state) continue;
      for (const StoredFile& file : subtask.keyed_state->files) {
        struct stat info {};
        if (::stat((directory / file.name).c_str(), &info) != 0) {
          if (errno == ENOENT) return incomplete(file, "is missing");
          return ErrnoStatus("look at", directory / file.name, errno);
        }
        if (!S_ISREG(info.st_mode) || static_cast<uint64_t>(info.st_size) != file.size) {
          return incomplete(
              file, "has " + std::to_string(info.st_size) + " bytes, the manifest says " + std::to_string(file.size));
        }
      }
    }
  }
  return {};
}

Result<CheckpointManifest> ReadManifest(CheckpointStorage& storage, const fs::path& directory) {
  Result<std::unique_ptr<ReadableFile>> file = storage.Open(kManifestFileName);
  if (file.status().code() == StatusCode::kNotFound) {
    return Status::NotFound(directory.string() + " is no complete checkpoint: it has no '" +
                            std::string(kManifestFileName) + "'; name a directory chk-N that has one");
  }
  if (!file.ok()) return file.status();
  const uint64_t size = (*file)->size();
  if (size > kManifestBytesMax) {
    return Status::Corruption("checkpoint manifest " + (*file)->name() + " is larger than " +
                              std::to_string(kManifestBytesMax) + " bytes; restore from another checkpoint");
  }
  std::string bytes(size, '\0');
  SPILLWAY_RETURN_IF_ERROR((*file)->ReadAt(0, size, bytes.data()));
  return DecodeManifest(bytes, (*file)->name());
}

}  // namespace

std::string CheckpointDirectoryName(uint64_t checkpoint_id) {
  return std::string(kDirectoryPrefix) + std::to_string(checkpoint_id);
}

Result<CompletedCheckpoint> LoadCheckpoint(const fs::path& path) {
  const fs::path directory = path.filename() == kManifestFileName ? path.parent_path() : path;
  SPILLWAY_ASSIGN_OR_RETURN(std::shared_ptr<CheckpointStorage> storage,
                            OpenDirectoryStorage(directory.empty() ? "." : directory, DirectoryAccess::kReadOnly));
  SPILLWAY_ASSIGN_OR_RETURN(CheckpointManifest manifest, ReadManifest(*storage, directory));
  SPILLWAY_RETURN_IF_ERROR(CheckFiles(manifest, directory));
  return CompletedCheckpoint{.directory = directory, .manifest = std::move(manifest), .storage = std::move(storage)};
}

CompletedCheckpoints::CompletedCheckpoints(fs::path directory, std::unique_ptr<DirectoryLock> lock,
                                           std::shared_ptr<CheckpointStorage> storage)
    : directory_(std::move(directory)), lock_(std::move(lock)), storage_(std::move(storage)) {}

CompletedCheckpoints::~CompletedCheckpoints() = default;

Result<std::unique_ptr<CompletedCheckpoints>> CompletedCheckpoints::Open(const fs::path& root, std::string_view job) {
  if (Status status = CheckFileName(job); !status.ok() || job.find('/') != std::string_view::npos) {
    return Status::InvalidArgument("job '" + std::string(job) +
                                   "' cannot have checkpoints under its name; use [A-Za-z0-9._-] only");
  }
  if (root.empty()) return Status::InvalidArgument("checkpoints have no directory; give its path");
  const fs::path directory = root / job;
  // Before anything below the directory is touched: opening for writing removes temporary files.
  std::error_code error;
  fs::create_directories(root, error);
  if (error) return ErrnoStatus("create the checkpoint directory", root, error.value());
  SPILLWAY_ASSIGN_OR_RETURN(
      std::unique_ptr<DirectoryLock> lock,
      DirectoryLock::Take(root / ("." + std::string(job) + ".lock"),
                          "the checkpoints of job '" + std::string(job) + "' below " + root.string() +
                              " are in use by a running job; wait for it, or give this one another directory"));
  SPILLWAY_ASSIGN_OR_RETURN(std::shared_ptr<CheckpointStorage> storage,
                            OpenDirectoryStorage(directory, DirectoryAccess::kReadWrite));
  return std::unique_ptr<CompletedCheckpoints>(
      new CompletedCheckpoints(directory, std::move(lock), std::move(storage)));
}

fs::path CompletedCheckpoints::DirectoryOf(uint64_t checkpoint_id) const {
  return directory_ / CheckpointDirectoryName(checkpoint_id);
}

Result<bool> CompletedCheckpoints::IsComplete(uint64_t checkpoint_id) const {
  const fs::path manifest = DirectoryOf(checkpoint_id) / kManifestFileName;
  struct stat info {};
  if (::stat(manifest.c_str(), &info) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return ErrnoStatus("look at", manifest, errno);
}

Result<std::vector<uint64_t>> CompletedCheckpoints::Ids() {
  std::vector<uint64_t> ids;
  std::error_code error;
  for (fs::directory_iterator it(directory_, error), end; !error && it != end; it.increment(error)) {
    const std::optional<uint64_t> id = IdOf(it->path().filename().string());
    if (id && it->is_directory(error)) ids.push_back(*id);
  }
  if (error) return ErrnoStatus("list", directory_, error.value());
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<std::vector<uint64_t>> CompletedCheckpoints::CompleteIds() {
  SPILLWAY_ASSIGN_OR_RETURN(const std::vector<uint64_t> ids, Ids());
  std::vector<uint64_t> complete;
  for (uint64_t id : ids) {
    SPILLWAY_ASSIGN_OR_RETURN(const bool is_complete, IsComplete(id));
    if (is_complete) complete.push_back(id);
  }
  return complete;
}

Result<uint64_t> CompletedCheckpoints::NextId() {
  SPILLWAY_ASSIGN_OR_RETURN(const std::vector<uint64_t> ids, Ids());
  return ids.empty() ? 1 : ids.back() + 1;
}

Result<std::string> CompletedCheckpoints::Begin(uint64_t checkpoint_id) {
  SPILLWAY_ASSIGN_OR_RETURN(const bool is_complete, IsComplete(checkpoint_id));
  if (is_complete) {
    return Status::InvalidState("checkpoint " + DirectoryOf(checkpoint_id).string() +
                                " is complete already; give the new one another id");
  }
  SPILLWAY_RETURN_IF_ERROR(RemoveDirectoryTree(DirectoryOf(checkpoint_id)));
  SPILLWAY_RETURN_IF_ERROR(MakeDirectories(directory_, DirectoryOf(checkpoint_id)));
  return CheckpointDirectoryName(checkpoint_id) + "/";
}

Status CompletedCheckpoints::Complete(const CheckpointManifest& manifest) {
  SPILLWAY_ASSIGN_OR_RETURN(const std::string bytes, EncodeManifest(manifest));
  SPILLWAY_RETURN_IF_ERROR(CheckFiles(manifest, DirectoryOf(manifest.checkpoint_id)));
  const std::string name = CheckpointDirectoryName(manifest.checkpoint_id) + "/" + std::string(kManifestFileName);
  SPILLWAY_ASSIGN_OR_RETURN(std::unique_ptr<PendingFile> file, storage_->Create(name));
  SPILLWAY_RETURN_IF_ERROR(file->Append(bytes));
  return file->Commit();
}

Status CompletedCheckpoints::Remove(uint64_t checkpoint_id) {
  // The manifest first, and durably so: a crash in between must not leave a complete checkpoint without its files.
  const std::string name = CheckpointDirectoryName(checkpoint_id) + "/" + std::string(kManifestFileName);
  Status status = storage_->Delete(name);
  if (!status.ok() && status.code() != StatusCode::kNotFound) return status;
  return RemoveDirectoryTree(DirectoryOf(checkpoint_id));
}

Result<LatestCheckpoint> CompletedCheckpoints::Latest() {
  SPILLWAY_ASSIGN_OR_RETURN(const std::vector<uint64_t> ids, Ids());
  LatestCheckpoint latest;
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    Result<CompletedCheckpoint> loaded = LoadCheckpoint(DirectoryOf(*id));
    Status reason = loaded.status();
    if (loaded.ok() && loaded->manifest.checkpoint_id != *id) {
      reason = Status::Corruption("checkpoint " + DirectoryOf(*id).string() + " says that it is checkpoint " +
                                  std::to_string(loaded->manifest.checkpoint_id) + "; it was renamed or overwritten");
    }
    if (reason.ok()) {
      latest.checkpoint = std::move(loaded).value();
      break;
    }
    latest.passed_over.push_back({DirectoryOf(*id), std::move(reason)});
  }
  return latest;
}

Result<std::vector<uint64_t>> CompletedCheckpoints::Retain(uint32_t retained_max) {
  SPILLWAY_ASSIGN_OR_RETURN(const std::vector<uint64_t> ids, CompleteIds());
  std::vector<uint64_t> removed;
  uint32_t kept = 0;
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    if (kept == retained_max) {
      removed.push_back(*id);
    } else if (LoadCheckpoint(DirectoryOf(*id)).ok()) {
      ++kept;  // what cannot be loaded must not push out what can
    }
  }
  std::reverse(removed.begin(), removed.end());
  for (uint64_t id : removed) SPILLWAY_RETURN_IF_ERROR(Remove(id));
  return removed;
}

Result<std::vector<uint64_t>> CompletedCheckpoints::RemoveIncomplete(const std::vector<uint64_t>& in_progress) {
  SPILLWAY_ASSIGN_OR_RETURN(const std::vector<uint64_t> ids, Ids());
  std::vector<uint64_t> removed;
  for (uint64_t id : ids) {
    if (std::find(in_progress.begin(), in_progress.end(), id) != in_progress.end()) continue;
    SPILLWAY_ASSIGN_OR_RETURN(const bool is_complete, IsComplete(id));
    if (is_complete) continue;
    SPILLWAY_RETURN_IF_ERROR(Remove(id));
    removed.push_back(id);
  }
  return removed;
}

}  // namespace spillway::snapshot
