// A queue of things that left the table and wait to be freed. Owner thread only.
//
// Kept in chunks of 1 KiB from the instance's arena, allowed to overdraw the share, since what frees memory must never
// need memory it cannot get. Owns its chunks, not what the records stand for; Clear gives the chunks back.
#pragma once

#include <cstdint>
#include <utility>

#include "backend/hybrid/arena.h"
#include "backend/hybrid/memory_account.h"

namespace spillway::hybrid {

enum class RetiredKind : uint8_t {
  kObject,  // one object of so many bytes
  kNodes,   // the nodes of a hash tree and all that leads to them: `what` is its root word
  kPieces,  // the pieces of a list, from the last backwards
};

struct RetiredRecord {
  uint64_t what;
  uint32_t birth;           // the version since when it was part of the table
  uint32_t units_and_kind;  // bytes / 16 rounded up (kObject), value alignment (kNodes) in the low 30 bits

  [[nodiscard]] RetiredKind kind() const { return static_cast<RetiredKind>(units_and_kind >> 30); }
  [[nodiscard]] uint64_t bytes() const { return uint64_t{units_and_kind & 0x3fff'ffff} * 16; }
  [[nodiscard]] uint32_t alignment() const { return units_and_kind & 0x3fff'ffff; }
  [[nodiscard]] void* object() const { return reinterpret_cast<void*>(what); }

  static RetiredRecord Object(const void* object, uint32_t birth, uint64_t bytes) {
    return {reinterpret_cast<uintptr_t>(object), birth, static_cast<uint32_t>((bytes + 15) / 16)};
  }
  static RetiredRecord Nodes(uint64_t root, uint32_t birth, uint32_t alignment) {
    return {root, birth, alignment | static_cast<uint32_t>(RetiredKind::kNodes) << 30};
  }
  static RetiredRecord Pieces(const void* last, uint32_t birth) {
    return {reinterpret_cast<uintptr_t>(last), birth, static_cast<uint32_t>(RetiredKind::kPieces) << 30};
  }
};
static_assert(sizeof(RetiredRecord) == 16);

class RecordList {
 public:
  RecordList() = default;
  RecordList(RecordList&& other) noexcept { Swap(other); }
  RecordList& operator=(RecordList&& other) noexcept {
    Swap(other);
    return *this;
  }
  RecordList(const RecordList&) = delete;
  RecordList& operator=(const RecordList&) = delete;

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] uint64_t size() const { return size_; }

  void Push(Arena* arena, MemoryAccount* account, const RetiredRecord& record) {
    if (last_ == nullptr || last_->used == kRecordsInChunk) AddChunk(arena, account);
    last_->records[last_->used++] = record;
    ++size_;
  }
  // Any one of them, the list not empty: the first of the first chunk that is left.
  RetiredRecord Pop(Arena* arena, MemoryAccount* account) {
    const RetiredRecord record = first_->records[first_->taken++];
    --size_;
    if (first_->taken == first_->used) DropFirst(arena, account);
    return record;
  }
  // All of `other` behind what is here; `other` is empty then.
  void Append(RecordList&& other) {
    if (other.first_ == nullptr) return;
    (first_ == nullptr ? first_ : last_->next) = other.first_;
    last_ = other.last_;
    size_ += other.size_;
    other.first_ = other.last_ = nullptr;
    other.size_ = 0;
  }
  void Clear(Arena* arena, MemoryAccount* account) {
    while (first_ != nullptr) DropFirst(arena, account);
    size_ = 0;
  }

 private:
  static constexpr uint32_t kRecordsInChunk = 63;
  struct Chunk {
    Chunk* next;
    uint32_t used;
    uint32_t taken;
    RetiredRecord records[kRecordsInChunk];
  };
  static_assert(sizeof(Chunk) == 1024);

  void Swap(RecordList& other) {
    std::swap(first_, other.first_);
    std::swap(last_, other.last_);
    std::swap(size_, other.size_);
  }
  void AddChunk(Arena* arena, MemoryAccount* account) {
    auto* chunk = static_cast<Chunk*>(arena->Allocate(sizeof(Chunk), Charge::kOverdraft));
    account->Add(Category::kRetired, sizeof(Chunk));
    chunk->next = nullptr;
    chunk->used = chunk->taken = 0;
    (last_ == nullptr ? first_ : last_->next) = chunk;
    last_ = chunk;
  }
  void DropFirst(Arena* arena, MemoryAccount* account) {
    Chunk* chunk = first_;
    first_ = chunk->next;
    if (first_ == nullptr) last_ = nullptr;
    arena->Free(chunk, sizeof(Chunk));
    account->Subtract(Category::kRetired, sizeof(Chunk));
  }

  Chunk* first_ = nullptr;
  Chunk* last_ = nullptr;
  uint64_t size_ = 0;
};

}  // namespace spillway::hybrid
