// What the host may look at, or write in place, until the next safepoint. Owner thread only.
//
// Kept so that a view that begins within a record does not take nodes away from under the host's hands, and so that
// what is evicted between safepoints is nothing that the host sees. Only so many are distinguished; beyond that it is
// known that there were more.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "backend/hybrid/node.h"

namespace spillway::hybrid {

class ShownNodes {
 public:
  static constexpr uint32_t kMax = 16384;

  // A value, or an entry of a map.
  void Add(Node* node) {
    if (!nodes_.empty() && nodes_.back() == node) return;
    if (nodes_.size() < kMax) {
      nodes_.push_back(node);
    } else {
      overflown_ = true;
    }
  }
  // A list or map of which anything may be seen, by the high half of its hash: its node may be replaced by a copy.
  void AddCollection(uint32_t hash) {
    if (collections_.size() < kMax) {
      collections_.push_back(hash);
    } else {
      overflown_ = true;
    }
  }
  void Clear() {
    nodes_.clear();
    collections_.clear();
    overflown_ = false;
  }
  [[nodiscard]] bool empty() const { return nodes_.empty(); }
  [[nodiscard]] bool overflown() const { return overflown_; }
  [[nodiscard]] std::span<Node* const> nodes() const { return nodes_; }
  [[nodiscard]] std::span<const uint32_t> collections() const { return collections_; }

 private:
  std::vector<Node*> nodes_;
  std::vector<uint32_t> collections_;
  bool overflown_ = false;
};

// The same, to be asked for single nodes.
class ShownSet {
 public:
  explicit ShownSet(const ShownNodes& shown)
      : nodes_(shown.nodes().begin(), shown.nodes().end()),
        collections_(shown.collections().begin(), shown.collections().end()) {
    std::sort(nodes_.begin(), nodes_.end());
    std::sort(collections_.begin(), collections_.end());
  }
  [[nodiscard]] bool Has(const Node* node) const {
    return std::binary_search(nodes_.begin(), nodes_.end(), const_cast<Node*>(node));
  }
  [[nodiscard]] bool HasCollection(const Node* node) const {
    return std::binary_search(collections_.begin(), collections_.end(), node->hash);
  }

 private:
  std::vector<Node*> nodes_;
  std::vector<uint32_t> collections_;
};

}  // namespace spillway::hybrid
