// What a table has on disk: its runs, and how far they reach.
//
// Owner thread only, but for a RunList, which is immutable and shared: whoever pins a table's root to read it all pins
// its runs and flushed epoch with it (PinnedRuns), and may then read both on any thread. What is in memory is newer
// than every run: it is the newest source of a merge.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "spill/run_file.h"

namespace spillway::hybrid {

struct RunRef {
  std::shared_ptr<const spill::RunFile> file;
  uint32_t section;  // of the table
};
using RunList = std::vector<RunRef>;  // newest first

struct SpilledTable {
  std::shared_ptr<const RunList> runs = std::make_shared<const RunList>();
  uint32_t flushed_epoch = 0;   // what has a newer value version is in no run: it is dirty
  uint32_t flushing_epoch = 0;  // up to which a flush is writing now; 0: none is
  uint64_t cold = 0;            // entries that were evicted and did not come back

  // Whether what is removed from memory may be in a run, now or soon.
  [[nodiscard]] bool hides_anything() const { return !runs->empty() || flushing_epoch != 0; }
};

struct PinnedRuns {
  std::shared_ptr<const RunList> runs;  // null: none
  uint32_t flushed_epoch = 0;

  [[nodiscard]] bool empty() const { return runs == nullptr || runs->empty(); }
};

}  // namespace spillway::hybrid
