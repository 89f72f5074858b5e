#include "snapshot/directory_storage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "snapshot/posix_file.h"

namespace spillway::snapshot {
namespace {

namespace fs = std::filesystem;

// No file name may contain it, so temporaries never clash with files and are told from them by one look.
constexpr char kTemporaryMark = '~';
constexpr uint64_t kCopyBytes = 1 << 20;

bool IsTemporary(const fs::path& path) {
  return path.filename().string().find(kTemporaryMark) != std::string::npos;
}

class LocalPendingFile : public PendingFile {
 public:
  LocalPendingFile(FileDescriptor descriptor, fs::path temporary, fs::path path)
      : descriptor_(std::move(descriptor)), temporary_(std::move(temporary)), path_(std::move(path)) {}
  ~LocalPendingFile() override {
    if (!committed_) ::unlink(temporary_.c_str());
  }

  Status Append(BytesView bytes) override {
    SPILLWAY_RETURN_IF_ERROR(failed_);
    if (descriptor_.get() < 0)
      return Status::InvalidState("file " + path_.string() + " has ended; nothing can be added");
    failed_ = WriteAll(descriptor_.get(), bytes, path_);
    return failed_;
  }

  Status Commit() override {
    SPILLWAY_RETURN_IF_ERROR(failed_);
    if (descriptor_.get() < 0) return Status::InvalidState("file " + path_.string() + " has ended already");
    failed_ = SyncAndPublish();
    committed_ = failed_.ok();
    return failed_;
  }

 private:
  Status SyncAndPublish() {
    if (::fsync(descriptor_.get()) != 0) return ErrnoStatus("make durable", temporary_, errno);
    if (const int error = descriptor_.Close(); error != 0) return ErrnoStatus("close", temporary_, error);
    SPILLWAY_RETURN_IF_ERROR(RenameWithoutReplacing(temporary_, path_));
    Status synced = SyncDirectory(path_.parent_path());
    // Visible and perhaps not durable is neither committed nor absent: take it back.
    if (!synced.ok()) ::unlink(path_.c_str());
    return synced;
  }

  FileDescriptor descriptor_;
  fs::path temporary_;
  fs::path path_;
  Status failed_;
  bool committed_ = false;
};

class LocalReadableFile : public ReadableFile {
 public:
  LocalReadableFile(FileDescriptor descriptor, std::string name, uint64_t size)
      : descriptor_(std::move(descriptor)), name_(std::move(name)), size_(size) {}

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] uint64_t size() const override { return size_; }
  Status ReadAt(uint64_t offset, uint64_t size, char* buffer) override {
    if (offset > size_ || size > size_ - offset) {
      return Status::Corruption("file " + name_ + " has " + std::to_string(size_) + " bytes, " + std::to_string(size) +
                                " were to be read at offset " + std::to_string(offset) +
                                "; it is cut short or refers beyond itself: restore from another checkpoint");
    }
    return ReadAll(descriptor_.get(), offset, size, buffer, name_);
  }

 private:
  FileDescriptor descriptor_;
  std::string name_;
  uint64_t size_;
};

class DirectoryStorage : public CheckpointStorage {
 public:
  DirectoryStorage(fs::path directory, DirectoryAccess access) : directory_(std::move(directory)), access_(access) {}

