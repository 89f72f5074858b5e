// The persistent hash table: chains of nodes below segments below a directory, kept in hash order.
//
// The tree of a key-group's state and the directory of one big map are both this: a root word and a count, owned by
// whoever holds them, changed through a HashTree that is made for the moment. It copies what a live view can reach and
// changes in place what is private. Everything it does is either the whole logical change or none: an operation that
// cannot get its memory returns false (nullptr), and what was copied on the way there is equal to what was. It grows
// one segment at a time (splitting it in two, the directory doubling by a copy of its entries) and is dropped as a
// whole when it becomes empty.
//
// FindNode: any thread, on a pinned root. All else: owner thread.
#pragma once

#include <cstdint>
#include <cstring>

#include "backend/hybrid/heap.h"
#include "backend/hybrid/node.h"
#include "backend/hybrid/segment.h"
#include "backend/hybrid/versions.h"
#include "spillway/bytes.h"

namespace spillway::hybrid {

// The hash of a key and namespace (or of a map key), and the bytes.
struct Probe {
  uint64_t hash;
  BytesView key;
  BytesView state_namespace;

  [[nodiscard]] uint32_t order() const { return static_cast<uint32_t>(hash >> 32); }
  // Not the lowest bits: the key-group may be these.
  [[nodiscard]] uint16_t tag() const { return static_cast<uint16_t>(hash >> 16); }
};

[[nodiscard]] inline bool SameBytes(const void* left, const void* right, size_t size) {
  if (size == 8) return LoadBytes<uint64_t>(left) == LoadBytes<uint64_t>(right);
  return std::memcmp(left, right, size) == 0;
}

[[nodiscard]] inline bool IsNodeOf(const Node* node, const Probe& probe) {
  if (node->hash != probe.order()) return false;
  const size_t key_size = probe.key.size();
  const size_t namespace_size = probe.state_namespace.size();
  const uint8_t* bytes = BytesOf(node);
  if (!IsWide(node)) {
    if (key_size > kNarrowKeyMax || namespace_size > kNarrowNamespaceMax) return false;
    if ((node->sizes & kNarrowKeyMask) !=
        PackedKeySizes(static_cast<uint32_t>(key_size), static_cast<uint32_t>(namespace_size))) {
      return false;
    }
    bytes += KeyOffset(false);
  } else {
    const WideSizes* wide = WideOf(node);
    if (wide->key_size != key_size || wide->namespace_size != namespace_size) return false;
    bytes += KeyOffset(true);
  }
  return SameBytes(bytes, probe.key.data(), key_size) &&
         (namespace_size == 0 || std::memcmp(bytes + key_size, probe.state_namespace.data(), namespace_size) == 0);
}

// The node of the chain that begins with `link`, or nullptr.
[[nodiscard]] inline Node* FindInChain(Link link, const Probe& probe) {
  while (link != 0) {
    Node* node = NodeOf(link);
    if (TagOf(link) == probe.tag() && IsNodeOf(node, probe)) return node;
    if ((link & kLinkMore) == 0) return nullptr;
    link = node->next;
  }
  return nullptr;
}

[[nodiscard]] inline Node* FindNode(const uint64_t* root, const Probe& probe) {
  return FindInChain(*HeadFor(root, probe.order()), probe);
}

struct TreeRoot {
  uint64_t word = 0;   // see segment.h
  uint64_t count = 0;  // nodes
};

class HashTree {
 public:
  // `alignment` is that of the values in this tree.
  HashTree(TreeRoot* root, Versions* versions, Heap* heap, uint32_t alignment)
      : root_(root), versions_(versions), heap_(heap), alignment_(alignment) {}

  [[nodiscard]] Node* Find(const Probe& probe) const { return FindNode(&root_->word, probe); }

  // A node that is in no tree yet, with its value not filled; nullptr when there is no memory for it. `order` is the
  // high half of its hash.
  [[nodiscard]] Node* NewNode(const NodeSizes& sizes, const Probe& probe, Charge charge) const;
  // A node that was not inserted after all.
  void DropNode(Node* node) const;
  // A node of this tree that may be written: itself, marked as changed now, or a copy in its place.
  [[nodiscard]] Node* Writable(const Probe& probe, Node* node, Charge charge);
  // The same for a change that runs need not know of, such as an entry that came back: the node is no dirtier than it
  // was.
  [[nodiscard]] Node* WritableAsClean(const Probe& probe, Node* node, Charge charge);
  // Puts a new node into the tree, which must not hold its key.
  [[nodiscard]] bool Insert(const Probe& probe, Node* node, Charge charge);
  // Puts a new node into the place of one of the same key; that one is retired.
  [[nodiscard]] bool Replace(const Probe& probe, Node* old_node, Node* new_node, Charge charge);
  // Takes the node out and retires it. Never fails: it may overdraw the share.
  void Remove(const Probe& probe, Node* node);
  // For a view that the owner began just now: if `node` is in this hash's chain, the private nodes of the chain stay
  // where they are, in the live table, since the host may be about to write them in place; the view gets copies of
  // them. `node` null: in any case. May overdraw the share.
  void KeepInPlace(uint32_t order, const Node* node, View* view);

