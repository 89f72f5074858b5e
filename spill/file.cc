#include "spill/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace spillway::spill {

std::string ErrnoText(int error) {
  const char* name = strerrorname_np(error);
  const char* text = strerrordesc_np(error);
  if (name == nullptr || text == nullptr) return "error " + std::to_string(error);
  return std::string(text) + " (" + name + ")";
}

Status StatusOfErrno(int error, const std::string& what) {
  const std::string message = what + ": " + ErrnoText(error);
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return Status::NoSpace(message);
    case ENOENT:
      return Status::NotFound(message);
    case ECANCELED:
      return Status::Cancelled(message);
    case ENOMEM:
      return Status::OutOfMemory(message);
    default:
      return Status::IoError(message);
  }
}

File::File(int descriptor, std::string path, bool direct)
    : descriptor_(descriptor), direct_(direct), path_(std::move(path)) {
  // Relaxed: only that no two are the same.
  static std::atomic<uint64_t> last{0};
  serial_ = last.fetch_add(1, std::memory_order_relaxed) + 1;
}

File& File::operator=(File&& other) noexcept {
  if (this == &other) return *this;
  Close();
  descriptor_ = std::exchange(other.descriptor_, -1);
  serial_ = other.serial_;
  direct_ = other.direct_;
  path_ = std::move(other.path_);
  return *this;
}

Result<File> File::OpenAt(int directory, const std::string& name, std::string path, int flags, bool direct) {
  constexpr mode_t kMode = 0644;
  for (;;) {
    const int all_flags = flags | O_CLOEXEC | (direct ? O_DIRECT : 0);
    const int descriptor = openat(directory, name.c_str(), all_flags, kMode);
    if (descriptor >= 0) return File(descriptor, std::move(path), direct);
    if (errno == EINTR) continue;
    if (errno != EINVAL || !direct) return StatusOfErrno(errno, "cannot open " + path);
    // Some file systems make the file before they refuse to open it for direct I/O, so it may exist by now.
    direct = false;
    flags &= ~O_EXCL;
  }
}

void File::Close() {
  if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
}

Result<uint64_t> File::Size() const {
  struct stat stat {};
  if (fstat(descriptor_, &stat) != 0) return StatusOfErrno(errno, "cannot tell the size of " + path_);
  return static_cast<uint64_t>(stat.st_size);
}

}  // namespace spillway::spill
