#include "runtime/checkpoint/coordinator.h"

#include <algorithm>
#include <utility>

#include "spillway/key_groups.h"
#include "spillway/stream/operators/user_code.h"

namespace spillway::runtime {

void CheckpointCoordinator::SetSubtasks(std::vector<CheckpointedSubtask*> sources,
                                        std::vector<CheckpointedSubtask*> all) {
  sources_ = std::move(sources);
  all_ = std::move(all);
}

void CheckpointCoordinator::Acknowledge(uint64_t checkpoint_id, uint32_t chain, uint32_t subtask,
                                        SubtaskReport report) {
  const std::lock_guard lock(mutex_);
  if (!pending_ || pending_->id() != checkpoint_id) return;
  pending_->Report(chain, subtask, std::move(report));
  changed_.notify_all();
}

void CheckpointCoordinator::Decline(uint64_t checkpoint_id, Status why) {
  const std::lock_guard lock(mutex_);
  if (!pending_ || pending_->id() != checkpoint_id) return;
  pending_->Decline(std::move(why));
  changed_.notify_all();
}

void CheckpointCoordinator::SourceFinished() {
  const std::lock_guard lock(mutex_);
  ++sources_finished_;
  changed_.notify_all();
}

void CheckpointCoordinator::RequestStop() {
  const std::lock_guard lock(mutex_);
  stop_requested_ = true;
  changed_.notify_all();
}

void CheckpointCoordinator::Wake() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

Result<JobOutcome> CheckpointCoordinator::Run() {
  Lock lock(mutex_);
  if (keeps_state() && parts_.options->checkpoints.interval.count() > 0) {
    next_trigger_ = Clock::now() + parts_.options->checkpoints.interval;
  }
  while (true) {
    Result<std::optional<JobOutcome>> turn = Turn(lock);
    if (!turn.ok()) {
      if (pending_) abandoned_id_ = pending_->id();
      pending_.reset();
      pending_id_.store(0, std::memory_order_release);
      return turn.status();
    }
    if (turn->has_value()) return **turn;
  }
}

Result<std::optional<JobOutcome>> CheckpointCoordinator::Turn(Lock& lock) {
  if (parts_.failure->reported()) return parts_.failure->cause();
  if (pending_) return TurnWithPending(lock);
  std::optional<BarrierKind> kind;
  if (sources_finished_ == sources_.size()) {
    kind = BarrierKind::kFinal;
  } else if (stop_requested_) {
    if (!keeps_state())
      return Status::Cancelled("the job was stopped, and without a checkpoint directory nothing was kept");
    kind = BarrierKind::kStop;
  } else if (next_trigger_ && Clock::now() >= *next_trigger_) {
    kind = BarrierKind::kPeriodic;
  }
  if (kind) {
    SPILLWAY_RETURN_IF_ERROR(Trigger(lock, *kind));
  } else if (next_trigger_) {
    changed_.wait_until(lock, *next_trigger_);
  } else {
    changed_.wait(lock);
  }
  return std::optional<JobOutcome>();
}

Result<std::optional<JobOutcome>> CheckpointCoordinator::TurnWithPending(Lock& lock) {
  const Clock::time_point deadline = pending_->begun() + parts_.options->checkpoints.timeout;
  const bool last = pending_->barrier().ends_job();
  Status why = pending_->declined();
  const bool complete = why.ok() && pending_->complete();
  if (why.ok() && !complete && !last && Clock::now() >= deadline) {
    why = Status::TimedOut("it took longer than " + std::to_string(parts_.options->checkpoints.timeout.count()) +
                           " ms (execution.checkpointing.timeout)");
  }
  if (why.ok() && !complete) {
    if (last) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, deadline);
    }
    return std::optional<JobOutcome>();
  }
  PendingCheckpoint pending = std::move(*pending_);
  pending_.reset();
  const BarrierKind kind = pending.barrier().kind;
  lock.unlock();
  const Status status = complete ? Finish(std::move(pending)) : GiveUp(pending, why);
  lock.lock();
  SPILLWAY_RETURN_IF_ERROR(status);
  if (!last) return std::optional<JobOutcome>();
  return std::optional<JobOutcome>(kind == BarrierKind::kFinal ? JobOutcome::kFinished : JobOutcome::kStopped);
}

Status CheckpointCoordinator::Trigger(Lock& lock, BarrierKind kind) {
  const Barrier barrier{parts_.store->TakeId(), kind};
  PendingCheckpoint pending(barrier, parts_.plan->chains.size(), parts_.options->parallelism);
  if (next_trigger_) next_trigger_ = pending.begun() + parts_.options->checkpoints.interval;
  lock.unlock();
  const Status begun = keeps_state() ? parts_.store->Begin(barrier.checkpoint_id).status() : Status();
  const Status given_up = begun.ok() ? Status() : GiveUp(pending, begun);
  lock.lock();
  if (!begun.ok()) return given_up;
  pending_ = std::move(pending);
  pending_id_.store(barrier.checkpoint_id, std::memory_order_release);
  for (CheckpointedSubtask* source : sources_) source->Trigger(barrier);
  return {};
}

