#include "runtime/sinks/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace spillway::runtime {
namespace {

// Large enough that a system call costs little per line.
constexpr size_t kBufferBytes = 256 << 10;

}  // namespace

Status FileError(const char* what, const std::filesystem::path& path, int error) {
  std::string message = fmt::format("cannot {} {}: {}", what, path.string(), strerror(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return Status::NoSpace(message + "; make room there and resume from the latest checkpoint");
    case ENOENT:
    case ENOTDIR:
      return Status::NotFound(std::move(message));
    default:
      return Status::IoError(std::move(message));
  }
}

Result<std::unique_ptr<OutputFile>> OutputFile::Create(const std::filesystem::path& path) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor < 0) return FileError("create", path, errno);
  return std::unique_ptr<OutputFile>(new OutputFile(descriptor, path));
}

OutputFile::~OutputFile() {
  close(descriptor_);
}

Status OutputFile::Append(BytesView bytes) {
  buffer_.append(bytes);
  return buffer_.size() >= kBufferBytes ? Flush() : Status();
}

Status OutputFile::Seal() {
  SPILLWAY_RETURN_IF_ERROR(Flush());
  return fsync(descriptor_) == 0 ? Status() : FileError("make durable", path_, errno);
}

Status OutputFile::Flush() {
  BytesView rest = buffer_;
  while (!rest.empty()) {
    const ssize_t wrote = write(descriptor_, rest.data(), rest.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return FileError("write to", path_, errno);
    rest.remove_prefix(static_cast<size_t>(wrote));
  }
  written_ += buffer_.size();
  buffer_.clear();
  return {};
}

Status RenameFile(const std::filesystem::path& from, const std::filesystem::path& to) {
  return rename(from.c_str(), to.c_str()) == 0 ? Status() : FileError("rename", from, errno);
}

Status SyncDirectory(const std::filesystem::path& directory) {
  const int descriptor = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return FileError("open the directory", directory, errno);
  const int failed = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  return failed == 0 ? Status() : FileError("make durable the directory", directory, failed);
}

}  // namespace spillway::runtime
