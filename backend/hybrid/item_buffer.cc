#include "backend/hybrid/item_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace spillway::hybrid {
namespace {

constexpr uint64_t kAlignment = 16;
constexpr uint64_t kChunkBytesMin = 1024;
constexpr uint64_t kChunkBytesMax = 64 * 1024;  // of those that hold several items
static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= kAlignment);

}  // namespace

BytesView ItemBuffer::Keep(BytesView bytes) {
  const uint64_t needed = (bytes.size() + kAlignment - 1) & ~(kAlignment - 1);
  if (chunks_.empty() || needed > chunks_.back().size - used_) AddChunk(needed);
  char* at = chunks_.back().bytes.get() + used_;
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  used_ += needed;
  kept_ += needed;
  return {at, bytes.size()};
}

void ItemBuffer::AddChunk(uint64_t size_min) {
  const uint64_t usual = chunks_.empty() ? kChunkBytesMin : std::min(2 * chunks_.back().size, kChunkBytesMax);
  const uint64_t size = std::max(size_min, usual);
  chunks_.push_back({std::unique_ptr<char[]>(new char[size]), size});
  used_ = 0;
  taken_ += size;
  charge_.Set(sizeof(ItemBuffer) + taken_);
}

void ItemBuffer::Clear() {
  // The largest of those that are not for one item alone is kept for the next batch.
  Chunk largest{nullptr, 0};
  for (Chunk& chunk : chunks_) {
    if (chunk.size <= kChunkBytesMax && chunk.size > largest.size) largest = std::move(chunk);
  }
  chunks_.clear();
  if (largest.size > 0) chunks_.push_back(std::move(largest));
  used_ = kept_ = 0;
  taken_ = chunks_.empty() ? 0 : chunks_[0].size;
  charge_.Set(sizeof(ItemBuffer) + taken_);
}

void ItemBuffer::Push(std::unique_ptr<ItemBuffer> buffer, std::unique_ptr<ItemBuffer>* list) {
  buffer->next_ = std::move(*list);
  *list = std::move(buffer);
}

// One by one, however long the list is.
void ItemBuffer::FreeAll(std::unique_ptr<ItemBuffer> list) {
  while (list != nullptr) list = std::move(list->next_);
}

}  // namespace spillway::hybrid
