// get_many through MultiGet, put_many through one WriteBatch.
#include <span>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/maps.h"
#include "backend/rocksdb/reading.h"
#include "backend/rocksdb/slot.h"

namespace spillway::rocks {
namespace {

// The encoded key of a value or map entry that an access names, in the scratch key.
Result<BytesView> KeyOfAccess(const spw_backend& backend, const spw_access& access) {
  spw_state* state = access.state;
  if (state->backend != &backend) {
    return state->Named(Status::InvalidArgument("belongs to another instance than the batch"));
  }
  const spw_state_kind kind = state->description.kind;
  if (kind != SPW_STATE_VALUE && kind != SPW_STATE_MAP) {
    return state->Named(Status::InvalidArgument(std::string("is a ") + KindName(kind) +
                                                " state; batches access values and map entries"));
  }
  SPILLWAY_ASSIGN_OR_RETURN(const BytesView key,
                            state->KeyOf(kind, access.key, access.key_group, access.state_namespace));
  return kind == SPW_STATE_MAP ? AppendMapKey(state, access.map_key) : Result<BytesView>(key);
}

// All encoded keys of a batch, one after the other.
class BatchKeys {
 public:
  Status Encode(const spw_backend& backend, std::span<const spw_access> accesses) {
    ends_.reserve(accesses.size());
    for (const spw_access& access : accesses) {
      SPILLWAY_ASSIGN_OR_RETURN(const BytesView key, KeyOfAccess(backend, access));
      bytes_.append(key);
      ends_.push_back(bytes_.size());
    }
    return {};
  }
  [[nodiscard]] BytesView operator[](size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return BytesView(bytes_).substr(begin, ends_[i] - begin);
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

Answer GetMany(spw_backend* backend, std::span<const spw_access> accesses, spw_access_result* out) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  const size_t count = accesses.size();
  if (count == 0) return SPW_OK;
  BatchKeys keys;
  SPILLWAY_RETURN_IF_ERROR(keys.Encode(*backend, accesses));
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  std::vector<rocksdb::Slice> slices;
  families.reserve(count);
  slices.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    families.push_back(accesses[i].state->family.get());
    slices.push_back(ToSlice(keys[i]));
  }
  rocksdb::PinnableSlice* pinned = backend->pinned.Take(count);
  std::vector<rocksdb::Status> found(count);
  backend->database->MultiGet(backend->read_options, count, families.data(), slices.data(), pinned, found.data());
  for (size_t i = 0; i < count; ++i) {
    spw_state* state = accesses[i].state;
    out[i] = {};
    if (const Update* update = backend->updates.Find(state, keys[i])) {
      out[i].value = ShowUpdate(*update);
      continue;
    }
    SPILLWAY_ASSIGN_OR_RETURN(out[i].code,
                              ShowEntry(state, keys[i], Reader::kRecord, found[i], pinned[i], &out[i].value));
  }
  return SPW_OK;
}

Answer PutMany(spw_backend* backend, std::span<const spw_access> accesses, const spw_bytes* values) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  BatchKeys keys;
  SPILLWAY_RETURN_IF_ERROR(keys.Encode(*backend, accesses));
  rocksdb::WriteBatch& batch = backend->NewBatch();
  for (size_t i = 0; i < accesses.size(); ++i) {
    spw_state* state = accesses[i].state;
    SPILLWAY_RETURN_IF_ERROR(state->CheckValueSize(values[i].size));
    const bool null = values[i].data == nullptr;
    const BytesView value = null ? BytesView() : plugin::ToStringView(values[i]);
    const bool clears = null && state->description.kind == SPW_STATE_VALUE;
    const rocksdb::Status added = clears ? batch.Delete(state->family.get(), ToSlice(keys[i]))
                                         : PutInto(&batch, *state, keys[i], value, state->Trailer(null));
    SPILLWAY_RETURN_IF_ERROR(state->Named(added, "write to"));
  }
  SPILLWAY_RETURN_IF_ERROR(backend->FromDatabase(backend->Write(&batch), "write a batch to"));
  for (size_t i = 0; i < accesses.size(); ++i) backend->updates.Drop(accesses[i].state, keys[i]);
  return SPW_OK;
}

}  // namespace

void FillBatchSlots(spw_backend_api* api) {
  api->get_many = [](spw_backend* backend, const spw_access* accesses, uint32_t count, spw_access_result* out,
                     spw_error* err) noexcept {
    return Slot(err, [&] { return GetMany(backend, {accesses, count}, out); });
  };
  api->put_many = [](spw_backend* backend, const spw_access* accesses, const spw_bytes* values, uint32_t count,
                     spw_error* err) noexcept {
    return Slot(err, [&] { return PutMany(backend, {accesses, count}, values); });
  };
}

}  // namespace spillway::rocks
