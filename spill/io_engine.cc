#include "spill/io_engine.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "spill/pread_engine.h"
#include "spill/uring_engine.h"

namespace spillway::spill {
namespace {

void Add(std::atomic<uint64_t>& counter, uint64_t value) {
  counter.store(counter.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
}

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "spillway: I/O engine: %s\n", what);
  std::abort();
}

}  // namespace

Result<IoEngineKind> ParseIoEngineKind(std::string_view name) {
  for (const IoEngineKind kind : {IoEngineKind::kAuto, IoEngineKind::kUring, IoEngineKind::kPread}) {
    if (name == IoEngineKindName(kind)) return kind;
  }
  return Status::InvalidArgument("unknown I/O engine '" + std::string(name) + "': use auto, uring or pread");
}

std::string_view IoEngineKindName(IoEngineKind kind) {
  switch (kind) {
    case IoEngineKind::kAuto:
      return "auto";
    case IoEngineKind::kUring:
      return "uring";
    case IoEngineKind::kPread:
      return "pread";
  }
  return "unknown";
}

Result<std::unique_ptr<IoEngine>> OpenIoEngine(const IoEngineOptions& options) {
  if (options.depth == 0 || options.depth > kIoDepthMax) {
    return Status::InvalidArgument("the depth of the I/O engine is " + std::to_string(options.depth) + ": use 1 to " +
                                   std::to_string(kIoDepthMax));
  }
  if (options.kind == IoEngineKind::kPread) return OpenPreadEngine(options);
  Result<std::unique_ptr<IoEngine>> uring = OpenUringEngine(options);
  if (uring.ok() || options.kind == IoEngineKind::kUring) return uring;
  SPILLWAY_ASSIGN_OR_RETURN(std::unique_ptr<IoEngine> pread, OpenPreadEngine(options));
  pread->AddNote(uring.status().message());
  return pread;
}

IoEngine::Descriptor::~Descriptor() {
  if (value >= 0) close(value);
}

Status IoEngine::Bind() {
  if (!started_.empty() || !queued_.empty()) {
    return Status::InvalidState("the I/O engine cannot change its thread while requests are under way");
  }
  SPILLWAY_RETURN_IF_ERROR(Rebind());
  owner_ = std::this_thread::get_id();
  return {};
}

void IoEngine::Submit(IoRequest* request) {
  CheckOwner();
  if (request->under_way() || request->hook_.is_linked()) Fail("a request is submitted that is not done and polled");
  request->stage_ = IoRequest::Stage::kQueued;
  Status status = closed_ ? Status::Closed(request->Failure() + ": the I/O engine is closed") : request->Check();
  if (!status.ok()) {
    request->Fail(std::move(status));
    End(request);
    return;
  }
  queued_.push_back(*request);
  counters_.queued.store(queued_.size(), std::memory_order_relaxed);
}

void IoEngine::Flush() {
  CheckOwner();
  Start();
}

uint32_t IoEngine::Poll(std::span<IoRequest*> out) {
  CheckOwner();
  polling_ = true;
  if (event_.value >= 0) {
    uint64_t count;
    // Before looking, so that what ends after the look makes it readable again.
    while (read(event_.value, &count, sizeof(count)) < 0 && errno == EINTR) {
    }
  }
  Start();
  Reap(0);
  uint32_t count = 0;
  while (count < out.size() && !ended_.empty()) {
    out[count++] = &ended_.front();
    ended_.pop_front();
  }
  polling_ = false;
  if (!ended_.empty()) Signal();
  return count;
}

bool IoEngine::Wait(int64_t timeout_us) {
  CheckOwner();
  Start();
  if (!ended_.empty()) return true;
  while (Reap(timeout_us)) {
    if (!ended_.empty()) return true;
  }
  return false;
}

void IoEngine::Cancel(IoRequest* request) {
  CheckOwner();
  if (request->stage_ == IoRequest::Stage::kQueued) {
    request->Fail(Status::Cancelled(request->Failure() + ": cancelled"));
    queued_.erase(queued_.iterator_to(*request));
    counters_.queued.store(queued_.size(), std::memory_order_relaxed);
    End(request);
  } else if (request->stage_ == IoRequest::Stage::kStarted && !request->cancel_requested()) {
    request->RequestCancel();
    CancelStarted(request);
  }
}

