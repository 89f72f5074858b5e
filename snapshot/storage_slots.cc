#include "snapshot/storage_slots.h"

#include <algorithm>
#include <string>
#include <utility>

#include "spillway/plugin/error.h"
#include "spillway/plugin/guard.h"

namespace spillway::snapshot {

template <typename Body>
spw_code StorageSlots::Guarded(spw_error* err, Body&& body) noexcept {
  return plugin::Guard(err, [&]() -> spw_code {
    const Status status = body();
    if (status.ok()) return SPW_OK;
    return plugin::FillError(err, static_cast<spw_code>(status.code()), status.message());
  });
}

namespace {

Status UnknownHandle() {
  return Status::InvalidArgument(
      "checkpoint storage does not know this file handle; it has ended or was never given out");
}

Status CheckText(const char* text) {
  return text != nullptr ? Status() : Status::InvalidArgument("a file of checkpoint storage has no name (NULL)");
}

}  // namespace

StorageSlots::StorageSlots(std::shared_ptr<CheckpointStorage> storage) : storage_(std::move(storage)) {}
StorageSlots::~StorageSlots() = default;

uint64_t StorageSlots::open_handles() const {
  const std::lock_guard lock(mutex_);
  return pending_.size() + readable_.size();
}

spw_code StorageSlots::Create(const char* name, spw_writable** out, spw_error* err) noexcept {
  return Guarded(err, [&]() -> Status {
    SPILLWAY_RETURN_IF_ERROR(CheckText(name));
    SPILLWAY_ASSIGN_OR_RETURN(std::unique_ptr<PendingFile> file, storage_->Create(name));
    // The handle is the address: opaque to the plugin, and looked up before every use.
    auto* handle = reinterpret_cast<spw_writable*>(file.get());
    const std::lock_guard lock(mutex_);
    pending_.emplace(handle, std::move(file));
    *out = handle;
    return {};
  });
}

spw_code StorageSlots::Write(spw_writable* file, spw_bytes bytes, spw_error* err) noexcept {
  return Guarded(err, [&]() -> Status {
    PendingFile* pending = nullptr;
    {
      const std::lock_guard lock(mutex_);
      const auto found = pending_.find(file);
      if (found == pending_.end()) return UnknownHandle();
      pending = found->second.get();  // one thread at a time has the handle, so it cannot end meanwhile
    }
    return pending->Append(plugin::ToStringView(bytes));
  });
}

spw_code StorageSlots::Commit(spw_writable* file, spw_error* err) noexcept {
  return Guarded(err, [&]() -> Status {
    std::unique_ptr<PendingFile> pending;
    {
      const std::lock_guard lock(mutex_);
      const auto found = pending_.find(file);
      if (found == pending_.end()) return UnknownHandle();
      pending = std::move(found->second);
      pending_.erase(found);
    }
    return pending->Commit();
  });
}

void StorageSlots::Abort(spw_writable* file) noexcept {
  plugin::GuardVoid([&] {
    std::unique_ptr<PendingFile> pending;  // ends outside the lock
    const std::lock_guard lock(mutex_);
    const auto found = pending_.find(file);
    if (found == pending_.end()) return;
    pending = std::move(found->second);
    pending_.erase(found);
  });
}

spw_code StorageSlots::Open(const char* name, spw_readable** out, uint64_t* size, spw_error* err) noexcept {
  return Guarded(err, [&]() -> Status {
    SPILLWAY_RETURN_IF_ERROR(CheckText(name));
    SPILLWAY_ASSIGN_OR_RETURN(std::unique_ptr<ReadableFile> file, storage_->Open(name));
    auto* handle = reinterpret_cast<spw_readable*>(file.get());
    *size = file->size();
    const std::lock_guard lock(mutex_);
    readable_.emplace(handle, std::move(file));
    *out = handle;
    return {};
  });
}

spw_code StorageSlots::ReadAt(spw_readable* file, uint64_t offset, uint8_t* buffer, uint64_t size,
                              spw_error* err) noexcept {
  return Guarded(err, [&]() -> Status {
    std::shared_ptr<ReadableFile> readable;
    {
      const std::lock_guard lock(mutex_);
      const auto found = readable_.find(file);
      if (found == readable_.end()) return UnknownHandle();
      readable = found->second;
    }
    return readable->ReadAt(offset, size, reinterpret_cast<char*>(buffer));
  });
}

spw_code StorageSlots::SubmitRead(spw_readable* file, uint64_t offset, uint8_t* buffer, uint64_t size, uint64_t token,
                                  spw_error* err) noexcept {
  // A read that fails does so here, where its message has a place.
  const spw_code code = ReadAt(file, offset, buffer, size, err);
  if (code != SPW_OK) return code;
  return Guarded(err, [&]() -> Status {
    const std::lock_guard lock(mutex_);
    completions_.push_back({.token = token, .bytes_read = size, .code = SPW_OK, .reserved = 0});
    return {};
  });
}

spw_code StorageSlots::PollReads(spw_read_completion* out, uint32_t capacity, uint32_t* count,
                                 spw_error* err) noexcept {
  return Guarded(err, [&]() -> Status {
    const std::lock_guard lock(mutex_);
    const auto taken = std::min<size_t>(capacity, completions_.size());
    std::copy_n(completions_.begin(), taken, out);
    completions_.erase(completions_.begin(), completions_.begin() + static_cast<ptrdiff_t>(taken));
    *count = static_cast<uint32_t>(taken);
    return {};
  });
}

void StorageSlots::Close(spw_readable* file) noexcept {
  plugin::GuardVoid([&] {
    std::shared_ptr<ReadableFile> readable;  // ends outside the lock
    const std::lock_guard lock(mutex_);
    const auto found = readable_.find(file);
    if (found == readable_.end()) return;
    readable = std::move(found->second);
    readable_.erase(found);
  });
}

spw_code StorageSlots::Delete(const char* name, spw_error* err) noexcept {
  return Guarded(err, [&]() -> Status {
    SPILLWAY_RETURN_IF_ERROR(CheckText(name));
    return storage_->Delete(name);
  });
}

spw_code StorageSlots::ImportFile(const char* local_path, const char* name, int32_t* how, spw_error* err) noexcept {
  return Guarded(err, [&]() -> Status {
    SPILLWAY_RETURN_IF_ERROR(CheckText(local_path));
    SPILLWAY_RETURN_IF_ERROR(CheckText(name));
    SPILLWAY_ASSIGN_OR_RETURN(const ImportMethod method, storage_->ImportFile(local_path, name));
    *how = method == ImportMethod::kLinked ? SPW_IMPORT_LINKED : SPW_IMPORT_COPIED;
    return {};
  });
}

spw_code StorageSlots::LocalPath(const char* name, char* buffer, uint64_t capacity, spw_error* err) noexcept {
  bool absent = false;
  const spw_code code = Guarded(err, [&]() -> Status {
    SPILLWAY_RETURN_IF_ERROR(CheckText(name));
    SPILLWAY_ASSIGN_OR_RETURN(const std::optional<std::filesystem::path> path, storage_->LocalPath(name));
    absent = !path.has_value();
    if (absent) return {};
    const std::string text = path->string();
    if (text.size() >= capacity) {
      return Status::InvalidArgument("the path of '" + std::string(name) + "' needs " +
                                     std::to_string(text.size() + 1) + " bytes, the buffer has " +
                                     std::to_string(capacity));
    }
    std::copy_n(text.c_str(), text.size() + 1, buffer);
    return {};
  });
  return code == SPW_OK && absent ? SPW_ABSENT : code;
}

}  // namespace spillway::snapshot
