// The makers of iterators, one file each. Owner thread; all are as of the call.
#pragma once

#include "backend/rocksdb/state.h"
#include "spillway/plugin/abi.h"

namespace spillway::rocks {

[[nodiscard]] Answer IterateList(spw_state* state, const Result<BytesView>& list, spw_iterator** out);
[[nodiscard]] Answer IterateMap(spw_state* state, const Result<BytesView>& map, spw_iterator** out);
[[nodiscard]] Answer IterateKeys(spw_state* state, spw_bytes state_namespace, spw_iterator** out);
[[nodiscard]] Answer IteratePairs(spw_state* state, spw_iterator** out);
[[nodiscard]] Answer IterateEntries(spw_state* state, spw_key_group_range key_groups, spw_iterator** out);

// Counts (key, namespace) pairs, or timers, by a scan: nothing is counted while records are processed.
[[nodiscard]] Answer CountEntries(spw_state* state, uint64_t* out);

}  // namespace spillway::rocks
