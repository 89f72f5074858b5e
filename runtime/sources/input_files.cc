#include "runtime/sources/input_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <unordered_set>
#include <utility>

namespace spillway::runtime {
namespace {

namespace fs = std::filesystem;

std::string_view KindOf(mode_t mode) {
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "not a regular file";
}

bool Readable(const fs::path& path) {
  return faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0;
}

Status CannotRead(const fs::path& path, int error) {
  const std::string message = fmt::format("cannot read the input {}: {}", path.string(), strerror(error));
  return error == ENOENT || error == ENOTDIR ? Status::NotFound(message) : Status::IoError(message);
}

class Finder {
 public:
  Status AddInput(const fs::path& input) {
    const fs::path path = fs::absolute(input).lexically_normal();
    struct stat about {};
    if (stat(path.c_str(), &about) != 0) return CannotRead(path, errno);
    if (S_ISDIR(about.st_mode)) return AddFolder(path, about, 0);
    if (S_ISREG(about.st_mode)) return AddFile(path, about);
    return Status::InvalidArgument(
        fmt::format("the input {} is {}; a job must be able to read its input again, so store it in a file first",
                    path.string(), KindOf(about.st_mode)));
  }

  InputFiles Take() && { return std::move(found_); }

 private:
  Status AddFile(const fs::path& path, const struct stat& about) {
    if (!Readable(path)) return CannotRead(path, errno);
    if (!paths_.insert(path.string()).second) {
      return Status::InvalidArgument(fmt::format("the input {} is there twice; name it once", path.string()));
    }
    if (found_.files.size() == kInputFilesMax) {
      return Status::InvalidArgument(fmt::format("there are more than {} input files; split the job", kInputFilesMax));
    }
    found_.files.push_back({path.string(), static_cast<uint64_t>(about.st_size)});
    return {};
  }

  Status AddFolder(const fs::path& folder, const struct stat& about, size_t depth) {
    if (!entered_.emplace(about.st_dev, about.st_ino).second) {
      // At the top it would be an input named twice; below, a link to a directory that is read anyway.
      if (depth == 0) {
        return Status::InvalidArgument(fmt::format("the input {} is there twice; name it once", folder.string()));
      }
      found_.skipped.push_back(folder.string() + ": a directory that is read already");
      return {};
    }
    if (depth == kInputFolderDepthMax) {
      return Status::InvalidArgument(
          fmt::format("the folder {} lies more than {} levels deep", folder.string(), kInputFolderDepthMax));
    }
    std::error_code error;
    std::vector<fs::path> entries;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      entries.push_back(it->path());
    }
    if (error) return CannotRead(folder, error.value());
    std::sort(entries.begin(), entries.end());
    for (const fs::path& entry : entries) SPILLWAY_RETURN_IF_ERROR(AddEntry(entry, depth));
    return {};
  }

  Status AddEntry(const fs::path& path, size_t depth) {
    struct stat about {};
    if (stat(path.c_str(), &about) != 0) {
      if (errno != ENOENT && errno != ELOOP) return CannotRead(path, errno);
      found_.skipped.push_back(path.string() + ": a dangling link");
      return {};
    }
    if (S_ISDIR(about.st_mode)) return AddFolder(path, about, depth + 1);
    if (S_ISREG(about.st_mode)) return AddFile(path, about);
    found_.skipped.push_back(fmt::format("{}: {}", path.string(), KindOf(about.st_mode)));
    return {};
  }

  InputFiles found_;
  std::unordered_set<std::string> paths_;
  std::set<std::pair<dev_t, ino_t>> entered_;
};

}  // namespace

Result<InputFiles> FindInputFiles(std::span<const fs::path> inputs) {
  Finder finder;
  try {
    for (const fs::path& input : inputs) SPILLWAY_RETURN_IF_ERROR(finder.AddInput(input));
  } catch (const fs::filesystem_error& error) {
    return Status::IoError(fmt::format("cannot look for input: {}", error.what()));
  }
  return std::move(finder).Take();
}

}  // namespace spillway::runtime
