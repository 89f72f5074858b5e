// How a job is to be run: what the configuration and the command line come down to.
//
// A plain value; checked by the environment before anything starts. The words of the configuration that set each field
// are in its comment.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "spillway/key_groups.h"

namespace spillway {

struct CheckpointOptions {
  // execution.checkpointing.dir: none means no checkpoints; then output becomes visible at the end of the job only.
  std::filesystem::path directory;
  // execution.checkpointing.interval: from the begin of one checkpoint to that of the next; zero: only the final one.
  std::chrono::milliseconds interval{0};
  // execution.checkpointing.timeout: a checkpoint that takes longer is given up, and the job goes on.
  std::chrono::milliseconds timeout{std::chrono::minutes(10)};
  // execution.checkpointing.num-retained: completed checkpoints that are kept, at least 1.
  uint32_t retained_max = 1;
};

enum class RestoreMode {
  kNone,
  kLatest,  // the newest checkpoint that can be read; afresh when there is none, refused when none can be read
  kPath,
};

struct ExecutionOptions {
  uint32_t parallelism = 1;                           // --parallelism, parallelism.default
  uint32_t max_parallelism = kDefaultMaxParallelism;  // pipeline.max-parallelism
  // state.backend.type: the name of a plugin ("hybrid") or the path of its library.
  std::string backend = "hybrid";
  // The plugin's own keys, as its descriptor announces them (state.backend.rocksdb.*, state.backend.spillway.*), with
  // their values as text.
  std::vector<std::pair<std::string, std::string>> backend_config;
  // state.backend.spillway.memory.budget: of all keyed state of the job in bytes; 0: no limit.
  uint64_t memory_budget_bytes = 0;
  // io.tmp.dirs, state.backend.spillway.spill.dirs: where backend instances may make local files; none: they may not.
  std::vector<std::filesystem::path> local_directories;
  CheckpointOptions checkpoints;
  RestoreMode restore = RestoreMode::kNone;
  std::filesystem::path restore_path;  // with kPath: a checkpoint's directory (…/chk-7)
  // Between two subtasks: records per batch, and batches that may wait. Bounds what is in flight, at the price of more
  // hand-overs when small.
  uint32_t batch_records_max = 256;
  uint32_t channel_batches_max = 8;
};

}  // namespace spillway
