#include "snapshot/mounted_storage.h"

#include <utility>

namespace spillway::snapshot {
namespace {

class MountedStorage : public CheckpointStorage {
 public:
  MountedStorage(std::shared_ptr<CheckpointStorage> base, std::string mount, std::shared_ptr<CheckpointStorage> mounted)
      : base_(std::move(base)), prefix_(std::move(mount) + "/"), mounted_(std::move(mounted)) {}

  Result<std::unique_ptr<PendingFile>> Create(std::string_view name) override {
    SPILLWAY_RETURN_IF_ERROR(CheckMayWrite(name));
    return base_->Create(name);
  }
  Result<std::unique_ptr<ReadableFile>> Open(std::string_view name) override {
    SPILLWAY_RETURN_IF_ERROR(CheckFileName(name));
    return IsMounted(name) ? mounted_->Open(name.substr(prefix_.size())) : base_->Open(name);
  }
  Status Delete(std::string_view name) override {
    SPILLWAY_RETURN_IF_ERROR(CheckMayWrite(name));
    return base_->Delete(name);
  }
  Result<std::vector<StoredFile>> List(std::string_view prefix) override {
    SPILLWAY_ASSIGN_OR_RETURN(std::vector<StoredFile> all, base_->List(prefix));
    std::erase_if(all, [this](const StoredFile& file) { return IsMounted(file.name); });
    const bool below = IsMounted(prefix);
    if (!below && !std::string_view(prefix_).starts_with(prefix)) return all;
    SPILLWAY_ASSIGN_OR_RETURN(std::vector<StoredFile> mounted,
                              mounted_->List(below ? prefix.substr(prefix_.size()) : std::string_view()));
    auto at = all.begin();
    while (at != all.end() && at->name < prefix_) ++at;
    for (StoredFile& file : mounted) file.name.insert(0, prefix_);
    all.insert(at, std::make_move_iterator(mounted.begin()), std::make_move_iterator(mounted.end()));
    return all;
  }
  Result<ImportMethod> ImportFile(const std::filesystem::path& local_path, std::string_view name) override {
    SPILLWAY_RETURN_IF_ERROR(CheckMayWrite(name));
    return base_->ImportFile(local_path, name);
  }
  Result<std::optional<std::filesystem::path>> LocalPath(std::string_view name) override {
    SPILLWAY_RETURN_IF_ERROR(CheckFileName(name));
    return IsMounted(name) ? mounted_->LocalPath(name.substr(prefix_.size())) : base_->LocalPath(name);
  }

 private:
  [[nodiscard]] bool IsMounted(std::string_view name) const { return name.starts_with(prefix_); }
  [[nodiscard]] Status CheckMayWrite(std::string_view name) const {
    SPILLWAY_RETURN_IF_ERROR(CheckFileName(name));
    if (!IsMounted(name)) return {};
    return Status::Unsupported("'" + std::string(name) +
                               "' belongs to a restored checkpoint and is only read; choose a "
                               "name that does not begin with '" +
                               prefix_ + "'");
  }

  std::shared_ptr<CheckpointStorage> base_;
  std::string prefix_;
  std::shared_ptr<CheckpointStorage> mounted_;
};

}  // namespace

Result<std::shared_ptr<CheckpointStorage>> MountStorage(std::shared_ptr<CheckpointStorage> base, std::string mount,
                                                        std::shared_ptr<CheckpointStorage> mounted) {
  SPILLWAY_RETURN_IF_ERROR(CheckFileName(mount));
  if (mount.find('/') != std::string::npos) {
    return Status::InvalidArgument("a storage cannot be mounted at '" + mount + "'; use a name of one part");
  }
  return std::shared_ptr<CheckpointStorage>(
      std::make_shared<MountedStorage>(std::move(base), std::move(mount), std::move(mounted)));
}

}  // namespace spillway::snapshot
