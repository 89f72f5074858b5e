// The proxy's copies of views: read-only ones, and shadows of those that may be written. Owner thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "spillway/plugin/abi.h"

namespace spillway::runtime::debug_proxy {

struct Chunk {
  std::unique_ptr<uint8_t[]> bytes;
  size_t size = 0;
  size_t used = 0;
};

// Poisoned chunks, kept until more recent ones push them out.
class PoisonedChunks {
 public:
  // Overwrites what was used of the chunk and keeps it.
  void Take(Chunk chunk);

 private:
  std::deque<Chunk> chunks_;
  size_t bytes_ = 0;
};

// Copies that end together.
class CopyArena {
 public:
  // A copy aligned to `alignment` (a power of two up to 16) and to no more than that. Null bytes stay null; empty ones
  // get an address of their own.
  [[nodiscard]] uint8_t* Copy(const uint8_t* data, uint64_t size, uint32_t alignment);
  [[nodiscard]] spw_bytes Copy(spw_bytes bytes) { return {Copy(bytes.data, bytes.size, 1), bytes.size}; }
  void EndAll(PoisonedChunks* poisoned);

 private:
  std::vector<Chunk> chunks_;
};

// Shadows of mutable views. Two views of one entry are one shadow, as they are one place in the plugin.
class Shadows {
 public:
  [[nodiscard]] spw_mut_view Show(const spw_mut_view& real, uint32_t alignment, CopyArena* arena);
  // Carries what the host has written since the last call over to the plugin's memory.
  void WriteBack();
  // After a call of the owner that wrote back before: what it changed of the plugin's memory is shown, too. The plugin
  // keeps what it showed until the next safepoint, so all of it may be read.
  void Refresh();
  void EndAll() { shadows_.clear(); }

 private:
  struct Shadow {
    uint8_t* real;
    uint8_t* shown;
    std::vector<uint8_t> synced;  // the content at the last time both were equal
  };
  std::vector<Shadow> shadows_;
};

}  // namespace spillway::runtime::debug_proxy
