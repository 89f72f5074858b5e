// What all iterators share, and their slots.
#include "backend/rocksdb/iterator.h"

#include <algorithm>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/iterators.h"
#include "backend/rocksdb/slot.h"

using spillway::Status;

spw_iterator::spw_iterator(spw_state* of) : state(of), backend(of->backend) {
  backend->iterators.push_back(this);
}

spw_iterator::~spw_iterator() {
  if (backend->closed.load(std::memory_order_acquire)) return;  // close has forgotten it
  auto& known = backend->iterators;
  known.erase(std::find(known.rbegin(), known.rend(), this).base() - 1);  // mostly the last that was made
}

spw_view spw_iterator::ShowCopy(const spillway::rocks::StoredValue& value) {
  if (value.is_null) return {nullptr, 0, value.schema_id, SPW_VIEW_NULL};
  const spillway::BytesView copy = batch_bytes_.Copy(value.bytes, state->description.alignment);
  return {reinterpret_cast<const uint8_t*>(copy.data()), copy.size(), value.schema_id, 0};
}

spw_bytes spw_iterator::Copy(spillway::BytesView bytes) {
  return spillway::plugin::ToBytes(batch_bytes_.Copy(bytes));
}

Status spw_iterator::NotOfMap() const {
  return state->Named(Status::InvalidState("items can be changed through an iterator of map_iterate only"));
}

namespace spillway::rocks {
namespace {

template <typename Call>
spw_code OnIterator(spw_iterator* iterator, spw_error* err, Call call) noexcept {
  return Slot(err, [&]() -> Answer {
    SPILLWAY_RETURN_IF_ERROR(iterator->backend->CheckOpen());
    return call();
  });
}

}  // namespace

void FillIteratorSlots(spw_backend_api* api) {
  api->keys = [](spw_state* state, spw_bytes ns, spw_iterator** out, spw_error* err) noexcept {
    return Slot(err, [&] { return IterateKeys(state, ns, out); });
  };
  api->keys_and_namespaces = [](spw_state* state, spw_iterator** out, spw_error* err) noexcept {
    return Slot(err, [&] { return IteratePairs(state, out); });
  };
  api->entries = [](spw_state* state, spw_key_group_range range, spw_iterator** out, spw_error* err) noexcept {
    return Slot(err, [&] { return IterateEntries(state, range, out); });
  };
  api->list_iterate = [](spw_state* state, spw_bytes ns, spw_iterator** out, spw_error* err) noexcept {
    return Slot(err, [&] { return IterateList(state, state->CurrentKey(SPW_STATE_LIST, ns), out); });
  };
  api->map_iterate = [](spw_state* state, spw_bytes ns, spw_iterator** out, spw_error* err) noexcept {
    return Slot(err, [&] { return IterateMap(state, state->CurrentKey(SPW_STATE_MAP, ns), out); });
  };
  api->iterator_next = [](spw_iterator* iterator, spw_item* out, uint32_t capacity, uint32_t* count,
                          spw_error* err) noexcept {
    *count = 0;
    return OnIterator(iterator, err, [&] { return iterator->Next(out, capacity, count); });
  };
  api->iterator_remove = [](spw_iterator* iterator, uint32_t index, spw_error* err) noexcept {
    return OnIterator(iterator, err, [&] { return iterator->Remove(index); });
  };
  api->iterator_replace = [](spw_iterator* iterator, uint32_t index, spw_bytes value, spw_error* err) noexcept {
    return OnIterator(iterator, err, [&] { return iterator->Replace(index, value); });
  };
  api->iterator_release = [](spw_iterator* iterator) noexcept { delete iterator; };
}

}  // namespace spillway::rocks
