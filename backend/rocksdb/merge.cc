// Merging namespaces of list states.
#include <set>
#include <span>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/key_encoding.h"
#include "backend/rocksdb/slot.h"

namespace spillway::rocks {
namespace {

Status CheckSources(const spw_state& state, spw_bytes target, std::span<const spw_bytes> sources) {
  std::set<BytesView> seen = {plugin::ToStringView(target)};
  for (const spw_bytes& source : sources) {
    if (source.data == nullptr) return state.Named(Status::InvalidArgument("a source namespace of a merge is null"));
    if (!seen.insert(plugin::ToStringView(source)).second) {
      return state.Named(
          Status::InvalidArgument("a merge names one namespace twice: each source once, never the target"));
    }
  }
  return {};
}

// Adds what a list holds and has not expired.
Status AppendLive(const spw_state& state, BytesView list, std::string* out) {
  if (!state.time_to_live->enabled()) {
    out->append(list);
    return {};
  }
  ListReader reader(list);
  StoredValue element;
  while (reader.Next(&element)) {
    if (state.IsExpired(element)) continue;
    AppendElement(element.bytes, ValueTrailer(element.schema_id, false, element.has_stamp, element.stamp), out);
  }
  return reader.ok() ? Status() : state.Damaged();
}

// One batch, so that it happens as a whole or not at all.
Answer Merge(spw_state* state, spw_bytes target, std::span<const spw_bytes> sources) {
  SPILLWAY_ASSIGN_OR_RETURN(const BytesView encoded_target, state->CurrentKey(SPW_STATE_LIST, target));
  SPILLWAY_RETURN_IF_ERROR(CheckSources(*state, target, sources));
  const std::string target_key(encoded_target);
  spw_backend* backend = state->backend;
  rocksdb::ColumnFamilyHandle* family = state->family.get();
  rocksdb::WriteBatch& batch = backend->NewBatch();
  std::string merged;
  for (const spw_bytes& source : sources) {
    SPILLWAY_ASSIGN_OR_RETURN(const BytesView key, state->CurrentKey(SPW_STATE_LIST, source));
    rocksdb::PinnableSlice list;
    const rocksdb::Status found = backend->database->Get(backend->read_options, family, ToSlice(key), &list);
    if (found.IsNotFound()) continue;
    SPILLWAY_RETURN_IF_ERROR(state->Named(found, "read from"));
    SPILLWAY_RETURN_IF_ERROR(AppendLive(*state, ToBytesView(list), &merged));
    SPILLWAY_RETURN_IF_ERROR(state->Named(batch.Delete(family, ToSlice(key)), "write to"));
  }
  if (batch.Count() == 0) return SPW_OK;
  if (!merged.empty()) SPILLWAY_RETURN_IF_ERROR(state->Named(batch.Merge(family, target_key, merged), "write to"));
  SPILLWAY_RETURN_IF_ERROR(state->Named(backend->Write(&batch), "write to"));
  return SPW_OK;
}

}  // namespace

void FillMergeSlots(spw_backend_api* api) {
  api->merge_namespaces = [](spw_state* state, spw_bytes target, const spw_bytes* sources, uint64_t count,
                             spw_error* err) noexcept {
    return Slot(err, [&] { return Merge(state, target, {sources, count}); });
  };
}

}  // namespace spillway::rocks
