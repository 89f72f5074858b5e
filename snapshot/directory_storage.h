// Checkpoint storage in a local directory.
//
// A file is written under a temporary name beside its own, fsynced, renamed, and the directory fsynced; sub-directories
// are made as names ask for them. Temporary names contain a '~', which no file name may, so they never clash and are
// not listed. Those that a crash left are removed when the directory is opened for writing; so one process at a time
// may write below a directory, while any number read. Any thread.
#pragma once

#include <filesystem>
#include <memory>

#include "snapshot/checkpoint_storage.h"

namespace spillway::snapshot {

enum class DirectoryAccess {
  kReadOnly,   // the directory must exist; whatever would change it is kUnsupported
  kReadWrite,  // made with its parents when missing, checked to be writable, cleaned of orphaned temporaries
};

// Errors name the directory and what to do about it.
[[nodiscard]] Result<std::shared_ptr<CheckpointStorage>> OpenDirectoryStorage(const std::filesystem::path& directory,
                                                                              DirectoryAccess access);

// Removes a directory and all below it; nothing there is fine. Durable when it returns OK.
[[nodiscard]] Status RemoveDirectoryTree(const std::filesystem::path& directory);

}  // namespace spillway::snapshot
