#include "backend/rocksdb/updates.h"

#include <xxhash.h>

#include <algorithm>

namespace spillway::rocks {
namespace {

constexpr size_t kScannedMax = 32;  // above it, a hash table finds sooner than a look at each
constexpr size_t kKept = 64;
constexpr size_t kKeptBytes = 16 << 10;

uint64_t HashOf(const spw_state* state, BytesView key) {
  return XXH3_64bits_withSeed(key.data(), key.size(), reinterpret_cast<uintptr_t>(state));
}

}  // namespace

Update* Updates::Look(const spw_state* state, BytesView key) {
  const uint64_t hash = HashOf(state, key);
  const auto is_it = [&](const Update& update) {
    return update.hash == hash && update.live && update.state == state && update.key == key;
  };
  if (used_ > kScannedMax) {
    const auto [begin, end] = by_hash_.equal_range(hash);
    const auto found = std::find_if(begin, end, [&](const auto& entry) { return is_it(*entry.second); });
    return found == end ? nullptr : found->second;
  }
  for (size_t i = 0; i < used_; ++i) {
    if (is_it(*updates_[i])) return updates_[i].get();
  }
  return nullptr;
}

Update* Updates::Add(spw_state* state, BytesView key, size_t size) {
  if (used_ == updates_.size()) updates_.push_back(std::make_unique<Update>());
  Update* update = updates_[used_].get();
  update->key.assign(key);
  if (update->buffer == nullptr || update->capacity < size) {
    update->buffer.reset();
    update->capacity = std::max<size_t>(size, 16);
    update->buffer = std::make_unique_for_overwrite<char[]>(update->capacity);  // aligned to 16, as new[] is
  }
  update->state = state;
  update->size = size;
  update->hash = HashOf(state, key);
  update->live = true;
  ++used_;
  if (used_ == kScannedMax + 1) {
    for (size_t i = 0; i < used_; ++i) by_hash_.emplace(updates_[i]->hash, updates_[i].get());
  } else if (used_ > kScannedMax) {
    by_hash_.emplace(update->hash, update);
  }
  return update;
}

void Updates::Release() {
  for (size_t i = 0; i < used_; ++i) {
    updates_[i]->live = false;
    if (updates_[i]->capacity <= kKeptBytes) continue;
    updates_[i]->buffer.reset();
    updates_[i]->capacity = 0;
  }
  used_ = 0;
  by_hash_.clear();
  if (updates_.size() > kKept) updates_.resize(kKept);
}

uint64_t Updates::bytes() const {
  uint64_t sum = 0;
  for (const auto& update : updates_) sum += sizeof(Update) + update->key.capacity() + update->capacity;
  return sum;
}

}  // namespace spillway::rocks
