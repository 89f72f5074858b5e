#include "tests/model/snapshot.h"

#include <functional>
#include <map>
#include <memory>

#include "snapshot/host_storage.h"
#include "snapshot/keyed_state_file.h"
#include "tests/model/backend.h"
#include "tests/model/slot.h"

namespace spillway::model {
namespace {

using snapshot::KeyedStateFileWriter;
using snapshot::KeyedStateRecord;

struct ResultBox {
  const plugin::HandleCount counted;
  std::string metadata, file_name;
  spw_file_ref file{};
};

snapshot::SchemaTable TableOf(const Schemas& schemas) {
  if (schemas.empty()) return {};
  return {schemas, static_cast<uint32_t>(schemas.size() - 1)};
}

snapshot::StateDescriptor DescriptorOf(const Description& description) {
  snapshot::StateDescriptor descriptor;
  descriptor.name = description.name;
  descriptor.kind = description.kind;
  descriptor.alignment = description.alignment;
  descriptor.key_schemas = TableOf(description.schemas[SPW_SCHEMA_KEY]);
  descriptor.namespace_schemas = TableOf(description.schemas[SPW_SCHEMA_NAMESPACE]);
  descriptor.value_schemas = TableOf(description.schemas[SPW_SCHEMA_VALUE]);
  descriptor.map_key_schemas = TableOf(description.schemas[SPW_SCHEMA_MAP_KEY]);
  return descriptor;
}

KeyedStateRecord RecordOf(const PlaceView& place, const Stored& stored) {
  KeyedStateRecord record;
  record.key = place.key;
  record.state_namespace = place.state_namespace;
  record.value_is_null = stored.bytes.is_null();
  if (!record.value_is_null) record.value = stored.bytes.text();
  record.schema_id = stored.schema_id;
  return record;
}

// Writes one state: records come with ascending key-groups, and each new one begins a section.
class StateWriter {
 public:
  StateWriter(const spw_snapshot& of, KeyedStateFileWriter* writer, uint32_t state)
      : snapshot_(of), writer_(writer), state_(state) {}

  Status Write(const Contents& contents) {
    for (const auto& [place, value] : contents.values) SPILLWAY_RETURN_IF_ERROR(Add(place, RecordOf(place, value)));
    for (const auto& [place, list] : contents.lists) {
      for (const Stored& element : list) SPILLWAY_RETURN_IF_ERROR(Add(place, RecordOf(place, element)));
    }
    for (const auto& [place, map] : contents.maps) {
      for (const auto& [map_key, value] : map) {
        KeyedStateRecord record = RecordOf(place, value);
        record.map_key = map_key;
        SPILLWAY_RETURN_IF_ERROR(Add(place, record));
      }
    }
    std::multimap<uint32_t, const Timer*> timers;  // by key-group, and in time order within
    for (const Timer& timer : contents.timers) timers.emplace(timer.place.key_group, &timer);
    for (const auto& [key_group, timer] : timers) {
      KeyedStateRecord record;
      record.key = timer->place.key;
      record.state_namespace = timer->place.state_namespace;
      record.timestamp = timer->timestamp;
      SPILLWAY_RETURN_IF_ERROR(Add(timer->place, record));
    }
    return in_section_ ? writer_->EndSection() : Status();
  }

 private:
  Status Add(const Place& place, const KeyedStateRecord& record) {
    if (snapshot_.cancelled.load(std::memory_order_relaxed)) return Status::Cancelled("the snapshot was cancelled");
    if (!in_section_ || place.key_group != key_group_) {
      if (in_section_) SPILLWAY_RETURN_IF_ERROR(writer_->EndSection());
      SPILLWAY_RETURN_IF_ERROR(writer_->BeginSection(state_, place.key_group));
      in_section_ = true;
      key_group_ = place.key_group;
    }
    return writer_->Add(record);
  }

  const spw_snapshot& snapshot_;
  KeyedStateFileWriter* const writer_;
  const uint32_t state_;
  bool in_section_ = false;
  uint32_t key_group_ = 0;
};

Status WriteFile(const spw_snapshot& of, snapshot::CheckpointStorage* storage, const std::string& name,
                 spw_snapshot_result* out) {
  const spw_backend& backend = *of.backend;
  SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<snapshot::PendingFile> file, storage->Create(name));
  SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<KeyedStateFileWriter> writer,
                            KeyedStateFileWriter::Create(
                                file.get(), {backend.max_parallelism, backend.key_groups, backend.key_group_function}));
  for (const StateCopy& state : of.states) {
    SPILLWAY_ASSIGN_OR_RETURN(const uint32_t index, writer->AddState(DescriptorOf(state.description)));
    SPILLWAY_RETURN_IF_ERROR(StateWriter(of, writer.get(), index).Write(state.contents));
  }
  SPILLWAY_RETURN_IF_ERROR(writer->Finish());
  if (of.cancelled.load(std::memory_order_relaxed)) return Status::Cancelled("the snapshot was cancelled");
  SPILLWAY_RETURN_IF_ERROR(file->Commit());
  out->entries = writer->entries();
  out->bytes = writer->bytes();
  return {};
}

