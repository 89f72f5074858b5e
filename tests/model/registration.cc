// Registering and finding states; their schemas, counts and clearing.
#include <algorithm>
#include <iterator>

#include "tests/model/backend.h"
#include "tests/model/slot.h"

namespace spillway::model {
namespace {

constexpr const char* kRoleNames[kSchemaRoles] = {"key", "namespace", "value", "map key"};

std::string TextOrEmpty(spw_bytes bytes) {
  return bytes.data == nullptr ? std::string() : std::string(plugin::ToStringView(bytes));
}

Status CheckOptions(const spw_state_options& options) {
  if (options.name == nullptr || *options.name == '\0') return Status::InvalidArgument("a state needs a name");
  const std::string who = std::string("state '") + options.name + "'";
  if (options.kind < SPW_STATE_VALUE || options.kind > SPW_STATE_TIMER) {
    return Status::Unsupported(who + " is of the unknown kind " + std::to_string(options.kind));
  }
  constexpr uint32_t kAlignments[] = {1, 2, 4, 8, 16};
  if (std::find(std::begin(kAlignments), std::end(kAlignments), options.alignment) == std::end(kAlignments)) {
    return Status::InvalidArgument(who + " asks for an alignment of " + std::to_string(options.alignment) +
                                   "; it must be 1, 2, 4, 8 or 16");
  }
  if (options.ttl_update != SPW_TTL_DISABLED) {
    return Status::Unsupported(who + " has a time-to-live, which the model does not offer");
  }
  return {};
}

// Whether values written under the known schemas of a role may be read under the new one.
Status CheckSchema(const spw_backend& backend, const Description& known, spw_schema_role role,
                   const std::string& wanted) {
  for (const std::string& old : known.schemas[role]) {
    if (old == wanted) continue;
    const spw_schema_compatibility answer = backend.host->schema_compatibility(
        backend.host->context, known.name.c_str(), role, plugin::ToBytes(old), plugin::ToBytes(wanted));
    // Only values come back to the host with their schema id, so only they can be converted by it.
    const bool fits = answer == SPW_SCHEMA_AS_IS || (answer == SPW_SCHEMA_AFTER_MIGRATION && role == SPW_SCHEMA_VALUE);
    if (fits) continue;
    return Status::StateMigration("state '" + known.name + "': its " + kRoleNames[role] + " serializer '" + wanted +
                                  "' does not fit what was written by '" + old + "'");
  }
  return {};
}

Answer Register(spw_backend* backend, const spw_state_options& options, spw_state** out) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  SPILLWAY_RETURN_IF_ERROR(CheckOptions(options));
  const std::array<std::string, kSchemaRoles> wanted = {
      TextOrEmpty(options.key_schema), TextOrEmpty(options.namespace_schema), TextOrEmpty(options.value_schema),
      TextOrEmpty(options.map_key_schema)};
  spw_state* state = backend->Find(options.name);
  if (state != nullptr) {
    if (state->description.kind != options.kind) {
      return Status::StateMigration("state '" + state->description.name + "' is a " +
                                    KindName(state->description.kind) + " state and cannot become a " +
                                    KindName(options.kind) + " state");
    }
    for (size_t role = 0; role < kSchemaRoles; ++role) {
      SPILLWAY_RETURN_IF_ERROR(
          CheckSchema(*backend, state->description, static_cast<spw_schema_role>(role), wanted[role]));
    }
  } else {
    auto made = std::make_unique<spw_state>();
    state = made.get();
    made->backend = backend;
    made->description.name = options.name;
    made->description.kind = options.kind;
    backend->states.emplace(options.name, std::move(made));
  }
  for (size_t role = 0; role < kSchemaRoles; ++role) {
    Schemas& schemas = state->description.schemas[role];
    if (schemas.empty() || schemas.back() != wanted[role]) schemas.push_back(wanted[role]);
  }
  state->description.alignment = options.alignment;
  state->registered = true;
  *out = state;
  return SPW_OK;
}

Answer FindState(spw_backend* backend, const char* name, spw_state** out) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  *out = backend->Find(name);
  return *out == nullptr ? SPW_ABSENT : SPW_OK;
}

Answer StateSchema(const spw_state* state, spw_schema_role role, uint32_t schema_id, spw_bytes* out) {
  SPILLWAY_RETURN_IF_ERROR(state->backend->CheckOpen());
  if (role < 0 || role >= static_cast<spw_schema_role>(kSchemaRoles)) {
    return state->Named(Status::InvalidArgument("has no schema of the unknown role " + std::to_string(role)));
  }
  const Schemas& schemas = state->description.schemas[static_cast<size_t>(role)];
  if (schema_id >= schemas.size()) {
    return state->Named(Status::InvalidArgument("has no schema " + std::to_string(schema_id) + " of its " +
                                                kRoleNames[role] + ", only " + std::to_string(schemas.size())));
  }
  *out = plugin::ToBytes(schemas[schema_id]);
  return SPW_OK;
}

Answer EntryCount(const spw_state* state, uint64_t* out) {
  SPILLWAY_RETURN_IF_ERROR(state->backend->CheckOpen());
  const Contents& contents = state->contents;
  *out = contents.values.size() + contents.lists.size() + contents.maps.size() + contents.timers.size();
  return SPW_OK;
}

Answer Clear(spw_state* state, spw_bytes ns) {
  SPILLWAY_RETURN_IF_ERROR(state->CheckKeyed());
  SPILLWAY_ASSIGN_OR_RETURN(const PlaceView place, state->CurrentPlace(state->description.kind, ns));
  state->Remove(&state->contents.values, place);
  state->Remove(&state->contents.lists, place);
  state->Remove(&state->contents.maps, place);
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
    return Slot(err, [&] { return EntryCount(state, out); });
  };
  api->state_clear = [](spw_state* state, spw_bytes ns, spw_error* err) noexcept {
    return Slot(err, [&] { return Clear(state, ns); });
  };
}

}  // namespace spillway::model
