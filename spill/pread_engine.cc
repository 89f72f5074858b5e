#include "spill/pread_engine.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace spillway::spill {
namespace {

// Requests in the order they came, at most as many as the engine's depth, so it never grows.
class RequestRing {
 public:
  explicit RequestRing(uint32_t capacity) : slots_(capacity) {}
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] size_t size() const { return size_; }
  void Push(IoRequest* request) { slots_[(first_ + size_++) % slots_.size()] = request; }
  IoRequest* Pop() {
    IoRequest* request = slots_[first_];
    first_ = (first_ + 1) % slots_.size();
    --size_;
    return request;
  }

 private:
  std::vector<IoRequest*> slots_;
  size_t first_ = 0;
  size_t size_ = 0;
};

int64_t DoPiece(const IoRequest& request) {
  const int descriptor = request.file().descriptor();
  const IoPiece piece = request.NextPiece();
  int64_t result = 0;
  switch (request.kind()) {
    case IoKind::kRead:
      result = pread(descriptor, piece.buffer, piece.size, static_cast<off_t>(piece.offset));
      break;
    case IoKind::kWrite:
      result = pwrite(descriptor, piece.buffer, piece.size, static_cast<off_t>(piece.offset));
      break;
    case IoKind::kSync:
      result = fsync(descriptor);
      break;
  }
  return result < 0 ? -errno : result;
}

class PreadEngine final : public IoEngine {
 public:
  explicit PreadEngine(const IoEngineOptions& options)
      : IoEngine(IoEngineKind::kPread, options.depth),
        threads_max_(options.threads_max),
        waiting_(options.depth),
        ended_(options.depth) {}

  ~PreadEngine() override {
    Close();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  // With all signals blocked, which are for the threads of the host. One worker is there from the start, so that later
  // ones are a matter of speed alone.
  [[nodiscard]] Status StartThread() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    Status status;
    try {
      threads_.emplace_back([this] { Work(); });
    } catch (const std::system_error& error) {
      status = StatusOfErrno(error.code().value(), "cannot start an I/O worker");
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return status;
  }

 protected:
  Status Rebind() override { return {}; }

  void Start() override {
    size_t started = 0;
    size_t waiting = 0;
    size_t idle = 0;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (IoRequest* request = TakeQueued(); request != nullptr; request = TakeQueued()) {
        waiting_.Push(request);
        ++started;
      }
      waiting = waiting_.size();
      idle = idle_;
    }
    if (started == 0) return;
    for (size_t missing = waiting > idle ? waiting - idle : 0; missing > 0 && threads_.size() < threads_max_;
         --missing) {
      if (!StartThread().ok()) break;
    }
    if (started == 1) {
      work_.notify_one();
    } else {
      work_.notify_all();
    }
  }

  // Two threads for one read would cost more than the read.
  void StartAwaited(IoRequest* awaited) override {
    bool taken = false;
    bool others = false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (IoRequest* request = TakeQueued(); request != nullptr; request = TakeQueued()) {
        if (request == awaited) {
          taken = true;
        } else {
          waiting_.Push(request);
          others = true;
        }
      }
    }
    if (others) work_.notify_all();
    if (!taken) return;
    Run(awaited);
    Complete(awaited);
  }

  bool Reap(int64_t timeout_us) override {
    bool any = false;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      const auto has_ended = [this] { return !ended_.empty(); };
      if (timeout_us < 0 && in_flight() > 0) {
        done_.wait(lock, has_ended);
      } else if (timeout_us > 0 && in_flight() > 0) {
        done_.wait_until(lock, std::chrono::steady_clock::now() + std::chrono::microseconds(timeout_us), has_ended);
      }
      while (!ended_.empty()) {
        Complete(ended_.Pop());
        any = true;
      }
    }
    if (any) Start();
    return any;
  }

  void CancelStarted(IoRequest*) override {}  // its worker sees the flag

  void SetEventDescriptor(int descriptor) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    event_descriptor_ = descriptor;
  }

 private:
  static void Run(IoRequest* request) {
    if (request->cancel_requested()) {
      request->Fail(Status::Cancelled(request->Failure() + ": cancelled"));
      return;
    }
    for (int64_t result = DoPiece(*request); !request->Advance(result); result = DoPiece(*request)) {
      if (result == -EAGAIN) std::this_thread::yield();
    }
  }

  void Work() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      ++idle_;
      work_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      --idle_;
      if (waiting_.empty()) return;
      IoRequest* request = waiting_.Pop();
      lock.unlock();
      Run(request);
      lock.lock();
      const bool first = ended_.empty();
      ended_.Push(request);
      if (!first) continue;
      done_.notify_one();
      if (event_descriptor_ >= 0) {
        constexpr uint64_t kOne = 1;
        while (write(event_descriptor_, &kOne, sizeof(kOne)) < 0 && errno == EINTR) {
        }
      }
    }
  }

  const uint32_t threads_max_;
  std::vector<std::thread> threads_;  // the owner's

  std::mutex mutex_;  // of all below, and of the requests in the rings
  std::condition_variable work_;
  std::condition_variable done_;
  RequestRing waiting_;
  RequestRing ended_;
  size_t idle_ = 0;
  int event_descriptor_ = -1;
  bool stopping_ = false;
};

}  // namespace

Result<std::unique_ptr<IoEngine>> OpenPreadEngine(const IoEngineOptions& options) {
  if (options.threads_max == 0 || options.threads_max > kPreadThreadsMax) {
    return Status::InvalidArgument("the I/O engine has " + std::to_string(options.threads_max) + " threads: use 1 to " +
                                   std::to_string(kPreadThreadsMax));
  }
  auto engine = std::make_unique<PreadEngine>(options);
  SPILLWAY_RETURN_IF_ERROR(engine->StartThread());
  return std::unique_ptr<IoEngine>(std::move(engine));
}

}  // namespace spillway::spill
