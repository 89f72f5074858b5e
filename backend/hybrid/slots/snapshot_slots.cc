// Snapshots and restore.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

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

// A result must have room for its release; no more is written than the host's struct has.
constexpr size_t kResultBytesMin = offsetof(spw_snapshot_result, release) + sizeof(spw_snapshot_result::release);

void WriteResult(spw_snapshot_result result, spw_snapshot_result* out) noexcept {
  result.struct_size = out->struct_size;
  std::memcpy(out, &result, std::min<size_t>(out->struct_size, sizeof(result)));
}

void ReleaseResult(spw_snapshot_result* self) noexcept {
  delete static_cast<ResultBox*>(self->private_data);
  WriteResult({}, self);
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
  if (out->struct_size < kResultBytesMin) {
    return Answer(Status::InvalidArgument("snapshot_run was given a result whose struct_size is " +
                                          std::to_string(out->struct_size) + "; it must be at least " +
                                          std::to_string(kResultBytesMin)),
                  err);
  }
  auto box = std::make_unique<ResultBox>();
  Result<SnapshotOutcome> outcome = snapshot->Run();
  if (!outcome.ok()) return Answer(outcome.status(), err);
  box->outcome = std::move(outcome).value();
  box->file = {box->outcome.file_name.c_str(), box->outcome.file_bytes};
  const bool has_file = !box->outcome.file_name.empty();
  spw_snapshot_result result{};
  result.file_count = has_file ? 1 : 0;
  result.files = has_file ? &box->file : nullptr;
  result.metadata = plugin::ToBytes(box->outcome.metadata);
  result.entries = box->outcome.entries;
  result.bytes = box->outcome.file_bytes;
  result.private_data = box.release();
  result.release = &ReleaseResult;
  WriteResult(result, out);
  return SPW_OK;
}

spw_code Restore(Instance* instance, const spw_restore_source* sources, uint32_t count, spw_error* err) {
  if (count > 0 && sources == nullptr) {
    return Answer(Status::InvalidArgument("restore was given null sources"), err);
  }
  // The host's structs may be larger than those that are known here: one to the next is their size, not ours.
  const uint32_t step = count == 0 ? 0 : sources[0].struct_size;
  if (count > 0 && (step < sizeof(uint32_t) || step % alignof(spw_restore_source) != 0)) {
    return Answer(Status::InvalidArgument("restore was given sources whose struct_size is " + std::to_string(step) +
                                          "; it must be a multiple of " + std::to_string(alignof(spw_restore_source))),
                  err);
  }
  std::vector<spw_restore_source> known;
  for (uint32_t i = 0; i < count; ++i) {
    const auto* at = reinterpret_cast<const uint8_t*>(sources) + uint64_t{i} * step;
    known.push_back(plugin::CopyKnownPart(reinterpret_cast<const spw_restore_source*>(at)));
  }
  instance->Safepoint(0);
  return Answer(RestoreInstance(instance, known), err);
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
