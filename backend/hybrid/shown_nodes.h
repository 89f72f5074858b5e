// The nodes that the host may write in place until the next safepoint. Owner thread only.
//
// Kept so that a view that begins within a record does not take them away from under the host's hands. Only the last
// ones are distinguished; beyond that it is known that there were more.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "backend/hybrid/node.h"

namespace spillway::hybrid {

class ShownNodes {
 public:
  static constexpr uint32_t kMax = 256;

  void Add(Node* node) {
    if (count_ > 0 && nodes_[(count_ - 1) % kMax] == node) return;
    if (count_ < kMax) {
      nodes_[count_++] = node;
    } else {
      overflown_ = true;
    }
  }
  void Clear() {
    count_ = 0;
    overflown_ = false;
  }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] bool overflown() const { return overflown_; }
  [[nodiscard]] std::span<Node* const> nodes() const { return {nodes_.data(), count_}; }

 private:
  std::array<Node*, kMax> nodes_;
  uint32_t count_ = 0;
  bool overflown_ = false;
};

}  // namespace spillway::hybrid
