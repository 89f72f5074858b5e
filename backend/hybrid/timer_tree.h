// The timers of one key-group in order: a persistent B+ tree over (timestamp, hash), copied path by path under views.
//
// The hash is that of (key, namespace); timers of equal time come in hash order. Two different timers of equal time
// and hash share an entry, as a chain of records. An inner node's entries are lower bounds of their children, the first
// one standing for everything below. What a live view can reach is never written. Operations are whole or not at
// all, as in hash_tree.h; removals may overdraw the share and never fail.
//
// TimerCursor and Find: any thread, on a pinned root. All else: owner thread.
#pragma once

#include <cstdint>
#include <optional>

#include "backend/hybrid/hash_tree.h"
#include "backend/hybrid/heap.h"
#include "backend/hybrid/versions.h"
#include "spillway/bytes.h"

namespace spillway::hybrid {

struct TimerRecord {
  const TimerRecord* next;  // of equal time and hash
  uint32_t birth;
  uint32_t key_size;
  uint32_t namespace_size;
  uint32_t reserved;

  [[nodiscard]] BytesView key() const { return {reinterpret_cast<const char*>(this + 1), key_size}; }
  [[nodiscard]] BytesView state_namespace() const {
    return {reinterpret_cast<const char*>(this + 1) + key_size, namespace_size};
  }
  [[nodiscard]] uint64_t bytes() const { return sizeof(TimerRecord) + key_size + namespace_size; }
};
static_assert(sizeof(TimerRecord) == 24);

struct TimerEntry {
  int64_t timestamp;
  uint64_t hash;
  uint64_t below;  // a TimerRecord in a leaf, else a TimerNode
};

struct TimerNode {
  static constexpr uint16_t kFanout = 31;

  uint32_t version;
  uint16_t count;
  uint16_t capacity;  // kFanout but in a root that is a leaf, which begins small
  uint32_t level;     // 0: leaf
  uint32_t reserved;
  TimerEntry entries[1];  // capacity

  [[nodiscard]] static uint64_t Bytes(uint16_t capacity) { return 16 + sizeof(TimerEntry) * uint64_t{capacity}; }
  [[nodiscard]] TimerNode* child(uint32_t index) const { return reinterpret_cast<TimerNode*>(entries[index].below); }
  [[nodiscard]] const TimerRecord* record(uint32_t index) const {
    return reinterpret_cast<const TimerRecord*>(entries[index].below);
  }
};
static_assert(sizeof(TimerNode) == 16 + sizeof(TimerEntry));

struct TimerView {
  int64_t timestamp;
  uint64_t hash;
  BytesView key;
  BytesView state_namespace;
};

// Walks a pinned tree in order.
class TimerCursor {
 public:
  static constexpr uint32_t kLevelsMax = 16;

  TimerCursor() = default;
  explicit TimerCursor(uint64_t root);
  // False at the end. The bytes are those of the tree.
  bool Next(TimerView* timer);

 private:
  const TimerNode* path_[kLevelsMax];
  uint32_t index_[kLevelsMax];
  uint32_t depth_ = 0;  // of path_; 0: at the end
  const TimerRecord* record_ = nullptr;
};

class TimerTree {
 public:
  enum class Added { kYes, kWasThere, kNoMemory };

  TimerTree(TreeRoot* root, Versions* versions, Heap* heap) : root_(root), versions_(versions), heap_(heap) {}

  [[nodiscard]] Added Add(const TimerView& timer, Charge charge);
  // False when it is not there.
  bool Remove(const TimerView& timer);
  [[nodiscard]] bool Contains(const TimerView& timer) const { return FindRecord(timer) != nullptr; }
  // The earliest; its bytes live until it is removed and the owner has passed a safepoint.
  [[nodiscard]] std::optional<TimerView> First() const;

 private:
  struct Path {
    TimerNode* nodes[TimerCursor::kLevelsMax];
    uint32_t index[TimerCursor::kLevelsMax];
    uint32_t depth = 0;
  };

  [[nodiscard]] TimerNode* root() const { return reinterpret_cast<TimerNode*>(root_->word); }
  void set_root(TimerNode* node) { root_->word = reinterpret_cast<uintptr_t>(node); }
  [[nodiscard]] const TimerRecord* FindRecord(const TimerView& timer) const;
  [[nodiscard]] TimerRecord* NewRecord(const TimerView& timer, Charge charge);
  [[nodiscard]] TimerNode* NewNode(uint32_t level, uint16_t capacity, Charge charge);
  void RetireNode(TimerNode* node);
  [[nodiscard]] TimerNode* WritableNode(TimerNode* node, Charge charge);
  // The same with room for one entry more, split off from it when it is full.
  [[nodiscard]] bool MakeRoomInRoot();
  [[nodiscard]] bool MakeRoomInChild(TimerNode* parent, uint32_t index);
  [[nodiscard]] TimerNode* SplitOff(TimerNode* node);
  // A path of writable nodes to where the timer is or belongs.
  [[nodiscard]] bool WritablePath(const TimerView& timer, bool make_room, Charge charge, Path* path);
  void RemoveFromLeaf(const TimerView& timer, const Path& path);
  void MendUpwards(const Path& path);
  void TryMerge(TimerNode* parent, uint32_t left_index);

  TreeRoot* const root_;
  Versions* const versions_;
  Heap* const heap_;
};

}  // namespace spillway::hybrid
