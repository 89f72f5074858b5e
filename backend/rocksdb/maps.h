// Map states: what the slots of other files need of them. Owner thread.
#pragma once

#include "backend/rocksdb/state.h"
#include "spillway/plugin/abi.h"

namespace spillway::rocks {

// Behind the encoded key that CurrentKey or KeyOf has just made: the key of an entry.
[[nodiscard]] Result<BytesView> AppendMapKey(spw_state* state, spw_bytes map_key);
// Removes all entries of the map at this encoded key.
[[nodiscard]] Status ClearMap(spw_state* state, BytesView map);

}  // namespace spillway::rocks
