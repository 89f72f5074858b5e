// Typed keyed state: ValueState, ListState, MapState, ReducingState, AggregatingState over a plugin's backend.
//
// A state is opened once per backend instance and used on its owner thread, within records: whoever runs the record
// sets the current key (the bytes of Serializer<K>), the state reads and writes for that key and its own namespace.
//
//   SPILLWAY_ASSIGN_OR_RETURN(auto counts, ValueState<uint64_t>::Open(backend,
//   StateOptionsFor<std::string>("counts"))); SPILLWAY_ASSIGN_OR_RETURN(uint64_t * count, counts.GetOrCreate(0));
//   ++*count;
#pragma once

// IWYU pragma: begin_exports
#include "spillway/folding_state.h"
#include "spillway/keyed_state.h"
#include "spillway/list_state.h"
#include "spillway/map_state.h"
#include "spillway/serializer.h"
#include "spillway/value_state.h"
// IWYU pragma: end_exports
