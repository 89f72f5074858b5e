#include "backend/hybrid/spill_directories.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace spillway::hybrid {
namespace {

using spill::File;
using spill::StatusOfErrno;

constexpr const char* kLockName = "lock";
constexpr std::string_view kPrefix = "spillway-";
constexpr size_t kInstanceBytesMax = 100;  // of its name, in the directory's
constexpr uint32_t kTriesMax = 10'000;

// "word 3/7" becomes "word_3_7".
std::string Plain(const std::string& instance) {
  std::string plain = instance.substr(0, kInstanceBytesMax);
  for (char& c : plain) {
    const bool keeps = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!keeps) c = '_';
  }
  return plain;
}

// Takes "-<digits>" from the end.
bool TakeNumber(std::string_view* name) {
  const size_t digits = name->find_last_not_of("0123456789") + 1;
  if (digits == 0 || digits == name->size() || (*name)[digits - 1] != '-') return false;
  name->remove_suffix(name->size() - digits + 1);
  return true;
}

// Whether a directory of this name may be one of ours.
bool IsOurs(std::string_view name) {
  if (name.starts_with('.')) name.remove_prefix(1);
  return name.starts_with(kPrefix) && TakeNumber(&name) && TakeNumber(&name);
}

bool IsOurFile(std::string_view name) {
  return name == kLockName || name.ends_with(".run") || name.ends_with(".run.tmp") ||
         name == spill::Directory::kProbeName;
}

Result<std::vector<std::string>> List(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator at(path, error);
  while (!error && at != std::filesystem::directory_iterator()) {
    names.push_back(at->path().filename().string());
    at.increment(error);
  }
  if (error) return StatusOfErrno(error.value(), "cannot list " + path);
  return names;
}

