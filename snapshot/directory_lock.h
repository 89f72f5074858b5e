// One job at a time for a directory: a lock (flock) on a file that stands for it.
//
// Held for as long as the object lives, and by the kernel no longer than the process. Two objects of one process
// exclude one another too. Any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "snapshot/posix_file.h"
#include "spillway/status.h"

namespace spillway::snapshot {

class DirectoryLock {
 public:
  // Makes the file where it is missing; its content is of no interest. kInvalidState, with `in_use` as its message,
  // when somebody else holds it.
  [[nodiscard]] static Result<std::unique_ptr<DirectoryLock>> Take(const std::filesystem::path& file,
                                                                   const std::string& in_use);

 private:
  explicit DirectoryLock(FileDescriptor file) : file_(std::move(file)) {}

  const FileDescriptor file_;
};

}  // namespace spillway::snapshot
