// The background thread of an instance that writes its run files: one job after the other, with an I/O engine of its
// own.
//
// Owner thread, except where it says otherwise. The thread starts with the first job. Files have names of their own in
// the instance's spill directories in turn, are not synced (what only spills need not survive), and remove themselves
// when the last RunRef to them is gone, which is done here (Bury) because unlinking blocks.
#pragma once

#include <cstdint>
#include <memory>

#include "backend/hybrid/spill_directories.h"
#include "backend/hybrid/spill_job.h"
#include "spill/io_engine.h"

namespace spillway::hybrid {

class SpillWorker {
 public:
  // The directories outlive it and all files it made.
  SpillWorker(const SpillDirectories* directories, const spill::IoEngineOptions& engine_options);
  ~SpillWorker();  // Stop
  SpillWorker(const SpillWorker&) = delete;
  SpillWorker& operator=(const SpillWorker&) = delete;

  // Flushes go before compactions that have not begun.
  void Submit(std::unique_ptr<SpillJob> job);
  // A job that is done, or null.
  [[nodiscard]] std::unique_ptr<SpillJob> TakeDone();
  // Waits until TakeDone has something, at most so long; false when the time is over or no job is under way.
  bool WaitDone(int64_t timeout_us);
  // Lets go of these runs on the worker's thread.
  void Bury(RunList runs);
  // Ends: a job that has begun is cancelled at its next record block and comes back as cancelled, others alike, at
  // once. Joins the thread. Idempotent.
  void Stop();

  // [any-thread]
  [[nodiscard]] spill::IoCounters counters() const;
};

}  // namespace spillway::hybrid