bool TryLock(const File& file) {
  while (flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

// Whether `name` in `directory` is still the file that is open; another process may have removed or replaced it.
bool IsStill(const File& directory, const std::string& name, const File& file) {
  struct stat by_name {};
  struct stat open {};
  return fstatat(directory.descriptor(), name.c_str(), &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
         fstat(file.descriptor(), &open) == 0 && by_name.st_ino == open.st_ino && by_name.st_dev == open.st_dev;
}

Result<File> OpenSubdirectory(const File& parent, const std::string& name) {
  return File::OpenAt(parent.descriptor(), name, parent.path() + "/" + name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
                      false);
}

Status RemoveAt(const File& directory, const std::string& name, int flags) {
  if (unlinkat(directory.descriptor(), name.c_str(), flags) == 0 || errno == ENOENT) return {};
  return StatusOfErrno(errno, "cannot remove " + directory.path() + "/" + name);
}

// Removes a directory whose lock is held here. Under its dot name, so that nobody takes a half-removed one for whole;
// the lock goes last, so that whoever finds the rest after a crash knows it.
Status RemoveHeld(const File& parent, std::string name, bool keep_when_foreign) {
  SPILLWAY_ASSIGN_OR_RETURN(const File directory, OpenSubdirectory(parent, name));
  SPILLWAY_ASSIGN_OR_RETURN(const std::vector<std::string> files, List(directory.path()));
  const auto foreign = std::find_if_not(files.begin(), files.end(), IsOurFile);
  const Status kept = foreign == files.end()
                          ? Status()
                          : Status::InvalidState(directory.path() + " is left, as Spillway did not make '" + *foreign +
                                                 "' in it; remove it by hand");
  if (!kept.ok() && keep_when_foreign) return kept;
  if (kept.ok() && !name.starts_with('.')) {
    const std::string hidden = "." + name;
    if (renameat(parent.descriptor(), name.c_str(), parent.descriptor(), hidden.c_str()) != 0) {
      return StatusOfErrno(errno, "cannot rename " + directory.path() + " in order to remove it");
    }
    name = hidden;
  }
  for (const std::string& file : files) {
    if (file != kLockName && IsOurFile(file)) SPILLWAY_RETURN_IF_ERROR(RemoveAt(directory, file, 0));
  }
  SPILLWAY_RETURN_IF_ERROR(RemoveAt(directory, kLockName, 0));
  SPILLWAY_RETURN_IF_ERROR(kept);
  return RemoveAt(parent, name, AT_REMOVEDIR);
}

// The lock of a new directory that has its name, or none when the name is taken or an opener elsewhere took the
// directory, not locked yet, for an orphan: another name will do.
Result<std::optional<File>> MakeLocked(const File& parent, const std::string& name) {
  const std::string hidden = "." + name;
  constexpr mode_t kMode = 0700;
  if (mkdirat(parent.descriptor(), hidden.c_str(), kMode) != 0) {
    if (errno == EEXIST) return std::optional<File>();
    return StatusOfErrno(errno, "cannot make a directory for run files in " + parent.path() +
                                    " (make it writable, or spill to another one)");
  }
  Result<File> directory = OpenSubdirectory(parent, hidden);
  if (!directory.ok()) {
    if (directory.status().code() == StatusCode::kNotFound) return std::optional<File>();
    return directory.status();
  }
  Result<File> lock =
      File::OpenAt(directory->descriptor(), kLockName, directory->path() + "/" + kLockName, O_RDWR | O_CREAT, false);
  if (!lock.ok()) {
    unlinkat(parent.descriptor(), hidden.c_str(), AT_REMOVEDIR);
    if (lock.status().code() == StatusCode::kNotFound) return std::optional<File>();
    return lock.status();
  }
  if (!TryLock(*lock)) {
    if (errno == EWOULDBLOCK) return std::optional<File>();
    const Status failed = StatusOfErrno(errno, "cannot lock " + lock->path());
    unlinkat(directory->descriptor(), kLockName, 0);
    unlinkat(parent.descriptor(), hidden.c_str(), AT_REMOVEDIR);
    return failed;
  }
  // A directory that is not empty is not replaced.
  const bool renamed = renameat(parent.descriptor(), hidden.c_str(), parent.descriptor(), name.c_str()) == 0;
  const int error = errno;
  if (renamed && IsStill(*directory, kLockName, *lock)) return std::optional<File>(std::move(lock).value());
  unlinkat(directory->descriptor(), kLockName, 0);
  unlinkat(parent.descriptor(), (renamed ? name : hidden).c_str(), AT_REMOVEDIR);
  if (renamed || error == ENOENT || error == EEXIST || error == ENOTEMPTY) return std::optional<File>();
  return StatusOfErrno(error, "cannot rename " + directory->path());
}

}  // namespace

Result<std::unique_ptr<SpillDirectories>> SpillDirectories::Open(std::span<const std::string> parents,
                                                                 const std::string& instance) {
  if (parents.empty()) return Status::InvalidArgument("there is no directory to spill to: name one");
  std::unique_ptr<SpillDirectories> directories(new SpillDirectories());
  for (const std::string& parent : parents) SPILLWAY_RETURN_IF_ERROR(directories->Make(parent, Plain(instance)));
  return directories;
}

SpillDirectories::~SpillDirectories() {
  // What stays behind is an orphan that the next Open finds.
  [[maybe_unused]] const Status removed = Remove();
}

Status SpillDirectories::Make(const std::string& parent_path, const std::string& instance) {
  Result<File> opened = File::OpenAt(AT_FDCWD, parent_path, parent_path, O_RDONLY | O_DIRECTORY, false);
  if (!opened.ok()) {
    return Status(opened.status().code(),
                  "there is no spilling to " + parent_path +
                      " (make the directory, or spill to another one): " + opened.status().message());
  }
  File parent = std::move(opened).value();
  RemoveOrphans(parent);
  for (uint32_t n = 0; n < kTriesMax; ++n) {
    const std::string name = std::string(kPrefix) + instance + "-" + std::to_string(getpid()) + "-" + std::to_string(n);
    SPILLWAY_ASSIGN_OR_RETURN(std::optional<File> lock, MakeLocked(parent, name));
    if (!lock) continue;
    const std::string path = parent_path + "/" + name;
    held_.push_back({std::move(parent), name, std::move(*lock)});
    SPILLWAY_ASSIGN_OR_RETURN(spill::Directory directory, spill::Directory::Open(path));
    all_.push_back(std::make_unique<spill::Directory>(std::move(directory)));
    return {};
  }
  return Status::Internal("cannot make a directory for run files in " + parent_path + ": all names like " +
                          std::string(kPrefix) + instance + "-" + std::to_string(getpid()) +
                          "-0 are taken; remove old ones");
}

// Failing here never fails Open: it is noted, and the next one tries again.
void SpillDirectories::RemoveOrphans(const File& parent) {
  const Result<std::vector<std::string>> names = List(parent.path());
  if (!names.ok()) {
    notes_.push_back("orphans were not looked for: " + names.status().message());
    return;
  }
  for (const std::string& name : *names) {
    if (!IsOurs(name)) continue;
    struct stat stat {};
    if (fstatat(parent.descriptor(), name.c_str(), &stat, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(stat.st_mode) ||
        stat.st_uid != geteuid()) {
      continue;
    }
    const Result<File> directory = OpenSubdirectory(parent, name);
    if (!directory.ok()) continue;  // gone meanwhile
    const std::string lock_path = directory->path() + "/" + kLockName;
    const Result<File> lock = File::OpenAt(directory->descriptor(), kLockName, lock_path, O_RDWR | O_NOFOLLOW, false);
    if (!lock.ok()) {
      // Killed before the lock was made, or after it was removed. One that is being made begins anew.
      if (name.starts_with('.') && unlinkat(parent.descriptor(), name.c_str(), AT_REMOVEDIR) == 0) {
        orphans_removed_.push_back(directory->path());
      }
      continue;
    }
    if (!TryLock(*lock) || !IsStill(*directory, kLockName, *lock)) continue;
    const Status removed = RemoveHeld(parent, name, true);
    if (removed.ok()) {
      orphans_removed_.push_back(directory->path());
    } else if (removed.code() != StatusCode::kNotFound) {
      notes_.push_back(removed.message());
    }
  }
}

Status SpillDirectories::Remove() {
  Status first;
  for (const Held& held : std::exchange(held_, {})) {
    const Status removed = RemoveHeld(held.parent, held.name, false);
    if (first.ok()) first = removed;
  }
  return first;
}

}  // namespace spillway::hybrid
