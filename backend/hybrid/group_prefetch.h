// Brings what a batch of accesses will touch near the processor, all of them at once, round by round: heads, nodes,
// next nodes, and for maps the same again inside. Owner thread only; reads, changes nothing.
//
// One look-up after another waits for each of its cache misses in turn; here the misses of a group overlap.
#pragma once

#include <span>

#include "backend/hybrid/instance.h"
#include "spillway/plugin/abi.h"

namespace spillway::hybrid {

// Accesses of value, list and map states that were checked.
void PrefetchGroup(const Instance& instance, std::span<const spw_access> accesses);

}  // namespace spillway::hybrid
