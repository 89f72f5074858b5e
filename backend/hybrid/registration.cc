#include "backend/hybrid/registration.h"

#include <algorithm>
#include <string>

#include "snapshot/keyed_state_file.h"
#include "spillway/plugin/error.h"

namespace spillway::hybrid {
namespace {

spw_bytes WantedSchema(const spw_state_options& options, spw_schema_role role) {
  switch (role) {
    case SPW_SCHEMA_KEY:
      return options.key_schema;
    case SPW_SCHEMA_NAMESPACE:
      return options.namespace_schema;
    case SPW_SCHEMA_MAP_KEY:
      return options.map_key_schema;
    default:
      return options.value_schema;
  }
}

std::string TextOf(spw_bytes bytes) {
  return bytes.data == nullptr ? std::string() : std::string(plugin::ToStringView(bytes));
}

Status CheckOptions(const spw_state_options& options) {
  if (options.name == nullptr || *options.name == '\0') return Status::InvalidArgument("a state needs a name");
  const std::string who = std::string("state '") + options.name + "'";
  if (std::string_view(options.name).size() > snapshot::kStateNameBytesMax) {
    return Status::InvalidArgument("the name of a state is longer than " +
                                   std::to_string(snapshot::kStateNameBytesMax) + " bytes: it begins with '" +
                                   std::string(options.name, 64) + "'");
  }
  if (options.kind < SPW_STATE_VALUE || options.kind > SPW_STATE_TIMER) {
    return Status::Unsupported(who + " is of kind " + std::to_string(options.kind) +
                               ", which the hybrid backend does not know");
  }
  constexpr uint32_t kAlignments[] = {1, 2, 4, 8, 16};
  if (std::find(std::begin(kAlignments), std::end(kAlignments), options.alignment) == std::end(kAlignments)) {
    return Status::InvalidArgument(who + " asks for an alignment of " + std::to_string(options.alignment) +
                                   "; it must be 1, 2, 4, 8 or 16");
  }
  if (options.ttl_update != SPW_TTL_DISABLED) {
    return Status::Unsupported(who + " has a time-to-live, which the hybrid backend does not offer yet");
  }
  for (const spw_schema_role role : kSchemaRoles) {
    if (WantedSchema(options, role).size <= snapshot::kSchemaBytesMax) continue;
    return Status::InvalidArgument(who + " has a " + RoleName(role) + " serializer snapshot of more than " +
                                   std::to_string(snapshot::kSchemaBytesMax) + " bytes");
  }
  return {};
}

// What is written under any of the known schemas must be readable under the wanted one. Only values are handed out with
// their schema's id, so only they can be converted by the host as it reads them.
Status CheckSchema(const Instance& instance, State* state, spw_schema_role role, const std::string& wanted) {
  const snapshot::SchemaTable& known = state->schemas(role);
  for (const std::string& old_schema : known.by_id) {
    if (old_schema == wanted) continue;
    const spw_schema_compatibility fits = instance.host()->schema_compatibility(
        instance.host()->context, state->name().c_str(), role, plugin::ToBytes(old_schema), plugin::ToBytes(wanted));
    if (fits == SPW_SCHEMA_AS_IS || (fits == SPW_SCHEMA_AFTER_MIGRATION && role == SPW_SCHEMA_VALUE)) continue;
    return Status::StateMigration("state '" + state->name() + "': its " + RoleName(role) + " serializer '" + wanted +
                                  "' cannot read what '" + old_schema + "' wrote");
  }
  const bool is_new = std::find(known.by_id.begin(), known.by_id.end(), wanted) == known.by_id.end();
  if (is_new && known.by_id.size() >= snapshot::kSchemasMax) {
    return Status::StateMigration("state '" + state->name() + "' has had " + std::to_string(snapshot::kSchemasMax) +
                                  ' ' + RoleName(role) + " serializers already");
  }
  return {};
}

void AdoptSchema(snapshot::SchemaTable* table, std::string wanted) {
  const auto found = std::find(table->by_id.begin(), table->by_id.end(), wanted);
  table->current = static_cast<uint32_t>(found - table->by_id.begin());
  if (found == table->by_id.end()) table->by_id.push_back(std::move(wanted));
}

Status CheckAgainst(Instance* instance, State* state, const spw_state_options& options) {
  if (state->kind() != options.kind) {
    return Status::StateMigration("state '" + state->name() + "' is a " + KindName(state->kind()) +
                                  " state and cannot become a " + KindName(options.kind) + " state");
  }
  for (const spw_schema_role role : kSchemaRoles) {
    SPILLWAY_RETURN_IF_ERROR(CheckSchema(*instance, state, role, TextOf(WantedSchema(options, role))));
  }
  // Values lie as they were written; a weaker alignment is served by a stronger one.
  if (options.alignment <= state->alignment()) return {};
  if (!state->HoldsNothing()) {
    return Status::StateMigration("state '" + state->name() + "' holds values aligned to " +
                                  std::to_string(state->alignment()) + " bytes and cannot give them aligned to " +
                                  std::to_string(options.alignment));
  }
  return {};
}

}  // namespace

const char* RoleName(spw_schema_role role) {
  switch (role) {
    case SPW_SCHEMA_KEY:
      return "key";
    case SPW_SCHEMA_NAMESPACE:
      return "namespace";
    case SPW_SCHEMA_VALUE:
      return "value";
    case SPW_SCHEMA_MAP_KEY:
      return "map key";
  }
  return "unknown";
}

Result<State*> RegisterState(Instance* instance, const spw_state_options& options) {
  SPILLWAY_RETURN_IF_ERROR(CheckOptions(options));
  State* state = instance->FindState(options.name);
  if (state != nullptr) {
    SPILLWAY_RETURN_IF_ERROR(CheckAgainst(instance, state, options));
    // A live iterator or snapshot reads by the alignment that there was.
    if (options.alignment > state->alignment()) state->set_alignment(options.alignment);
  } else {
    if (instance->states().size() >= snapshot::kStatesMax) {
      return Status::InvalidArgument("instance '" + instance->name() + "' has " + std::to_string(snapshot::kStatesMax) +
                                     " states, which is the most");
    }
    snapshot::StateDescriptor descriptor;
    descriptor.name = options.name;
    descriptor.kind = options.kind;
    descriptor.alignment = options.alignment;
    state = instance->AddState(std::move(descriptor));
  }
  for (const spw_schema_role role : kSchemaRoles)
    AdoptSchema(&state->schemas(role), TextOf(WantedSchema(options, role)));
  state->set_registered();
  return state;
}

}  // namespace spillway::hybrid
