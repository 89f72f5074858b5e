// Value states.
#include "tests/model/backend.h"
#include "tests/model/slot.h"

namespace spillway::model {
namespace {

Answer Get(const spw_state* state, const Result<PlaceView>& place, spw_view* out) {
  SPILLWAY_RETURN_IF_ERROR(place.status());
  const auto found = state->contents.values.find(*place);
  if (found == state->contents.values.end()) return SPW_ABSENT;
  *out = found->second.view();
  return SPW_OK;
}

Answer GetForUpdate(spw_state* state, const Result<PlaceView>& place, uint64_t create_size, spw_mut_view* out) {
  SPILLWAY_RETURN_IF_ERROR(place.status());
  auto found = state->contents.values.find(*place);
  const bool create = found == state->contents.values.end();
  if (create) {
    if (create_size == SPW_DO_NOT_CREATE) return SPW_ABSENT;
    SPILLWAY_RETURN_IF_ERROR(state->Named(CheckSize("the value", create_size, snapshot::kValueBytesMax)));
    Stored made{StoredBytes::Zeroes(create_size), state->description.value_schema_id()};
    const uint64_t cost = CostOf(*place) + CostOf(made);
    SPILLWAY_RETURN_IF_ERROR(state->Named(state->backend->account.Take(Purpose::kEntries, cost)));
    found = state->contents.values.emplace(Place(*place), std::move(made)).first;
  }
  // Bytes of an older schema keep its id: they are what is shown, and what the host writes in place must fit them.
  Stored& stored = found->second;
  *out = {stored.bytes.data(), stored.bytes.size(), stored.schema_id, create ? 1u : 0u};
  return SPW_OK;
}

Answer Put(spw_state* state, const Result<PlaceView>& place, spw_bytes value) {
  SPILLWAY_RETURN_IF_ERROR(place.status());
  if (value.data == nullptr) {
    state->Remove(&state->contents.values, *place);
    return SPW_OK;
  }
  SPILLWAY_RETURN_IF_ERROR(state->Named(CheckSize("the value", value.size, snapshot::kValueBytesMax)));
  Stored made{StoredBytes(value), state->description.value_schema_id()};
  const auto found = state->contents.values.find(*place);
  const bool replaces = found != state->contents.values.end();
  const uint64_t cost = CostOf(made) + (replaces ? 0 : CostOf(*place));
  SPILLWAY_RETURN_IF_ERROR(state->Named(state->backend->account.Take(Purpose::kEntries, cost)));
  if (!replaces) {
    state->contents.values.emplace(Place(*place), std::move(made));
    return SPW_OK;
  }
  const uint64_t old_cost = CostOf(found->second);
  state->backend->Retire(std::exchange(found->second, std::move(made)).bytes, old_cost);
  return SPW_OK;
}

}  // namespace

void FillValueSlots(spw_backend_api* api) {
  api->value_get = [](spw_state* state, spw_bytes ns, spw_view* out, spw_error* err) noexcept {
    return Slot(err, [&] { return Get(state, state->CurrentPlace(SPW_STATE_VALUE, ns), out); });
  };
  api->value_get_for_update = [](spw_state* state, spw_bytes ns, uint64_t create_size, spw_mut_view* out,
                                 spw_error* err) noexcept {
    return Slot(err, [&] { return GetForUpdate(state, state->CurrentPlace(SPW_STATE_VALUE, ns), create_size, out); });
  };
  api->value_put = [](spw_state* state, spw_bytes ns, spw_bytes value, spw_error* err) noexcept {
    return Slot(err, [&] { return Put(state, state->CurrentPlace(SPW_STATE_VALUE, ns), value); });
  };
  api->value_get_at = [](spw_state* state, spw_bytes key, uint32_t key_group, spw_bytes ns, spw_view* out,
                         spw_error* err) noexcept {
    return Slot(err, [&] { return Get(state, state->PlaceOf(SPW_STATE_VALUE, key, key_group, ns), out); });
  };
  api->value_get_for_update_at = [](spw_state* state, spw_bytes key, uint32_t key_group, spw_bytes ns,
                                    uint64_t create_size, spw_mut_view* out, spw_error* err) noexcept {
    return Slot(err, [&] {
      return GetForUpdate(state, state->PlaceOf(SPW_STATE_VALUE, key, key_group, ns), create_size, out);
    });
  };
}

}  // namespace spillway::model
