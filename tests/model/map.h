// Map states: what the slots and the map iterator share.
#pragma once

#include <string_view>

#include "spillway/plugin/abi.h"
#include "tests/model/state.h"

namespace spillway::model {

// The map at a place, or null.
[[nodiscard]] MapEntries* FindMap(spw_state* state, const PlaceView& place);
[[nodiscard]] Answer PutMapEntry(spw_state* state, const PlaceView& place, std::string_view map_key, spw_bytes value);
// SPW_ABSENT when it was not there. The last entry takes the map along.
[[nodiscard]] Answer RemoveMapEntry(spw_state* state, const PlaceView& place, std::string_view map_key);

}  // namespace spillway::model
