// Operations on timer states, over all key-groups of the instance. Owner thread only; answers as in value_state.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "backend/hybrid/state.h"
#include "spillway/plugin/abi.h"

namespace spillway::hybrid {

// Adds those that are not there yet; all or none.
[[nodiscard]] spw_code AddTimers(State* state, std::span<const spw_timer> timers);
// SPW_OK or SPW_ABSENT.
spw_code RemoveTimer(State* state, const spw_timer& timer);
// The earliest of the state: by time, then key-group, then as timer_tree.h orders.
[[nodiscard]] std::optional<spw_timer> FirstTimer(State* state);
// Removes the earliest up to `up_to`; how many.
uint32_t PollDueTimers(State* state, int64_t up_to, std::span<spw_timer> out);

}  // namespace spillway::hybrid
