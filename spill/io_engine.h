// IoEngine: reads, writes and syncs that go on while their owner does something else.
//
// Two equals implement it, io_uring and a pool of pread/pwrite workers; OpenIoEngine chooses once. An engine belongs to
// one thread, the one that called Bind last, and every function is for that thread unless it says otherwise; each
// thread that does I/O has its own. Submit, Flush, Poll and Cancel never block.
//
// At most `depth` requests are with the kernel or the workers; the others wait inside the engine in a list made of the
// requests themselves, so a submission is never refused and no queue can overflow. Requests on the same bytes are not
// ordered among each other: submit what depends on a request when that is done.
//
// A request ends once: with its bytes, with an error, or cancelled. Those with set_polled(true) come out of Poll; the
// others are waited for by Await. Until then the engine refers to them. Close (and the destructor) cancels what has not
// begun and waits for the rest, so that afterwards no memory of a caller is referred to but that of requests not
// polled. With nothing under way they are for any thread.
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "spill/io_request.h"
#include "spillway/status.h"

namespace spillway::spill {

enum class IoEngineKind : uint8_t { kAuto, kUring, kPread };

// "auto", "uring" or "pread".
[[nodiscard]] Result<IoEngineKind> ParseIoEngineKind(std::string_view name);
[[nodiscard]] std::string_view IoEngineKindName(IoEngineKind kind);

inline constexpr uint32_t kIoDepthMax = 4096;
inline constexpr int64_t kIoWaitForever = -1;

struct IoEngineOptions {
  IoEngineKind kind = IoEngineKind::kAuto;
  uint32_t depth = 128;              // 1 … kIoDepthMax
  uint32_t threads_max = 16;         // of the pread pool; they are started as they are needed
  uint32_t registered_files = 1024;  // slots of io_uring's table; 0: none
  bool plain_ring = false;           // io_uring without the modes of newer kernels, as an older one would run it
};

// Since the engine was opened. Bytes are those transferred.
struct IoCounters {
  uint64_t reads = 0;
  uint64_t writes = 0;
  uint64_t syncs = 0;
  uint64_t read_bytes = 0;
  uint64_t written_bytes = 0;
  uint64_t retries = 0;  // short I/O gone on with, EINTR, EAGAIN
  uint64_t errors = 0;   // cancelled ones are not errors
  uint64_t cancelled = 0;
  uint64_t in_flight = 0;  // now, with the kernel or the workers
  uint64_t queued = 0;     // now, waiting for a place among them
};

class IoEngine {
 public:
  IoEngine(const IoEngine&) = delete;
  IoEngine& operator=(const IoEngine&) = delete;
  virtual ~IoEngine() = default;

  // Makes the calling thread the owner; before the first request, and later only while nothing is under way.
  [[nodiscard]] Status Bind();

  // Takes the request; it starts at the next Flush, Poll or Wait. What is wrong with it is told by its completion.
  void Submit(IoRequest* request);
  // Starts what was submitted, as far as the depth allows.
  void Flush();
  // Fills `out` with up to out.size() requests that are done; returns how many. Starts others in their place.
  uint32_t Poll(std::span<IoRequest*> out);
  // Waits until Poll has something; false when the time is over or nothing is under way.
  bool Wait(int64_t timeout_us);
  // Asks the request to end early, with Cancelled or with what it came to; it still has to be waited for. No effect on
  // one that is not under way.
  void Cancel(IoRequest* request);

  // Waits for this request, of those with set_polled(false); others may end meanwhile and are kept for Poll.
  [[nodiscard]] Status Await(IoRequest* request);
  // Submit and Await.
  [[nodiscard]] Status Execute(IoRequest* request);
  // Waits until nothing is under way; the requests are still to be polled.
  void Drain();
  // Later submissions end with Closed. Idempotent. What has ended can still be polled.
  void Close();

  // Readable when Poll may have something: from the first call on, owned by the engine, cleared by Poll only.
  [[nodiscard]] virtual Result<int> EventDescriptor();

  // Optional, and without effect on what requests do: a file whose requests will be many. The kernel
  // keeps it open until it is forgotten.
  virtual void RegisterFile(const File& file);
  virtual void ForgetFile(const File& file);
  // Memory that buffers of requests will lie in; once per engine, and it must outlive the engine.
  virtual void RegisterBuffers(std::span<const iovec> buffers);

  [[nodiscard]] IoEngineKind kind() const { return kind_; }
  // Why it is this engine and which of the kernel's modes it does without; for the log. Empty: nothing to tell.
  [[nodiscard]] const std::string& note() const { return note_; }
  [[nodiscard]] uint32_t depth() const { return depth_; }
  // [any-thread]
  [[nodiscard]] IoCounters counters() const;

  void AddNote(const std::string& note);

 protected:
  using RequestList =
      boost::intrusive::list<IoRequest, boost::intrusive::member_hook<IoRequest, IoRequest::Hook, &IoRequest::hook_>>;

  IoEngine(IoEngineKind kind, uint32_t depth) : kind_(kind), depth_(depth) {}

  // What an implementation does. Rebind: the owner has changed. Start: take requests by TakeQueued. Reap: collect what
  // has ended and hand it to Complete; wait for at least one at most so long (0: not at all); true when there was one.
  [[nodiscard]] virtual Status Rebind() = 0;
  virtual void Start() = 0;
  virtual bool Reap(int64_t timeout_us) = 0;
  // Starts what is queued; the owner does nothing but wait for this one of it, so it may be done on the spot.
  virtual void StartAwaited(IoRequest* /*request*/) { Start(); }
  virtual void CancelStarted(IoRequest* request) = 0;
  virtual void SetEventDescriptor(int descriptor) = 0;

  // The next request to start, or null when there is none or the depth is reached.
  IoRequest* TakeQueued();
  // A started request has ended; its status says how.
  void Complete(IoRequest* request);
  [[nodiscard]] uint64_t in_flight() const { return started_.size(); }
  [[nodiscard]] const RequestList& started() const { return started_; }

 private:
  // Written by the owner, read by any thread; each is a figure of its own, so relaxed.
  struct AtomicCounters {
    std::atomic<uint64_t> reads, writes, syncs, read_bytes, written_bytes, retries, errors, cancelled, in_flight,
        queued;
  };
  class Descriptor {
   public:
    Descriptor() = default;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();
    int value = -1;
  };

  void End(IoRequest* request);
  void CheckOwner() const;
  void Signal() const;

  const IoEngineKind kind_;
  const uint32_t depth_;
  std::string note_;
  bool closed_ = false;
  bool polling_ = false;  // inside Poll, which sees what ends meanwhile
  std::thread::id owner_;
  RequestList queued_;
  RequestList started_;
  RequestList ended_;  // for Poll
  Descriptor event_;
  AtomicCounters counters_{};
};

// Opens what the options say. kAuto takes the pool when io_uring is missing or forbidden, and notes why; kUring is an
// error then. [any-thread]
[[nodiscard]] Result<std::unique_ptr<IoEngine>> OpenIoEngine(const IoEngineOptions& options);

}  // namespace spillway::spill
