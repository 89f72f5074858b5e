// The handle on a running job: ask how far it is, stop it, cancel it, be told of its checkpoints.
//
// JobControl: made by the caller, handed to Execute, one per Execute; all functions from any thread, before, during and
// after the run (not from a signal handler: write a byte to a pipe there). JobObserver: called on the thread that runs
// Execute, so it must be quick; owned by the caller and outliving Execute.
#pragma once

#include <memory>
#include <string>

#include "spillway/status.h"
#include "spillway/stream/job_result.h"

namespace spillway {

namespace runtime {
class Job;
}

class JobControl {
 public:
  JobControl();
  ~JobControl();
  JobControl(const JobControl&) = delete;
  JobControl& operator=(const JobControl&) = delete;

  // Takes a checkpoint, commits its output and ends the job with JobOutcome::kStopped. Without a checkpoint directory
  // there is nothing that could be resumed, so the job is cancelled. Asking twice is asking once.
  void StopWithCheckpoint();
  // Ends the job as soon as may be, without a checkpoint; Execute answers kCancelled. What was not committed stays
  // invisible.
  void Cancel();
  [[nodiscard]] JobProgress Progress() const;

 private:
  friend class runtime::Job;
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

class JobObserver {
 public:
  virtual ~JobObserver() = default;
  // Before anything runs. Not called for a fresh start.
  virtual void OnRestored(const RestoredFrom& from) { static_cast<void>(from); }
  // RestoreMode::kLatest found no checkpoint below `directory`, so the job starts afresh.
  virtual void OnNothingToRestore(const std::filesystem::path& directory) { static_cast<void>(directory); }
  // The job is checked and opened, its subtasks are about to run.
  virtual void OnRunning() {}
  // It is durable, and may be restored; its output is committed next.
  virtual void OnCheckpointDurable(uint64_t checkpoint_id) { static_cast<void>(checkpoint_id); }
  // It is durable, and its output is committed.
  virtual void OnCheckpointCompleted(const CheckpointInfo& checkpoint) { static_cast<void>(checkpoint); }
  // It was given up; the job goes on.
  virtual void OnCheckpointFailed(uint64_t checkpoint_id, const Status& why) {
    static_cast<void>(checkpoint_id);
    static_cast<void>(why);
  }
};

}  // namespace spillway
