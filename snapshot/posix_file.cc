#include "snapshot/posix_file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <vector>

namespace spillway::snapshot {

namespace fs = std::filesystem;

int FileDescriptor::Close() {
  const int descriptor = std::exchange(descriptor_, -1);
  // Not repeated on EINTR: Linux has released the descriptor by then.
  return descriptor >= 0 && ::close(descriptor) != 0 && errno != EINTR ? errno : 0;
}

Status ErrnoStatus(std::string_view action, const fs::path& path, int error) {
  StatusCode code = StatusCode::kIoError;
  std::string_view advice = "look at the system's log for trouble with this disk";
  switch (error) {
    case ENOENT:
      code = StatusCode::kNotFound;
      advice = "check the path";
      break;
    case ENOSPC:
    case EDQUOT:
      code = StatusCode::kNoSpace;
      advice = "free space there, or choose a directory on another disk";
      break;
    case EACCES:
    case EPERM:
      advice = "give this user the right to it, or choose another directory";
      break;
    case EROFS:
      advice = "mount the file system writable, or choose another directory";
      break;
    case ENOTDIR:
      code = StatusCode::kInvalidArgument;
      advice = "a part of the path is a file; choose another directory";
      break;
    case EISDIR:
      code = StatusCode::kInvalidArgument;
      advice = "name a file, not a directory";
      break;
    case ENAMETOOLONG:
      code = StatusCode::kInvalidArgument;
      advice = "choose a shorter name";
      break;
    case EMFILE:
    case ENFILE:
      advice = "raise the limit on open files (ulimit -n)";
      break;
    default:
      break;
  }
  return {code, "cannot " + std::string(action) + " " + path.string() + ": " + std::generic_category().message(error) +
                    "; " + std::string(advice)};
}

Status AlreadyThere(const fs::path& path) {
  return Status::InvalidState("file " + path.string() +
                              " is there already; stored files are never replaced, delete it "
                              "first or choose another name");
}

Status WriteAll(int descriptor, BytesView bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus("write", path, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Status ReadAll(int descriptor, uint64_t offset, uint64_t size, char* buffer, const std::string& name) {
  while (size > 0) {
    const ssize_t got = ::pread(descriptor, buffer, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus("read", name, errno);
    if (got == 0) {
      return Status::Corruption("file " + name + " ends at offset " + std::to_string(offset) +
                                ", it was longer when it was opened; restore from another checkpoint");
    }
    buffer += got;
    offset += static_cast<uint64_t>(got);
    size -= static_cast<uint64_t>(got);
  }
  return {};
}

Status SyncDirectory(const fs::path& directory) {
  FileDescriptor descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() < 0) return ErrnoStatus("open directory", directory, errno);
  // EINVAL: the file system has nothing to make durable about a directory.
  if (::fsync(descriptor.get()) != 0 && errno != EINVAL) return ErrnoStatus("make durable", directory, errno);
  return {};
}

Status MakeDirectories(const fs::path& base, const fs::path& directory) {
  std::vector<fs::path> missing;
  for (fs::path at = directory; at != base; at = at.parent_path()) {
    struct stat info {};
    if (::stat(at.c_str(), &info) == 0) {
      if (S_ISDIR(info.st_mode)) break;
      return ErrnoStatus("make directory", directory, ENOTDIR);
    }
    if (errno != ENOENT) return ErrnoStatus("look at", at, errno);
    missing.push_back(at);
    if (at == at.parent_path()) break;
  }
  for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
    if (::mkdir(at->c_str(), 0755) != 0 && errno != EEXIST) return ErrnoStatus("make directory", *at, errno);
    SPILLWAY_RETURN_IF_ERROR(SyncDirectory(at->parent_path()));
  }
  return {};
}

Status RenameWithoutReplacing(const fs::path& from, const fs::path& to) {
  if (::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno == EEXIST) return AlreadyThere(to);
  if (errno != EINVAL && errno != ENOSYS) return ErrnoStatus("rename to", to, errno);
  // A file system without it: one process alone writes here, so looking first is as good.
  struct stat info {};
  if (::lstat(to.c_str(), &info) == 0) return AlreadyThere(to);
  if (::rename(from.c_str(), to.c_str()) != 0) return ErrnoStatus("rename to", to, errno);
  return {};
}

}  // namespace spillway::snapshot
