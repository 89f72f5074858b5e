// Values that were handed out to be changed in place, until they are written back.
//
// RocksDB has no place that could be written, so get_for_update gives out a copy, which counts as written from then on:
// it answers every read of its entry, and is written to RocksDB at the next safepoint, or before anything that scans.
// A copy stays where it is until a safepoint has written it, even when its entry was put or cleared meanwhile; then it
// is dead, and what the host still writes to it is lost, as the ABI says of replaced bytes. Not thread-safe: the
// owner's. Memory is kept for the next record, up to a bound.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "spillway/bytes.h"
#include "spillway/plugin/abi.h"

namespace spillway::rocks {

struct Update {
  spw_state* state = nullptr;
  std::string key;  // encoded
  std::unique_ptr<char[]> buffer;
  size_t capacity = 0;
  size_t size = 0;
  uint32_t schema_id = 0;
  uint64_t hash = 0;
  bool live = false;

  [[nodiscard]] BytesView bytes() const { return {buffer.get(), size}; }
};

class Updates {
 public:
  // No update, live or dead, that a safepoint would have to end.
  [[nodiscard]] bool empty() const { return used_ == 0; }
  // The live one of an entry, or null.
  [[nodiscard]] Update* Find(const spw_state* state, BytesView key) { return used_ == 0 ? nullptr : Look(state, key); }
  // A new one with room for `size` bytes, not initialized; the entry has no live one.
  Update* Add(spw_state* state, BytesView key, size_t size);
  // The entry is written or removed otherwise.
  void Drop(const spw_state* state, BytesView key) {
    if (Update* update = Find(state, key)) update->live = false;
  }
  template <typename Visit>
  void ForEachLive(Visit visit) const {
    for (size_t i = 0; i < used_; ++i) {
      if (updates_[i]->live) visit(*updates_[i]);
    }
  }
  // All were written, and the views of them have ended.
  void Release();
  [[nodiscard]] uint64_t bytes() const;

 private:
  [[nodiscard]] Update* Look(const spw_state* state, BytesView key);

  std::vector<std::unique_ptr<Update>> updates_;  // the first used_ are in use
  size_t used_ = 0;
  std::unordered_multimap<uint64_t, Update*> by_hash_;  // only once there are many
};

}  // namespace spillway::rocks
