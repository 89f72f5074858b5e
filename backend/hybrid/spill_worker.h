// The background thread of an instance that writes its run files: one job after the other, with an I/O engine of its
// own.
//
// Owner thread, except where it says otherwise. The thread starts with the first job. Files have names of their own in
// the instance's spill directories in turn, are not synced (what only spills need not survive), and remove themselves
// when the last RunRef to them is gone, which is done here (Bury) because unlinking blocks. After an error the worker
// goes on with the next job.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "backend/hybrid/spill_directories.h"
#include "backend/hybrid/spill_job.h"
#include "spill/directory.h"
#include "spill/io_engine.h"

namespace spillway::hybrid {

// Opens the engine; called once, on the worker's thread, which binds it.
using EngineFactory = std::function<Result<std::unique_ptr<spill::IoEngine>>()>;

class SpillWorker {
 public:
  // The directories outlive it and all files it made.
  SpillWorker(const SpillDirectories* directories, EngineFactory open_engine);
  ~SpillWorker();  // Stop
  SpillWorker(const SpillWorker&) = delete;
  SpillWorker& operator=(const SpillWorker&) = delete;

  // Flushes go before compactions that have not begun. When there is no engine or no thread to be had, or after Stop,
  // the job comes back with an error.
  void Submit(std::unique_ptr<SpillJob> job);
  // A job that is done, or null. Costs next to nothing when there is none.
  [[nodiscard]] std::unique_ptr<SpillJob> TakeDone();
  // Waits until TakeDone has something, at most so long (spill::kIoWaitForever: any time); false when the time is over
  // or no job is under way.
  bool WaitDone(int64_t timeout_us);
  // Lets go of these runs on the worker's thread; here and now when that does not run.
  void Bury(RunList runs);
  // Ends: a job that has begun is cancelled after some records and comes back as cancelled, others alike, at once.
  // What is buried is let go of. Joins the thread. Idempotent.
  void Stop();

  // Of the worker's engine. [any-thread]
  [[nodiscard]] spill::IoCounters counters() const;

 private:
  void Start();
  void Run();
  void Serve(spill::IoEngine* engine, const Status& opened);
  // The mutex is held.
  void PutDone(std::unique_ptr<SpillJob> job);
  // The next job, or null when there is none. The mutex is held.
  std::unique_ptr<SpillJob> TakeNext();

  const SpillDirectories* const directories_;
  const EngineFactory open_engine_;
  std::thread thread_;
  bool stopped_ = false;

  // Relaxed: it only has to be seen some time; what matters is decided under the mutex.
  std::atomic<bool> stopping_{false};
  // Jobs in done_. Relaxed: a hint, they are taken under the mutex.
  std::atomic<uint32_t> done_count_{0};

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable work_came_;
  std::condition_variable job_done_;
  std::deque<std::unique_ptr<SpillJob>> flushes_;
  std::deque<std::unique_ptr<SpillJob>> compactions_;
  std::deque<std::unique_ptr<SpillJob>> done_;
  std::vector<RunList> buried_;
  uint32_t under_way_ = 0;                   // jobs not done
  const spill::IoEngine* engine_ = nullptr;  // while the thread has it
  spill::IoCounters last_counters_;          // after that
};

}  // namespace spillway::hybrid
