// For hosts: the storage slots of an spw_host, served from a CheckpointStorage.
//
// The slots receive spw_host.context as it is, so the context must be able to name its StorageSlots: a host fills its
// table with FillStorageSlots<&Context::storage_slots>(&host), where Context is what `context` points to. Any thread.
// Submitted reads are served at once and their completions kept until polled. StorageSlots must outlive all handles
// that it gave out; those still open at its end are closed, pending files aborted.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "snapshot/checkpoint_storage.h"
#include "spillway/plugin/abi.h"

namespace spillway::snapshot {

class StorageSlots {
 public:
  explicit StorageSlots(std::shared_ptr<CheckpointStorage> storage);
  StorageSlots(const StorageSlots&) = delete;
  StorageSlots& operator=(const StorageSlots&) = delete;
  ~StorageSlots();

  [[nodiscard]] CheckpointStorage& storage() { return *storage_; }
  // Handles given out and not ended yet; zero when a plugin has kept its side.
  [[nodiscard]] uint64_t open_handles() const;

  // The slots, as abi.h describes them.
  spw_code Create(const char* name, spw_writable** out, spw_error* err) noexcept;
  spw_code Write(spw_writable* file, spw_bytes bytes, spw_error* err) noexcept;
  spw_code Commit(spw_writable* file, spw_error* err) noexcept;
  void Abort(spw_writable* file) noexcept;
  spw_code Open(const char* name, spw_readable** out, uint64_t* size, spw_error* err) noexcept;
  spw_code ReadAt(spw_readable* file, uint64_t offset, uint8_t* buffer, uint64_t size, spw_error* err) noexcept;
  spw_code SubmitRead(spw_readable* file, uint64_t offset, uint8_t* buffer, uint64_t size, uint64_t token,
                      spw_error* err) noexcept;
  spw_code PollReads(spw_read_completion* out, uint32_t capacity, uint32_t* count, spw_error* err) noexcept;
  void Close(spw_readable* file) noexcept;
  spw_code Delete(const char* name, spw_error* err) noexcept;
  spw_code ImportFile(const char* local_path, const char* name, int32_t* how, spw_error* err) noexcept;
  spw_code LocalPath(const char* name, char* buffer, uint64_t capacity, spw_error* err) noexcept;

 private:
  template <typename Body>
  static spw_code Guarded(spw_error* err, Body&& body) noexcept;

  std::shared_ptr<CheckpointStorage> storage_;
  mutable std::mutex mutex_;  // guards all below; never held while a file is read or written
  std::unordered_map<spw_writable*, std::unique_ptr<PendingFile>> pending_;
  std::unordered_map<spw_readable*, std::shared_ptr<ReadableFile>> readable_;
  std::vector<spw_read_completion> completions_;
};

// Fills the storage slots of a table whose context is a Context*; `Member` is a StorageSlots, or anything that points
// to one, in it.
template <auto Member>
struct StorageSlotsOf;

template <typename Context, typename Holder, Holder Context::*Member>
struct StorageSlotsOf<Member> {
  static StorageSlots& Of(void* context) noexcept {
    auto& holder = static_cast<Context*>(context)->*Member;
    if constexpr (requires { *holder; }) {
      return *holder;
    } else {
      return holder;
    }
  }

  static void Fill(spw_host* host) noexcept {
    host->storage_create = [](void* c, const char* name, spw_writable** out, spw_error* err) noexcept {
      return Of(c).Create(name, out, err);
    };
    host->storage_write = [](void* c, spw_writable* file, spw_bytes bytes, spw_error* err) noexcept {
      return Of(c).Write(file, bytes, err);
    };
    host->storage_commit = [](void* c, spw_writable* file, spw_error* err) noexcept { return Of(c).Commit(file, err); };
    host->storage_abort = [](void* c, spw_writable* file) noexcept { Of(c).Abort(file); };
    host->storage_open = [](void* c, const char* name, spw_readable** out, uint64_t* size, spw_error* err) noexcept {
      return Of(c).Open(name, out, size, err);
    };
    host->storage_read_at = [](void* c, spw_readable* file, uint64_t offset, uint8_t* buffer, uint64_t size,
                               spw_error* err) noexcept { return Of(c).ReadAt(file, offset, buffer, size, err); };
    host->storage_submit_read = [](void* c, spw_readable* file, uint64_t offset, uint8_t* buffer, uint64_t size,
                                   uint64_t token, spw_error* err) noexcept {
      return Of(c).SubmitRead(file, offset, buffer, size, token, err);
    };
    host->storage_poll_reads = [](void* c, spw_read_completion* out, uint32_t capacity, uint32_t* count,
                                  spw_error* err) noexcept { return Of(c).PollReads(out, capacity, count, err); };
    host->storage_close = [](void* c, spw_readable* file) noexcept { Of(c).Close(file); };
    host->storage_delete = [](void* c, const char* name, spw_error* err) noexcept { return Of(c).Delete(name, err); };
    host->storage_import_file = [](void* c, const char* path, const char* name, int32_t* how, spw_error* err) noexcept {
      return Of(c).ImportFile(path, name, how, err);
    };
    host->storage_local_path = [](void* c, const char* name, char* buffer, uint64_t capacity, spw_error* err) noexcept {
      return Of(c).LocalPath(name, buffer, capacity, err);
    };
  }
};

template <auto Member>
void FillStorageSlots(spw_host* host) noexcept {
  StorageSlotsOf<Member>::Fill(host);
}

}  // namespace spillway::snapshot
