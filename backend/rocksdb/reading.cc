#include "backend/rocksdb/reading.h"

#include "backend/rocksdb/backend.h"

namespace spillway::rocks {
namespace {

const uint8_t* Data(BytesView bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

// What the time-to-live does on a read: cleans up what has expired, and gives what is read a new time. SPW_ABSENT when
// nothing may be shown.
Answer ApplyTimeToLive(spw_state* state, BytesView key, const StoredValue& value, Reader reader) {
  if (state->IsExpired(value)) {
    if (reader == Reader::kRecord) SPILLWAY_RETURN_IF_ERROR(DeleteEntry(state, key));
    return state->description.ttl_visibility == SPW_TTL_NEVER_RETURN_EXPIRED ? SPW_ABSENT : SPW_OK;
  }
  if (state->touched_by_reads() && reader == Reader::kRecord) {
    spw_backend* backend = state->backend;
    rocksdb::WriteBatch& batch = backend->NewBatch();
    rocksdb::Status written =
        PutInto(&batch, *state, key, value.bytes, state->TrailerOfSchema(value.schema_id, value.is_null));
    if (written.ok()) written = backend->Write(&batch);
    SPILLWAY_RETURN_IF_ERROR(state->Named(written, "write to"));
  }
  return SPW_OK;
}

}  // namespace

spw_view ShowUpdate(const Update& update) {
  return {Data(update.bytes()), update.size, update.schema_id, 0};
}

Answer ReadEntry(spw_state* state, BytesView key, Reader reader, spw_view* out) {
  spw_backend* backend = state->backend;
  if (const Update* update = backend->updates.Find(state, key)) {
    *out = ShowUpdate(*update);
    return SPW_OK;
  }
  rocksdb::PinnableSlice* pinned = backend->pinned.Take(1);
  const rocksdb::Status found =
      backend->database->Get(backend->read_options, state->family.get(), ToSlice(key), pinned);
  return ShowEntry(state, key, reader, found, *pinned, out);
}

Answer ShowEntry(spw_state* state, BytesView key, Reader reader, const rocksdb::Status& found,
                 const rocksdb::PinnableSlice& pinned, spw_view* out) {
  if (found.IsNotFound()) return SPW_ABSENT;
  SPILLWAY_RETURN_IF_ERROR(state->Named(found, "read from"));
  StoredValue value;
  if (!DecodeValue(ToBytesView(pinned), &value)) return state->Damaged();
  if (state->time_to_live->enabled()) {
    SPILLWAY_ASSIGN_OR_RETURN(const spw_code visible, ApplyTimeToLive(state, key, value, reader));
    if (visible == SPW_ABSENT) return SPW_ABSENT;
  }
  if (value.is_null) {
    *out = {nullptr, 0, value.schema_id, SPW_VIEW_NULL};
    return SPW_OK;
  }
  if (!IsAligned(value.bytes.data(), state->description.alignment)) {
    value.bytes = state->backend->arena.Copy(value.bytes, state->description.alignment);
  }
  *out = {Data(value.bytes), value.bytes.size(), value.schema_id, 0};
  return SPW_OK;
}

rocksdb::Status PutInto(rocksdb::WriteBatch* batch, const spw_state& state, BytesView key, BytesView value,
                        const ValueTrailer& trailer) {
  const rocksdb::Slice key_slice = ToSlice(key);
  const rocksdb::Slice parts[] = {ToSlice(value), ToSlice(trailer.view())};
  return batch->Put(state.family.get(), {&key_slice, 1}, {parts, 2});
}

Status PutEntry(spw_state* state, BytesView key, spw_bytes value) {
  SPILLWAY_RETURN_IF_ERROR(state->CheckValueSize(value.size));
  spw_backend* backend = state->backend;
  rocksdb::WriteBatch& batch = backend->NewBatch();
  const bool null = value.data == nullptr;
  const BytesView bytes = null ? BytesView() : plugin::ToStringView(value);
  rocksdb::Status written = PutInto(&batch, *state, key, bytes, state->Trailer(null));
  if (written.ok()) written = backend->Write(&batch);
  SPILLWAY_RETURN_IF_ERROR(state->Named(written, "write to"));
  backend->updates.Drop(state, key);
  return {};
}

Status DeleteEntry(spw_state* state, BytesView key) {
  spw_backend* backend = state->backend;
  rocksdb::WriteBatch& batch = backend->NewBatch();
  rocksdb::Status written = batch.Delete(state->family.get(), ToSlice(key));
  if (written.ok()) written = backend->Write(&batch);
  SPILLWAY_RETURN_IF_ERROR(state->Named(written, "write to"));
  backend->updates.Drop(state, key);
  return {};
}

}  // namespace spillway::rocks
