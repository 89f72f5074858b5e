#include "backend/hybrid/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define SPILLWAY_POISON(address, bytes) ASAN_POISON_MEMORY_REGION(address, bytes)
#define SPILLWAY_UNPOISON(address, bytes) ASAN_UNPOISON_MEMORY_REGION(address, bytes)
#else
#define SPILLWAY_POISON(address, bytes) (static_cast<void>(address), static_cast<void>(bytes))
#define SPILLWAY_UNPOISON(address, bytes) (static_cast<void>(address), static_cast<void>(bytes))
#endif

namespace spillway::hybrid {
namespace {

void* Map(size_t bytes) {
  void* mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  return mapped;
}

}  // namespace

Arena::~Arena() {
  FreeAll();
}

Arena::Span* Arena::SpanOf(void* object) {
  const auto address = reinterpret_cast<uintptr_t>(object);
  auto* chunk = reinterpret_cast<Chunk*>(address & ~(uintptr_t{kChunkBytes} - 1));
  return &chunk->spans[(address % kChunkBytes) / kSpanBytes];
}

void* Arena::Allocate(size_t bytes, Charge charge) {
  if (!May(charge, 0)) return nullptr;
  if (bytes > kSmallObjectMax) return AllocateDirect(bytes, charge);
  const uint32_t size_class = SizeClassOf(bytes);
  Span* span = with_room_[size_class];
  if (span == nullptr) span = TakeSpan(size_class, charge);
  if (span == nullptr) return nullptr;
  const size_t size = SizeOfClass(size_class);
  void* object = span->free_objects;
  if (object != nullptr) {
    SPILLWAY_UNPOISON(object, size);
    span->free_objects = span->free_objects->next;
  } else {
    object = CutObject(span, size, charge);
    if (object == nullptr) {
      if (span->live == 0) {  // just taken for this
        UnlinkRoom(span);
        ReturnSpan(span);
      }
      return nullptr;
    }
  }
  ++span->live;
  if (span->free_objects == nullptr && span->cut + size > kSpanBytes) UnlinkRoom(span);
  return object;
}

void* Arena::CutObject(Span* span, size_t size, Charge charge) {
  const size_t end = span->cut + size;
  if (end > span->touched) {
    const size_t touched = (end + kSystemPage - 1) & ~(kSystemPage - 1);
    if (!May(charge, touched - span->touched)) return nullptr;
    account_->Take(touched - span->touched);
    span->touched = static_cast<uint32_t>(touched);
  }
  uint8_t* object = span->base + span->cut;
  span->cut = static_cast<uint32_t>(end);
  SPILLWAY_UNPOISON(object, size);
  return object;
}

void Arena::Free(void* object, size_t bytes) {
  if (bytes > kSmallObjectMax) {
    FreeDirect(object, bytes);
    return;
  }
  Span* span = SpanOf(object);
  auto* freed = static_cast<FreeObject*>(object);
  freed->next = span->free_objects;
  span->free_objects = freed;
  SPILLWAY_POISON(object, SizeOfClass(span->size_class));
  if (!span->has_room) LinkRoom(span);
  if (--span->live == 0 && (span->next != nullptr || span->previous != nullptr)) {
    UnlinkRoom(span);  // its class has other spans with room
    ReturnSpan(span);
  }
}

Arena::Span* Arena::TakeSpan(uint32_t size_class, Charge charge) {
  if (free_touched_ == nullptr && free_untouched_ == nullptr && !AddChunk(charge)) return nullptr;
  Span* span = free_touched_;
  if (span != nullptr) {
    free_touched_ = span->next;
    --free_touched_count_;
  } else {
    span = free_untouched_;
    free_untouched_ = span->next;
  }
  span->size_class = static_cast<uint16_t>(size_class);
  span->free_objects = nullptr;
  span->live = 0;
  span->cut = 0;
  LinkRoom(span);
  return span;
}

void Arena::ReturnSpan(Span* span) {
  span->free_objects = nullptr;
  span->cut = 0;
  SPILLWAY_POISON(span->base, kSpanBytes);
  if (span->touched > 0 && free_touched_count_ < kTouchedSpansKept) {
    span->next = free_touched_;
    free_touched_ = span;
    ++free_touched_count_;
    return;
  }
  GiveBackPages(span);
}

void Arena::GiveBackPages(Span* span) {
  if (span->touched > 0) {
    madvise(span->base, kSpanBytes, MADV_DONTNEED);
    account_->Give(span->touched);
    span->touched = 0;
  }
  span->next = free_untouched_;
  free_untouched_ = span;
}

bool Arena::Trim() {
  const uint64_t before = account_->used();
  // A class keeps its last span with room though it is empty, and others may have come before it since.
  for (Span* span : with_room_) {
    while (span != nullptr) {
      Span* next = span->next;
      if (span->live == 0) {
        UnlinkRoom(span);
        ReturnSpan(span);
      }
      span = next;
    }
  }
  while (free_touched_ != nullptr) {
    Span* span = free_touched_;
    free_touched_ = span->next;
    GiveBackPages(span);
  }
  free_touched_count_ = 0;
  return account_->used() < before;
}

bool Arena::AddChunk(Charge charge) {
  if (!May(charge, kSystemPage)) return false;
  auto* mapped = static_cast<uint8_t*>(Map(2 * kChunkBytes));
  const auto address = reinterpret_cast<uintptr_t>(mapped);
  const size_t before = (kChunkBytes - address % kChunkBytes) % kChunkBytes;
  if (before > 0) munmap(mapped, before);
  munmap(mapped + before + kChunkBytes, kChunkBytes - before);
  uint8_t* begin = mapped + before;
  const bool huge = chunk_count_ >= kChunksOfSmallPages && account_->Allows(kChunkBytes);
  if (huge) madvise(begin, kChunkBytes, MADV_HUGEPAGE);  // a wish: without it there is more left than was counted
  auto* chunk = new (begin) Chunk{};
  chunk->header_bytes = huge ? kSpanBytes : kSystemPage;
  account_->Take(huge ? kChunkBytes : kSystemPage);
  chunk->next = chunks_;
  chunks_ = chunk;
  ++chunk_count_;
  for (size_t i = kSpansInChunk - 1; i >= 1; --i) {  // so that the lowest address comes first
    Span* span = &chunk->spans[i];
    span->base = begin + i * kSpanBytes;
    span->touched = huge ? kSpanBytes : 0;
    Span*& list = huge ? free_touched_ : free_untouched_;
    span->next = list;
    list = span;
    free_touched_count_ += huge ? 1 : 0;
    SPILLWAY_POISON(span->base, kSpanBytes);
  }
  return true;
}

void* Arena::AllocateDirect(size_t bytes, Charge charge) {
  const size_t mapped = AllocatedBytes(bytes);
  if (!May(charge, mapped)) return nullptr;
  auto* header = new (Map(mapped)) DirectHeader{direct_, nullptr, mapped};
  account_->Take(mapped);
  if (direct_ != nullptr) direct_->previous = header;
  direct_ = header;
  return reinterpret_cast<uint8_t*>(header) + kDirectHeaderBytes;
}

void Arena::FreeDirect(void* object, size_t bytes) {
  auto* header = reinterpret_cast<DirectHeader*>(static_cast<uint8_t*>(object) - kDirectHeaderBytes);
  if (header->next != nullptr) header->next->previous = header->previous;
  (header->previous == nullptr ? direct_ : header->previous->next) = header->next;
  account_->Give(AllocatedBytes(bytes));
  munmap(header, header->mapped);
}

void Arena::LinkRoom(Span* span) {
  Span*& first = with_room_[span->size_class];
  span->previous = nullptr;
  span->next = first;
  if (first != nullptr) first->previous = span;
  first = span;
  span->has_room = true;
}

void Arena::UnlinkRoom(Span* span) {
  if (span->next != nullptr) span->next->previous = span->previous;
  (span->previous == nullptr ? with_room_[span->size_class] : span->previous->next) = span->next;
  span->next = nullptr;
  span->previous = nullptr;
  span->has_room = false;
}

void Arena::FreeAll() {
  while (direct_ != nullptr) {
    DirectHeader* header = direct_;
    direct_ = header->next;
    account_->Give(header->mapped);
    munmap(header, header->mapped);
  }
  while (chunks_ != nullptr) {
    Chunk* chunk = chunks_;
    chunks_ = chunk->next;
    for (size_t i = 1; i < kSpansInChunk; ++i) account_->Give(chunk->spans[i].touched);
    account_->Give(chunk->header_bytes);
    SPILLWAY_UNPOISON(chunk, kChunkBytes);
    munmap(chunk, kChunkBytes);
  }
  std::fill(std::begin(with_room_), std::end(with_room_), nullptr);
  free_touched_ = nullptr;
  free_untouched_ = nullptr;
  free_touched_count_ = 0;
  chunk_count_ = 0;
}

}  // namespace spillway::hybrid
