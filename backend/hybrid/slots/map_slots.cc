// Map states.
#include <optional>

#include "backend/hybrid/map_state.h"
#include "backend/hybrid/slots/slot.h"

namespace spillway::hybrid {
namespace {

// Runs `body` for the current key and a map key that is in order.
template <typename Body>
spw_code OnMapKey(spw_state* state, spw_bytes ns, spw_bytes map_key, spw_error* err, Body&& body) noexcept {
  return OnCurrentKey(state, SPW_STATE_MAP, ns, err, [&](State* s, const EntryAddress& address) -> spw_code {
    if (!IsWithin(map_key, snapshot::kMapKeyBytesMax)) {
      return Answer(CheckBytes(*s, map_key, snapshot::kMapKeyBytesMax, "map key"), err);
    }
    return body(s, address, plugin::ToStringView(map_key));
  });
}

spw_code Put(State* state, const EntryAddress& address, BytesView map_key, spw_bytes value, spw_error* err) {
  std::optional<BytesView> bytes;
  if (value.data != nullptr) {
    if (value.size > snapshot::kValueBytesMax) {
      return Answer(CheckBytes(*state, value, snapshot::kValueBytesMax, "map value"), err);
    }
    bytes = plugin::ToStringView(value);
  }
  return AnswerWrite(*state, PutMapEntry(state, address, map_key, bytes), err);
}

spw_code Iterate(State* state, const EntryAddress& address, spw_iterator** out, spw_error* err) {
  const Result<StateIterator*> iterator = IterateMap(state, address);
  if (!iterator.ok()) return Answer(iterator.status(), err);
  if (*iterator == nullptr) return SPW_ABSENT;
  *out = reinterpret_cast<spw_iterator*>(*iterator);
  return SPW_OK;
}

}  // namespace

void FillMapSlots(spw_backend_api* api) {
  api->map_get = [](spw_state* state, spw_bytes ns, spw_bytes map_key, spw_view* out, spw_error* err) noexcept {
    return OnMapKey(state, ns, map_key, err, [&](State* s, const EntryAddress& address, BytesView key) {
      return GetMapEntry(*s, address, key, out);
    });
  };
  api->map_put = [](spw_state* state, spw_bytes ns, spw_bytes map_key, spw_bytes value, spw_error* err) noexcept {
    return OnMapKey(state, ns, map_key, err, [&](State* s, const EntryAddress& address, BytesView key) {
      return Put(s, address, key, value, err);
    });
  };
  api->map_remove = [](spw_state* state, spw_bytes ns, spw_bytes map_key, spw_error* err) noexcept {
    return OnMapKey(state, ns, map_key, err, [&](State* s, const EntryAddress& address, BytesView key) {
      return RemoveMapEntry(s, address, key);
    });
  };
  api->map_is_empty = [](spw_state* state, spw_bytes ns, uint8_t* out, spw_error* err) noexcept {
    return OnCurrentKey(state, SPW_STATE_MAP, ns, err, [&](State* s, const EntryAddress& address) -> spw_code {
      const Result<bool> empty = IsMapEmpty(*s, address);
      if (!empty.ok()) return Answer(empty.status(), err);
      *out = *empty ? 1 : 0;
      return SPW_OK;
    });
  };
  api->map_iterate = [](spw_state* state, spw_bytes ns, spw_iterator** out, spw_error* err) noexcept {
    return OnCurrentKey(state, SPW_STATE_MAP, ns, err,
                        [&](State* s, const EntryAddress& address) { return Iterate(s, address, out, err); });
  };
}

}  // namespace spillway::hybrid
