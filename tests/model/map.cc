#include "tests/model/map.h"

#include "tests/model/backend.h"
#include "tests/model/slot.h"

namespace spillway::model {
namespace {

Status CheckMapKey(const spw_state& state, spw_bytes map_key) {
  return map_key.data != nullptr ? Status()
                                 : state.Named(Status::InvalidArgument("needs a map key, and null was given"));
}

Answer Get(spw_state* state, const Result<PlaceView>& place, spw_bytes map_key, spw_view* out) {
  SPILLWAY_RETURN_IF_ERROR(place.status());
  SPILLWAY_RETURN_IF_ERROR(CheckMapKey(*state, map_key));
  const MapEntries* map = FindMap(state, *place);
  if (map == nullptr) return SPW_ABSENT;
  const auto found = map->find(plugin::ToStringView(map_key));
  if (found == map->end()) return SPW_ABSENT;
  *out = found->second.view();
  return SPW_OK;
}

Answer Put(spw_state* state, const Result<PlaceView>& place, spw_bytes map_key, spw_bytes value) {
  SPILLWAY_RETURN_IF_ERROR(place.status());
  SPILLWAY_RETURN_IF_ERROR(CheckMapKey(*state, map_key));
  return PutMapEntry(state, *place, plugin::ToStringView(map_key), value);
}

Answer Remove(spw_state* state, const Result<PlaceView>& place, spw_bytes map_key) {
  SPILLWAY_RETURN_IF_ERROR(place.status());
  SPILLWAY_RETURN_IF_ERROR(CheckMapKey(*state, map_key));
  return RemoveMapEntry(state, *place, plugin::ToStringView(map_key));
}

Answer IsEmpty(spw_state* state, const Result<PlaceView>& place, uint8_t* out) {
  SPILLWAY_RETURN_IF_ERROR(place.status());
  *out = FindMap(state, *place) == nullptr ? 1 : 0;
  return SPW_OK;
}

}  // namespace

MapEntries* FindMap(spw_state* state, const PlaceView& place) {
  const auto found = state->contents.maps.find(place);
  return found == state->contents.maps.end() ? nullptr : &found->second;
}

Answer PutMapEntry(spw_state* state, const PlaceView& place, std::string_view map_key, spw_bytes value) {
  SPILLWAY_RETURN_IF_ERROR(state->Named(CheckSize("the map key", map_key.size(), snapshot::kMapKeyBytesMax)));
  SPILLWAY_RETURN_IF_ERROR(state->Named(CheckSize("the value", value.size, snapshot::kValueBytesMax)));
  Stored made{StoredBytes(value), state->description.value_schema_id()};
  MapEntries* map = FindMap(state, place);
  const auto found = map == nullptr ? MapEntries::iterator() : map->find(map_key);
  const bool replaces = map != nullptr && found != map->end();
  uint64_t cost = CostOf(made);
  if (!replaces) cost = CostOfMapEntry(map_key, made.bytes.size());
  if (map == nullptr) cost += CostOf(place);
  SPILLWAY_RETURN_IF_ERROR(state->Named(state->backend->account.Take(Purpose::kEntries, cost)));
  if (replaces) {
    const uint64_t old_cost = CostOf(found->second);
    state->backend->Retire(std::exchange(found->second, std::move(made)).bytes, old_cost);
    return SPW_OK;
  }
  if (map == nullptr) map = &state->contents.maps[Place(place)];
  map->emplace(map_key, std::move(made));
  return SPW_OK;
}

Answer RemoveMapEntry(spw_state* state, const PlaceView& place, std::string_view map_key) {
  MapEntries* map = FindMap(state, place);
  if (map == nullptr) return SPW_ABSENT;
  const auto found = map->find(map_key);
  if (found == map->end()) return SPW_ABSENT;
  const uint64_t cost = CostOfMapEntry(found->first, found->second.bytes.size());
  state->backend->Retire(std::move(found->second.bytes), cost);
  map->erase(found);
  if (map->empty()) state->Remove(&state->contents.maps, place);
  return SPW_OK;
}

void FillMapSlots(spw_backend_api* api) {
  api->map_get = [](spw_state* state, spw_bytes ns, spw_bytes map_key, spw_view* out, spw_error* err) noexcept {
    return Slot(err, [&] { return Get(state, state->CurrentPlace(SPW_STATE_MAP, ns), map_key, out); });
  };
  api->map_put = [](spw_state* state, spw_bytes ns, spw_bytes map_key, spw_bytes value, spw_error* err) noexcept {
    return Slot(err, [&] { return Put(state, state->CurrentPlace(SPW_STATE_MAP, ns), map_key, value); });
  };
  api->map_remove = [](spw_state* state, spw_bytes ns, spw_bytes map_key, spw_error* err) noexcept {
    return Slot(err, [&] { return Remove(state, state->CurrentPlace(SPW_STATE_MAP, ns), map_key); });
  };
  api->map_is_empty = [](spw_state* state, spw_bytes ns, uint8_t* out, spw_error* err) noexcept {
    return Slot(err, [&] { return IsEmpty(state, state->CurrentPlace(SPW_STATE_MAP, ns), out); });
  };
}

}  // namespace spillway::model
