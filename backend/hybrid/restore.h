// Fills an empty instance from full snapshots: of each source, what lies in the instance's key-groups. Owner thread.
//
// Sources are checked before anything is read into the tables; on any error the instance is left empty. Schemas of
// several sources are joined: what was written under equal bytes gets one id, and every entry keeps which it was.
#pragma once

#include <cstdint>
#include <span>

#include "backend/hybrid/instance.h"
#include "spillway/plugin/abi.h"
#include "spillway/status.h"

namespace spillway::hybrid {

[[nodiscard]] Status RestoreInstance(Instance* instance, std::span<const spw_restore_source> sources);

}  // namespace spillway::hybrid
