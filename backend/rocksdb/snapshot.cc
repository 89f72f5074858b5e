// Full snapshots: begun by the owner, written by another thread.
#include "backend/rocksdb/snapshot.h"

#include <memory>
#include <mutex>
#include <utility>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/slot.h"
#include "backend/rocksdb/snapshot_writer.h"
#include "snapshot/host_storage.h"

void spw_snapshot::Unpin() {
  if (pinned != nullptr) backend->database->ReleaseSnapshot(pinned);
  pinned = nullptr;
}

namespace spillway::rocks {
namespace {

// What spw_snapshot_result points to.
struct HeldResult {
  const plugin::HandleCount counted;
  std::string file_name;
  spw_file_ref file{};
};

Answer Begin(spw_backend* backend, const spw_snapshot_options& options, spw_snapshot** out) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  if (options.kind != SPW_SNAPSHOT_FULL) {
    return Status::Unsupported("only full snapshots are offered, and one of kind " + std::to_string(options.kind) +
                               " was asked for");
  }
  if (options.name_prefix == nullptr) return Status::InvalidArgument("a snapshot needs a name_prefix for its files");
  SPILLWAY_RETURN_IF_ERROR(backend->Safepoint());
  auto made = std::make_unique<spw_snapshot>(backend);
  made->file_name = std::string(options.name_prefix) + "keyed-state";
  made->begun_ms = backend->host.NowMs();
  for (const auto& [name, state] : backend->states) {
    made->states.push_back({state->description, state->family.get(), state->time_to_live.get()});
  }
  made->pinned = backend->database->GetSnapshot();
  const std::lock_guard lock(backend->mutex);
  backend->snapshots.insert(made.get());
  *out = made.release();
  return SPW_OK;
}

Status Write(spw_snapshot* snapshot, spw_snapshot_result* out) {
  const auto storage = snapshot::MakeHostStorage(snapshot->backend->host);
  SPILLWAY_ASSIGN_OR_RETURN(const auto file, storage->Create(snapshot->file_name));
  SPILLWAY_ASSIGN_OR_RETURN(const SnapshotFigures written, WriteSnapshot(*snapshot, file.get()));
  // Made before the commit, so that nothing can fail behind it.
  auto held = std::make_unique<HeldResult>();
  held->file_name = snapshot->file_name;
  held->file = {held->file_name.c_str(), written.bytes};
  SPILLWAY_RETURN_IF_ERROR(file->Commit());
  out->file_count = 1;
  out->files = &held->file;
  out->metadata = plugin::ToBytes(kSnapshotMetadata);
  out->entries = written.entries;
  out->bytes = written.bytes;
  out->private_data = held.release();
  out->release = [](spw_snapshot_result* self) noexcept {
    delete static_cast<HeldResult*>(self->private_data);
    const uint32_t size = self->struct_size;
    *self = {};
    self->struct_size = size;
  };
  return {};
}

Answer Run(spw_snapshot* snapshot, spw_snapshot_result* out) {
  spw_backend* backend = snapshot->backend;
  {
    const std::lock_guard lock(backend->mutex);
    SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
    if (snapshot->begun_run) return Status::InvalidState("the snapshot was written already; a snapshot is run once");
    snapshot->begun_run = true;
    snapshot->running = true;
  }
  Status status;
  if (snapshot->cancelled.load(std::memory_order_relaxed)) {
    status = Status::Cancelled("the snapshot was cancelled");
  } else if (snapshot->states.empty()) {
    out->file_count = 0;
    out->files = nullptr;
    out->metadata = plugin::EmptyBytes();
    out->entries = out->bytes = 0;
  } else {
    status = Write(snapshot, out);
  }
  {
    const std::lock_guard lock(backend->mutex);
    snapshot->running = false;
    snapshot->Unpin();
    backend->run_ended.notify_all();
  }
  SPILLWAY_RETURN_IF_ERROR(status.WithContext("snapshot '" + snapshot->file_name + "'"));
  backend->snapshots_written.fetch_add(1, std::memory_order_relaxed);
  return SPW_OK;
}

void Release(spw_snapshot* snapshot) {
  spw_backend* backend = snapshot->backend;
  const std::lock_guard lock(backend->mutex);
  backend->snapshots.erase(snapshot);
  snapshot->Unpin();  // after close there is nothing to unpin
}

// Full snapshots share no files, so what becomes of a checkpoint is nothing to the instance.
Answer Noticed(const spw_backend* backend) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  return SPW_OK;
}

}  // namespace

void FillSnapshotSlots(spw_backend_api* api) {
  api->snapshot_begin = [](spw_backend* backend, const spw_snapshot_options* options, spw_snapshot** out,
                           spw_error* err) noexcept {
    return Slot(err, [&] { return Begin(backend, *options, out); });
  };
  api->snapshot_run = [](spw_snapshot* snapshot, spw_snapshot_result* out, spw_error* err) noexcept {
    return Slot(err, [&] { return Run(snapshot, out); });
  };
  api->snapshot_cancel = [](spw_snapshot* snapshot) noexcept {
    snapshot->cancelled.store(true, std::memory_order_relaxed);
  };
  api->snapshot_release = [](spw_snapshot* snapshot) noexcept {
    plugin::GuardVoid([&] { Release(snapshot); });
    delete snapshot;
  };
  api->checkpoint_complete = [](spw_backend* backend, uint64_t, spw_error* err) noexcept {
    return Slot(err, [&] { return Noticed(backend); });
  };
  api->checkpoint_aborted = api->checkpoint_complete;
  api->checkpoint_subsumed = api->checkpoint_complete;
}

}  // namespace spillway::rocks
