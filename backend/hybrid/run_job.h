// Does one job of a spill worker: writes the run file of a flush or of a compaction.
//
// On the worker's thread, with its engine; blocks.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "backend/hybrid/spill_job.h"
#include "spill/directory.h"
#include "spill/io_engine.h"

namespace spillway::hybrid {

// Where the file goes.
struct RunTarget {
  spill::IoEngine* engine = nullptr;
  const spill::Directory* directory = nullptr;  // outlives the file
  std::string name;
  uint64_t file_id = 0;
};

// Fills the job's outcome. `cancelled` is looked at every few hundred records; any thread may set it.
void RunJob(const RunTarget& target, const std::atomic<bool>& cancelled, SpillJob* job);

}  // namespace spillway::hybrid
