#include "spill/io_request.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "spill/aligned_buffer.h"

namespace spillway::spill {

void IoRequest::Prepare(IoKind kind, const File& file, uint64_t offset, char* buffer, uint64_t size) {
  if (under_way()) {
    std::fprintf(stderr, "spillway: a request on %s is prepared again while it is under way\n", file_->path().c_str());
    std::abort();
  }
  kind_ = kind;
  file_ = &file;
  offset_ = offset;
  buffer_ = buffer;
  size_ = size;
  transferred_ = 0;
  status_ = Status();
  retries_ = 0;
  retries_no_progress_ = 0;
  stage_ = Stage::kIdle;
  cancel_requested_.store(false, std::memory_order_relaxed);
}

Status IoRequest::Check() const {
  if (file_ == nullptr || !file_->is_open()) {
    return Status::InvalidArgument("a request on " + (file_ == nullptr ? "no file" : file_->path()) +
                                   ", which is not open");
  }
  if (kind_ == IoKind::kSync) return {};
  if (size_ == 0 || buffer_ == nullptr) return Status::InvalidArgument(Failure() + ": there are no bytes to transfer");
  constexpr uint64_t kOffsetMax = uint64_t{1} << 62;
  if (offset_ > kOffsetMax || size_ > kOffsetMax) return Status::InvalidArgument(Failure() + ": beyond any file");
  const bool aligned = IsIoAligned(offset_) && IsIoAligned(size_) && IsIoAligned(reinterpret_cast<uintptr_t>(buffer_));
  if (file_->direct() && !aligned) {
    return Status::InvalidArgument(Failure() + ": direct I/O needs multiples of " + std::to_string(kIoAlignment));
  }
  return {};
}

IoPiece IoRequest::NextPiece() const {
  return {offset_ + transferred_, buffer_ + transferred_,
          static_cast<uint32_t>(std::min(size_ - transferred_, kIoPieceBytesMax))};
}

bool IoRequest::Advance(int64_t result) {
  if (result == -EINTR || result == -EAGAIN || (result == 0 && kind_ == IoKind::kWrite)) {
    if (cancel_requested()) {
      status_ = Status::Cancelled(Failure() + ": cancelled");
      return true;
    }
    ++retries_;
    if (++retries_no_progress_ <= kIoRetriesMax) return false;
    const std::string times = " (" + std::to_string(kIoRetriesMax) + " times)";
    status_ = Status::IoError(Failure() + ": " +
                              (result == 0 ? "no byte was written" : ErrnoText(static_cast<int>(-result))) + times);
    return true;
  }
  if (result < 0) {
    status_ = StatusOfErrno(static_cast<int>(-result), Failure());
    return true;
  }
  if (kind_ == IoKind::kSync) return true;
  if (static_cast<uint64_t>(result) > size_ - transferred_) {
    status_ = Status::Internal(Failure() + ": " + std::to_string(result) + " bytes were transferred");
    return true;
  }
  if (static_cast<uint64_t>(result) < NextPiece().size) ++retries_;
  transferred_ += static_cast<uint64_t>(result);
  if (transferred_ == size_) return true;
  // A direct read stops within a unit at the end of the file only, and cannot go on from there.
  const bool at_end = kind_ == IoKind::kRead && (result == 0 || (file_->direct() && !IsIoAligned(transferred_)));
  if (at_end) {
    if (!short_at_end_) {
      status_ = Status::Corruption(Failure() + ": the file ends there, it was cut short");
    }
    return true;
  }
  if (cancel_requested()) {
    status_ = Status::Cancelled(Failure() + ": cancelled");
    return true;
  }
  retries_no_progress_ = 0;
  return false;
}

std::string IoRequest::Failure() const {
  if (kind_ == IoKind::kSync) return "cannot sync " + file_->path();
  std::string text = kind_ == IoKind::kRead ? "cannot read " : "cannot write ";
  text += std::to_string(size_) + " bytes at offset " + std::to_string(offset_) + " of " + file_->path();
  if (transferred_ > 0) text += ", after " + std::to_string(transferred_);
  return text;
}

}  // namespace spillway::spill
