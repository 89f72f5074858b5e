// Registering and finding states; their schemas, counts and clearing.
#include <algorithm>
#include <iterator>
#include <limits>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/iterators.h"
#include "backend/rocksdb/maps.h"
#include "backend/rocksdb/reading.h"
#include "backend/rocksdb/slot.h"

namespace spillway::rocks {
namespace {

using snapshot::SchemaTable;
using snapshot::StateDescriptor;

struct Role {
  spw_schema_role role;
  const char* name;
  SchemaTable StateDescriptor::*table;
  spw_bytes spw_state_options::*wanted;
};
constexpr Role kRoles[] = {
    {SPW_SCHEMA_KEY, "key", &StateDescriptor::key_schemas, &spw_state_options::key_schema},
    {SPW_SCHEMA_NAMESPACE, "namespace", &StateDescriptor::namespace_schemas, &spw_state_options::namespace_schema},
    {SPW_SCHEMA_VALUE, "value", &StateDescriptor::value_schemas, &spw_state_options::value_schema},
    {SPW_SCHEMA_MAP_KEY, "map key", &StateDescriptor::map_key_schemas, &spw_state_options::map_key_schema}};

std::string TextOrEmpty(spw_bytes bytes) {
  return bytes.data == nullptr ? std::string() : std::string(plugin::ToStringView(bytes));
}

Status CheckTimeToLive(const spw_state_options& options, const std::string& who) {
  if (options.ttl_update == SPW_TTL_DISABLED) return {};
  if (options.kind == SPW_STATE_TIMER) return Status::InvalidArgument(who + " is a timer state: timers do not expire");
  if (options.ttl_update < SPW_TTL_DISABLED || options.ttl_update > SPW_TTL_ON_READ_AND_WRITE ||
      options.ttl_visibility < SPW_TTL_NEVER_RETURN_EXPIRED ||
      options.ttl_visibility > SPW_TTL_RETURN_EXPIRED_UNTIL_CLEANED) {
    return Status::InvalidArgument(who + " has a time-to-live of an unknown kind");
  }
  if (options.ttl_ms > 0) return {};
  return Status::InvalidArgument(who + " has a time-to-live of " + std::to_string(options.ttl_ms) +
                                 " ms; it must be greater than zero");
}

Status CheckOptions(const spw_state_options& options) {
  if (options.name == nullptr || *options.name == '\0') return Status::InvalidArgument("a state needs a name");
  const std::string who = std::string("state '") + options.name + "'";
  if (who.size() > snapshot::kStateNameBytesMax) return Status::InvalidArgument(who + " has too long a name");
  if (options.kind < SPW_STATE_VALUE || options.kind > SPW_STATE_TIMER) {
    return Status::Unsupported(who + " is of the unknown kind " + std::to_string(options.kind));
  }
  constexpr uint32_t kAlignments[] = {1, 2, 4, 8, 16};
  if (std::find(std::begin(kAlignments), std::end(kAlignments), options.alignment) == std::end(kAlignments)) {
    return Status::InvalidArgument(who + " asks for an alignment of " + std::to_string(options.alignment) +
                                   "; it must be 1, 2, 4, 8 or 16");
  }
  for (const Role& role : kRoles) {
    if ((options.*role.wanted).size <= snapshot::kSchemaBytesMax) continue;
    return Status::InvalidArgument(who + " has a " + role.name + " serializer snapshot of more than " +
                                   std::to_string(snapshot::kSchemaBytesMax) + " bytes");
  }
  return CheckTimeToLive(options, who);
}

// Whether what was written under the known schemas of a role may be read under the new one.
Status CheckSchema(const spw_backend& backend, const StateDescriptor& known, const Role& role,
                   const std::string& wanted) {
  const SchemaTable& table = known.*role.table;
  for (const std::string& old : table.by_id) {
    if (old == wanted) continue;
    const spw_schema_compatibility answer = backend.host->schema_compatibility(
        backend.host->context, known.name.c_str(), role.role, plugin::ToBytes(old), plugin::ToBytes(wanted));
    // Only values come back to the host with their schema id, so only they can be converted by it.
    const bool fits =
        answer == SPW_SCHEMA_AS_IS || (answer == SPW_SCHEMA_AFTER_MIGRATION && role.role == SPW_SCHEMA_VALUE);
    if (fits) continue;
    return Status::StateMigration("state '" + known.name + "': its " + role.name + " serializer '" + wanted +
                                  "' does not fit what was written by '" + old + "'");
  }
  if (table.by_id.size() < snapshot::kSchemasMax) return {};
  return Status::StateMigration("state '" + known.name + "' has " + std::to_string(table.by_id.size()) + " " +
                                role.name + " serializers already; take it through a savepoint to have one again");
}

// The schema becomes the current one; one that is known keeps its id.
void UseSchema(SchemaTable* table, const std::string& wanted) {
  const auto found = std::find(table->by_id.begin(), table->by_id.end(), wanted);
  table->current = static_cast<uint32_t>(found - table->by_id.begin());
  if (found == table->by_id.end()) table->by_id.push_back(wanted);
}

Status CheckKnown(const spw_backend& backend, const spw_state& state, const spw_state_options& options) {
  if (state.description.kind != options.kind) {
    return Status::StateMigration("state '" + state.description.name + "' is a " + KindName(state.description.kind) +
                                  " state and cannot become a " + KindName(options.kind) + " state");
  }
  for (const Role& role : kRoles) {
    SPILLWAY_RETURN_IF_ERROR(CheckSchema(backend, state.description, role, TextOrEmpty(options.*role.wanted)));
  }
  return {};
}

Answer Register(spw_backend* backend, const spw_state_options& options, spw_state** out) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  SPILLWAY_RETURN_IF_ERROR(CheckOptions(options));
  spw_state* state = backend->Find(options.name);
  if (state != nullptr) {
    SPILLWAY_RETURN_IF_ERROR(CheckKnown(*backend, *state, options));
  } else {
    if (backend->states.size() >= snapshot::kStatesMax) {
      return Status::InvalidState("instance '" + backend->instance + "' has " + std::to_string(snapshot::kStatesMax) +
                                  " states, which is the most that it can have");
    }
    StateDescriptor description;
    description.name = options.name;
    description.kind = options.kind;
    SPILLWAY_ASSIGN_OR_RETURN(state, backend->MakeState(std::move(description), false));
  }
  StateDescriptor& description = state->description;
  for (const Role& role : kRoles) UseSchema(&(description.*role.table), TextOrEmpty(options.*role.wanted));
  description.alignment = options.alignment;
  description.ttl_update = options.ttl_update;
  description.ttl_visibility = options.ttl_visibility;
  description.ttl_ms = options.ttl_update == SPW_TTL_DISABLED ? 0 : options.ttl_ms;
  state->time_to_live->Set(description.ttl_ms, backend->host.NowMs());
  state->registered = true;
  *out = state;
  return SPW_OK;
}

Answer FindState(spw_backend* backend, const char* name, spw_state** out) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  if (name == nullptr) return Status::InvalidArgument("find_state needs a name");
  *out = backend->Find(name);
  return *out == nullptr ? SPW_ABSENT : SPW_OK;
}

