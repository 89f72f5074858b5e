// Walks a pinned hash tree, node by node in bucket order. Any thread that holds a view of the root.
#pragma once

#include <cstdint>
#include <utility>

#include "backend/hybrid/node.h"
#include "backend/hybrid/segment.h"

namespace spillway::hybrid {

class HashTreeCursor {
 public:
  HashTreeCursor() = default;
  // `root`: a root word, as it was when its view began.
  explicit HashTreeCursor(uint64_t root) : root_(root) {
    switch (RootKindOf(root)) {
      case RootKind::kChain:
        link_ = root;
        break;
      case RootKind::kSegment:
        segment_ = SegmentOf(root);
        heads_ = HeadsOfSegment(HighBitsOf(root));
        break;
      case RootKind::kDirectory:
        entries_ = 1u << HighBitsOf(root);
        heads_ = HeadsOfSegment(kFullSegment);
        break;
    }
  }

  // nullptr at the end.
  [[nodiscard]] const Node* Next() {
    if (link_ == 0) link_ = NextHead();
    if (link_ == 0) return nullptr;
    const Node* node = NodeOf(link_);
    link_ = node->next;
    return node;
  }
  // What is left of the bucket that Next is in, else the next that holds any; 0 at the end. All hashes of a bucket are
  // below those of the next.
  [[nodiscard]] Link NextChain() {
    if (link_ == 0) return NextHead();
    return std::exchange(link_, 0);
  }

 private:
  Link NextHead() {
    for (;;) {
      if (segment_ != nullptr && head_ < heads_) {
        if (const Link link = segment_->heads[head_++]; link != 0) return link;
      } else if (entry_ < entries_) {
        const uint64_t entry = DirectoryOf(root_)->entries[entry_];
        entry_ += 1u << (HighBitsOf(root_) - HighBitsOf(entry));
        segment_ = SegmentOf(entry);
        head_ = 0;
      } else {
        return 0;
      }
    }
  }

  uint64_t root_ = 0;
  uint32_t entry_ = 0;
  uint32_t entries_ = 0;
  uint32_t head_ = 0;
  uint32_t heads_ = 0;
  const Segment* segment_ = nullptr;
  Link link_ = 0;
};

}  // namespace spillway::hybrid
