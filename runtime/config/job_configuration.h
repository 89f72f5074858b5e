// The configuration of a job: the keys that the runtime knows, those of the chosen backend plugin, and what they come
// down to.
//
// Any thread. Which keys are known depends on the backend, and which backend on the settings; so settings are collected
// first (file, then command line: the later one counts), then BackendOf names the plugin, and JobConfiguration checks
// all of them against the runtime's and the plugin's keys.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/plugin/plugin.h"
#include "spillway/configuration.h"
#include "spillway/stream/execution_options.h"

namespace spillway::runtime {

inline constexpr ConfigOption<std::string> kBackendType{
    "state.backend.type", "hybrid", "the state backend: a plugin's name, or the path of its library"};
inline constexpr ConfigOption<MemorySize> kMemoryBudget{"state.backend.spillway.memory.budget", "0",
                                                        "memory for all keyed state of the job; 0: no limit"};
inline constexpr ConfigOption<std::string> kCheckpointDir{"execution.checkpointing.dir", "",
                                                          "where checkpoints are kept; without it there are none"};
inline constexpr ConfigOption<std::chrono::microseconds> kCheckpointInterval{
    "execution.checkpointing.interval", "0",
    "from the begin of one checkpoint to that of the next; 0: only the last one"};
inline constexpr ConfigOption<std::chrono::microseconds> kCheckpointTimeout{
    "execution.checkpointing.timeout", "10min", "a checkpoint that takes longer is given up; the job goes on"};
inline constexpr ConfigOption<int64_t> kCheckpointsRetained{"execution.checkpointing.num-retained", "1",
                                                            "how many completed checkpoints are kept", 1, 1000};
inline constexpr ConfigOption<std::string> kTemporaryDirs{
    "io.tmp.dirs", "",
    "existing directories for a backend's local files, with ':' between them; "
    "none: the system's own for temporary files"};
inline constexpr ConfigOption<int64_t> kMaxParallelism{
    "pipeline.max-parallelism", "128", "key groups of the job: the limit of its parallelism, for its whole life", 1,
    kMaxParallelismLimit};
inline constexpr ConfigOption<int64_t> kDefaultParallelism{"parallelism.default", "1", "subtasks of each operator", 1,
                                                           kMaxParallelismLimit};

// The runtime's own keys, in the order of the documentation.
[[nodiscard]] std::vector<OptionDescriptor> RuntimeOptions();

// "key=value", as -D has it.
[[nodiscard]] Result<ConfigSetting> ParseAssignment(std::string_view text, std::string_view origin);

// The backend that these settings name, or the default.
[[nodiscard]] std::string BackendOf(std::span<const ConfigSetting> settings);

// Checks the settings against all known keys: the runtime's, for the hybrid those of spillway_options.h, and what the
// plugin announces. A plugin whose announced keys cannot be understood is refused.
[[nodiscard]] Result<Configuration> JobConfiguration(std::span<const ConfigSetting> settings, const Plugin& plugin);

// What the configuration comes down to. The plugin's keys that were set are handed on as text, as they were written but
// for ratios ("0.85") and durations ("60000000us"); spill.dirs takes the place of io.tmp.dirs. Restore is not part of
// it.
[[nodiscard]] Result<ExecutionOptions> ExecutionOptionsOf(const Configuration& configuration, const Plugin& plugin);

}  // namespace spillway::runtime
