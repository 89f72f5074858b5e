// Snapshots and restore.
#include <memory>
#include <span>

#include "backend/hybrid/restore.h"
#include "backend/hybrid/slots/slot.h"

namespace spillway::hybrid {
namespace {

// What a result's strings live in.
struct ResultBox {
  const plugin::HandleCount counted;
  SnapshotOutcome outcome;
  spw_file_ref file{};
};

void ReleaseResult(spw_snapshot_result* self) noexcept {
  delete static_cast<ResultBox*>(self->private_data);
  const uint32_t struct_size = self->struct_size;
  *self = spw_snapshot_result{};
  self->struct_size = struct_size;
}

spw_code Begin(Instance* instance, const spw_snapshot_options& options, spw_snapshot** out, spw_error* err) {
  if (options.kind != SPW_SNAPSHOT_FULL) {
    return Answer(Status::Unsupported("the hybrid backend takes full snapshots only; asked for kind " +
                                      std::to_string(options.kind)),
                  err);
  }
  if (options.name_prefix == nullptr) {
    return Answer(Status::InvalidArgument("a snapshot needs a prefix for the names of its files"), err);
  }
  instance->Safepoint(0);
  Result<std::unique_ptr<TableSnapshot>> snapshot = TableSnapshot::Begin(instance, options);
  if (!snapshot.ok()) return Answer(snapshot.status(), err);
  *out = reinterpret_cast<spw_snapshot*>(std::move(snapshot).value().release());
  return SPW_OK;
}

spw_code Run(TableSnapshot* snapshot, spw_snapshot_result* out, spw_error* err) {
  auto box = std::make_unique<ResultBox>();
  Result<SnapshotOutcome> outcome = snapshot->Run();
  if (!outcome.ok()) return Answer(outcome.status(), err);
  box->outcome = std::move(outcome).value();
  box->file = {box->outcome.file_name.c_str(), box->outcome.file_bytes};
  const bool has_file = !box->outcome.file_name.empty();
  out->file_count = has_file ? 1 : 0;
  out->files = has_file ? &box->file : nullptr;
  out->metadata = plugin::ToBytes(box->outcome.metadata);
  out->entries = box->outcome.entries;
  out->bytes = box->outcome.file_bytes;
  out->private_data = box.release();
  out->release = &ReleaseResult;
  return SPW_OK;
}

spw_code Restore(Instance* instance, const spw_restore_source* sources, uint32_t count, spw_error* err) {
  if (count > 0 && sources == nullptr) {
    return Answer(Status::InvalidArgument("restore was given null sources"), err);
  }
  instance->Safepoint(0);
  return Answer(RestoreInstance(instance, std::span(sources, count)), err);
}

}  // namespace

void FillSnapshotSlots(spw_backend_api* api) {
  api->snapshot_begin = [](spw_backend* backend, const spw_snapshot_options* options, spw_snapshot** out,
                           spw_error* err) noexcept {
    return OnInstance(backend, err,
                      [&](Instance* instance) { return Begin(instance, plugin::CopyKnownPart(options), out, err); });
  };
  api->snapshot_run = [](spw_snapshot* snapshot, spw_snapshot_result* out, spw_error* err) noexcept {
    return plugin::Guard(err, [&] { return Run(Behind(snapshot), out, err); });
  };
  api->snapshot_cancel = [](spw_snapshot* snapshot) noexcept { Behind(snapshot)->Cancel(); };
  api->snapshot_release = [](spw_snapshot* snapshot) noexcept { plugin::GuardVoid([&] { delete Behind(snapshot); }); };
  // Full snapshots stand alone: nothing of the instance depends on what becomes of them.
  const auto nothing_to_do = [](spw_backend* backend, uint64_t, spw_error* err) noexcept {
    return OnInstance(backend, err, [](Instance*) -> spw_code { return SPW_OK; });
  };
  api->checkpoint_complete = nothing_to_do;
  api->checkpoint_aborted = nothing_to_do;
  api->checkpoint_subsumed = nothing_to_do;
  api->restore = [](spw_backend* backend, const spw_restore_source* sources, uint32_t count, spw_error* err) noexcept {
    return OnInstance(backend, err, [&](Instance* instance) { return Restore(instance, sources, count, err); });
  };
}

}  // namespace spillway::hybrid
