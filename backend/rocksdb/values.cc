// Value states.
#include <cstring>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/reading.h"
#include "backend/rocksdb/slot.h"

namespace spillway::rocks {
namespace {

Answer Get(spw_state* state, const Result<BytesView>& key, spw_view* out) {
  SPILLWAY_RETURN_IF_ERROR(key.status());
  return ReadEntry(state, *key, Reader::kRecord, out);
}

spw_mut_view Shown(const Update& update, bool created) {
  return {reinterpret_cast<uint8_t*>(update.buffer.get()), update.size, update.schema_id, created ? 1u : 0u};
}

Answer GetForUpdate(spw_state* state, const Result<BytesView>& key, uint64_t create_size, spw_mut_view* out) {
  SPILLWAY_RETURN_IF_ERROR(key.status());
  spw_backend* backend = state->backend;
  if (const Update* update = backend->updates.Find(state, *key)) {
    *out = Shown(*update, false);
    return SPW_OK;
  }
  // While safepoints fail nothing more may gather: the memory for it has no bound.
  if (backend->updates_failed) SPILLWAY_RETURN_IF_ERROR(state->Named(backend->WriteUpdates()));
  rocksdb::PinnableSlice* pinned = backend->pinned.Take(1);
  const rocksdb::Status found =
      backend->database->Get(backend->read_options, state->family.get(), ToSlice(*key), pinned);
  if (!found.ok() && !found.IsNotFound()) return state->Named(found, "read from");
  StoredValue value;
  if (found.ok() && !DecodeValue(ToBytesView(*pinned), &value)) return state->Damaged();
  // An expired value may be shown once more by a plain read, but nothing is built upon it.
  const bool create = found.IsNotFound() || state->IsExpired(value);
  if (create) {
    if (create_size == SPW_DO_NOT_CREATE) return SPW_ABSENT;
    SPILLWAY_RETURN_IF_ERROR(state->CheckValueSize(create_size));
  }
  Update* update = backend->updates.Add(state, *key, create ? create_size : value.bytes.size());
  if (create) {
    std::memset(update->buffer.get(), 0, update->size);
    update->schema_id = state->description.value_schemas.current;
  } else {
    if (update->size > 0) std::memcpy(update->buffer.get(), value.bytes.data(), update->size);
    // Bytes of an older schema keep its id: they are what is shown, and what the host writes must fit them.
    update->schema_id = value.schema_id;
  }
  *out = Shown(*update, create);
  return SPW_OK;
}

Answer Put(spw_state* state, const Result<BytesView>& key, spw_bytes value) {
  SPILLWAY_RETURN_IF_ERROR(key.status());
  SPILLWAY_RETURN_IF_ERROR(value.data == nullptr ? DeleteEntry(state, *key) : PutEntry(state, *key, value));
  return SPW_OK;
}

}  // namespace

void FillValueSlots(spw_backend_api* api) {
  api->value_get = [](spw_state* state, spw_bytes ns, spw_view* out, spw_error* err) noexcept {
    return Slot(err, [&] { return Get(state, state->CurrentKey(SPW_STATE_VALUE, ns), out); });
  };
  api->value_get_for_update = [](spw_state* state, spw_bytes ns, uint64_t create_size, spw_mut_view* out,
                                 spw_error* err) noexcept {
    return Slot(err, [&] { return GetForUpdate(state, state->CurrentKey(SPW_STATE_VALUE, ns), create_size, out); });
  };
  api->value_put = [](spw_state* state, spw_bytes ns, spw_bytes value, spw_error* err) noexcept {
    return Slot(err, [&] { return Put(state, state->CurrentKey(SPW_STATE_VALUE, ns), value); });
  };
  api->value_get_at = [](spw_state* state, spw_bytes key, uint32_t key_group, spw_bytes ns, spw_view* out,
                         spw_error* err) noexcept {
    return Slot(err, [&] { return Get(state, state->KeyOf(SPW_STATE_VALUE, key, key_group, ns), out); });
  };
  api->value_get_for_update_at = [](spw_state* state, spw_bytes key, uint32_t key_group, spw_bytes ns,
                                    uint64_t create_size, spw_mut_view* out, spw_error* err) noexcept {
    return Slot(
        err, [&] { return GetForUpdate(state, state->KeyOf(SPW_STATE_VALUE, key, key_group, ns), create_size, out); });
  };
}

}  // namespace spillway::rocks
