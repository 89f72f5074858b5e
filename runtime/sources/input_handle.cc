#include "runtime/sources/input_handle.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace spillway::runtime {
namespace {

constexpr uint64_t kFingerprintEndBytes = 64 << 10;

}  // namespace

Result<std::unique_ptr<InputHandle>> InputHandle::Open(const std::string& path) {
  // Without O_NONBLOCK a FIFO that took the file's place would hold the thread for ever.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    const std::string message = fmt::format("cannot open the input {}: {}", path, strerror(errno));
    return errno == ENOENT ? Status::NotFound(message + "; it was there when the job began") : Status::IoError(message);
  }
  std::unique_ptr<InputHandle> handle(new InputHandle(descriptor, path));
  struct stat about {};
  if (fstat(descriptor, &about) != 0) return handle->Failed(errno);
  if (!S_ISREG(about.st_mode)) {
    return Status::InvalidArgument(fmt::format("the input {} is not a regular file any more", path));
  }
  handle->size_ = static_cast<uint64_t>(about.st_size);
  posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  return handle;
}

InputHandle::~InputHandle() {
  close(descriptor_);
}

Result<size_t> InputHandle::ReadAt(uint64_t offset, char* buffer, size_t size) const {
  for (;;) {
    const ssize_t got = pread(descriptor_, buffer, size, static_cast<off_t>(offset));
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) return Failed(errno);
  }
}

Status InputHandle::CheckBeginsWith(const InputFingerprint& before) const {
  if (size_ < before.size) {
    return Status::InvalidState(
        fmt::format("the input {} had {} bytes when the checkpoint was taken and has {} now; "
                    "restore with the input that the job was started with",
                    path_, before.size, size_));
  }
  SPILLWAY_ASSIGN_OR_RETURN(const InputFingerprint now, FingerprintOf(before.size));
  if (now.xxh3 == before.xxh3) return {};
  return Status::InvalidState(
      fmt::format("the content of the input {} is another one than when the checkpoint was taken; restore with the "
                  "input that the job was started with",
                  path_));
}

Result<InputFingerprint> InputHandle::FingerprintOf(uint64_t size) const {
  const uint64_t first = std::min(size, kFingerprintEndBytes);
  const uint64_t last = std::min(size - first, kFingerprintEndBytes);
  std::vector<char> ends(first + last);
  for (size_t done = 0; done < ends.size();) {
    const bool in_first = done < first;
    const uint64_t offset = in_first ? done : size - last + (done - first);
    const size_t wanted = (in_first ? first : ends.size()) - done;
    SPILLWAY_ASSIGN_OR_RETURN(const size_t got, ReadAt(offset, ends.data() + done, wanted));
    if (got == 0) return Status::InvalidState(fmt::format("the input {} became shorter while it was read", path_));
    done += got;
  }
  return InputFingerprint{size, XXH3_64bits(ends.data(), ends.size())};
}

Status InputHandle::Failed(int error) const {
  return Status::IoError(fmt::format("cannot read the input {}: {}", path_, strerror(error)));
}

}  // namespace spillway::runtime
