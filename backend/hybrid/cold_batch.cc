#include "backend/hybrid/cold_batch.h"

#include <array>
#include <utility>

namespace spillway::hybrid {

namespace {

using Step = spill::RunLookup::Step;
constexpr size_t kPolled = 16;  // at once

}  // namespace

// Ends a batch, whatever way it ends.
class ColdBatch::Drained {
 public:
  explicit Drained(ColdBatch* batch) : batch_(batch) {}
  ~Drained() { batch_->Drain(); }
  Drained(const Drained&) = delete;
  Drained& operator=(const Drained&) = delete;

 private:
  ColdBatch* const batch_;
};

Status ColdBatch::Run(std::span<const ColdRequest> requests, const Found& found) {
  requests_ = requests;
  found_ = &found;
  begun_ = 0;
  const Drained drained(this);
  return RunAll();
}

Status ColdBatch::RunAll() {
  for (;;) {
    SPILLWAY_RETURN_IF_ERROR(Begin());
    if (in_flight_ == 0) {
      if (waiting_.empty()) return {};
      Slot* slot = waiting_.back();
      waiting_.pop_back();
      SPILLWAY_RETURN_IF_ERROR(FindBlocking(slot));
      SPILLWAY_RETURN_IF_ERROR(RetryWaiting());
      continue;
    }
    engine_->Wait(spill::kIoWaitForever);
    std::array<spill::IoRequest*, kPolled> ended;
    const uint32_t count = engine_->Poll(ended);
    in_flight_ -= count;
    for (uint32_t i = 0; i < count; ++i) SPILLWAY_RETURN_IF_ERROR(Ended(static_cast<Slot*>(ended[i])));
    SPILLWAY_RETURN_IF_ERROR(RetryWaiting());
  }
}

Status ColdBatch::Begin() {
  while (begun_ < requests_.size()) {
    if (free_.empty()) {
      if (slots_.size() == in_flight_max_) return {};
      auto slot = std::make_unique<Slot>();
      SPILLWAY_ASSIGN_OR_RETURN(slot->page, spill::AlignedBuffer::Allocate(kBufferBytes));
      slots_.push_back(std::move(slot));
      free_.reserve(slots_.size());  // so that giving one back takes no memory
      free_.push_back(slots_.back().get());
    }
    Slot* slot = free_.back();
    free_.pop_back();
    slot->request = begun_++;
    slot->run = 0;
    SPILLWAY_RETURN_IF_ERROR(Follow(slot, StartIn(slot)));
  }
  return {};
}

Step ColdBatch::StartIn(Slot* slot) {
  const ColdRequest& request = requests_[slot->request];
  if (slot->run == request.runs->size()) return Step::kAbsent;
  const RunRef& run = (*request.runs)[slot->run];
  return slot->lookup.Start(run.file, run.section, spill::RunLookup::Find::kOne, request.key);
}

Status ColdBatch::Follow(Slot* slot, Step step) {
  for (;;) {
    switch (step) {
      case Step::kRead:
        ReleaseLarge(slot);
        return Read(slot);
      case Step::kWait:
        ReleaseLarge(slot);
        slot->wants_memory = false;
        waiting_.push_back(slot);
        return {};
      case Step::kFound:
        Answer(slot, &slot->lookup.record());
        return {};
      case Step::kFailed:
        return slot->lookup.status();
      case Step::kAbsent:
        if (slot->run + 1 >= requests_[slot->request].runs->size()) {
          Answer(slot, nullptr);
          return {};
        }
        ++slot->run;
        step = StartIn(slot);
    }
  }
}

Status ColdBatch::Read(Slot* slot) {
  const uint64_t size = slot->lookup.read_size();
  char* buffer = slot->page.data();
  if (size > kBufferBytes) {
    // One at least: what is large is let go of as soon as it was looked at.
    slot->wants_memory = large_bytes_ > 0 && large_bytes_ + size > kLargeBytesMax;
    if (slot->wants_memory) {
      waiting_.push_back(slot);
      return {};
    }
    SPILLWAY_ASSIGN_OR_RETURN(slot->large, spill::AlignedBuffer::Allocate(size));
    large_bytes_ += slot->large.size();
    buffer = slot->large.data();
  }
  slot->Read(slot->lookup.file(), slot->lookup.read_offset(), buffer, size);
  engine_->Submit(slot);
  ++in_flight_;
  return {};
}

Status ColdBatch::Ended(Slot* slot) {
  SPILLWAY_RETURN_IF_ERROR(slot->status());
  return Follow(slot, slot->lookup.Continue({slot->buffer(), slot->size()}, &slot->scratch));
}

Status ColdBatch::RetryWaiting() {
  if (waiting_.empty()) return {};
  retried_.swap(waiting_);
  for (Slot* slot : retried_) {
    SPILLWAY_RETURN_IF_ERROR(slot->wants_memory ? Read(slot) : Follow(slot, slot->lookup.Retry()));
  }
  retried_.clear();
  return {};
}

// Somebody outside loads the index, and it cannot be told when that is done.
Status ColdBatch::FindBlocking(Slot* slot) {
  const ColdRequest& request = requests_[slot->request];
  const RunRef& run = (*request.runs)[slot->run];
  spill::BlockingLookup lookup(engine_);
  SPILLWAY_ASSIGN_OR_RETURN(const spill::RunRecord* record,
                            lookup.Find(run.file, run.section, spill::RunLookup::Find::kOne, request.key));
  if (record == nullptr) return Follow(slot, Step::kAbsent);
  Answer(slot, record);
  return {};
}

void ColdBatch::Answer(Slot* slot, const spill::RunRecord* record) {
  (*found_)(slot->request, record);
  slot->lookup.Abandon();  // lets go of the run
  ReleaseLarge(slot);
  free_.push_back(slot);
}

void ColdBatch::ReleaseLarge(Slot* slot) {
  slot->scratch.Shrink();
  large_bytes_ -= slot->large.size();
  slot->large = spill::AlignedBuffer();
}

void ColdBatch::Drain() {
  for (const auto& slot : slots_) {
    if (slot->under_way()) engine_->Cancel(slot.get());
  }
  while (in_flight_ > 0) {
    engine_->Wait(spill::kIoWaitForever);
    std::array<spill::IoRequest*, kPolled> ended;
    in_flight_ -= engine_->Poll(ended);
  }
  waiting_.clear();
  retried_.clear();
  free_.clear();
  for (const auto& slot : slots_) {
    slot->lookup.Abandon();
    ReleaseLarge(slot.get());
    free_.push_back(slot.get());
  }
}

uint64_t ColdBatch::memory_bytes() const {
  uint64_t bytes = 0;
  for (const auto& slot : slots_) {
    bytes += sizeof(Slot) + slot->page.size() + slot->large.size() + slot->scratch.memory_bytes();
  }
  return bytes;
}

}  // namespace spillway::hybrid
