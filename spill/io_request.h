// IoRequest: one read, write or sync, owned by whoever asks for it.
//
// The caller fills it, hands it to IoEngine::Submit, and keeps it, its file and its buffer in place until done() is
// true; derive from it to know what it was for. Neither the caller nor an engine allocates for it unless it fails.
// done(), status() and transferred() are for the thread that submitted it.
//
// The second half is for engines: they take piece after piece, of at most kIoPieceBytesMax, and tell what the kernel
// said of each. What a result means is decided here, once for all engines:
//   fewer bytes than asked   go on behind them
//   0 bytes read             the file ends: corruption, unless the request takes a short read
//   EINTR, EAGAIN            again, at most kIoRetriesMax times without progress
//   anything else            the request ends with that error, which names file, offset and size
#pragma once

#include <atomic>
#include <boost/intrusive/list.hpp>
#include <cstdint>

#include "spill/file.h"
#include "spillway/status.h"

namespace spillway::spill {

// Larger ones may be given to kernel workers, one by one.
inline constexpr uint64_t kIoPieceBytesMax = 512 * 1024;
inline constexpr uint32_t kIoRetriesMax = 100;

enum class IoKind : uint8_t { kRead, kWrite, kSync };

struct IoPiece {
  uint64_t offset;
  char* buffer;
  uint32_t size;
};

class IoRequest {
 public:
  IoRequest() = default;
  IoRequest(const IoRequest&) = delete;
  IoRequest& operator=(const IoRequest&) = delete;
  ~IoRequest() = default;

  void Read(const File& file, uint64_t offset, char* buffer, uint64_t size) {
    Prepare(IoKind::kRead, file, offset, buffer, size);
  }
  // The bytes are only read.
  void Write(const File& file, uint64_t offset, const char* buffer, uint64_t size) {
    Prepare(IoKind::kWrite, file, offset, const_cast<char*>(buffer), size);
  }
  // Makes what was written durable: only of writes that are done.
  void Sync(const File& file) { Prepare(IoKind::kSync, file, 0, nullptr, 0); }
  // A read that meets the end of the file is fine and has transferred() bytes.
  void set_short_at_end(bool value) { short_at_end_ = value; }
  // Whether IoEngine::Poll returns it; if not, only done() tells (IoEngine::Await).
  void set_polled(bool value) { polled_ = value; }

  [[nodiscard]] bool done() const { return stage_ == Stage::kDone; }
  // Given to an engine and not done.
  [[nodiscard]] bool under_way() const { return stage_ == Stage::kQueued || stage_ == Stage::kStarted; }
  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] uint64_t transferred() const { return transferred_; }
  [[nodiscard]] IoKind kind() const { return kind_; }
  [[nodiscard]] const File& file() const { return *file_; }
  [[nodiscard]] uint64_t offset() const { return offset_; }
  [[nodiscard]] uint64_t size() const { return size_; }
  [[nodiscard]] char* buffer() const { return buffer_; }

  // For engines. ------------------------------------------------------------------------------------------------------

  // An invalid request fails before it is begun.
  [[nodiscard]] Status Check() const;
  [[nodiscard]] IoPiece NextPiece() const;
  // What the kernel said of the last piece: bytes or a negative errno. True when the request has ended.
  [[nodiscard]] bool Advance(int64_t result);
  // Ends it with an error.
  void Fail(Status status) { status_ = std::move(status); }
  // [any-thread] Ends it before its next piece.
  void RequestCancel() { cancel_requested_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool cancel_requested() const { return cancel_requested_.load(std::memory_order_relaxed); }
  // "cannot read 4096 bytes at offset 8192 of /x/y, after 512"
  [[nodiscard]] std::string Failure() const;

 private:
  friend class IoEngine;
  enum class Stage : uint8_t { kIdle, kQueued, kStarted, kDone };
  using Hook = boost::intrusive::list_member_hook<>;

  void Prepare(IoKind kind, const File& file, uint64_t offset, char* buffer, uint64_t size);

  Hook hook_;
  const File* file_ = nullptr;
  uint64_t offset_ = 0;
  uint64_t size_ = 0;
  char* buffer_ = nullptr;
  uint64_t transferred_ = 0;
  Status status_;
  uint32_t retries_ = 0;              // in all
  uint32_t retries_no_progress_ = 0;  // since the last byte
  IoKind kind_ = IoKind::kRead;
  Stage stage_ = Stage::kIdle;
  bool short_at_end_ = false;
  bool polled_ = true;
  // Relaxed: a hint to the thread that works on it, which is ordered with everything else by the engine's own lock.
  std::atomic<bool> cancel_requested_{false};
};

}  // namespace spillway::spill
