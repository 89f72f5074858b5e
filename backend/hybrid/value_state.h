// Operations on value states, and the clearing of any keyed state. Owner thread only.
//
// They answer SPW_OK, SPW_ABSENT, SPW_OUT_OF_MEMORY with the state unchanged (the slots may make room and try again, or
// turn that into a message), or an error of reading what is on disk, whose reason is the instance's failure. Sizes were
// checked by the caller.
#pragma once

#include <cstdint>

#include "backend/hybrid/state.h"
#include "spillway/plugin/abi.h"

namespace spillway::hybrid {

[[nodiscard]] spw_code GetValue(State* state, const EntryAddress& address, spw_view* out);
[[nodiscard]] spw_code GetValueForUpdate(State* state, const EntryAddress& address, uint64_t create_size,
                                         spw_mut_view* out);
[[nodiscard]] spw_code PutValue(State* state, const EntryAddress& address, BytesView value);

// With the schema that it was written with, for restoring; `charge` kOverdraft: cannot fail, for batches whose memory
// was asked for as a whole.
[[nodiscard]] spw_code PutValueOfSchema(State* state, const EntryAddress& address, BytesView value, uint32_t schema_id,
                                        Charge charge = Charge::kWithinShare);

// Removes the value, list or map; nothing there is fine. Never fails. What runs may hold is hidden by a tombstone.
void ClearEntry(State* state, const EntryAddress& address);

// What a node of a value state, or of a map's entries, shows.
[[nodiscard]] spw_view ViewOf(const Node* node, uint32_t alignment);

}  // namespace spillway::hybrid
