#include "spill/uring_engine.h"

#include <liburing.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace spillway::spill {
namespace {

// So often in a row, a millisecond apart when nothing is with the kernel, may it refuse to take submissions.
constexpr int kSubmitFailuresMax = 1000;
constexpr uint64_t kCancelTag = 1;  // no request has this address
constexpr unsigned kReapBatch = 64;

struct Mode {
  unsigned flags;
  const char* lacks;  // for the note; empty for the best
};

constexpr Mode kModes[] = {
    {IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN |
         IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
     ""},
    {IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
     "io_uring without SINGLE_ISSUER and DEFER_TASKRUN, which this kernel does not have"},
    {0, "io_uring in its plain mode"},
};

// A ring that is closed when its owner is.
class Ring {
 public:
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() { Exit(); }

  // 0 or a negative errno.
  int Init(unsigned entries, unsigned flags) {
    Exit();
    const int result = io_uring_queue_init(entries, &ring_, flags);
    open_ = result == 0;
    return result;
  }
  void Exit() {
    if (std::exchange(open_, false)) io_uring_queue_exit(&ring_);
  }
  io_uring* get() { return &ring_; }

 private:
  io_uring ring_{};
  bool open_ = false;
};

Status Unavailable(const std::string& why) {
  return Status::Unsupported("io_uring cannot be used here: " + why);
}

class UringEngine final : public IoEngine {
 public:
  explicit UringEngine(const IoEngineOptions& options)
      : IoEngine(IoEngineKind::kUring, options.depth), options_(options) {
    prepared_.reserve(Entries());
    again_.reserve(depth());
  }

  ~UringEngine() override { Close(); }

  // Finds the best mode that the kernel takes.
  [[nodiscard]] Status Open() {
    int result = -EINVAL;
    for (const Mode& mode : kModes) {
      if (options_.plain_ring && mode.flags != 0) continue;
      mode_ = &mode;
      result = ring_.Init(Entries(), mode.flags);
      if (result != -EINVAL) break;
    }
    if (result < 0) return Unavailable("io_uring_setup: " + ErrnoText(-result));
    constexpr unsigned kNeeded = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG;
    if ((ring_.get()->features & kNeeded) != kNeeded) return Unavailable("the kernel is older than 5.11");
    if (mode_->lacks[0] != '\0') AddNote(mode_->lacks);
    return {};
  }

  void RegisterFile(const File& file) override {
    if (SlotOf(file) >= 0) return;
    const auto descriptor = static_cast<size_t>(file.descriptor());
    if (descriptor >= slots_.size()) slots_.resize(descriptor + 1);
    Slot& slot = slots_[descriptor];
    // A file that was closed without being forgotten may have left one.
    if (slot.number < 0) {
      if (free_slots_.empty()) return;
      slot.number = free_slots_.back();
      free_slots_.pop_back();
    }
    const int fd = file.descriptor();
    const bool done = io_uring_register_files_update(ring_.get(), static_cast<unsigned>(slot.number), &fd, 1) == 1;
    slot.file = done ? file.serial() : 0;
  }

  void ForgetFile(const File& file) override {
    if (SlotOf(file) < 0) return;
    Slot& slot = slots_[static_cast<size_t>(file.descriptor())];
    const int none = -1;
    slot.file = 0;
    if (io_uring_register_files_update(ring_.get(), static_cast<unsigned>(slot.number), &none, 1) == 1) {
      free_slots_.push_back(std::exchange(slot.number, -1));
    }
  }

  void RegisterBuffers(std::span<const iovec> buffers) override {
    buffers_.assign(buffers.begin(), buffers.end());
    PutBuffers();
  }

 protected:
  // A ring of a single issuer stays with the thread that enabled it, so another owner gets another ring.
  Status Rebind() override {
    if (Fixed()) {
      if (std::exchange(enabled_, true)) {
        if (const int result = ring_.Init(Entries(), mode_->flags); result < 0) {
          return StatusOfErrno(-result, "cannot make a ring for another thread: io_uring_setup");
        }
        if (event_descriptor_ >= 0) SetEventDescriptor(event_descriptor_);
      }
      // The library of Debian 12 declares io_uring_enable_rings and does not have it.
      if (syscall(SYS_io_uring_register, ring_.get()->ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) < 0) {
        return StatusOfErrno(errno, "cannot enable the ring");
      }
    } else if (std::exchange(enabled_, true)) {
      return {};
    }
    broken_.reset();
    submit_failures_ = 0;
    PutFiles();
    PutBuffers();
    return {};
  }

