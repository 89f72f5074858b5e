// Map states, entry by entry; their iterator is in map_iterator.cc.
#include "backend/rocksdb/maps.h"

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/prefix_scan.h"
#include "backend/rocksdb/reading.h"
#include "backend/rocksdb/slot.h"

namespace spillway::rocks {
namespace {

// The encoded key of an entry of the map at `map`, which CurrentKey gave.
Result<BytesView> EntryKey(spw_state* state, const Result<BytesView>& map, spw_bytes map_key) {
  SPILLWAY_RETURN_IF_ERROR(map.status());
  return AppendMapKey(state, map_key);
}

Answer Get(spw_state* state, const Result<BytesView>& key, spw_view* out) {
  SPILLWAY_RETURN_IF_ERROR(key.status());
  return ReadEntry(state, *key, Reader::kRecord, out);
}

Answer Put(spw_state* state, const Result<BytesView>& key, spw_bytes value) {
  SPILLWAY_RETURN_IF_ERROR(key.status());
  SPILLWAY_RETURN_IF_ERROR(PutEntry(state, *key, value));
  return SPW_OK;
}

Answer Remove(spw_state* state, const Result<BytesView>& key) {
  SPILLWAY_RETURN_IF_ERROR(key.status());
  spw_backend* backend = state->backend;
  rocksdb::PinnableSlice stored;
  const rocksdb::Status found =
      backend->database->Get(backend->read_options, state->family.get(), ToSlice(*key), &stored);
  if (found.IsNotFound()) return SPW_ABSENT;
  SPILLWAY_RETURN_IF_ERROR(state->Named(found, "read from"));
  StoredValue value;
  if (!DecodeValue(ToBytesView(stored), &value)) return state->Damaged();
  SPILLWAY_RETURN_IF_ERROR(DeleteEntry(state, *key));
  return state->IsHidden(value) ? SPW_ABSENT : SPW_OK;
}

Answer IsEmpty(spw_state* state, const Result<BytesView>& map, uint8_t* out) {
  SPILLWAY_RETURN_IF_ERROR(map.status());
  Scan scan(state->backend->database.get(), state->family.get(), *map);
  for (*out = 1; scan.Valid(); scan.Next()) {
    StoredValue value;
    if (!DecodeValue(scan.value(), &value)) return state->Damaged();
    if (state->IsHidden(value)) continue;
    *out = 0;
    return SPW_OK;
  }
  SPILLWAY_RETURN_IF_ERROR(state->Named(scan.status(), "read from"));
  return SPW_OK;
}

}  // namespace

Result<BytesView> AppendMapKey(spw_state* state, spw_bytes map_key) {
  if (map_key.data == nullptr) return state->Named(Status::InvalidArgument("needs a map key, and null was given"));
  if (map_key.size > snapshot::kMapKeyBytesMax) {
    return state->Named(Status::InvalidArgument("was given a map key of " + std::to_string(map_key.size) +
                                                " bytes, at most " + std::to_string(snapshot::kMapKeyBytesMax) +
                                                " are allowed"));
  }
  std::string& key = state->backend->scratch_key;
  key.append(plugin::ToStringView(map_key));
  return BytesView(key);
}

Status ClearMap(spw_state* state, BytesView map) {
  // One by one, as Flink does, which costs later readers least; beyond so many, one tombstone for the whole range.
  constexpr uint32_t kSingleDeletesMax = 4096;
  spw_backend* backend = state->backend;
  rocksdb::ColumnFamilyHandle* family = state->family.get();
  const std::string prefix(map);
  rocksdb::WriteBatch& batch = backend->NewBatch();
  rocksdb::Status written;
  Scan scan(backend->database.get(), family, prefix);
  for (; written.ok() && scan.Valid() && batch.Count() < kSingleDeletesMax; scan.Next()) {
    written = batch.Delete(family, ToSlice(scan.key()));
  }
  SPILLWAY_RETURN_IF_ERROR(state->Named(scan.status(), "read from"));
  if (written.ok() && scan.Valid()) {
    batch.Clear();
    written = batch.DeleteRange(family, prefix, PrefixEnd(prefix));
  }
  if (written.ok() && batch.Count() > 0) written = backend->Write(&batch);
  return state->Named(written, "write to");
}

void FillMapSlots(spw_backend_api* api) {
  api->map_get = [](spw_state* state, spw_bytes ns, spw_bytes map_key, spw_view* out, spw_error* err) noexcept {
    return Slot(err, [&] { return Get(state, EntryKey(state, state->CurrentKey(SPW_STATE_MAP, ns), map_key), out); });
  };
  api->map_put = [](spw_state* state, spw_bytes ns, spw_bytes map_key, spw_bytes value, spw_error* err) noexcept {
    return Slot(err, [&] { return Put(state, EntryKey(state, state->CurrentKey(SPW_STATE_MAP, ns), map_key), value); });
  };
  api->map_remove = [](spw_state* state, spw_bytes ns, spw_bytes map_key, spw_error* err) noexcept {
    return Slot(err, [&] { return Remove(state, EntryKey(state, state->CurrentKey(SPW_STATE_MAP, ns), map_key)); });
  };
  api->map_is_empty = [](spw_state* state, spw_bytes ns, uint8_t* out, spw_error* err) noexcept {
    return Slot(err, [&] { return IsEmpty(state, state->CurrentKey(SPW_STATE_MAP, ns), out); });
  };
}

}  // namespace spillway::rocks
