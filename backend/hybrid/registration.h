// Registering states: what is asked for against what is there. Owner thread only.
#pragma once

#include "backend/hybrid/instance.h"
#include "spillway/plugin/abi.h"
#include "spillway/status.h"

namespace spillway::hybrid {

inline constexpr spw_schema_role kSchemaRoles[] = {SPW_SCHEMA_KEY, SPW_SCHEMA_NAMESPACE, SPW_SCHEMA_VALUE,
                                                   SPW_SCHEMA_MAP_KEY};

[[nodiscard]] const char* RoleName(spw_schema_role role);

// The state of that name, made or taken as it is. On an error nothing is changed.
[[nodiscard]] Result<State*> RegisterState(Instance* instance, const spw_state_options& options);

}  // namespace spillway::hybrid
