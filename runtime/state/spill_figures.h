// What backend instances say of their spilling in their metrics, and the sum over a job.
//
// Metrics are known by their names: spilled_write_bytes, spilled_read_bytes, entries_resident, entries_spilled,
// cold_sync_reads, stall_ms, and io_engine_uring or io_engine_pread, which is 1 for the engine in use. What an instance
// does not export counts as 0. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "spillway/plugin/abi.h"
#include "spillway/stream/job_result.h"

namespace spillway::runtime {

// Of one instance.
struct InstanceSpill {
  SpillFigures figures;  // but for entries_resident
  std::optional<uint64_t> entries_resident;
};

[[nodiscard]] InstanceSpill ReadSpill(std::span<const spw_metric> metrics);

// `entries_in_memory`: what the instance holds in memory if it does not say so itself.
void AddSpill(const InstanceSpill& instance, uint64_t entries_in_memory, SpillFigures* sum);

}  // namespace spillway::runtime
