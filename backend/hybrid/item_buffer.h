// The bytes of items that an iterator has read from runs: they live until the iterator's next batch, or the owner's
// next safepoint when it was released before.
//
// Owns its memory, which is charged as I/O memory. Owner thread, or whoever deletes the iterator of a closed instance.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "backend/hybrid/memory_account.h"
#include "spillway/bytes.h"

namespace spillway::hybrid {

class ItemBuffer {
 public:
  // A batch ends with the item that reaches this.
  static constexpr uint64_t kBatchBytesMax = 256 * 1024;

  explicit ItemBuffer(MemoryAccount* account) : charge_(account, sizeof(ItemBuffer)) {}

  // A copy, aligned to 16; never null.
  [[nodiscard]] BytesView Keep(BytesView bytes);
  // Begins a new batch; what was kept ends.
  void Clear();
  [[nodiscard]] bool full() const { return kept_ >= kBatchBytesMax; }

  // A list of buffers. Pushing needs no memory.
  static void Push(std::unique_ptr<ItemBuffer> buffer, std::unique_ptr<ItemBuffer>* list);
  static void FreeAll(std::unique_ptr<ItemBuffer> list);

 private:
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    uint64_t size;
  };

  void AddChunk(uint64_t size_min);

  std::vector<Chunk> chunks_;
  uint64_t used_ = 0;   // of the last chunk
  uint64_t kept_ = 0;   // in all
  uint64_t taken_ = 0;  // from the system
  IoCharge charge_;
  std::unique_ptr<ItemBuffer> next_;
};

}  // namespace spillway::hybrid
