#include "snapshot/host_storage.h"

#include <array>
#include <string>
#include <utility>

#include "spillway/plugin/error.h"
#include "spillway/plugin_status.h"

namespace spillway::snapshot {
namespace {

constexpr size_t kPathBytesMax = 4096;

class HostPendingFile : public PendingFile {
 public:
  HostPendingFile(const spw_host* host, spw_writable* file) : host_(host), file_(file) {}
  ~HostPendingFile() override {
    if (file_ != nullptr) host_->storage_abort(host_->context, file_);
  }

  Status Append(BytesView bytes) override {
    SPILLWAY_RETURN_IF_ERROR(CheckOpen());
    plugin::Error err;
    failed_ = StatusOf(host_->storage_write(host_->context, file_, plugin::ToBytes(bytes), err.out()), err);
    return failed_;
  }
  Status Commit() override {
    SPILLWAY_RETURN_IF_ERROR(CheckOpen());
    plugin::Error err;
    spw_writable* file = std::exchange(file_, nullptr);
    failed_ = StatusOf(host_->storage_commit(host_->context, file, err.out()), err);
    return failed_;
  }

 private:
  Status CheckOpen() const {
    if (!failed_.ok()) return failed_;
    return file_ != nullptr ? Status() : Status::InvalidState("a file in checkpoint storage has ended already");
  }

  const spw_host* host_;
  spw_writable* file_;
  Status failed_;
};

class HostReadableFile : public ReadableFile {
 public:
  HostReadableFile(const spw_host* host, spw_readable* file, std::string name, uint64_t size)
      : host_(host), file_(file), name_(std::move(name)), size_(size) {}
  ~HostReadableFile() override { host_->storage_close(host_->context, file_); }

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] uint64_t size() const override { return size_; }
  Status ReadAt(uint64_t offset, uint64_t size, char* buffer) override {
    plugin::Error err;
    auto* to = reinterpret_cast<uint8_t*>(buffer);
    return StatusOf(host_->storage_read_at(host_->context, file_, offset, to, size, err.out()), err);
  }

 private:
  const spw_host* host_;
  spw_readable* file_;
  std::string name_;
  uint64_t size_;
};

class HostStorage : public CheckpointStorage {
 public:
  explicit HostStorage(const spw_host* host) : host_(host) {}

  Result<std::unique_ptr<PendingFile>> Create(std::string_view name) override {
    plugin::Error err;
    spw_writable* file = nullptr;
    SPILLWAY_RETURN_IF_ERROR(
        StatusOf(host_->storage_create(host_->context, std::string(name).c_str(), &file, err.out()), err));
    return std::unique_ptr<PendingFile>(std::make_unique<HostPendingFile>(host_, file));
  }
  Result<std::unique_ptr<ReadableFile>> Open(std::string_view name) override {
    plugin::Error err;
    spw_readable* file = nullptr;
    uint64_t size = 0;
    std::string owned(name);
    SPILLWAY_RETURN_IF_ERROR(
        StatusOf(host_->storage_open(host_->context, owned.c_str(), &file, &size, err.out()), err));
    return std::unique_ptr<ReadableFile>(std::make_unique<HostReadableFile>(host_, file, std::move(owned), size));
  }
  Status Delete(std::string_view name) override {
    plugin::Error err;
    return StatusOf(host_->storage_delete(host_->context, std::string(name).c_str(), err.out()), err);
  }
  Result<std::vector<StoredFile>> List(std::string_view) override {
    return Status::Unsupported("a plugin cannot list checkpoint storage; keep the names of files in the metadata");
  }
  Result<ImportMethod> ImportFile(const std::filesystem::path& local_path, std::string_view name) override {
    plugin::Error err;
    int32_t how = SPW_IMPORT_COPIED;
    SPILLWAY_RETURN_IF_ERROR(StatusOf(
        host_->storage_import_file(host_->context, local_path.c_str(), std::string(name).c_str(), &how, err.out()),
        err));
    return how == SPW_IMPORT_LINKED ? ImportMethod::kLinked : ImportMethod::kCopied;
  }
  Result<std::optional<std::filesystem::path>> LocalPath(std::string_view name) override {
    plugin::Error err;
    std::array<char, kPathBytesMax> path{};
    const spw_code code =
        host_->storage_local_path(host_->context, std::string(name).c_str(), path.data(), path.size(), err.out());
    if (code == SPW_ABSENT) return std::optional<std::filesystem::path>();
    SPILLWAY_RETURN_IF_ERROR(StatusOf(code, err));
    return std::optional<std::filesystem::path>(path.data());
  }

 private:
  const spw_host* host_;
};

}  // namespace

std::unique_ptr<CheckpointStorage> MakeHostStorage(const plugin::CompleteHost& host) {
  return std::make_unique<HostStorage>(host.table());
}

}  // namespace spillway::snapshot
