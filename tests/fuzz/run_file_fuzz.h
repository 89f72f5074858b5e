// What fuzzers and their smoke tests do with bytes that claim to be a run file.
#pragma once

#include <cstdint>

#include "spillway/bytes.h"
#include "spillway/status.h"

namespace spillway::spill {

// Reads all that can be read of it: sections by cursors, indexes, look-ups of each kind. Returns the number of records,
// or the first error; what must not happen is anything else. `sealed`: headers and checksums of the pages are made
// right before, as far as their sizes make sense, so that what is in the pages is reached.
[[nodiscard]] Result<uint64_t> ReadFuzzedRunFile(BytesView bytes, bool sealed);

}  // namespace spillway::spill
