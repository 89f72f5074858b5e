// What the owner asks of its spill worker, and what comes back: flushes and compactions.
//
// A job belongs to the worker from Submit until it comes back by TakeDone. All that a flush reads is pinned by views
// that the owner holds until then. Each table is there once, in any order. A compaction's runs come back with it; when
// the owner lets go of the last reference to one, that should be by SpillWorker::Bury.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "backend/hybrid/spilled_table.h"
#include "spill/run_file.h"
#include "spillway/plugin/abi.h"
#include "spillway/status.h"

namespace spillway::hybrid {

// Writes what is dirty of some tables into one run file.
struct FlushTable {
  uint32_t state = 0;      // index into the instance's states; the section's number
  uint32_t key_group = 0;  // index into the instance's key-groups; the section's too
  spw_state_kind kind = SPW_STATE_VALUE;
  uint32_t alignment = 1;
  uint64_t root = 0;  // pinned
  uint32_t flushed_epoch = 0;
  bool older_runs = false;  // the table has runs, so that deletes matter
};

// Merges adjacent runs of some tables into one run file.
struct CompactionTable {
  uint32_t state = 0;
  uint32_t key_group = 0;
  spw_state_kind kind = SPW_STATE_VALUE;
  RunList runs;         // newest first, without a gap
  bool bottom = false;  // the last is the oldest that the table has
};

struct SpillJob {
  std::vector<FlushTable> flush;  // one of the two is empty
  std::vector<CompactionTable> compaction;

  // The outcome. A table of which nothing had to be written has no section in the file; when that is so of all, there
  // is no file. After an error there is none either, and nothing is left on disk.
  Status status;
  std::shared_ptr<const spill::RunFile> file;
};

}  // namespace spillway::hybrid