  void Start() override {
    if (broken_) {
      for (IoRequest* request = TakeQueued(); request != nullptr; request = TakeQueued()) {
        request->Fail(broken_->WithContext(request->Failure()));
        Complete(request);
        ended_by_break_ = true;
      }
      return;
    }
    for (IoRequest* request = TakeQueued(); request != nullptr; request = TakeQueued()) Prepare(request);
    SubmitPrepared();
  }

  bool Reap(int64_t timeout_us) override {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point deadline =
        timeout_us > 0 ? Clock::now() + std::chrono::microseconds(timeout_us) : Clock::time_point();
    for (;;) {
      bool any = ReapReady();
      Start();
      any |= std::exchange(ended_by_break_, false);
      if (any) return true;
      if (timeout_us == 0 || in_flight() == 0) return false;
      std::optional<std::chrono::microseconds> rest;
      if (timeout_us > 0) {
        rest = std::chrono::duration_cast<std::chrono::microseconds>(deadline - Clock::now());
        if (rest->count() <= 0) return false;
      }
      Sleep(rest);
    }
  }

  void CancelStarted(IoRequest* request) override {
    if (broken_) return;
    io_uring_sqe* sqe = TakeEntry(nullptr);
    io_uring_prep_cancel(sqe, request, 0);
    sqe->user_data = kCancelTag;
    SubmitPrepared();
  }

  void SetEventDescriptor(int descriptor) override {
    event_descriptor_ = descriptor;
    // Fails only for want of memory; Poll called now and then still sees everything.
    if (io_uring_register_eventfd(ring_.get(), descriptor) < 0) AddNote("no event descriptor for the ring");
  }

 private:
  // A place in the table of registered files, and which file is there: a descriptor alone may be another's by now.
  struct Slot {
    int number = -1;
    uint64_t file = 0;
  };

  // A request and its cancellation have an entry each, so that neither queue of the ring can be full.
  [[nodiscard]] unsigned Entries() const { return std::max(8u, 2 * depth()); }
  [[nodiscard]] bool Fixed() const { return (mode_->flags & IORING_SETUP_SINGLE_ISSUER) != 0; }

  void PutFiles() {
    slots_.clear();
    free_slots_.clear();
    if (options_.registered_files == 0) return;
    if (const int result = io_uring_register_files_sparse(ring_.get(), options_.registered_files); result < 0) {
      NoteOnce("files are not registered: " + ErrnoText(-result));
      return;
    }
    for (uint32_t slot = options_.registered_files; slot > 0; --slot) free_slots_.push_back(static_cast<int>(slot) - 1);
  }

  void PutBuffers() {
    buffers_registered_ = false;
    if (buffers_.empty()) return;
    const int result = io_uring_register_buffers(ring_.get(), buffers_.data(), static_cast<unsigned>(buffers_.size()));
    buffers_registered_ = result == 0;
    if (result < 0) NoteOnce("buffers are not registered: " + ErrnoText(-result) + " (see ulimit -l)");
  }

  void NoteOnce(const std::string& text) {
    if (note().find(text) == std::string::npos) AddNote(text);
  }

  // Of the file, or -1.
  [[nodiscard]] int SlotOf(const File& file) const {
    const auto index = static_cast<size_t>(file.descriptor());
    return index < slots_.size() && slots_[index].file == file.serial() ? slots_[index].number : -1;
  }

  // The registered buffer that holds the piece, or -1.
  [[nodiscard]] int BufferOf(const IoPiece& piece) const {
    if (!buffers_registered_) return -1;
    for (size_t i = 0; i < buffers_.size(); ++i) {
      const char* begin = static_cast<const char*>(buffers_[i].iov_base);
      if (piece.buffer >= begin && piece.buffer + piece.size <= begin + buffers_[i].iov_len) return static_cast<int>(i);
    }
    return -1;
  }

  io_uring_sqe* TakeEntry(IoRequest* request) {
    io_uring_sqe* sqe = io_uring_get_sqe(ring_.get());
    if (sqe == nullptr) {
      std::fprintf(stderr, "spillway: the submission queue of io_uring is full, which its size rules out\n");
      std::abort();
    }
    prepared_.push_back(request);
    return sqe;
  }

