#include "runtime/job/job_figures.h"

#include <algorithm>

namespace spillway::runtime {

void SubtaskFigures::WatchBackend(const KeyedBackend* backend) {
  const std::lock_guard lock(mutex_);
  if (backend_ != nullptr) {
    last_ = backend_->Usage();
    last_spill_ = SpillOf(*backend_);
  }
  backend_ = backend;
}

spw_memory_usage SubtaskFigures::Usage() const {
  const std::lock_guard lock(mutex_);
  return backend_ != nullptr ? backend_->Usage() : last_;
}

void SubtaskFigures::AddSpillTo(SpillFigures* sum) const {
  const std::lock_guard lock(mutex_);
  const Spill spill = backend_ != nullptr ? SpillOf(*backend_) : last_spill_;
  AddSpill(spill.instance, spill.in_memory ? entries.load(std::memory_order_relaxed) : 0, sum);
}

SubtaskFigures::Spill SubtaskFigures::SpillOf(const KeyedBackend& backend) {
  return {ReadSpill(backend.Metrics()), !backend.spills()};
}

SubtaskFigures& JobFigures::AddSubtask() {
  const std::lock_guard lock(mutex_);
  return subtasks_.emplace_back();
}

Counter& JobFigures::AddInputCounter() {
  const std::lock_guard lock(mutex_);
  return inputs_.emplace_back();
}

Counter& JobFigures::AddOutputCounter() {
  const std::lock_guard lock(mutex_);
  return outputs_.emplace_back();
}

Counter& JobFigures::UserCounter(const std::string& operator_name, uint32_t subtask, const std::string& name) {
  const std::lock_guard lock(mutex_);
  return user_counters_[operator_name + "." + name][subtask];
}

void JobFigures::Started() {
  const std::lock_guard lock(mutex_);
  started_ = Clock::now();
}

void JobFigures::Ended() {
  const std::lock_guard lock(mutex_);
  ended_ = Clock::now();
}

void JobFigures::SetSourceTotal(std::optional<uint64_t> total) {
  const std::lock_guard lock(mutex_);
  source_total_ = total;
}

void JobFigures::SetRestored(const RestoredFrom& from) {
  const std::lock_guard lock(mutex_);
  restored_ = from;
}

void JobFigures::CheckpointCompleted(const CheckpointInfo& checkpoint) {
  const std::lock_guard lock(mutex_);
  last_checkpoint_ = checkpoint;
  ++checkpoints_completed_;
}

void JobFigures::CheckpointFailed() {
  const std::lock_guard lock(mutex_);
  ++checkpoints_failed_;
}

void JobFigures::CheckpointPaused(std::chrono::microseconds pause) {
  const std::lock_guard lock(mutex_);
  pause_max_ = std::max(pause_max_, pause);
}

JobProgress JobFigures::Read() const {
  const std::lock_guard lock(mutex_);
  JobProgress progress;
  progress.running = started_.has_value() && !ended_.has_value();
  for (const Counter& counter : inputs_) progress.records_in += counter.value();
  for (const Counter& counter : outputs_) progress.records_out += counter.value();
  for (const SubtaskFigures& subtask : subtasks_) {
    // Relaxed: each figure stands for itself.
    progress.source_read += subtask.source_read.load(std::memory_order_relaxed);
    progress.state.entries += subtask.entries.load(std::memory_order_relaxed);
    const spw_memory_usage usage = subtask.Usage();
    progress.state.bytes += usage.entries;
    progress.state.memory_used += usage.used;
    progress.state.memory_used_peak += usage.used_peak;
    subtask.AddSpillTo(&progress.spill);
  }
  progress.state.memory_budget = memory_budget_;
  progress.source_total = source_total_;
  progress.checkpoints_completed = checkpoints_completed_;
  progress.checkpoints_failed = checkpoints_failed_;
  progress.checkpoint_pause_max = pause_max_;
  progress.last_checkpoint = last_checkpoint_;
  progress.restored_from = restored_;
  if (started_) {
    const Clock::time_point until = ended_ ? *ended_ : Clock::now();
    progress.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(until - *started_);
  }
  for (const auto& [name, counters] : user_counters_) {
    uint64_t& sum = progress.counters[name];
    for (const auto& [subtask, counter] : counters) sum += counter.value();
  }
  return progress;
}

}  // namespace spillway::runtime
