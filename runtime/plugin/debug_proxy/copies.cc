#include "runtime/plugin/debug_proxy/copies.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/plugin/debug_proxy/debug_proxy.h"

namespace spillway::runtime::debug_proxy {
namespace {

constexpr size_t kChunkBytes = 2048;
constexpr size_t kPoisonedBytesMax = 256 * 1024;

}  // namespace

void PoisonedChunks::Take(Chunk chunk) {
  std::memset(chunk.bytes.get(), kPoisonByte, chunk.used);
  bytes_ += chunk.size;
  chunks_.push_back(std::move(chunk));
  while (bytes_ > kPoisonedBytesMax && chunks_.size() > 1) {
    bytes_ -= chunks_.front().size;
    chunks_.pop_front();
  }
}

uint8_t* CopyArena::Copy(const uint8_t* data, uint64_t size, uint32_t alignment) {
  if (data == nullptr) return nullptr;
  const size_t needed = size + 1 + 3 * size_t{alignment};  // one byte more, so that empty bytes have an address
  if (chunks_.empty() || chunks_.back().size - chunks_.back().used < needed) {
    const size_t chunk_size = std::max(kChunkBytes, needed);
    chunks_.push_back({std::make_unique_for_overwrite<uint8_t[]>(chunk_size), chunk_size, 0});
  }
  Chunk& chunk = chunks_.back();
  const auto begin = reinterpret_cast<uintptr_t>(chunk.bytes.get());
  // The next address that is `alignment` modulo twice that: what needs more alignment than it registered shows here.
  const uintptr_t period = 2 * uintptr_t{alignment};
  const uintptr_t from = begin + chunk.used;
  const uintptr_t place = from + (period + alignment - from % period) % period;
  uint8_t* copy = chunk.bytes.get() + (place - begin);
  if (size > 0) std::memcpy(copy, data, size);
  chunk.used = place - begin + size + 1;
  return copy;
}

void CopyArena::EndAll(PoisonedChunks* poisoned) {
  for (Chunk& chunk : chunks_) poisoned->Take(std::move(chunk));
  chunks_.clear();
}

spw_mut_view Shadows::Show(const spw_mut_view& real, uint32_t alignment, CopyArena* arena) {
  spw_mut_view shown = real;
  for (Shadow& shadow : shadows_) {
    if (shadow.real != real.data || shadow.synced.size() != real.size) continue;
    shadow.synced.assign(real.data, real.data + real.size);
    std::copy(shadow.synced.begin(), shadow.synced.end(), shadow.shown);
    shown.data = shadow.shown;
    return shown;
  }
  shown.data = arena->Copy(real.data, real.size, alignment);
  if (real.size > 0) shadows_.push_back({real.data, shown.data, {real.data, real.data + real.size}});
  return shown;
}

void Shadows::WriteBack() {
  for (Shadow& shadow : shadows_) {
    const size_t size = shadow.synced.size();
    if (std::memcmp(shadow.shown, shadow.synced.data(), size) == 0) continue;
    // Byte by byte: the others may have been written otherwise meanwhile, as by a put of the same size.
    for (size_t i = 0; i < size; ++i) {
      if (shadow.shown[i] == shadow.synced[i]) continue;
      shadow.real[i] = shadow.synced[i] = shadow.shown[i];
    }
  }
}

void Shadows::Refresh() {
  for (Shadow& shadow : shadows_) {
    const size_t size = shadow.synced.size();
    if (std::memcmp(shadow.real, shadow.synced.data(), size) == 0) continue;
    std::memcpy(shadow.synced.data(), shadow.real, size);
    std::memcpy(shadow.shown, shadow.real, size);
  }
}

}  // namespace spillway::runtime::debug_proxy
