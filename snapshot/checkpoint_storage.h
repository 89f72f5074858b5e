// Where checkpoints live: a flat set of immutable files under relative names.
//
// A storage may be used from any thread; all calls block, so never from a task's thread. A name is one or more parts
// joined by '/', each of [A-Za-z0-9._-]+ and neither "." nor "..", so no name leads out of the storage; anything else
// is kInvalidArgument. A file is invisible until its Commit returned OK and durable from then on; it is never changed
// afterwards and cannot be created a second time (kInvalidState). What does not exist is kNotFound. The storage must
// outlive the files that it made.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot/file.h"
#include "spillway/status.h"

namespace spillway::snapshot {

inline constexpr size_t kFileNameBytesMax = 1024;

// A file being written. Destroyed without a successful Commit it leaves nothing.
class PendingFile : public WritableFile {
 public:
  // Ends the file, whether it succeeds or not.
  virtual Status Commit() = 0;
};

struct StoredFile {
  std::string name;
  uint64_t size = 0;

  bool operator==(const StoredFile&) const = default;
};

enum class ImportMethod { kCopied, kLinked };

class CheckpointStorage {
 public:
  CheckpointStorage() = default;
  CheckpointStorage(const CheckpointStorage&) = delete;
  CheckpointStorage& operator=(const CheckpointStorage&) = delete;
  virtual ~CheckpointStorage() = default;

  virtual Result<std::unique_ptr<PendingFile>> Create(std::string_view name) = 0;
  virtual Result<std::unique_ptr<ReadableFile>> Open(std::string_view name) = 0;
  virtual Status Delete(std::string_view name) = 0;
  // All committed files whose name begins with `prefix`, by name; the empty prefix lists all.
  virtual Result<std::vector<StoredFile>> List(std::string_view prefix) = 0;
  // Takes a local file in under `name`, by a link where possible. The local file stays and must not be changed any
  // more.
  virtual Result<ImportMethod> ImportFile(const std::filesystem::path& local_path, std::string_view name) = 0;
  // Where the file can be opened on this machine; nullopt when it cannot.
  virtual Result<std::optional<std::filesystem::path>> LocalPath(std::string_view name) = 0;
};

// OK for a name as described above, else an error that quotes it.
[[nodiscard]] Status CheckFileName(std::string_view name);

}  // namespace spillway::snapshot
