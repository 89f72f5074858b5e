// List states; their iterator is in iterators.cc.
#include <span>

#include "tests/model/backend.h"
#include "tests/model/slot.h"

namespace spillway::model {
namespace {

// The elements as the state keeps them; a null one is refused.
Result<List> Elements(const spw_state& state, const spw_bytes* elements, uint64_t count) {
  List list;
  for (const spw_bytes& element : std::span(elements, count)) {
    if (element.data == nullptr) return state.Named(Status::InvalidArgument("a list element is null"));
    SPILLWAY_RETURN_IF_ERROR(state.Named(CheckSize("a list element", element.size, snapshot::kValueBytesMax)));
    list.push_back({StoredBytes(element), state.description.value_schema_id()});
  }
  return list;
}

Answer Append(spw_state* state, const Result<PlaceView>& place, const spw_bytes* elements, uint64_t count) {
  SPILLWAY_RETURN_IF_ERROR(place.status());
  SPILLWAY_ASSIGN_OR_RETURN(List added, Elements(*state, elements, count));
  if (added.empty()) return SPW_OK;
  const auto found = state->contents.lists.find(*place);
  const bool creates = found == state->contents.lists.end();
  const uint64_t cost = CostOf(added) + (creates ? CostOf(*place) : 0);
  SPILLWAY_RETURN_IF_ERROR(state->Named(state->backend->account.Take(Purpose::kEntries, cost)));
  List& list = creates ? state->contents.lists[Place(*place)] : found->second;
  for (Stored& element : added) list.push_back(std::move(element));
  return SPW_OK;
}

Answer Replace(spw_state* state, const Result<PlaceView>& place, const spw_bytes* elements, uint64_t count) {
  SPILLWAY_RETURN_IF_ERROR(place.status());
  SPILLWAY_ASSIGN_OR_RETURN(List list, Elements(*state, elements, count));
  if (list.empty()) {
    state->Remove(&state->contents.lists, *place);
    return SPW_OK;
  }
  const uint64_t cost = CostOf(list) + CostOf(*place);
  SPILLWAY_RETURN_IF_ERROR(state->Named(state->backend->account.Take(Purpose::kEntries, cost)));
  state->Remove(&state->contents.lists, *place);
  state->contents.lists.emplace(Place(*place), std::move(list));
  return SPW_OK;
}

}  // namespace

void FillListSlots(spw_backend_api* api) {
  api->list_append = [](spw_state* state, spw_bytes ns, const spw_bytes* elements, uint64_t count,
                        spw_error* err) noexcept {
    return Slot(err, [&] { return Append(state, state->CurrentPlace(SPW_STATE_LIST, ns), elements, count); });
  };
  api->list_replace = [](spw_state* state, spw_bytes ns, const spw_bytes* elements, uint64_t count,
                         spw_error* err) noexcept {
    return Slot(err, [&] { return Replace(state, state->CurrentPlace(SPW_STATE_LIST, ns), elements, count); });
  };
}

}  // namespace spillway::model
