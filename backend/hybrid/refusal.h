// The sentences with which the backend refuses. Plain functions, any thread.
#pragma once

#include "backend/hybrid/state.h"
#include "spillway/status.h"

namespace spillway::hybrid {

// A write that the memory share does not allow: tells used, share, and what to raise.
[[nodiscard]] Status OverShare(const State& state);
// No view can begin any more.
[[nodiscard]] Status OutOfEpochs(const State& state);

}  // namespace spillway::hybrid