  // For eviction; no view of the table is live. Looks at the nodes of the segment that holds the hash `*hand` and takes
  // out those for which `drop(Node*)` is true, which frees what hangs on them but not the node. Moves the hand behind
  // the segment; false when that was the last, and the hand is 0.
  template <typename Drop>
  bool Sweep(uint32_t* hand, Drop&& drop);

 private:
  template <typename Drop>
  uint32_t SweepChain(Link* head, Drop&& drop);
  void DropEmptyIndex();

  struct Place {
    Segment* segment;  // nullptr in a chain root
    uint32_t depth;    // of the segment
    uint32_t size_class;
    Link* head;
  };

  [[nodiscard]] uint64_t Bytes(const Node* node) const { return NodeBytes(node, alignment_); }
  // The head of the hash's chain, with everything down to it private.
  [[nodiscard]] bool WritableHead(uint32_t order, Charge charge, Place* place);
  [[nodiscard]] Segment* WritableSegment(uint64_t entry, uint32_t size_class, Charge charge);
  [[nodiscard]] Directory* WritableDirectory(Charge charge);
  // The link that leads to `node`, with all nodes before it private. `node` 0: makes the whole chain private.
  [[nodiscard]] Link* WritableLink(Link* head, const Node* node, Charge charge);
  [[nodiscard]] Node* CopyOf(const Node* node, Charge charge) const;
  void RetireNode(Node* node) const;

  // Growth (hash_tree_growth.cc). Failing to grow is no failure: it is tried again with the next insertion.
  void GrowIfLoaded(const Place& place, uint32_t order);
  void Grow(const Place& place, uint32_t order);
  void GrowChain();
  void GrowSegment(const Place& place);
  void SplitSegment(const Place& place, uint32_t order);
  [[nodiscard]] bool AllWritable(const Place& place);
  [[nodiscard]] Segment* NewSegment(uint32_t size_class) const;
  [[nodiscard]] bool DoubleDirectory();
  [[nodiscard]] uint32_t LoadLimit(uint32_t heads) const;

  TreeRoot* const root_;
  Versions* const versions_;
  Heap* const heap_;
  const uint32_t alignment_;
};

template <typename Drop>
uint32_t HashTree::SweepChain(Link* head, Drop&& drop) {
  uint32_t dropped = 0;
  while (*head != 0) {
    Node* node = NodeOf(*head);
    if (!drop(node)) {
      head = &node->next;
      continue;
    }
    *head = node->next;
    DropNode(node);
    ++dropped;
  }
  root_->count -= dropped;
  return dropped;
}

template <typename Drop>
bool HashTree::Sweep(uint32_t* hand, Drop&& drop) {
  uint64_t behind = uint64_t{1} << 32;  // the first hash of the next segment
  if (RootKindOf(root_->word) == RootKind::kChain) {
    SweepChain(&root_->word, drop);
  } else {
    Segment* segment = SegmentOf(root_->word);
    uint32_t size_class = HighBitsOf(root_->word);
    if (RootKindOf(root_->word) == RootKind::kDirectory) {
      const Directory* directory = DirectoryOf(root_->word);
      const uint64_t entry = directory->entries[DirectoryIndex(*hand, directory->depth)];
      segment = SegmentOf(entry);
      size_class = kFullSegment;
      const uint32_t depth = HighBitsOf(entry);
      const uint64_t width = uint64_t{1} << (32 - depth);
      behind = (*hand / width + 1) * width;
    }
    for (uint32_t i = 0; i < HeadsOfSegment(size_class); ++i) {
      if (segment->heads[i] != 0) segment->entries -= SweepChain(&segment->heads[i], drop);
    }
    if (root_->count == 0) {
      DropEmptyIndex();
      behind = uint64_t{1} << 32;
    }
  }
  *hand = static_cast<uint32_t>(behind);
  return *hand != 0;
}

}  // namespace spillway::hybrid
