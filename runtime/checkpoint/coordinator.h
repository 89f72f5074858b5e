// Decides when checkpoints are taken, gathers them, and makes them count: manifest first, then the sinks' commits.
//
// Run belongs to the job's thread and lasts as long as the job; Acknowledge, Decline, SourceFinished, IsPending,
// RequestStop and Wake are for any thread. At most one checkpoint is on its way. One that fails or takes too long is
// given up: what it wrote is removed, its committables go into the next one, and the job goes on. Only the last
// checkpoint of a job (the final one at the end of the input, or that of a stop) must succeed: it has no timeout, and
// its failure is the job's.
#pragma once

#include <spdlog/logger.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/checkpoint/checkpoint_store.h"
#include "runtime/checkpoint/pending_checkpoint.h"
#include "runtime/checkpoint/snapshot_executor.h"
#include "runtime/graph/chain_plan.h"
#include "runtime/job/job_failure.h"
#include "runtime/job/job_figures.h"
#include "spillway/stream/job_control.h"

namespace spillway::runtime {

// What the coordinator tells a subtask; from the job's thread, taken up at the subtask's next chance.
class CheckpointedSubtask {
 public:
  virtual ~CheckpointedSubtask() = default;
  virtual void Trigger(const Barrier& barrier) = 0;  // of sources
  virtual void NoteCompleted(uint64_t checkpoint_id) = 0;
  virtual void NoteAborted(uint64_t checkpoint_id) = 0;
  virtual void NoteSubsumed(uint64_t checkpoint_id) = 0;
};

class CheckpointCoordinator {
 public:
  // All of it outlives the coordinator.
  struct Parts {
    std::string job;
    const StreamGraph* graph = nullptr;
    const ChainPlan* plan = nullptr;
    const ExecutionOptions* options = nullptr;
    CheckpointStore* store = nullptr;
    SnapshotExecutor* executor = nullptr;
    JobFailure* failure = nullptr;
    JobFigures* figures = nullptr;
    JobObserver* observer = nullptr;
    std::shared_ptr<spdlog::logger> logger;
  };

  explicit CheckpointCoordinator(Parts parts) : parts_(std::move(parts)) {}

  // Before Run.
  void SetSubtasks(std::vector<CheckpointedSubtask*> sources, std::vector<CheckpointedSubtask*> all);

  // Until the last checkpoint is complete, or the job has failed.
  Result<JobOutcome> Run();
  // After a failure, when no subtask runs any more: removes what the pending checkpoint left.
  void CleanUp();

  // Whether keyed state is to be written; else a checkpoint only serves the commit at the end.
  [[nodiscard]] bool keeps_state() const { return parts_.store->can_write(); }
  [[nodiscard]] SnapshotExecutor& executor() { return *parts_.executor; }
  // False once it was given up: then a subtask only passes the barrier on.
  [[nodiscard]] bool IsPending(uint64_t checkpoint_id) const {
    // Relaxed would do: a stale answer costs a snapshot that nobody keeps.
    return pending_id_.load(std::memory_order_acquire) == checkpoint_id;
  }
  void Acknowledge(uint64_t checkpoint_id, uint32_t chain, uint32_t subtask, SubtaskReport report);
  void Decline(uint64_t checkpoint_id, Status why);
  void SourceFinished();
  void RequestStop();
  void Wake();

 private:
  using Clock = PendingCheckpoint::Clock;
  using Lock = std::unique_lock<std::mutex>;

  // One turn of Run with the lock held; the outcome when the job is over.
  Result<std::optional<JobOutcome>> Turn(Lock& lock);
  Result<std::optional<JobOutcome>> TurnWithPending(Lock& lock);
  Status Trigger(Lock& lock, BarrierKind kind);
  Status Finish(PendingCheckpoint pending);
  Status GiveUp(const PendingCheckpoint& pending, const Status& why);
  snapshot::CheckpointManifest MakeManifest(const PendingCheckpoint& pending,
                                            const std::vector<std::vector<SubtaskReport>>& reports) const;
  Status Commit(const snapshot::CheckpointManifest& manifest);
  void Retain();
  void Announce(const PendingCheckpoint& pending, const std::vector<std::vector<SubtaskReport>>& reports);

  const Parts parts_;
  std::vector<CheckpointedSubtask*> sources_;
  std::vector<CheckpointedSubtask*> all_;

  std::atomic<uint64_t> pending_id_{0};
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::optional<PendingCheckpoint> pending_;
  std::optional<uint64_t> abandoned_id_;
  std::optional<Clock::time_point> next_trigger_;
  size_t sources_finished_ = 0;
  bool stop_requested_ = false;
};

}  // namespace spillway::runtime
