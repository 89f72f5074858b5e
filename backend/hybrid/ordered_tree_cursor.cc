#include "backend/hybrid/ordered_tree_cursor.h"

#include <algorithm>

#include "backend/hybrid/hashing.h"

namespace spillway::hybrid {

bool OrderedTreeCursor::Gather() {
  bucket_.clear();
  next_ = 0;
  while (bucket_.empty()) {
    Link link = buckets_.NextChain();
    if (link == 0) return false;
    for (; link != 0; link = NodeOf(link)->next) {
      const Node* node = NodeOf(link);
      if (only_newer_ && node->value_version <= epoch_) continue;
      bucket_.push_back({CombinedHash(HashOfBytes(KeyOf(node)), NamespaceOf(node)), node});
    }
  }
  if (bucket_.size() == 1) return true;
  std::sort(bucket_.begin(), bucket_.end(), [](const Hashed& a, const Hashed& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    if (const int keys = KeyOf(a.node).compare(KeyOf(b.node)); keys != 0) return keys < 0;
    return NamespaceOf(a.node) < NamespaceOf(b.node);
  });
  return true;
}

}  // namespace spillway::hybrid
