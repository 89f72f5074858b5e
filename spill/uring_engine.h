// The I/O engine over io_uring: one ring per engine, so per owner thread.
//
// Uses what the running kernel has of: a single issuer, completions delivered when the owner asks (DEFER_TASKRUN,
// COOP_TASKRUN), a table of registered files, registered buffers; note() names what it does without. Where io_uring is
// missing or forbidden (an old kernel, a container's seccomp profile, io_uring_disabled), opening answers Unsupported
// and says why. [any-thread]
#pragma once

#include <memory>

#include "spill/io_engine.h"
#include "spillway/status.h"

namespace spillway::spill {

[[nodiscard]] Result<std::unique_ptr<IoEngine>> OpenUringEngine(const IoEngineOptions& options);

}  // namespace spillway::spill