Status CheckpointCoordinator::Finish(PendingCheckpoint pending) {
  const std::vector<std::vector<SubtaskReport>> reports = pending.TakeReports();
  const snapshot::CheckpointManifest manifest = MakeManifest(pending, reports);
  if (keeps_state()) {
    if (const Status status = parts_.store->Complete(manifest); !status.ok()) return GiveUp(pending, status);
    if (parts_.observer != nullptr) parts_.observer->OnCheckpointDurable(pending.id());
  }
  pending_id_.store(0, std::memory_order_release);
  SPILLWAY_RETURN_IF_ERROR(Commit(manifest));
  for (CheckpointedSubtask* subtask : all_) subtask->NoteCompleted(pending.id());
  if (keeps_state()) {
    Announce(pending, reports);
    Retain();
  }
  return {};
}

Status CheckpointCoordinator::GiveUp(const PendingCheckpoint& pending, const Status& why) {
  pending_id_.store(0, std::memory_order_release);
  parts_.executor->CancelUpTo(pending.id());
  if (keeps_state()) {
    if (const Status removed = parts_.store->Remove(pending.id()); !removed.ok()) {
      parts_.logger->warn("checkpoint {} was given up and could not be removed: {}", pending.id(), removed.ToString());
    }
  }
  for (CheckpointedSubtask* subtask : all_) subtask->NoteAborted(pending.id());
  if (pending.barrier().ends_job()) {
    return why.WithContext("the last checkpoint (" + std::to_string(pending.id()) +
                           ") failed, so its output was not committed; restore from the one before");
  }
  parts_.figures->CheckpointFailed();
  parts_.logger->warn("checkpoint {} was given up: {}", pending.id(), why.ToString());
  if (parts_.observer != nullptr) parts_.observer->OnCheckpointFailed(pending.id(), why);
  return {};
}

snapshot::CheckpointManifest CheckpointCoordinator::MakeManifest(
    const PendingCheckpoint& pending, const std::vector<std::vector<SubtaskReport>>& reports) const {
  snapshot::CheckpointManifest manifest;
  manifest.checkpoint_id = pending.id();
  manifest.timestamp_ms = pending.timestamp_ms();
  manifest.job = parts_.job;
  manifest.max_parallelism = parts_.options->max_parallelism;
  manifest.key_group_function = std::string(kKeyGroupFunction);
  manifest.finished = pending.barrier().kind == BarrierKind::kFinal;
  for (const StreamNode& node : parts_.graph->nodes) {
    if (!HasState(node)) continue;
    const uint32_t chain = parts_.plan->chain_of_node[node.id];
    manifest.operators.push_back(ToManifest(node, parts_.plan->chains[chain].head() == node.id, reports[chain]));
  }
  return manifest;
}

Status CheckpointCoordinator::Commit(const snapshot::CheckpointManifest& manifest) {
  for (const StreamNode& node : parts_.graph->nodes) {
    if (node.sink == nullptr) continue;
    const std::vector<std::string> committables = BlobsOf(*manifest.FindOperator(node.name), kCommittablesState);
    if (committables.empty()) continue;
    const Status status = CallUserCode([&] { return node.sink->Commit(committables); });
    SPILLWAY_RETURN_IF_ERROR(status.WithContext("sink '" + node.name + "', committing checkpoint " +
                                                std::to_string(manifest.checkpoint_id)));
  }
  return {};
}

void CheckpointCoordinator::Retain() {
  const Result<std::vector<uint64_t>> removed = parts_.store->Retain(parts_.options->checkpoints.retained_max);
  if (!removed.ok()) {
    parts_.logger->warn("old checkpoints could not be removed: {}", removed.status().ToString());
    return;
  }
  for (const uint64_t id : *removed) {
    for (CheckpointedSubtask* subtask : all_) subtask->NoteSubsumed(id);
  }
}

void CheckpointCoordinator::Announce(const PendingCheckpoint& pending,
                                     const std::vector<std::vector<SubtaskReport>>& reports) {
  CheckpointInfo info;
  info.id = pending.id();
  info.directory = parts_.store->DirectoryOf(pending.id());
  info.duration = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - pending.begun());
  info.last = pending.barrier().ends_job();
  for (const std::vector<SubtaskReport>& chain : reports) {
    for (const SubtaskReport& report : chain) {
      info.pause_max = std::max(info.pause_max, report.pause);
      info.seal_max = std::max(info.seal_max, report.seal);
      if (!report.keyed_state) continue;
      info.entries += report.keyed_state->entries;
      info.bytes += report.keyed_state->bytes;
    }
  }
  parts_.figures->CheckpointCompleted(info);
  parts_.logger->debug("checkpoint {} completed in {} ms: {} entries, {} bytes, pause {} us", info.id,
                       info.duration.count(), info.entries, info.bytes, info.pause_max.count());
  if (parts_.observer != nullptr) parts_.observer->OnCheckpointCompleted(info);
}

void CheckpointCoordinator::CleanUp() {
  const std::lock_guard lock(mutex_);
  if (!abandoned_id_ || !keeps_state()) return;
  if (const Status removed = parts_.store->Remove(*abandoned_id_); !removed.ok()) {
    parts_.logger->warn("checkpoint {} could not be removed: {}", *abandoned_id_, removed.ToString());
  }
}

}  // namespace spillway::runtime
