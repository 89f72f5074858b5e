// Registering, finding, describing, counting and clearing states.
#include "backend/hybrid/registration.h"
#include "backend/hybrid/slots/slot.h"
#include "backend/hybrid/value_state.h"

namespace spillway::hybrid {
namespace {

template <typename Body>
spw_code OnAnyState(spw_state* handle, spw_error* err, Body&& body) noexcept {
  return plugin::Guard(err, [&]() -> spw_code {
    State* state = Behind(handle);
    if (state->instance()->closed()) return Answer(ClosedError(*state->instance()), err);
    return body(state);
  });
}

spw_code Schema(State* state, spw_schema_role role, uint32_t schema_id, spw_bytes* out, spw_error* err) {
  if (role < SPW_SCHEMA_KEY || role > SPW_SCHEMA_MAP_KEY) {
    return Answer(NamedError(*state, StatusCode::kInvalidArgument, "was asked for a schema of an unknown role"), err);
  }
  const snapshot::SchemaTable& schemas = state->schemas(role);
  if (schema_id >= schemas.by_id.size()) {
    return Answer(Status::InvalidArgument("state '" + state->name() + "' has no " + RoleName(role) + " schema " +
                                          std::to_string(schema_id) + ", only " + std::to_string(schemas.by_id.size())),
                  err);
  }
  *out = plugin::ToBytes(schemas.by_id[schema_id]);
  return SPW_OK;
}

}  // namespace

void FillStateSlots(spw_backend_api* api) {
  api->register_state = [](spw_backend* backend, const spw_state_options* options, spw_state** out,
                           spw_error* err) noexcept {
    return OnInstance(backend, err, [&](Instance* instance) {
      const Result<State*> state = RegisterState(instance, plugin::CopyKnownPart(options));
      if (!state.ok()) return Answer(state.status(), err);
      *out = reinterpret_cast<spw_state*>(*state);
      return spw_code{SPW_OK};
    });
  };
  api->find_state = [](spw_backend* backend, const char* name, spw_state** out, spw_error* err) noexcept {
    return OnInstance(backend, err, [&](Instance* instance) -> spw_code {
      if (name == nullptr) return Answer(Status::InvalidArgument("find_state needs a name"), err);
      State* state = instance->FindState(name);
      if (state == nullptr) return SPW_ABSENT;
      *out = reinterpret_cast<spw_state*>(state);
      return SPW_OK;
    });
  };
  api->state_schema = [](spw_state* state, spw_schema_role role, uint32_t schema_id, spw_bytes* out,
                         spw_error* err) noexcept {
    return OnAnyState(state, err, [&](State* s) { return Schema(s, role, schema_id, out, err); });
  };
  api->state_entry_count = [](spw_state* state, uint64_t* out, spw_error* err) noexcept {
    return OnAnyState(state, err, [&](State* s) -> spw_code {
      const Result<uint64_t> count = s->EntryCount();
      if (!count.ok()) return Answer(count.status(), err);
      *out = *count;
      return SPW_OK;
    });
  };
  api->state_clear = [](spw_state* state, spw_bytes ns, spw_error* err) noexcept {
    // A timer state is refused as the wrong kind, whatever kind would have been right.
    const spw_state_kind kind = Behind(state)->kind() == SPW_STATE_TIMER ? SPW_STATE_VALUE : Behind(state)->kind();
    return OnCurrentKey(state, kind, ns, err, [](State* s, const EntryAddress& address) -> spw_code {
      ClearEntry(s, address);
      return SPW_OK;
    });
  };
}

}  // namespace spillway::hybrid
