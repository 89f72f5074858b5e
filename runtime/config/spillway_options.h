// The keys of the hybrid backend, state.backend.spillway.*: how it spills to local disk. The runtime declares them, so
// that values and what they mean together are checked before anything starts; it reads none but the directories.
//
// Plain values; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spillway/configuration.h"
#include "spillway/status.h"

namespace spillway::runtime {

// The plugin that takes these keys.
inline constexpr std::string_view kSpillwayBackend = "hybrid";

inline constexpr ConfigOption<double> kSpillStartRatio{
    "state.backend.spillway.spill.start-ratio", "0.8",
    "part of the memory budget above which cold state goes to disk; at most 1"};
inline constexpr ConfigOption<double> kSpillStopRatio{
    "state.backend.spillway.spill.stop-ratio", "0.7",
    "part of the memory budget down to which it goes; above 0, at most the start-ratio"};
inline constexpr ConfigOption<std::string> kSpillDirs{
    "state.backend.spillway.spill.dirs", "",
    "existing directories for spilled state, with ':' between them; none: those of io.tmp.dirs"};
inline constexpr ConfigOption<std::chrono::microseconds> kSpillStallTimeout{
    "state.backend.spillway.spill.stall-timeout", "60s", "how long a write waits for memory at most before it fails"};
// One of the words of SpillwayOptions.
inline constexpr ConfigOption<std::string> kIoEngine{"state.backend.spillway.io.engine", "auto",
                                                     "how local files are read and written: auto, uring or pread"};
inline constexpr ConfigOption<int64_t> kIoDepth{"state.backend.spillway.io.depth", "128",
                                                "requests that are under way at once, 1 to 4096", 1, 4096};
inline constexpr ConfigOption<int64_t> kCompactionMaxRuns{
    "state.backend.spillway.compaction.max-runs", "8",
    "spilled runs that a key group of a state has at most before some are merged, 2 to 64", 2, 64};

// In the order of the documentation.
[[nodiscard]] std::vector<OptionDescriptor> SpillwayOptions();
[[nodiscard]] bool IsSpillwayOption(std::string_view key);

// 0 < stop <= start <= 1, whether they were set or not.
[[nodiscard]] Status CheckSpillRatios(const Configuration& configuration);

}  // namespace spillway::runtime
