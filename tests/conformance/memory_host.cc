#include "tests/conformance/memory_host.h"

#include <algorithm>

#include "spillway/plugin/error.h"
#include "spillway/plugin/guard.h"

namespace spillway::conformance {
namespace {

// The kit's errors are counted apart from the plugin's: the counter is that of the program that runs the kit.
spw_code Answer(const Status& status, spw_error* err) noexcept {
  if (status.ok()) return SPW_OK;
  return plugin::FillError(err, static_cast<spw_code>(status.code()), status.message());
}

FileBeingWritten* File(spw_writable* file) {
  return reinterpret_cast<FileBeingWritten*>(file);
}
FileBeingRead* File(spw_readable* file) {
  return reinterpret_cast<FileBeingRead*>(file);
}

}  // namespace

MemoryHost::MemoryHost(MemoryStorage* storage, Compatibility compatibility)
    : storage_(storage), compatibility_(std::move(compatibility)), table_(plugin::Sized<spw_host>()) {
  table_.abi_major = SPW_ABI_MAJOR;
  table_.abi_minor = SPW_ABI_MINOR;
  table_.context = this;
  table_.log = [](void* context, spw_log_level, const char* message) {
    const std::lock_guard lock(Self(context)->mutex_);
    Self(context)->log_.emplace_back(message);
  };
  table_.record_metric = [](void*, const char*, double) {};
  table_.now_ms = [](void* context) { return Self(context)->now_ms_.load(std::memory_order_relaxed); };
  table_.schema_compatibility = [](void* context, const char*, spw_schema_role role, spw_bytes old_schema,
                                   spw_bytes new_schema) -> spw_schema_compatibility {
    const std::string old_text(plugin::ToStringView(old_schema));
    const std::string new_text(plugin::ToStringView(new_schema));
    const Compatibility& by_test = Self(context)->compatibility_;
    if (by_test) return by_test(role, old_text, new_text);
    return old_text == new_text ? SPW_SCHEMA_AS_IS : SPW_SCHEMA_INCOMPATIBLE;
  };
  FillStorageSlots();
}

void MemoryHost::FillStorageSlots() {
  table_.storage_create = [](void* context, const char* name, spw_writable** out, spw_error* err) {
    Result<FileBeingWritten*> file = Self(context)->storage_->Create(name);
    if (file.ok()) *out = reinterpret_cast<spw_writable*>(*file);
    return Answer(file.status(), err);
  };
  table_.storage_write = [](void* context, spw_writable* file, spw_bytes bytes, spw_error* err) {
    return Answer(Self(context)->storage_->Write(File(file), plugin::ToStringView(bytes)), err);
  };
  table_.storage_commit = [](void* context, spw_writable* file, spw_error* err) {
    return Answer(Self(context)->storage_->Commit(File(file)), err);
  };
  table_.storage_abort = [](void* context, spw_writable* file) { Self(context)->storage_->Abort(File(file)); };
  table_.storage_open = [](void* context, const char* name, spw_readable** out, uint64_t* size, spw_error* err) {
    Result<FileBeingRead*> file = Self(context)->storage_->Open(name);
    if (file.ok()) {
      *out = reinterpret_cast<spw_readable*>(*file);
      *size = (*file)->content->size();
    }
    return Answer(file.status(), err);
  };
  table_.storage_read_at = [](void* context, spw_readable* file, uint64_t offset, uint8_t* buffer, uint64_t size,
                              spw_error* err) {
    return Answer(Self(context)->storage_->ReadAt(File(file), offset, buffer, size), err);
  };
  table_.storage_submit_read = [](void* context, spw_readable* file, uint64_t offset, uint8_t* buffer, uint64_t size,
                                  uint64_t token, spw_error*) -> spw_code {
    MemoryHost* self = Self(context);
    const Status status = self->storage_->ReadAt(File(file), offset, buffer, size);
    const std::lock_guard lock(self->mutex_);
    self->completions_.push_back({token, status.ok() ? size : 0, static_cast<spw_code>(status.code()), 0});
    return SPW_OK;
  };
  table_.storage_poll_reads = [](void* context, spw_read_completion* out, uint32_t capacity, uint32_t* count,
                                 spw_error*) -> spw_code {
    MemoryHost* self = Self(context);
    const std::lock_guard lock(self->mutex_);
    *count = static_cast<uint32_t>(std::min<size_t>(capacity, self->completions_.size()));
    std::copy_n(self->completions_.begin(), *count, out);
    self->completions_.erase(self->completions_.begin(), self->completions_.begin() + *count);
    return SPW_OK;
  };
  table_.storage_close = [](void* context, spw_readable* file) { Self(context)->storage_->Close(File(file)); };
  table_.storage_delete = [](void* context, const char* name, spw_error* err) {
    return Answer(Self(context)->storage_->Delete(name), err);
  };
  table_.storage_local_path = [](void*, const char*, char*, uint64_t, spw_error*) -> spw_code { return SPW_ABSENT; };
}

std::vector<std::string> MemoryHost::Log() {
  const std::lock_guard lock(mutex_);
  return log_;
}

}  // namespace spillway::conformance
