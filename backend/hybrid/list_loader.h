// Brings a list back from the runs. Owner thread; blocks.
#pragma once

#include "backend/hybrid/state.h"
#include "spillway/status.h"

namespace spillway::hybrid {

// Makes a list that is not, or only partly, in memory complete: the pieces of the runs, and behind them those in memory
// that no run has. No flush of the table may be under way. Nothing happens when there is no such list.
[[nodiscard]] Status LoadList(State* state, const EntryAddress& address);

}  // namespace spillway::hybrid
