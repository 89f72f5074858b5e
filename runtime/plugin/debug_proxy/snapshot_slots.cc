// Snapshots, their results, checkpoint notices and restore.
#include <memory>
#include <string>
#include <string_view>

#include "runtime/plugin/debug_proxy/call.h"
#include "runtime/plugin/debug_proxy/slots.h"

namespace spillway::runtime::debug_proxy {
namespace {

const spw_backend_api& Real(spw_backend* handle) {
  return Proxy(handle)->core->real();
}
spw_backend* RealHandle(spw_backend* handle) {
  return Proxy(handle)->real;
}

spw_code SnapshotBegin(spw_backend* handle, const spw_snapshot_options* options, spw_snapshot** out, spw_error* err) {
  BackendProxy* self = Proxy(handle);
  spw_snapshot* made = nullptr;
  return Run(
      self, Kind::kBackend, "snapshot_begin", Tag::kOwnerSafepoint, StructFault(options, "spw_snapshot_options"), err,
      [&](spw_error* e) { return Real(handle).snapshot_begin(RealHandle(handle), options, &made, e); },
      [&](spw_code code) {
        if (code != SPW_OK || made == nullptr) return std::string("answered OK without a snapshot");
        auto* snapshot = new SnapshotProxy(self, made);
        self->core->counters()->snapshots.fetch_add(1);
        const std::lock_guard lock(self->mutex);
        self->snapshots.insert(snapshot);
        *out = reinterpret_cast<spw_snapshot*>(snapshot);
        return std::string();
      });
}

// The plugin's result in its own box; the counters outlive the plugin's proxy, since a result may.
struct ResultBox {
  std::shared_ptr<Counters> counters;
  spw_snapshot_result inner;
};

void ReleaseResult(spw_snapshot_result* self) noexcept {
  const std::unique_ptr<ResultBox> box(static_cast<ResultBox*>(self->private_data));
  if (box->inner.release != nullptr) box->inner.release(&box->inner);
  box->counters->results.fetch_sub(1);
  *self = plugin::Sized<spw_snapshot_result>();
}

std::string ResultFault(const spw_snapshot_result& result) {
  if (result.file_count > 0 && result.files == nullptr) return "announced files and gave none";
  if (result.metadata.size > 0 && result.metadata.data == nullptr) return "announced metadata and gave none";
  for (uint32_t i = 0; i < result.file_count; ++i) {
    if (result.files[i].name == nullptr || *result.files[i].name == '\0') return "gave a file without a name";
  }
  return {};
}

spw_code SnapshotRun(spw_snapshot* handle, spw_snapshot_result* out, spw_error* err) {
  SnapshotProxy* self = Proxy(handle);
  if (self != nullptr && !self->released.load() && self->running.exchange(true)) {
    return Refuse(*self->backend->core, err, SPW_INVALID_STATE, "snapshot_run", "is under way on another thread");
  }
  auto inner = plugin::Sized<spw_snapshot_result>();
  const spw_code code = Run(
      self, Kind::kSnapshot, "snapshot_run", Tag::kAnyThread, StructFault(out, "spw_snapshot_result"), err,
      [&](spw_error* e) { return self->backend->core->real().snapshot_run(self->real, &inner, e); },
      [&](spw_code) {
        if (std::string fault = ResultFault(inner); !fault.empty()) {
          if (inner.release != nullptr) inner.release(&inner);
          return fault;
        }
        const std::shared_ptr<Counters>& counters = self->backend->core->counters();
        *out = inner;
        out->struct_size = sizeof(spw_snapshot_result);
        out->private_data = new ResultBox{counters, inner};
        out->release = &ReleaseResult;
        counters->results.fetch_add(1);
        return std::string();
      });
  if (self != nullptr && !self->released.load()) self->running.store(false);
  return code;
}

void SnapshotCancel(spw_snapshot* handle) {
  SnapshotProxy* self = Proxy(handle);
  if (!EnterVoid({Kind::kSnapshot, self, "snapshot_cancel", Tag::kAnyThread})) return;
  self->backend->core->real().snapshot_cancel(self->real);
}

void SnapshotRelease(spw_snapshot* handle) {
  SnapshotProxy* self = Proxy(handle);
  if (!EnterVoid({Kind::kSnapshot, self, "snapshot_release", Tag::kAnyThread})) return;
  BackendProxy* backend = self->backend;
  if (self->running.load()) {
    backend->core->Report("'snapshot_release' was called while 'snapshot_run' is under way");
    return;
  }
  {
    const std::lock_guard lock(backend->mutex);
    backend->snapshots.erase(self);
  }
  backend->core->real().snapshot_release(self->real);
  self->released.store(true);
  backend->core->counters()->snapshots.fetch_sub(1);
  backend->core->Quarantine(std::unique_ptr<HandleBase>(self));
}

spw_code CheckpointComplete(spw_backend* handle, uint64_t checkpoint_id, spw_error* err) {
  return Run(Proxy(handle), Kind::kBackend, "checkpoint_complete", Tag::kOwner, err,
             [&](spw_error* e) { return Real(handle).checkpoint_complete(RealHandle(handle), checkpoint_id, e); });
}

spw_code CheckpointAborted(spw_backend* handle, uint64_t checkpoint_id, spw_error* err) {
  return Run(Proxy(handle), Kind::kBackend, "checkpoint_aborted", Tag::kOwner, err,
             [&](spw_error* e) { return Real(handle).checkpoint_aborted(RealHandle(handle), checkpoint_id, e); });
}

spw_code CheckpointSubsumed(spw_backend* handle, uint64_t checkpoint_id, spw_error* err) {
  return Run(Proxy(handle), Kind::kBackend, "checkpoint_subsumed", Tag::kOwner, err,
             [&](spw_error* e) { return Real(handle).checkpoint_subsumed(RealHandle(handle), checkpoint_id, e); });
}

std::string SourcesFault(const spw_restore_source* sources, uint32_t count) {
  std::string fault;
  for (uint32_t i = 0; i < count && fault.empty(); ++i) {
    fault = StructFault(sources == nullptr ? nullptr : &sources[i], "spw_restore_source");
  }
  return fault;
}

spw_code Restore(spw_backend* handle, const spw_restore_source* sources, uint32_t count, spw_error* err) {
  return Run(
      Proxy(handle), Kind::kBackend, "restore", Tag::kOwnerSafepoint, SourcesFault(sources, count), err,
      [&](spw_error* e) { return Real(handle).restore(RealHandle(handle), sources, count, e); },
      [](spw_code) { return std::string(); });
}

spw_code RestoreSavepoint(spw_backend* handle, const spw_restore_source* sources, uint32_t count, spw_error* err) {
  return Run(
      Proxy(handle), Kind::kBackend, "restore_savepoint", Tag::kOwnerSafepoint, SourcesFault(sources, count), err,
      [&](spw_error* e) { return Real(handle).restore_savepoint(RealHandle(handle), sources, count, e); },
      [](spw_code) { return std::string(); });
}

}  // namespace

void FillSnapshotSlots(spw_backend_api* table) {
  table->snapshot_begin = &SnapshotBegin;
  table->snapshot_run = &SnapshotRun;
  table->snapshot_cancel = &SnapshotCancel;
  table->snapshot_release = &SnapshotRelease;
  table->checkpoint_complete = &CheckpointComplete;
  table->checkpoint_aborted = &CheckpointAborted;
  table->checkpoint_subsumed = &CheckpointSubsumed;
  table->restore = &Restore;
  table->restore_savepoint = &RestoreSavepoint;
}

}  // namespace spillway::runtime::debug_proxy
