// What views show until the owner's next safepoint: pinned RocksDB values, and copies where bytes must be aligned or
// RocksDB's own are gone.
//
// Nothing moves before Release(), which the owner calls at its safepoints; then everything is given up at once and the
// memory is kept for the next record, up to a bound. Not thread-safe: the owner's.
#pragma once

#include <rocksdb/slice.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "spillway/bytes.h"

namespace spillway::rocks {

[[nodiscard]] inline bool IsAligned(const void* data, uint32_t alignment) {
  return (reinterpret_cast<uintptr_t>(data) & (alignment - 1)) == 0;
}

// Copies that stay where they are until Release().
class ByteArena {
 public:
  // Never null, not even of no bytes.
  [[nodiscard]] char* Allocate(size_t size, uint32_t alignment = 1) {
    if (!blocks_.empty()) {
      const size_t begin = (used_ + alignment - 1) & ~size_t{alignment - 1};
      if (begin + size < blocks_.back().size) {
        used_ = begin + size;
        return blocks_.back().data.get() + begin;
      }
    }
    const size_t block = std::max(kBlockBytes, size + 1);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(block), block});  // aligned to 16, as new[] is
    bytes_ += block;
    used_ = size;
    return blocks_.back().data.get();
  }
  [[nodiscard]] BytesView Copy(BytesView bytes, uint32_t alignment = 1) {
    char* copy = Allocate(bytes.size(), alignment);
    if (!bytes.empty()) std::memcpy(copy, bytes.data(), bytes.size());
    return {copy, bytes.size()};
  }
  void Release() {
    if (blocks_.size() > 1 || bytes_ > kBlockBytes) {
      blocks_.resize(!blocks_.empty() && blocks_.front().size <= kBlockBytes ? 1 : 0);
      bytes_ = blocks_.empty() ? 0 : blocks_.front().size;
    }
    used_ = 0;
  }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kBlockBytes = 16 << 10;
  static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= 16, "blocks serve every alignment that a state may register");

  struct Block {
    std::unique_ptr<char[]> data;
    size_t size;
  };
  std::vector<Block> blocks_;
  size_t used_ = 0;  // of the last block
  uint64_t bytes_ = 0;
};

// Slots for values that RocksDB pins.
class PinnedValues {
 public:
  // `count` empty slots in a row.
  [[nodiscard]] rocksdb::PinnableSlice* Take(size_t count) {
    if (blocks_.empty() || blocks_.back().capacity - blocks_.back().used < count) {
      const size_t capacity = std::max(kBlockSlots, count);
      blocks_.push_back({std::make_unique<rocksdb::PinnableSlice[]>(capacity), capacity, 0});
    }
    Block& block = blocks_.back();
    rocksdb::PinnableSlice* taken = &block.slots[block.used];
    block.used += count;
    return taken;
  }
  void Release() {
    if (blocks_.empty()) return;
    // The first block is kept; big values that were copied into a slot are not.
    blocks_.resize(1);
    Block& first = blocks_.front();
    for (size_t i = 0; i < first.used; ++i) {
      first.slots[i].Reset();
      if (first.slots[i].GetSelf()->capacity() > kKeptValueBytes) std::string().swap(*first.slots[i].GetSelf());
    }
    first.used = 0;
    if (first.capacity > kKeptSlots) blocks_.clear();
  }

 private:
  static constexpr size_t kBlockSlots = 64;
  static constexpr size_t kKeptSlots = 4096;
  static constexpr size_t kKeptValueBytes = 16 << 10;

  struct Block {
    std::unique_ptr<rocksdb::PinnableSlice[]> slots;
    size_t capacity;
    size_t used;
  };
  std::vector<Block> blocks_;
};

}  // namespace spillway::rocks
