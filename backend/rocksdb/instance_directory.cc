#include "backend/rocksdb/instance_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

namespace spillway::rocks {
namespace {

namespace fs = std::filesystem;

constexpr int kNamesMax = 1000;
constexpr const char* kLockName = "LOCK-instance";
constexpr const char* kKeptName = "KEPT";

Status SystemError(const std::string& doing, int error) {
  const StatusCode code = error == ENOSPC || error == EDQUOT ? StatusCode::kNoSpace : StatusCode::kIoError;
  return {code, doing + ": " + std::strerror(error) + "; the local directory must exist and be writable"};
}

// The locked descriptor, or nothing when another one holds the lock.
Result<std::optional<int>> Lock(const fs::path& directory) {
  const fs::path path = directory / kLockName;
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return SystemError("cannot open the lock " + path.string(), errno);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return std::optional<int>(descriptor);
  const int error = errno;
  ::close(descriptor);
  if (error == EWOULDBLOCK) return std::optional<int>();
  return SystemError("cannot lock " + path.string(), error);
}

// Removes what a dead instance left, but for the lock that we hold by now.
Status Empty(const fs::path& directory) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().filename() == kLockName) continue;
    std::error_code failed;
    fs::remove_all(entry.path(), failed);
    if (failed) return SystemError("cannot remove " + entry.path().string(), failed.value());
  }
  return error ? SystemError("cannot list " + directory.string(), error.value()) : Status();
}

}  // namespace

Result<InstanceDirectory> InstanceDirectory::Create(const std::string& below, const std::string& instance) {
  for (int i = 1; i <= kNamesMax; ++i) {
    const std::string suffix = i == 1 ? "" : "-" + std::to_string(i);
    const fs::path path = fs::path(below) / (instance + ".rocksdb" + suffix);
    std::error_code error;
    fs::create_directory(path, error);
    if (error) return SystemError("cannot create the instance's directory " + path.string(), error.value());
    SPILLWAY_ASSIGN_OR_RETURN(const std::optional<int> lock, Lock(path));
    if (!lock) continue;
    InstanceDirectory made(path, *lock);
    if (fs::exists(path / kKeptName, error)) continue;
    SPILLWAY_RETURN_IF_ERROR(Empty(path));
    return made;
  }
  return Status::InvalidState("below " + below + " there are already " + std::to_string(kNamesMax) +
                              " directories of instance '" + instance + "' in use or kept; remove the kept ones");
}

InstanceDirectory::InstanceDirectory(InstanceDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

InstanceDirectory& InstanceDirectory::operator=(InstanceDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

InstanceDirectory::~InstanceDirectory() {
  if (lock_ >= 0) ::close(lock_);
}

Status InstanceDirectory::Remove() {
  std::error_code error;
  fs::remove_all(path_, error);
  return error ? SystemError("cannot remove " + path_.string(), error.value()) : Status();
}

Status InstanceDirectory::Keep() {
  const fs::path path = path_ / kKeptName;
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return SystemError("cannot create " + path.string(), errno);
  ::close(descriptor);
  return {};
}

}  // namespace spillway::rocks
