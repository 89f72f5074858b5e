#include "spill/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

#include "spill/aligned_buffer.h"

namespace spillway::spill {

Result<Directory> Directory::Open(const std::string& path, bool direct) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return StatusOfErrno(error.value(), "cannot make directory " + path);
  Directory directory;
  SPILLWAY_ASSIGN_OR_RETURN(directory.handle_, File::OpenAt(AT_FDCWD, path, path, O_RDONLY | O_DIRECTORY, false));
  if (direct) {
    SPILLWAY_RETURN_IF_ERROR(directory.ProbeDirect());
  } else {
    directory.note_ = "direct I/O is switched off";
  }
  return directory;
}

// A file system may take O_DIRECT at open and refuse the I/O itself, so a page is written and read.
Status Directory::ProbeDirect() {
  SPILLWAY_ASSIGN_OR_RETURN(AlignedBuffer page, AlignedBuffer::Allocate(kIoAlignment));
  std::memset(page.data(), 0, page.size());
  Result<File> opened =
      File::OpenAt(handle_.descriptor(), kProbeName, PathOf(kProbeName), O_RDWR | O_CREAT | O_TRUNC, true);
  if (!opened.ok()) return opened.status();
  const File& file = *opened;
  int refused = 0;
  if (!file.direct()) {
    refused = EINVAL;
  } else if (pwrite(file.descriptor(), page.data(), page.size(), 0) < 0 && errno == EINVAL) {
    refused = errno;
  } else if (pread(file.descriptor(), page.data(), page.size(), 0) < 0 && errno == EINVAL) {
    refused = errno;
  }
  direct_ = refused == 0;
  if (!direct_) note_ = "the file system of " + path() + " refuses direct I/O: " + ErrnoText(refused);
  return RemoveFile(kProbeName);
}

Result<File> Directory::CreateFile(const std::string& name) const {
  return File::OpenAt(handle_.descriptor(), name, PathOf(name), O_RDWR | O_CREAT | O_EXCL, direct_);
}

Result<File> Directory::OpenFile(const std::string& name) const {
  return File::OpenAt(handle_.descriptor(), name, PathOf(name), O_RDONLY, direct_);
}

Status Directory::RemoveFile(const std::string& name) const {
  if (unlinkat(handle_.descriptor(), name.c_str(), 0) == 0) return {};
  return StatusOfErrno(errno, "cannot remove " + PathOf(name));
}

Status Directory::RenameFile(const std::string& from, const std::string& to) const {
  if (renameat(handle_.descriptor(), from.c_str(), handle_.descriptor(), to.c_str()) == 0) return {};
  return StatusOfErrno(errno, "cannot rename " + PathOf(from) + " to " + to);
}

Result<std::vector<std::string>> Directory::List() const {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator at(path(), error);
  while (!error && at != std::filesystem::directory_iterator()) {
    names.push_back(at->path().filename().string());
    at.increment(error);
  }
  if (error) return StatusOfErrno(error.value(), "cannot list " + path());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace spillway::spill
