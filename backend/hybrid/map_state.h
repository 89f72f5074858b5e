// Operations on map states. Owner thread only; answers as in value_state.h.
//
// The node of a map holds a MapHeader: the map's entries are a hash tree of its own, a chain while it is small. The
// node goes with the last entry, so that what is empty is not there. Clearing is one write: the tree is retired as one.
#pragma once

#include <cstdint>
#include <optional>

#include "backend/hybrid/hashing.h"
#include "backend/hybrid/state.h"
#include "spillway/plugin/abi.h"

namespace spillway::hybrid {

[[nodiscard]] inline MapHeader MapHeaderOf(const Node* node) {
  return LoadBytes<MapHeader>(ValueOf(node, alignof(uint64_t)).data());
}

// Of a map that is complete in memory: whether it is one at all. Of a partial one: whether memory alone tells so.
[[nodiscard]] inline bool HasLiveEntries(const MapHeader& header) {
  return header.entries.count > header.tombstones;
}

[[nodiscard]] inline Probe MapProbe(BytesView map_key) {
  return {HashOfBytes(map_key), map_key, {}};
}

[[nodiscard]] spw_code GetMapEntry(const State& state, const EntryAddress& address, BytesView map_key, spw_view* out);
// `value` absent: a null one.
[[nodiscard]] spw_code PutMapEntry(State* state, const EntryAddress& address, BytesView map_key,
                                   std::optional<BytesView> value);
// With the schema that it was written with, for restoring; `charge` as in value_state.h.
[[nodiscard]] spw_code PutMapEntryOfSchema(State* state, const EntryAddress& address, BytesView map_key,
                                           std::optional<BytesView> value, uint32_t schema_id,
                                           Charge charge = Charge::kWithinShare);
// SPW_OK or SPW_ABSENT; never fails.
spw_code RemoveMapEntry(State* state, const EntryAddress& address, BytesView map_key);
// Looks into runs, and can fail then, unless memory tells.
[[nodiscard]] Result<bool> IsMapEmpty(const State& state, const EntryAddress& address);

// Retires the entries of a map that is no longer in the table.
void RetireMap(State* state, uint32_t group, const MapHeader& header);

}  // namespace spillway::hybrid
