// The I/O engine that works everywhere: worker threads that call pread, pwrite and fsync.
//
// The workers belong to one engine and are started as requests need them, up to IoEngineOptions::threads_max. A request
// stays with one worker from its first piece to its last. [any-thread]
#pragma once

#include <memory>

#include "spill/io_engine.h"
#include "spillway/status.h"

namespace spillway::spill {

inline constexpr uint32_t kPreadThreadsMax = 256;

[[nodiscard]] Result<std::unique_ptr<IoEngine>> OpenPreadEngine(const IoEngineOptions& options);

}  // namespace spillway::spill
