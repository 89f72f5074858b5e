// What a subtask does all the time: read its source, or what comes through its gate.
#include <algorithm>
#include <utility>

#include "runtime/task/subtask.h"

namespace spillway::runtime {

namespace {

// How long a source that has nothing at this moment is left alone.
constexpr std::chrono::milliseconds kSourcePause{1};
// How often a subtask without input looks at the clock, for streams that may become idle.
constexpr std::chrono::milliseconds kInputPause{50};
// How often entries are counted at most. Some backends count by a walk over all state, so the pause grows with what the
// last count took, and counting takes a hundredth of the time at most.
constexpr std::chrono::milliseconds kEntriesInterval{250};
constexpr int kEntriesPausePerCount = 99;

}  // namespace

void Subtask::RunSource() {
  SourceOperatorBase& source = *chain_->source();
  while (!stopped()) {
    if (mailbox_.has_mail() && !TakeSourceMail()) return;
    if (source_finished_) {
      if (!mailbox_.has_mail()) mailbox_.Wait();
      continue;
    }
    const SourceOperatorBase::ReadOutcome outcome = source.ReadBatch(parts_.options->batch_records_max);
    figures_->source_read.store(source.read_size(), std::memory_order_relaxed);
    if (outcome == SourceOperatorBase::ReadOutcome::kFinished) {
      FinishSource();
      continue;
    }
    const bool waiting = outcome == SourceOperatorBase::ReadOutcome::kNothing;
    source.SendBatchEnd(waiting);
    if (waiting) mailbox_.WaitFor(kSourcePause);
  }
}

// Its watermark passes everything, so it holds nobody back; barriers still begin here until the job's last one.
void Subtask::FinishSource() {
  if (stopped()) return;
  source_finished_ = true;
  chain_->source()->SendWatermark(kWatermarkAfterAll);
  chain_->source()->SendBatchEnd(true);
  parts_.coordinator->SourceFinished();
}

bool Subtask::TakeSourceMail() {
  for (const Mail& mail : mailbox_.Take()) {
    if (mail.kind == Mail::Kind::kTrigger) {
      if (mail.barrier.kind == BarrierKind::kFinal) chain_->source()->SendEndOfInput();
      Checkpoint(mail.barrier);
      if (mail.barrier.ends_job()) return false;
    } else if (mail.kind == Mail::Kind::kCompleted) {
      chain_->CheckpointCompleted(mail.barrier.checkpoint_id);
    }
  }
  return true;
}

void Subtask::RunInputs() {
  while (!stopped()) {
    StreamElement element;
    size_t channel = 0;
    const InputGate::Outcome outcome = gate_->Next(kInputPause, &element, &channel);
    if (outcome == InputGate::Outcome::kCancelled) return;
    if (mailbox_.has_mail()) TakeNotices();
    if (outcome == InputGate::Outcome::kNothing) {
      AfterBatch(true);
    } else if (!ProcessElement(std::move(element), channel)) {
      return;
    }
  }
}

bool Subtask::ProcessElement(StreamElement element, size_t channel) {
  Input& head = *chain_->head_input();
  switch (element.kind) {
    case StreamElement::Kind::kBatch:
      head.ProcessBatch(*element.batch);
      AfterBatch(gate_->WouldWait());
      return true;
    case StreamElement::Kind::kWatermark:
      ApplyWatermark(watermarks_.Watermark(channel, element.watermark));
      return true;
    case StreamElement::Kind::kIdle:
      ApplyWatermark(watermarks_.Idle(channel, true));
      return true;
    case StreamElement::Kind::kActive:
      ApplyWatermark(watermarks_.Idle(channel, false));
      return true;
    case StreamElement::Kind::kEndOfInput:
      if (++inputs_ended_ == gate_->channels()) head.ProcessEndOfInput();
      return true;
    case StreamElement::Kind::kBarrier:
      break;
  }
  gate_->Block(channel);
  const Result<std::optional<Barrier>> aligned = aligner_.Arrived(channel, element.barrier);
  if (!aligned.ok()) {
    chain_->head_scope().Fail(aligned.status());
    return false;
  }
  if (!aligned->has_value()) return true;
  Checkpoint(**aligned);
  gate_->UnblockAll();
  return !(*aligned)->ends_job();
}

void Subtask::ApplyWatermark(const WatermarkMerger::Change& change) {
  Input& head = *chain_->head_input();
  if (change.idle == false) head.ProcessIdle(false);
  if (change.watermark) head.ProcessWatermark(*change.watermark);
  if (change.idle == true) head.ProcessIdle(true);
}

void Subtask::AfterBatch(bool waiting) {
  chain_->head_input()->ProcessBatchEnd(waiting);
  UpdateEntries(false);
}

void Subtask::TakeNotices() {
  for (const Mail& mail : mailbox_.Take()) {
    const uint64_t id = mail.barrier.checkpoint_id;
    if (mail.kind == Mail::Kind::kCompleted) chain_->CheckpointCompleted(id);
    if (backend_ == nullptr || !parts_.coordinator->keeps_state()) continue;
    plugin::Error err;
    const plugin::Backend& backend = backend_->backend();
    // A notice only frees space, so what goes wrong with it is the plugin's to log.
    if (mail.kind == Mail::Kind::kCompleted) backend.CheckpointComplete(id, err);
    if (mail.kind == Mail::Kind::kAborted) backend.CheckpointAborted(id, err);
    if (mail.kind == Mail::Kind::kSubsumed) backend.CheckpointSubsumed(id, err);
  }
}

void Subtask::UpdateEntries(bool now) {
  if (keyed_ == nullptr) return;
  const Clock::time_point time = Clock::now();
  if (!now && time < entries_due_) return;
  if (const Result<uint64_t> count = keyed_->EntryCount(); count.ok()) {
    figures_->entries.store(*count, std::memory_order_relaxed);
  }
  const Clock::time_point counted = Clock::now();
  entries_due_ = counted + std::max<Clock::duration>(kEntriesInterval, (counted - time) * kEntriesPausePerCount);
}

void Subtask::Trigger(const Barrier& barrier) {
  mailbox_.Post({Mail::Kind::kTrigger, barrier});
}
void Subtask::NoteCompleted(uint64_t checkpoint_id) {
  mailbox_.Post({Mail::Kind::kCompleted, {checkpoint_id}});
}
void Subtask::NoteAborted(uint64_t checkpoint_id) {
  mailbox_.Post({Mail::Kind::kAborted, {checkpoint_id}});
}
void Subtask::NoteSubsumed(uint64_t checkpoint_id) {
  mailbox_.Post({Mail::Kind::kSubsumed, {checkpoint_id}});
}

}  // namespace spillway::runtime