Status IoEngine::Await(IoRequest* request) {
  CheckOwner();
  if (request->polled_) Fail("a request is awaited that Poll would return");
  StartAwaited(request);
  while (!request->done()) {
    if (!request->under_way()) Fail("a request is awaited that was not submitted");
    Reap(kIoWaitForever);
  }
  return request->status();
}

Status IoEngine::Execute(IoRequest* request) {
  request->set_polled(false);
  Submit(request);
  return Await(request);
}

void IoEngine::Drain() {
  CheckOwner();
  Start();
  while (!started_.empty() || !queued_.empty()) Reap(kIoWaitForever);
}

void IoEngine::Close() {
  if (closed_) return;
  if (!queued_.empty() || !started_.empty()) CheckOwner();
  closed_ = true;
  while (!queued_.empty()) {
    IoRequest* request = &queued_.front();
    request->Fail(Status::Cancelled(request->Failure() + ": the I/O engine is being closed"));
    queued_.pop_front();
    End(request);
  }
  for (IoRequest& request : started_) {
    if (request.cancel_requested()) continue;
    request.RequestCancel();
    CancelStarted(&request);
  }
  while (!started_.empty()) Reap(kIoWaitForever);
  counters_.queued.store(0, std::memory_order_relaxed);
}

Result<int> IoEngine::EventDescriptor() {
  if (event_.value < 0) {
    event_.value = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event_.value < 0) return StatusOfErrno(errno, "cannot make an event descriptor");
    SetEventDescriptor(event_.value);
    Signal();  // something may have ended before
  }
  return event_.value;
}

void IoEngine::RegisterFile(const File&) {}
void IoEngine::ForgetFile(const File&) {}
void IoEngine::RegisterBuffers(std::span<const iovec>) {}

IoCounters IoEngine::counters() const {
  const auto get = [](const std::atomic<uint64_t>& counter) { return counter.load(std::memory_order_relaxed); };
  IoCounters result;
  result.reads = get(counters_.reads);
  result.writes = get(counters_.writes);
  result.syncs = get(counters_.syncs);
  result.read_bytes = get(counters_.read_bytes);
  result.written_bytes = get(counters_.written_bytes);
  result.retries = get(counters_.retries);
  result.errors = get(counters_.errors);
  result.cancelled = get(counters_.cancelled);
  result.in_flight = get(counters_.in_flight);
  result.queued = get(counters_.queued);
  return result;
}

void IoEngine::AddNote(const std::string& note) {
  if (!note_.empty()) note_ += "; ";
  note_ += note;
}

IoRequest* IoEngine::TakeQueued() {
  if (queued_.empty() || started_.size() >= depth_) return nullptr;
  IoRequest* request = &queued_.front();
  queued_.pop_front();
  started_.push_back(*request);
  request->stage_ = IoRequest::Stage::kStarted;
  counters_.queued.store(queued_.size(), std::memory_order_relaxed);
  counters_.in_flight.store(started_.size(), std::memory_order_relaxed);
  return request;
}

void IoEngine::Complete(IoRequest* request) {
  started_.erase(started_.iterator_to(*request));
  counters_.in_flight.store(started_.size(), std::memory_order_relaxed);
  End(request);
}

// Counts it and makes it known.
void IoEngine::End(IoRequest* request) {
  const StatusCode code = request->status_.code();
  if (code == StatusCode::kCancelled) Add(counters_.cancelled, 1);
  if (code != StatusCode::kOk && code != StatusCode::kCancelled) Add(counters_.errors, 1);
  Add(counters_.retries, request->retries_);
  switch (request->kind_) {
    case IoKind::kRead:
      Add(counters_.reads, 1);
      Add(counters_.read_bytes, request->transferred_);
      break;
    case IoKind::kWrite:
      Add(counters_.writes, 1);
      Add(counters_.written_bytes, request->transferred_);
      break;
    case IoKind::kSync:
      Add(counters_.syncs, 1);
      break;
  }
  request->stage_ = IoRequest::Stage::kDone;
  if (!request->polled_) return;
  const bool first = ended_.empty();
  ended_.push_back(*request);
  if (first && !polling_) Signal();
}

void IoEngine::CheckOwner() const {
  if (owner_ != std::this_thread::get_id()) Fail("used by a thread that is not its owner: call Bind there first");
}

void IoEngine::Signal() const {
  if (event_.value < 0) return;
  constexpr uint64_t kOne = 1;
  while (write(event_.value, &kOne, sizeof(kOne)) < 0 && errno == EINTR) {
  }
}

}  // namespace spillway::spill
