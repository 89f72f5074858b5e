#include "backend/rocksdb/queries.h"

#include <string>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/maps.h"
#include "backend/rocksdb/reading.h"
#include "backend/rocksdb/slot.h"

namespace spillway::rocks {
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

Answer Look(spw_backend* backend, const PendingQuery& query, spw_view* out) {
  spw_state* state = backend->Find(query.state_name);
  if (state == nullptr) return Status::NotFound("there is no state '" + query.state_name + "'");
  const spw_state_kind kind = state->description.kind;
  SPILLWAY_ASSIGN_OR_RETURN(BytesView key, state->KeyOf(kind, plugin::ToBytes(query.key), query.key_group,
                                                        plugin::ToBytes(query.state_namespace)));
  if (kind == SPW_STATE_MAP && query.map_key) {
    SPILLWAY_ASSIGN_OR_RETURN(key, AppendMapKey(state, plugin::ToBytes(*query.map_key)));
  } else if (kind != SPW_STATE_VALUE) {
    return state->Named(Status::InvalidArgument("a query asks for a value or, by its map key, for a map entry"));
  }
  return ReadEntry(state, key, Reader::kQuery, out);
}

}  // namespace

void AnswerQueries(spw_backend* backend) {
  std::vector<PendingQuery> queries;
  {
    const std::lock_guard lock(backend->mutex);
    queries.swap(backend->queries);
  }
  for (const PendingQuery& query : queries) {
    spw_view view{};
    const Answer answer = Look(backend, query, &view);
    const spw_code code = answer.ok() ? *answer : static_cast<spw_code>(answer.status().code());
    query.answer(query.context, code, code == SPW_OK ? &view : nullptr);
  }
}

void FillQuerySlots(spw_backend_api* api) {
  api->query_submit = [](spw_backend* backend, const spw_query* query, spw_error* err) noexcept {
    return Slot(err, [&] { return Submit(backend, *query); });
  };
}

}  // namespace spillway::rocks