  Result<std::unique_ptr<PendingFile>> Create(std::string_view name) override {
    SPILLWAY_RETURN_IF_ERROR(CheckMayWrite(name));
    const fs::path path = directory_ / name;
    SPILLWAY_RETURN_IF_ERROR(MakeDirectories(directory_, path.parent_path()));
    SPILLWAY_RETURN_IF_ERROR(CheckAbsent(path));
    fs::path temporary = TemporaryFor(path);
    FileDescriptor descriptor(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (descriptor.get() < 0) return ErrnoStatus("create", temporary, errno);
    return std::unique_ptr<PendingFile>(
        std::make_unique<LocalPendingFile>(std::move(descriptor), std::move(temporary), path));
  }

  Result<std::unique_ptr<ReadableFile>> Open(std::string_view name) override {
    SPILLWAY_RETURN_IF_ERROR(CheckFileName(name));
    const fs::path path = directory_ / name;
    FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (descriptor.get() < 0) return ErrnoStatus("open", path, errno);
    struct stat info {};
    if (::fstat(descriptor.get(), &info) != 0) return ErrnoStatus("look at", path, errno);
    if (!S_ISREG(info.st_mode)) return Status::InvalidArgument(path.string() + " is not a file; name a stored file");
    return std::unique_ptr<ReadableFile>(
        std::make_unique<LocalReadableFile>(std::move(descriptor), path.string(), static_cast<uint64_t>(info.st_size)));
  }

  Status Delete(std::string_view name) override {
    SPILLWAY_RETURN_IF_ERROR(CheckMayWrite(name));
    const fs::path path = directory_ / name;
    if (::unlink(path.c_str()) != 0) return ErrnoStatus("delete", path, errno);
    return SyncDirectory(path.parent_path());
  }

  Result<std::vector<StoredFile>> List(std::string_view prefix) override {
    if (prefix.size() > kFileNameBytesMax) return Status::InvalidArgument("a prefix to list is too long for a name");
    std::vector<StoredFile> files;
    std::error_code error;
    for (fs::recursive_directory_iterator it(directory_, error), end; !error && it != end; it.increment(error)) {
      if (IsTemporary(it->path()) || !it->is_regular_file(error) || error) continue;
      std::string name = it->path().lexically_relative(directory_).generic_string();
      if (!name.starts_with(prefix) || !CheckFileName(name).ok()) continue;
      const uint64_t size = it->file_size(error);
      if (!error) files.push_back({std::move(name), size});
    }
    if (error) return ErrnoStatus("list", directory_, error.value());
    std::sort(files.begin(), files.end(), [](const StoredFile& a, const StoredFile& b) { return a.name < b.name; });
    return files;
  }

  Result<ImportMethod> ImportFile(const fs::path& local_path, std::string_view name) override {
    SPILLWAY_RETURN_IF_ERROR(CheckMayWrite(name));
    const fs::path path = directory_ / name;
    SPILLWAY_RETURN_IF_ERROR(MakeDirectories(directory_, path.parent_path()));
    SPILLWAY_RETURN_IF_ERROR(CheckAbsent(path));
    FileDescriptor from(::open(local_path.c_str(), O_RDONLY | O_CLOEXEC));
    if (from.get() < 0) return ErrnoStatus("open", local_path, errno);
    // Durable before it is visible, as a written file is.
    if (::fsync(from.get()) != 0) return ErrnoStatus("make durable", local_path, errno);
    if (::link(local_path.c_str(), path.c_str()) == 0) {
      Status synced = SyncDirectory(path.parent_path());
      if (!synced.ok()) ::unlink(path.c_str());
      SPILLWAY_RETURN_IF_ERROR(synced);
      return ImportMethod::kLinked;
    }
    SPILLWAY_RETURN_IF_ERROR(Copy(from.get(), local_path, name));
    return ImportMethod::kCopied;
  }

  Result<std::optional<fs::path>> LocalPath(std::string_view name) override {
    SPILLWAY_RETURN_IF_ERROR(CheckFileName(name));
    fs::path path = directory_ / name;
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return ErrnoStatus("look at", path, errno);
    return std::optional<fs::path>(std::move(path));
  }

 private:
  Status CheckMayWrite(std::string_view name) const {
    SPILLWAY_RETURN_IF_ERROR(CheckFileName(name));
    if (access_ == DirectoryAccess::kReadWrite) return {};
    return Status::Unsupported("checkpoint directory " + directory_.string() + " was opened for reading; '" +
                               std::string(name) + "' in it cannot be changed");
  }

  static Status CheckAbsent(const fs::path& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0) return AlreadyThere(path);
    return errno == ENOENT ? Status() : ErrnoStatus("look at", path, errno);
  }

