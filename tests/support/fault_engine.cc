#include "tests/support/fault_engine.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "spill/aligned_buffer.h"

namespace spillway::spill {

FaultEngine::FaultEngine(std::unique_ptr<IoEngine> inner, const IoFaults& faults)
    : IoEngine(inner->kind(), inner->depth()), inner_(std::move(inner)), faults_(faults), random_(faults.seed) {}

FaultEngine::~FaultEngine() {
  Close();
}

void FaultEngine::set_faults(const IoFaults& faults) {
  faults_ = faults;
  random_.seed(faults.seed);
  pieces_ = 0;
}

Result<int> FaultEngine::EventDescriptor() {
  if (events_.is_open()) return events_.descriptor();
  SPILLWAY_ASSIGN_OR_RETURN(own_event_, IoEngine::EventDescriptor());
  SPILLWAY_ASSIGN_OR_RETURN(const int inner, inner_->EventDescriptor());
  events_ = File(epoll_create1(EPOLL_CLOEXEC), "epoll", false);
  for (const int descriptor : {own_event_, inner}) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (epoll_ctl(events_.descriptor(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
      return StatusOfErrno(errno, "cannot wait for two descriptors");
    }
  }
  return events_.descriptor();
}

void FaultEngine::Start() {
  for (IoRequest* request = TakeQueued(); request != nullptr; request = TakeQueued()) Begin(request);
  inner_->Flush();
}

void FaultEngine::Begin(IoRequest* request) {
  const uint64_t number = pieces_++;
  const bool fails = number >= faults_.fail_at && number - faults_.fail_at < faults_.fail_count;
  IoPiece piece = request->NextPiece();
  const bool transfers = request->kind() != IoKind::kSync;
  if (fails && !(faults_.torn && transfers && piece.size > kIoAlignment)) {
    Hold(request, -faults_.error, Status(), false);
    return;
  }
  if (!fails && Chance(100) < faults_.again_percent) {
    Hold(request, Chance(2) == 0 ? -EAGAIN : -EINTR, Status(), false);
    return;
  }
  if (transfers && piece.size > kIoAlignment && (fails || Chance(100) < faults_.short_percent)) {
    piece.size = fails ? static_cast<uint32_t>(IoAligned(piece.size / 2))
                       : static_cast<uint32_t>(kIoAlignment * (1 + Chance(piece.size / kIoAlignment)));
    piece.size = std::min(piece.size, request->NextPiece().size);
  }
  Part* part = TakePart();
  part->whole = request;
  part->torn = fails;
  switch (request->kind()) {
    case IoKind::kRead:
      part->Read(request->file(), piece.offset, piece.buffer, piece.size);
      break;
    case IoKind::kWrite:
      part->Write(request->file(), piece.offset, piece.buffer, piece.size);
      break;
    case IoKind::kSync:
      part->Sync(request->file());
      break;
  }
  part->set_short_at_end(true);
  inner_->Submit(part);
}

bool FaultEngine::Reap(int64_t timeout_us) {
  for (;;) {
    std::array<IoRequest*, 16> ended;
    for (uint32_t count = inner_->Poll(ended); count > 0; count = inner_->Poll(ended)) {
      for (uint32_t i = 0; i < count; ++i) {
        auto* part = static_cast<Part*>(ended[i]);
        Hold(part->whole, static_cast<int64_t>(part->transferred()), part->status(), part->torn);
        free_parts_.push_back(part);
      }
    }
    const bool any = Release();
    Start();
    // What is held must be asked for again.
    constexpr uint64_t kOne = 1;
    if (!held_.empty() && own_event_ >= 0 && write(own_event_, &kOne, sizeof(kOne)) < 0) return any;
    if (any) return true;
    if (timeout_us == 0 || in_flight() == 0) return false;
    if (held_.empty() && !inner_->Wait(timeout_us)) return false;
  }
}

void FaultEngine::Hold(IoRequest* request, int64_t result, Status error, bool torn) {
  const uint32_t rounds = faults_.delay_rounds_max == 0 ? 0 : Chance(faults_.delay_rounds_max + 1);
  held_.push_back({request, result, std::move(error), torn, rounds});
}

bool FaultEngine::Release() {
  bool any = false;
  std::vector<Held> now = std::exchange(held_, {});
  if (faults_.delay_rounds_max > 0) std::shuffle(now.begin(), now.end(), random_);
  for (Held& held : now) {
    if (held.rounds-- > 0) {
      held_.push_back(std::move(held));
      continue;
    }
    IoRequest* request = held.whole;
    bool ended = true;
    if (held.error.ok()) {
      ended = request->Advance(held.result);
      if (!ended && held.torn) ended = request->Advance(-faults_.error);
    } else {
      request->Fail(std::move(held.error));
    }
    if (ended) {
      Complete(request);
      any = true;
    } else {
      Begin(request);
    }
  }
  return any;
}

void FaultEngine::CancelStarted(IoRequest* request) {
  for (const std::unique_ptr<Part>& part : parts_) {
    if (part->whole == request && part->under_way()) inner_->Cancel(part.get());
  }
}

FaultEngine::Part* FaultEngine::TakePart() {
  if (free_parts_.empty()) {
    parts_.push_back(std::make_unique<Part>());
    free_parts_.push_back(parts_.back().get());
  }
  Part* part = free_parts_.back();
  free_parts_.pop_back();
  return part;
}

}  // namespace spillway::spill
