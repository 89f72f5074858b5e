#include "snapshot/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

namespace spillway::snapshot {

Result<std::unique_ptr<DirectoryLock>> DirectoryLock::Take(const std::filesystem::path& file,
                                                           const std::string& in_use) {
  FileDescriptor descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (descriptor.get() < 0) return ErrnoStatus("create the lock", file, errno);
  if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? Status::InvalidState(in_use) : ErrnoStatus("lock", file, errno);
  }
  return std::unique_ptr<DirectoryLock>(new DirectoryLock(std::move(descriptor)));
}

}  // namespace spillway::snapshot
