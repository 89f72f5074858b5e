// The pieces of a list: elements one after another, each piece knowing the one before it.
//
// An element is its size (u32) and its bytes, these aligned as the state registered, the size just in front of them.
// All elements of a piece were written with one schema. A list is known by its last piece; what a view can reach is
// never written, so an append extends the last piece only while that is private, else starts another.
#pragma once

#include <algorithm>
#include <cstdint>

#include "spillway/bytes.h"

namespace spillway::hybrid {

struct Piece {
  Piece* previous;
  uint32_t birth;
  uint32_t schema_id;
  uint32_t elements;
  uint32_t used;      // bytes of data
  uint32_t capacity;  // bytes of data
  uint32_t clean;     // 1: it came from a run as it is, and is never written again
};
static_assert(sizeof(Piece) == 32);

inline constexpr uint32_t kPieceBytesMax = 64 * 1024;  // of a piece of several elements
inline constexpr uint32_t kPieceBytesMin = 64;

[[nodiscard]] inline uint64_t PieceBytes(const Piece* piece) {
  return sizeof(Piece) + uint64_t{piece->capacity};
}
[[nodiscard]] inline uint8_t* PieceData(Piece* piece) {
  return reinterpret_cast<uint8_t*>(piece + 1);
}
[[nodiscard]] inline const uint8_t* PieceData(const Piece* piece) {
  return reinterpret_cast<const uint8_t*>(piece + 1);
}

// Where the bytes of an element that follows `used` bytes begin.
[[nodiscard]] constexpr uint64_t ElementOffset(uint64_t used, uint32_t alignment) {
  const uint64_t step = std::max<uint64_t>(alignment, sizeof(uint32_t));
  return (used + sizeof(uint32_t) + step - 1) & ~(step - 1);
}

// The elements of one piece, in order.
class PieceReader {
 public:
  PieceReader() = default;
  PieceReader(const Piece* piece, uint32_t alignment) : piece_(piece), alignment_(alignment) {}

  bool Next(BytesView* element) {
    if (piece_ == nullptr || at_ >= piece_->used) return false;
    const uint64_t begin = ElementOffset(at_, alignment_);
    const uint8_t* data = PieceData(piece_) + begin;
    const auto size = LoadBytes<uint32_t>(data - sizeof(uint32_t));
    *element = {reinterpret_cast<const char*>(data), size};
    at_ = begin + size;
    return true;
  }

 private:
  const Piece* piece_ = nullptr;
  uint32_t alignment_ = 1;
  uint64_t at_ = 0;
};

// Whether no run has it yet.
[[nodiscard]] inline bool IsDirty(const Piece* piece, uint32_t flushed_epoch) {
  return piece->birth > flushed_epoch && piece->clean == 0;
}

// The elements of a piece's data as a run has it. From a file, so every bound is checked.
class PackedPieceReader {
 public:
  PackedPieceReader() = default;
  PackedPieceReader(BytesView data, uint32_t alignment) : data_(data), alignment_(alignment) {}

  // False at the end, or when the piece is malformed: see ok().
  [[nodiscard]] bool Next(BytesView* element) {
    if (!ok_ || at_ >= data_.size()) return false;
    const uint64_t begin = ElementOffset(at_, alignment_);
    ok_ = begin <= data_.size();
    if (!ok_) return false;
    const auto size = LoadBytes<uint32_t>(data_.data() + begin - sizeof(uint32_t));
    ok_ = size <= data_.size() - begin;
    if (!ok_) return false;
    *element = data_.substr(begin, size);
    at_ = begin + size;
    return true;
  }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  BytesView data_;
  uint32_t alignment_ = 1;
  uint64_t at_ = 0;
  bool ok_ = true;
};

}  // namespace spillway::hybrid
