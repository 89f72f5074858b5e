// Brings in what a batch of accesses will find on disk, with overlapping reads. Owner thread; blocks until all is
// there.
#pragma once

#include <span>

#include "backend/hybrid/instance.h"
#include "spillway/plugin/abi.h"
#include "spillway/status.h"

namespace spillway::hybrid {

// Values, headers of maps and, where they are named, entries of maps; lists come in when they are iterated. What came
// in is not evicted before the next safepoint. The accesses were checked.
[[nodiscard]] Status PrefetchCold(Instance* instance, std::span<const spw_access> accesses);

}  // namespace spillway::hybrid
