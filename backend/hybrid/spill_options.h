// The configuration of an instance's spilling, under the keys of state.backend.spillway.*.
//
// ConfigKeys is what the plugin announces. ParseSpillOptions refuses unknown keys and wrong values with an error that
// names key, value and what is wanted. Plain values, any thread.
#pragma once

#include <cstdint>
#include <span>

#include "spill/io_engine.h"
#include "spillway/plugin/abi.h"
#include "spillway/status.h"

namespace spillway::hybrid {

// The least memory share with which an instance spills: what it reads and writes with, and a table that is worth it.
inline constexpr uint64_t kMinimumShare = 8 << 20;

struct SpillOptions {
  double start_ratio = 0.8;  // of the share: above it, cold state is written and evicted
  double stop_ratio = 0.7;   // until no more than this is used
  uint64_t stall_timeout_us = 60'000'000;
  uint32_t max_runs = 8;  // of a table, before some are merged
  spill::IoEngineOptions engine;
  uint64_t spill_every =
      0;  // for tests: everything goes to disk before each so many operations, later more seldom; 0: never
};

[[nodiscard]] std::span<const spw_config_key> ConfigKeys();
[[nodiscard]] Result<SpillOptions> ParseSpillOptions(std::span<const spw_config_entry> config);

}  // namespace spillway::hybrid