  fs::path TemporaryFor(const fs::path& path) {
    // Unique among the pending files of this storage, which alone writes below its directory; relaxed: only a number.
    const uint64_t number = next_temporary_.fetch_add(1, std::memory_order_relaxed);
    return path.parent_path() / (kTemporaryMark + std::to_string(::getpid()) + "-" + std::to_string(number));
  }

  Status Copy(int from, const fs::path& local_path, std::string_view name) {
    SPILLWAY_ASSIGN_OR_RETURN(std::unique_ptr<PendingFile> to, Create(name));
    std::string buffer(kCopyBytes, '\0');
    for (;;) {
      const ssize_t got = ::read(from, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoStatus("read", local_path, errno);
      if (got == 0) return to->Commit();
      SPILLWAY_RETURN_IF_ERROR(to->Append(BytesView(buffer).substr(0, static_cast<size_t>(got))));
    }
  }

  fs::path directory_;
  DirectoryAccess access_;
  std::atomic<uint64_t> next_temporary_{0};
};

Status RemoveTemporaries(const fs::path& directory) {
  std::vector<fs::path> orphans;
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (IsTemporary(it->path()) && it->is_regular_file(error)) orphans.push_back(it->path());
  }
  if (error) return ErrnoStatus("list", directory, error.value());
  for (const fs::path& orphan : orphans) {
    if (::unlink(orphan.c_str()) != 0 && errno != ENOENT) return ErrnoStatus("delete", orphan, errno);
  }
  return {};
}

// By making a file: permissions, read-only mounts and full disks show themselves at once, for root too.
Status CheckWritable(const fs::path& directory) {
  const fs::path probe = directory / (kTemporaryMark + std::to_string(::getpid()) + "-probe");
  FileDescriptor descriptor(::open(probe.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (descriptor.get() < 0) return ErrnoStatus("create files in", directory, errno);
  const Status written = WriteAll(descriptor.get(), "probe", directory);
  ::unlink(probe.c_str());
  return written;
}

}  // namespace

Result<std::shared_ptr<CheckpointStorage>> OpenDirectoryStorage(const fs::path& directory, DirectoryAccess access) {
  if (directory.empty()) return Status::InvalidArgument("a checkpoint directory has no name; give its path");
  std::error_code error;
  fs::path absolute = fs::absolute(directory, error).lexically_normal();
  if (error) return ErrnoStatus("resolve", directory, error.value());
  if (!absolute.has_filename()) absolute = absolute.parent_path();  // "/a/b/" is "/a/b"
  if (access == DirectoryAccess::kReadWrite) SPILLWAY_RETURN_IF_ERROR(MakeDirectories("/", absolute));
  struct stat info {};
  if (::stat(absolute.c_str(), &info) != 0) return ErrnoStatus("open directory", absolute, errno);
  if (!S_ISDIR(info.st_mode)) {
    return Status::InvalidArgument(absolute.string() + " is a file where a directory is needed; name another place");
  }
  if (access == DirectoryAccess::kReadWrite) {
    SPILLWAY_RETURN_IF_ERROR(CheckWritable(absolute));
    SPILLWAY_RETURN_IF_ERROR(RemoveTemporaries(absolute));
  }
  return std::shared_ptr<CheckpointStorage>(std::make_shared<DirectoryStorage>(absolute, access));
}

Status RemoveDirectoryTree(const fs::path& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  if (error) return ErrnoStatus("delete", directory, error.value());
  const fs::path parent = directory.has_filename() ? directory.parent_path() : directory.parent_path().parent_path();
  Status synced = SyncDirectory(parent.empty() ? fs::path(".") : parent);
  return synced.code() == StatusCode::kNotFound ? Status() : synced;
}

}  // namespace spillway::snapshot