// Without any state: an empty result, and no file.
Status Write(const spw_snapshot& of, spw_snapshot_result* out) {
  auto box = std::make_unique<ResultBox>();
  if (!of.states.empty()) {
    box->metadata = "model 1";
    box->file_name = of.name_prefix + "keyed-state";
    const std::unique_ptr<snapshot::CheckpointStorage> storage = snapshot::MakeHostStorage(of.backend->host);
    SPILLWAY_RETURN_IF_ERROR(WriteFile(of, storage.get(), box->file_name, out));
    if (of.cancelled.load(std::memory_order_relaxed)) {
      SPILLWAY_RETURN_IF_ERROR(storage->Delete(box->file_name));
      return Status::Cancelled("the snapshot was cancelled");
    }
    box->file = {box->file_name.c_str(), out->bytes};
    out->file_count = 1;
    out->files = &box->file;
  }
  out->metadata = plugin::ToBytes(box->metadata);
  out->private_data = box.release();
  out->release = [](spw_snapshot_result* self) noexcept {
    delete static_cast<ResultBox*>(self->private_data);
    *self = plugin::Sized<spw_snapshot_result>();
  };
  return {};
}

Answer Begin(spw_backend* backend, const spw_snapshot_options& options, spw_snapshot** out) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  backend->Safepoint();
  if (options.kind != SPW_SNAPSHOT_FULL) {
    return Status::Unsupported("the model takes full snapshots only, not those of kind " +
                               std::to_string(options.kind));
  }
  if (options.name_prefix == nullptr) return Status::InvalidArgument("a snapshot needs a prefix for its files' names");
  auto made = std::make_unique<spw_snapshot>();
  made->backend = backend;
  made->name_prefix = options.name_prefix;
  const uint64_t cost = backend->account.of(Purpose::kEntries);
  SPILLWAY_RETURN_IF_ERROR(backend->account.Take(Purpose::kCopies, cost));
  made->cost = cost;
  for (const auto& [name, state] : backend->states) made->states.push_back({state->description, state->contents});
  const std::lock_guard lock(backend->mutex);
  backend->snapshots.insert(made.get());
  *out = made.release();
  return SPW_OK;
}

Status CheckMayRun(const spw_snapshot& of) {
  SPILLWAY_RETURN_IF_ERROR(of.backend->CheckOpen());
  if (of.ran || of.running) return Status::InvalidState("a snapshot is written once, and this one was already");
  if (of.cancelled.load(std::memory_order_relaxed)) return Status::Cancelled("the snapshot was cancelled");
  return {};
}

Answer Run(spw_snapshot* of, spw_snapshot_result* out) {
  {
    const std::lock_guard lock(of->backend->mutex);
    SPILLWAY_RETURN_IF_ERROR(CheckMayRun(*of));
    of->running = true;
  }
  const Status status = Write(*of, out);
  if (status.ok()) of->backend->snapshots_written.fetch_add(1, std::memory_order_relaxed);
  // Notified under the lock: once close sees that nothing runs, the backend may go.
  const std::lock_guard lock(of->backend->mutex);
  of->running = false;
  of->ran = true;
  of->backend->run_ended.notify_all();
  if (!status.ok()) return status;
  return SPW_OK;
}

void Release(spw_snapshot* released) {
  const std::unique_ptr<spw_snapshot> owned(released);
  owned->backend->account.GiveBack(Purpose::kCopies, owned->cost);
  const std::lock_guard lock(owned->backend->mutex);
  owned->backend->snapshots.erase(released);
}

// A full snapshot stands for itself, so nothing follows from its fate.
Answer Notice(const spw_backend* backend) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  return SPW_OK;
}

}  // namespace

void CancelAllAndWait(spw_backend* backend) {
  std::unique_lock lock(backend->mutex);
  for (spw_snapshot* snapshot : backend->snapshots) snapshot->cancelled.store(true, std::memory_order_relaxed);
  backend->run_ended.wait(lock, [&] {
    for (const spw_snapshot* snapshot : backend->snapshots) {
      if (snapshot->running) return false;
    }
    return true;
  });
}

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
  api->snapshot_release = [](spw_snapshot* snapshot) noexcept { Release(snapshot); };
  api->checkpoint_complete = [](spw_backend* backend, uint64_t, spw_error* err) noexcept {
    return Slot(err, [&] { return Notice(backend); });
  };
  api->checkpoint_aborted = api->checkpoint_complete;
  api->checkpoint_subsumed = api->checkpoint_complete;
}

}  // namespace spillway::model
