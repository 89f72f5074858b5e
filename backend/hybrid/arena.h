// Memory of one backend instance: spans of 64 KiB, each of one size class, cut from chunks of 2 MiB.
//
// Owner thread only. Owns all memory it hands out and gives it back to the system at its end, whether freed or not.
// A span costs what was touched of it, in system pages: untouched parts are address space, not memory. From the 17th
// chunk on they are huge pages, which cost all of their 2 MiB at once; where the share has no room for that they are
// not. A span whose objects are all free serves any class again; some are kept touched, the others' pages are given
// back. Objects above 64 KiB come from the system directly. Knows no shares: MemoryAccount is told what is taken, the
// caller asks before.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backend/hybrid/memory_account.h"
#include "backend/hybrid/size_classes.h"

namespace spillway::hybrid {

class Arena {
 public:
  explicit Arena(MemoryAccount* account) : account_(account) {}
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Aligned to 16, not zeroed. Within the share: nullptr when it would have to be exceeded, or is exceeded already.
  // Throws std::bad_alloc when the system has no memory.
  [[nodiscard]] void* Allocate(size_t bytes, Charge charge);
  // `bytes` as asked for.
  void Free(void* object, size_t bytes);

  // Gives what lies free in whole spans back to the system; whether that was anything.
  bool Trim();

  // Gives everything back: what was handed out is gone.
  void FreeAll();

 private:
  static constexpr size_t kSpanBytes = 64 * 1024;
  static constexpr size_t kChunkBytes = 2 * 1024 * 1024;
  static constexpr size_t kSpansInChunk = kChunkBytes / kSpanBytes;
  static constexpr size_t kSystemPage = 4096;
  static constexpr uint32_t kTouchedSpansKept = 40;
  // Half of the time of a look-up out of cache is spent on translating addresses, so large tables lie on huge pages;
  // for small ones the 2 MiB of the last page would be too much.
  static constexpr uint32_t kChunksOfSmallPages = 16;

  struct FreeObject {
    FreeObject* next;
  };
  struct Span {
    uint8_t* base;
    FreeObject* free_objects;
    Span* next;  // of its class's spans with room, or of the free spans
    Span* previous;
    uint32_t live;     // objects handed out
    uint32_t cut;      // bytes that were ever cut into objects since the span serves its class
    uint32_t touched;  // bytes taken from the system, whole pages
    uint16_t size_class;
    bool has_room;  // linked in with_room_
  };
  struct Chunk {
    Chunk* next;
    size_t header_bytes;        // taken from the system for the span in which this lies
    Span spans[kSpansInChunk];  // the first one is where this header lies
  };
  static_assert(sizeof(Chunk) <= kSystemPage);
  struct DirectHeader {  // in front of an object above the classes
    DirectHeader* next;
    DirectHeader* previous;
    size_t mapped;
  };
  static_assert(sizeof(DirectHeader) <= kDirectHeaderBytes);

  // Within the share: whether `bytes` more may be touched.
  [[nodiscard]] bool May(Charge charge, uint64_t bytes) const {
    return charge == Charge::kOverdraft || account_->Allows(bytes);
  }
  [[nodiscard]] void* CutObject(Span* span, size_t size, Charge charge);
  [[nodiscard]] Span* TakeSpan(uint32_t size_class, Charge charge);
  void ReturnSpan(Span* span);
  void GiveBackPages(Span* span);
  [[nodiscard]] bool AddChunk(Charge charge);
  [[nodiscard]] void* AllocateDirect(size_t bytes, Charge charge);
  void FreeDirect(void* object, size_t bytes);
  void LinkRoom(Span* span);
  void UnlinkRoom(Span* span);
  static Span* SpanOf(void* object);

  MemoryAccount* const account_;
  Span* with_room_[kSizeClasses]{};
  Span* free_touched_ = nullptr;
  Span* free_untouched_ = nullptr;
  uint32_t free_touched_count_ = 0;
  Chunk* chunks_ = nullptr;
  uint32_t chunk_count_ = 0;
  DirectHeader* direct_ = nullptr;
};

}  // namespace spillway::hybrid