  void Prepare(IoRequest* request) {
    io_uring_sqe* sqe = TakeEntry(request);
    const int slot = SlotOf(request->file());
    const int file = slot >= 0 ? slot : request->file().descriptor();
    const IoPiece piece = request->NextPiece();
    const int buffer = request->kind() == IoKind::kSync ? -1 : BufferOf(piece);
    switch (request->kind()) {
      case IoKind::kRead:
        if (buffer >= 0) {
          io_uring_prep_read_fixed(sqe, file, piece.buffer, piece.size, piece.offset, buffer);
        } else {
          io_uring_prep_read(sqe, file, piece.buffer, piece.size, piece.offset);
        }
        break;
      case IoKind::kWrite:
        if (buffer >= 0) {
          io_uring_prep_write_fixed(sqe, file, piece.buffer, piece.size, piece.offset, buffer);
        } else {
          io_uring_prep_write(sqe, file, piece.buffer, piece.size, piece.offset);
        }
        break;
      case IoKind::kSync:
        io_uring_prep_fsync(sqe, file, 0);
        break;
    }
    if (slot >= 0) sqe->flags |= IOSQE_FIXED_FILE;
    io_uring_sqe_set_data(sqe, request);
  }

  void SubmitPrepared() {
    while (!broken_ && !prepared_.empty()) {
      const int result = io_uring_submit(ring_.get());
      if (result > 0) {
        prepared_.erase(prepared_.begin(), prepared_.begin() + result);
        submit_failures_ = 0;
      } else if (result == -EAGAIN || result == -EBUSY || result == 0) {
        if (++submit_failures_ > kSubmitFailuresMax) Break(result);
        return;  // what is with the kernel must end first
      } else if (result != -EINTR) {
        Break(result);
      }
    }
  }

  // The kernel takes no more: what it has not taken ends, and so does all that comes later.
  void Break(int result) {
    broken_ = Status::IoError("io_uring takes no more requests: io_uring_enter: " + ErrnoText(-result));
    for (IoRequest* request : prepared_) {
      if (request == nullptr) continue;
      request->Fail(broken_->WithContext(request->Failure()));
      Complete(request);
      ended_by_break_ = true;
    }
    prepared_.clear();
  }

  // Handles the completions that are there; true when a request has ended.
  bool ReapReady() {
    bool any = false;
    for (;;) {
      io_uring_cqe* entries[kReapBatch];
      const unsigned count = io_uring_peek_batch_cqe(ring_.get(), entries, kReapBatch);
      for (unsigned i = 0; i < count; ++i) {
        const uint64_t data = entries[i]->user_data;
        if (data == kCancelTag) continue;
        auto* request = reinterpret_cast<IoRequest*>(data);
        if (request->Advance(entries[i]->res)) {
          Complete(request);
          any = true;
        } else if (broken_) {
          request->Fail(broken_->WithContext(request->Failure()));
          Complete(request);
          any = true;
        } else {
          again_.push_back(request);
        }
      }
      io_uring_cq_advance(ring_.get(), count);
      // Their entries are free only now.
      for (IoRequest* request : again_) Prepare(request);
      again_.clear();
      if (count < kReapBatch) return any;
    }
  }

  // Until a completion comes or the time is over; may be shorter.
  void Sleep(std::optional<std::chrono::microseconds> rest) {
    constexpr int kRefusedMs = 1;
    if (!prepared_.empty()) {
      // Nothing wakes a thread whose submissions were refused.
      poll(nullptr, 0, kRefusedMs);
      return;
    }
    __kernel_timespec time{};
    if (rest) {
      time.tv_sec = rest->count() / 1'000'000;
      time.tv_nsec = rest->count() % 1'000'000 * 1000;
    }
    io_uring_cqe* entry = nullptr;
    const int result = io_uring_wait_cqes(ring_.get(), &entry, 1, rest ? &time : nullptr, nullptr);
    if (result < 0 && result != -ETIME && result != -EINTR) poll(nullptr, 0, kRefusedMs);
  }

  const IoEngineOptions options_;
  Ring ring_;
  const Mode* mode_ = nullptr;
  bool enabled_ = false;
  int event_descriptor_ = -1;
  std::vector<Slot> slots_;  // by descriptor
  std::vector<int> free_slots_;
  std::vector<iovec> buffers_;
  bool buffers_registered_ = false;
  std::vector<IoRequest*> prepared_;  // entries the kernel has not taken, in order; null: a cancellation
  std::vector<IoRequest*> again_;
  int submit_failures_ = 0;
  bool ended_by_break_ = false;
  std::optional<Status> broken_;
};

}  // namespace

Result<std::unique_ptr<IoEngine>> OpenUringEngine(const IoEngineOptions& options) {
  auto engine = std::make_unique<UringEngine>(options);
  SPILLWAY_RETURN_IF_ERROR(engine->Open());
  return std::unique_ptr<IoEngine>(std::move(engine));
}

}  // namespace spillway::spill
