#include "tests/model/query.h"

#include "tests/model/backend.h"
#include "tests/model/map.h"
#include "tests/model/slot.h"

namespace spillway::model {
namespace {

Answer Submit(spw_backend* backend, const spw_query& query) {
  if (query.state_name == nullptr || query.key.data == nullptr || query.state_namespace.data == nullptr ||
      query.answer == nullptr) {
    return Status::InvalidArgument("a query needs a state's name, a key, a namespace and an answer function");
  }
  SPILLWAY_RETURN_IF_ERROR(backend->CheckKeyGroup(query.key_group));
  PendingQuery pending{query.state_name,
                       std::string(plugin::ToStringView(query.key)),
                       std::string(plugin::ToStringView(query.state_namespace)),
                       std::nullopt,
                       query.key_group,
                       query.context,
                       query.answer};
  if (query.map_key.data != nullptr) pending.map_key = plugin::ToStringView(query.map_key);
  const std::lock_guard lock(backend->mutex);
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());  // under the lock: close takes what is queued when it closes
  backend->queries.push_back(std::move(pending));
  return SPW_OK;
}

// Null when there is no such value; `code` then tells why.
const Stored* Look(spw_backend* backend, const PendingQuery& query, spw_code* code) {
  *code = SPW_ABSENT;
  spw_state* state = backend->Find(query.state_name);
  if (state == nullptr) {
    *code = SPW_NOT_FOUND;
    return nullptr;
  }
  const PlaceView place{query.key_group, query.key, query.state_namespace};
  if (state->description.kind == SPW_STATE_VALUE) {
    const auto found = state->contents.values.find(place);
    return found == state->contents.values.end() ? nullptr : &found->second;
  }
  if (state->description.kind == SPW_STATE_MAP && query.map_key) {
    const MapEntries* map = FindMap(state, place);
    if (map == nullptr) return nullptr;
    const auto found = map->find(*query.map_key);
    return found == map->end() ? nullptr : &found->second;
  }
  *code = SPW_INVALID_ARGUMENT;  // one value is asked for: lists and timers have none, maps need a map key
  return nullptr;
}

}  // namespace

void AnswerQueries(spw_backend* backend) {
  std::vector<PendingQuery> queries;
  {
    const std::lock_guard lock(backend->mutex);
    queries.swap(backend->queries);
  }
  for (const PendingQuery& query : queries) {
    spw_code code = SPW_ABSENT;
    const Stored* found = Look(backend, query, &code);
    if (found == nullptr) {
      query.answer(query.context, code, nullptr);
      continue;
    }
    const spw_view view = found->view();
    query.answer(query.context, SPW_OK, &view);
  }
}

void FillQuerySlots(spw_backend_api* api) {
  api->query_submit = [](spw_backend* backend, const spw_query* query, spw_error* err) noexcept {
    return Slot(err, [&] { return Submit(backend, *query); });
  };
}

}  // namespace spillway::model