Answer StateSchema(spw_state* state, spw_schema_role role, uint32_t schema_id, spw_bytes* out) {
  SPILLWAY_RETURN_IF_ERROR(state->backend->CheckOpen());
  const Role* found =
      std::find_if(std::begin(kRoles), std::end(kRoles), [&](const Role& known) { return known.role == role; });
  if (found == std::end(kRoles)) {
    return state->Named(Status::InvalidArgument("has no schema of the unknown role " + std::to_string(role)));
  }
  const SchemaTable& schemas = state->description.*found->table;
  if (schema_id >= schemas.by_id.size()) {
    return state->Named(Status::InvalidArgument("has no schema " + std::to_string(schema_id) + " of its " +
                                                found->name + ", only " + std::to_string(schemas.by_id.size())));
  }
  const auto [shown, added] = state->shown_schemas.try_emplace({role, schema_id}, schemas.by_id[schema_id]);
  *out = plugin::ToBytes(shown->second);
  return SPW_OK;
}

Answer Clear(spw_state* state, spw_bytes ns) {
  SPILLWAY_RETURN_IF_ERROR(state->CheckKeyed());
  SPILLWAY_ASSIGN_OR_RETURN(const BytesView key, state->CurrentKey(state->description.kind, ns));
  SPILLWAY_RETURN_IF_ERROR(state->description.kind == SPW_STATE_MAP ? ClearMap(state, key) : DeleteEntry(state, key));
  return SPW_OK;
}

}  // namespace

void FillRegistrationSlots(spw_backend_api* api) {
  api->register_state = [](spw_backend* backend, const spw_state_options* options, spw_state** out,
                           spw_error* err) noexcept {
    return Slot(err, [&] { return Register(backend, *options, out); });
  };
  api->find_state = [](spw_backend* backend, const char* name, spw_state** out, spw_error* err) noexcept {
    return Slot(err, [&] { return FindState(backend, name, out); });
  };
  api->state_schema = [](spw_state* state, spw_schema_role role, uint32_t schema_id, spw_bytes* out,
                         spw_error* err) noexcept {
    return Slot(err, [&] { return StateSchema(state, role, schema_id, out); });
  };
  api->state_entry_count = [](spw_state* state, uint64_t* out, spw_error* err) noexcept {
    return Slot(err, [&] { return CountEntries(state, out); });
  };
  api->state_clear = [](spw_state* state, spw_bytes ns, spw_error* err) noexcept {
    return Slot(err, [&] { return Clear(state, ns); });
  };
}

}  // namespace spillway::rocks
