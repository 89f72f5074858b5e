// List states; their iterator is in list_iterator.cc.
#include <span>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/slot.h"

namespace spillway::rocks {
namespace {

// The elements as they are stored, in the backend's scratch bytes; a null one is refused.
Result<BytesView> Encode(spw_state* state, const spw_bytes* elements, uint64_t count) {
  std::string& encoded = state->backend->scratch_list;
  encoded.clear();
  const ValueTrailer trailer = state->Trailer();
  for (const spw_bytes& element : std::span(elements, count)) {
    if (element.data == nullptr) return state->Named(Status::InvalidArgument("a list element is null"));
    SPILLWAY_RETURN_IF_ERROR(state->CheckValueSize(element.size));
    AppendElement(plugin::ToStringView(element), trailer, &encoded);
  }
  return BytesView(encoded);
}

void ForgetLarge(std::string* scratch) {
  constexpr size_t kKeptBytes = 1 << 20;
  if (scratch->capacity() > kKeptBytes) std::string().swap(*scratch);
}

Answer Append(spw_state* state, const Result<BytesView>& key, const spw_bytes* elements, uint64_t count) {
  SPILLWAY_RETURN_IF_ERROR(key.status());
  SPILLWAY_ASSIGN_OR_RETURN(const BytesView added, Encode(state, elements, count));
  if (count == 0) return SPW_OK;
  spw_backend* backend = state->backend;
  rocksdb::WriteBatch& batch = backend->NewBatch();
  rocksdb::Status written = batch.Merge(state->family.get(), ToSlice(*key), ToSlice(added));
  if (written.ok()) written = backend->Write(&batch);
  ForgetLarge(&backend->scratch_list);
  SPILLWAY_RETURN_IF_ERROR(state->Named(written, "write to"));
  return SPW_OK;
}

Answer Replace(spw_state* state, const Result<BytesView>& key, const spw_bytes* elements, uint64_t count) {
  SPILLWAY_RETURN_IF_ERROR(key.status());
  SPILLWAY_ASSIGN_OR_RETURN(const BytesView list, Encode(state, elements, count));
  spw_backend* backend = state->backend;
  rocksdb::WriteBatch& batch = backend->NewBatch();
  rocksdb::Status written = count == 0 ? batch.Delete(state->family.get(), ToSlice(*key))
                                       : batch.Put(state->family.get(), ToSlice(*key), ToSlice(list));
  if (written.ok()) written = backend->Write(&batch);
  ForgetLarge(&backend->scratch_list);
  SPILLWAY_RETURN_IF_ERROR(state->Named(written, "write to"));
  return SPW_OK;
}

}  // namespace

void FillListSlots(spw_backend_api* api) {
  api->list_append = [](spw_state* state, spw_bytes ns, const spw_bytes* elements, uint64_t count,
                        spw_error* err) noexcept {
    return Slot(err, [&] { return Append(state, state->CurrentKey(SPW_STATE_LIST, ns), elements, count); });
  };
  api->list_replace = [](spw_state* state, spw_bytes ns, const spw_bytes* elements, uint64_t count,
                         spw_error* err) noexcept {
    return Slot(err, [&] { return Replace(state, state->CurrentKey(SPW_STATE_LIST, ns), elements, count); });
  };
}

}  // namespace spillway::rocks
