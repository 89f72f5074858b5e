// What a job came to, and how far a running one is.
//
// Plain values, copied out; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace spillway {

enum class JobOutcome {
  kFinished,         // all input read, all output committed
  kStopped,          // a final checkpoint was taken and its output committed; the job can go on from there
  kAlreadyFinished,  // the restored checkpoint is that of a finished job; pending output was committed, nothing run
};

// Keyed state over all subtasks.
struct StateFigures {
  uint64_t entries = 0;           // (key, namespace) pairs, and timers
  uint64_t bytes = 0;             // of the entries as they lie in memory
  uint64_t memory_used = 0;       // all that the backends count, as of now
  uint64_t memory_used_peak = 0;  // sum of the instances' peaks
  uint64_t memory_budget = 0;     // 0: no limit
};

inline constexpr const char* kNoIoEngine = "none";

// What the backends did with local disk in this run, over all subtasks. Those that do not spill have everything
// resident; what a backend does not tell counts as 0.
struct SpillFigures {
  std::string io_engine = kNoIoEngine;  // "uring", "pread", "mixed" when subtasks differ
  uint64_t write_bytes = 0;             // to local files, compaction included
  uint64_t read_bytes = 0;              // from them
  uint64_t entries_resident = 0;        // in memory, as of now
  uint64_t entries_spilled = 0;         // on disk only, as of now
  uint64_t cold_sync_reads = 0;         // accesses that had to wait for the disk
  uint64_t stall_ms = 0;                // that writes waited for memory
};

struct CheckpointInfo {
  uint64_t id = 0;
  std::filesystem::path directory;         // what --restore takes
  std::chrono::milliseconds duration{0};   // from the trigger until it was complete
  std::chrono::microseconds pause_max{0};  // the longest that taking keyed state held up a subtask's thread
  std::chrono::microseconds seal_max{0};   // the longest that sealing output and the rest did
  uint64_t entries = 0;                    // keyed state entries in it
  uint64_t bytes = 0;                      // written for keyed state
  bool last = false;                       // taken at the end of the input, or on a request to stop
};

// What the run was restored from.
struct RestoredFrom {
  uint64_t checkpoint_id = 0;
  std::filesystem::path directory;
  bool finished = false;  // the job had ended already
};

struct JobProgress {
  bool running = false;
  uint64_t records_in = 0;   // read by the sources, in this run
  uint64_t records_out = 0;  // written to the sinks, in this run
  uint64_t source_read = 0;  // in the unit of Source::SplitSize, earlier runs included
  std::optional<uint64_t> source_total;
  StateFigures state;
  SpillFigures spill;
  uint64_t checkpoints_completed = 0;
  uint64_t checkpoints_failed = 0;
  std::chrono::microseconds checkpoint_pause_max{0};
  std::optional<CheckpointInfo> last_checkpoint;
  std::optional<RestoredFrom> restored_from;
  std::chrono::milliseconds elapsed{0};
  // What user functions counted, and the engine for windows ("late_records"), by "operator.counter".
  std::map<std::string, uint64_t> counters;
};

struct JobResult {
  JobOutcome outcome = JobOutcome::kFinished;
  JobProgress figures;  // as they were at the end
};

}  // namespace spillway
