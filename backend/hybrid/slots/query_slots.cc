// Live queries.
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/slots/query_answers.h"
#include "backend/hybrid/slots/slot.h"
#include "backend/hybrid/value_state.h"

namespace spillway::hybrid {
namespace {

spw_code Look(Instance* instance, const PendingQuery& query, spw_view* view) {
  State* state = instance->FindState(query.state_name);
  if (state == nullptr) return SPW_NOT_FOUND;
  if (!state->registered()) return SPW_INVALID_STATE;
  const EntryAddress address = instance->AddressOf(query.key, query.key_group, query.state_namespace);
  if (state->kind() == SPW_STATE_VALUE) return GetValue(state, address, view);
  if (state->kind() == SPW_STATE_MAP && query.map_key) return GetMapEntry(state, address, *query.map_key, view);
  return SPW_INVALID_ARGUMENT;  // lists and timers have no single value; a map needs a map key
}

spw_code Submit(Instance* instance, const spw_query& query, spw_error* err) {
  if (query.state_name == nullptr || query.answer == nullptr || !IsWithin(query.key, snapshot::kKeyBytesMax) ||
      !IsWithin(query.state_namespace, snapshot::kNamespaceBytesMax) ||
      query.map_key.size > snapshot::kMapKeyBytesMax) {
    return Answer(Status::InvalidArgument("a query needs a state's name, a key, a namespace and a place for the "
                                          "answer, none of them null or too large"),
                  err);
  }
  if (!instance->Owns(query.key_group)) return Answer(KeyGroupError(*instance, query.key_group), err);
  PendingQuery pending{query.state_name,
                       std::string(plugin::ToStringView(query.key)),
                       std::string(plugin::ToStringView(query.state_namespace)),
                       std::nullopt,
                       query.key_group,
                       query.context,
                       query.answer};
  if (query.map_key.data != nullptr) pending.map_key = plugin::ToStringView(query.map_key);
  switch (instance->queries().Submit(std::move(pending))) {
    case QueryQueue::Outcome::kQueued:
      return SPW_OK;
    case QueryQueue::Outcome::kClosed:
      return Answer(ClosedError(*instance), err);
    case QueryQueue::Outcome::kFull:
      break;
  }
  return Answer(Status::OutOfMemory("instance '" + instance->name() + "' has " +
                                    std::to_string(QueryQueue::kPendingMax) + " queries waiting; let its owner poll"),
                err);
}

}  // namespace

void AnswerQueries(Instance* instance) {
  for (const PendingQuery& query : instance->queries().TakeAll()) {
    spw_view view{};
    const spw_code code = Look(instance, query, &view);
    (void)instance->TakeFailure();  // a query is answered by a code alone
    query.answer(query.context, code, code == SPW_OK ? &view : nullptr);
  }
}

void FillQuerySlots(spw_backend_api* api) {
  api->query_submit = [](spw_backend* backend, const spw_query* query, spw_error* err) noexcept {
    return OnInstance(backend, err,
                      [&](Instance* instance) { return Submit(instance, plugin::CopyKnownPart(query), err); });
  };
}

}  // namespace spillway::hybrid
