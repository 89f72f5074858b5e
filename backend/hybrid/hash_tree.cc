#include "backend/hybrid/hash_tree.h"

#include <algorithm>

namespace spillway::hybrid {

Node* HashTree::NewNode(const NodeSizes& sizes, const Probe& probe, Charge charge) const {
  auto* node = static_cast<Node*>(heap_->Allocate(NodeBytes(sizes, alignment_), Category::kEntries, charge));
  if (node == nullptr) return nullptr;
  InitializeNode(node, sizes, probe.order(), probe.key, probe.state_namespace);
  node->structure = node->value_version = versions_->Stamp();
  return node;
}

void HashTree::DropNode(Node* node) const {
  heap_->Free(node, Bytes(node), Category::kEntries);
}

Node* HashTree::CopyOf(const Node* node, Charge charge) const {
  const uint64_t bytes = Bytes(node);
  auto* copy = static_cast<Node*>(heap_->Allocate(bytes, Category::kEntries, charge));
  if (copy == nullptr) return nullptr;
  std::memcpy(static_cast<void*>(copy), node, bytes);
  SetStructureVersion(copy, versions_->Stamp());
  Counters::Add(heap_->counters().nodes_copied);
  return copy;
}

void HashTree::RetireNode(Node* node) const {
  heap_->RetireObject(versions_, node, StructureVersionOf(node), Bytes(node));
}

Link* HashTree::WritableLink(Link* head, const Node* node, Charge charge) {
  Link* link = head;
  while (*link != 0 && NodeOf(*link) != node) {
    Node* before = NodeOf(*link);
    if (versions_->IsFrozen(StructureVersionOf(before))) {
      Node* copy = CopyOf(before, charge);
      if (copy == nullptr) return nullptr;
      *link = Relinked(*link, copy);
      RetireNode(before);
      before = copy;
    }
    link = &before->next;
  }
  return link;
}

Segment* HashTree::WritableSegment(uint64_t entry, uint32_t size_class, Charge charge) {
  Segment* segment = SegmentOf(entry);
  if (!versions_->IsFrozen(segment->version)) return segment;
  const uint64_t bytes = SegmentBytes(size_class);
  auto* copy = static_cast<Segment*>(heap_->Allocate(bytes, Category::kIndex, charge));
  if (copy == nullptr) return nullptr;
  std::memcpy(static_cast<void*>(copy), segment, bytes);
  heap_->RetireIndex(versions_, segment, segment->version, bytes);
  copy->version = versions_->Stamp();
  Counters::Add(heap_->counters().segments_copied);
  return copy;
}

Directory* HashTree::WritableDirectory(Charge charge) {
  Directory* directory = DirectoryOf(root_->word);
  if (!versions_->IsFrozen(directory->version)) return directory;
  const uint64_t bytes = DirectoryBytes(directory->depth);
  auto* copy = static_cast<Directory*>(heap_->Allocate(bytes, Category::kIndex, charge));
  if (copy == nullptr) return nullptr;
  std::memcpy(static_cast<void*>(copy), directory, bytes);
  heap_->RetireIndex(versions_, directory, directory->version, bytes);
  copy->version = versions_->Stamp();
  root_->word = DirectoryRoot(copy);
  return copy;
}

bool HashTree::WritableHead(uint32_t order, Charge charge, Place* place) {
  switch (RootKindOf(root_->word)) {
    case RootKind::kChain:
      *place = {nullptr, 0, 0, &root_->word};
      return true;
    case RootKind::kSegment: {
      const uint32_t size_class = HighBitsOf(root_->word);
      Segment* segment = WritableSegment(root_->word, size_class, charge);
      if (segment == nullptr) return false;
      root_->word = SegmentRoot(segment, size_class);
      *place = {segment, 0, size_class, &segment->heads[BucketOf(order, 0, HeadsOfSegment(size_class))]};
      return true;
    }
    case RootKind::kDirectory:
      break;
  }
  Directory* directory = WritableDirectory(charge);
  if (directory == nullptr) return false;
  const uint32_t index = DirectoryIndex(order, directory->depth);
  const uint64_t entry = directory->entries[index];
  const uint32_t depth = HighBitsOf(entry);
  Segment* segment = WritableSegment(entry, kFullSegment, charge);
  if (segment == nullptr) return false;
  if (segment != SegmentOf(entry)) {
    const uint32_t share = 1u << (directory->depth - depth);
    const uint32_t first = index & ~(share - 1);
    std::fill_n(directory->entries + first, share, DirectoryEntry(segment, depth));
  }
  *place = {segment, depth, kFullSegment, &segment->heads[BucketOf(order, depth, HeadsOfSegment(kFullSegment))]};
  return true;
}

Node* HashTree::Writable(const Probe& probe, Node* node, Charge charge) {
  if (node->value_version == versions_->epoch()) return node;
  if (!versions_->IsFrozen(StructureVersionOf(node))) {
    node->value_version = versions_->Stamp();
    return node;
  }
  Place place;
  if (!WritableHead(probe.order(), charge, &place)) return nullptr;
  Link* link = WritableLink(place.head, node, charge);
  if (link == nullptr) return nullptr;
  Node* copy = CopyOf(node, charge);
  if (copy == nullptr) return nullptr;
  *link = Relinked(*link, copy);
  RetireNode(node);
  copy->value_version = versions_->Stamp();
  return copy;
}

Node* HashTree::WritableAsClean(const Probe& probe, Node* node, Charge charge) {
  if (!versions_->IsFrozen(StructureVersionOf(node))) return node;
  const uint32_t version = node->value_version;
  node = Writable(probe, node, charge);
  if (node != nullptr) node->value_version = version;
  return node;
}

void HashTree::DropEmptyIndex() {
  heap_->RetireNodes(versions_, root_->word, versions_->epoch(), alignment_);
  root_->word = 0;
}

bool HashTree::Insert(const Probe& probe, Node* node, Charge charge) {
  Place place;
  if (!WritableHead(probe.order(), charge, &place)) return false;
  node->next = *place.head;
  *place.head = reinterpret_cast<uintptr_t>(node) | uint64_t{probe.tag()} << 48 | (node->next == 0 ? 0 : kLinkMore);
  ++root_->count;
  if (place.segment != nullptr) ++place.segment->entries;
  GrowIfLoaded(place, probe.order());
  return true;
}

bool HashTree::Replace(const Probe& probe, Node* old_node, Node* new_node, Charge charge) {
  Place place;
  if (!WritableHead(probe.order(), charge, &place)) return false;
  Link* link = WritableLink(place.head, old_node, charge);
  if (link == nullptr) return false;
  new_node->next = old_node->next;
  *link = Relinked(*link, new_node);
  RetireNode(old_node);
  return true;
}

void HashTree::Remove(const Probe& probe, Node* node) {
  Place place;
  // With overdraft these fail by an exception of the system's only.
  if (!WritableHead(probe.order(), Charge::kOverdraft, &place)) return;
  Link* link = WritableLink(place.head, node, Charge::kOverdraft);
  if (link == nullptr) return;
  *link = node->next;
  RetireNode(node);
  if (place.segment != nullptr) --place.segment->entries;
  if (--root_->count > 0 || place.segment == nullptr) return;
  // Views that began earlier may need any part of it; born at 1 it waits for all of them.
  heap_->RetireNodes(versions_, root_->word, 1, alignment_);
  root_->word = 0;
}

}  // namespace spillway::hybrid
