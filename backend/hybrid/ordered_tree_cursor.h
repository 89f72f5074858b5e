// Walks a pinned hash tree in the order of run files: by the whole hash, then by key and namespace.
//
// Buckets are in hash order already, so only the nodes of one are gathered and sorted at a time. Nodes hold the high
// half of their hash; the whole of it is computed again from the bytes. Any thread that holds a view of the root; owns
// nothing of the tree.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/hybrid/hash_tree_cursor.h"
#include "backend/hybrid/node.h"

namespace spillway::hybrid {

class OrderedTreeCursor {
 public:
  OrderedTreeCursor() = default;
  // `only_newer`: nodes whose value version is not above `epoch` are left out.
  OrderedTreeCursor(uint64_t root, bool only_newer, uint32_t epoch)
      : buckets_(root), only_newer_(only_newer), epoch_(epoch) {}

  // Begins another tree, and keeps the memory.
  void Begin(uint64_t root, bool only_newer, uint32_t epoch) {
    buckets_ = HashTreeCursor(root);
    only_newer_ = only_newer;
    epoch_ = epoch;
    bucket_.clear();
    next_ = 0;
  }

  // nullptr at the end.
  [[nodiscard]] const Node* Next() {
    if (next_ == bucket_.size() && !Gather()) return nullptr;
    return bucket_[next_++].node;
  }
  // The whole hash of the node that Next gave.
  [[nodiscard]] uint64_t hash() const { return bucket_[next_ - 1].hash; }
  [[nodiscard]] uint64_t memory_bytes() const { return bucket_.capacity() * sizeof(Hashed); }

 private:
  struct Hashed {
    uint64_t hash;
    const Node* node;
  };

  // The next bucket that has a node to show; false when there is none.
  [[nodiscard]] bool Gather();

  HashTreeCursor buckets_;
  bool only_newer_ = false;
  uint32_t epoch_ = 0;
  std::vector<Hashed> bucket_;
  size_t next_ = 0;
};

}  // namespace spillway::hybrid
