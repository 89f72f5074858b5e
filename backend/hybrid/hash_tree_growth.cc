#include <algorithm>
#include <cstring>
#include <new>

#include "backend/hybrid/hash_tree.h"

namespace spillway::hybrid {
namespace {

// A chain alone up to here; then a small segment.
constexpr uint64_t kChainMax = 6;
// Splitting halves the load: between 0.45 and 0.9 the average is 0.65.
constexpr uint32_t kLoadLimitPercent = 90;
// Under a view splitting would copy every node of the segment, so it waits longer.
constexpr uint32_t kLoadLimitUnderView = 4;
constexpr uint32_t kLoadWantedPercent = 70;

void PushLink(Link* head, Link old_link, Node* node) {
  node->next = *head;
  *head = (Relinked(old_link, node) & ~kLinkMore) | (*head == 0 ? 0 : kLinkMore);
}

}  // namespace

uint32_t HashTree::LoadLimit(uint32_t heads) const {
  return versions_->HasViews() ? heads * kLoadLimitUnderView : heads * kLoadLimitPercent / 100;
}

void HashTree::Grow(const Place& place, uint32_t order) {
  if (place.segment == nullptr) {
    if (root_->count > kChainMax) GrowChain();
    return;
  }
  if (place.segment->entries <= LoadLimit(HeadsOfSegment(place.size_class))) return;
  if (place.size_class < kFullSegment) {
    GrowSegment(place);
  } else {
    SplitSegment(place, order);
  }
}

void HashTree::GrowIfLoaded(const Place& place, uint32_t order) {
  try {
    Grow(place, order);
  } catch (const std::bad_alloc&) {
    // What was copied until then is equal to what was, and the insertion that led here is whole.
  }
}

Segment* HashTree::NewSegment(uint32_t size_class) const {
  const uint64_t bytes = SegmentBytes(size_class);
  auto* segment = static_cast<Segment*>(heap_->Allocate(bytes, Category::kIndex, Charge::kWithinShare));
  if (segment == nullptr) return nullptr;
  std::memset(static_cast<void*>(segment), 0, bytes);
  segment->version = versions_->Stamp();
  return segment;
}

bool HashTree::AllWritable(const Place& place) {
  const uint32_t heads = place.segment == nullptr ? 1 : HeadsOfSegment(place.size_class);
  Link* first = place.segment == nullptr ? place.head : place.segment->heads;
  for (uint32_t i = 0; i < heads; ++i) {
    if (WritableLink(&first[i], nullptr, Charge::kWithinShare) == nullptr) return false;
  }
  return true;
}

void HashTree::GrowChain() {
  if (!AllWritable({nullptr, 0, 0, &root_->word})) return;
  Segment* segment = NewSegment(0);
  if (segment == nullptr) return;
  Link link = root_->word;
  while (link != 0) {
    Node* node = NodeOf(link);
    const Link next = node->next;
    PushLink(&segment->heads[BucketOf(node->hash, 0, HeadsOfSegment(0))], link, node);
    link = next;
  }
  segment->entries = static_cast<uint32_t>(root_->count);
  root_->word = SegmentRoot(segment, 0);
}

void HashTree::GrowSegment(const Place& place) {
  if (!AllWritable(place)) return;
  uint32_t size_class = place.size_class + 1;
  while (size_class < kFullSegment && place.segment->entries * 100 > HeadsOfSegment(size_class) * kLoadWantedPercent) {
    ++size_class;
  }
  Segment* grown = NewSegment(size_class);
  if (grown == nullptr) return;
  const uint32_t heads = HeadsOfSegment(size_class);
  for (uint32_t i = 0; i < HeadsOfSegment(place.size_class); ++i) {
    Link link = place.segment->heads[i];
    while (link != 0) {
      Node* node = NodeOf(link);
      const Link next = node->next;
      PushLink(&grown->heads[BucketOf(node->hash, 0, heads)], link, node);
      link = next;
    }
  }
  grown->entries = place.segment->entries;
  root_->word = SegmentRoot(grown, size_class);
  heap_->RetireIndex(versions_, place.segment, place.segment->version, SegmentBytes(place.size_class));
}

bool HashTree::DoubleDirectory() {
  const bool first = RootKindOf(root_->word) == RootKind::kSegment;
  Directory* old_directory = first ? nullptr : DirectoryOf(root_->word);
  const uint32_t old_depth = first ? 0 : old_directory->depth;
  // Hashes that do not spread must not make the directory grow without end.
  if (old_depth >= kDepthMax || (uint64_t{2} << old_depth) > root_->count / 32) return false;
  const uint64_t bytes = DirectoryBytes(old_depth + 1);
  auto* doubled = static_cast<Directory*>(heap_->Allocate(bytes, Category::kIndex, Charge::kWithinShare));
  if (doubled == nullptr) return false;
  doubled->version = versions_->Stamp();
  doubled->depth = old_depth + 1;
  doubled->reserved = 0;
  if (first) {
    doubled->entries[0] = doubled->entries[1] = DirectoryEntry(SegmentOf(root_->word), 0);
  } else {
    for (uint64_t i = 0; i < uint64_t{1} << old_depth; ++i) {
      doubled->entries[2 * i] = doubled->entries[2 * i + 1] = old_directory->entries[i];
    }
    heap_->RetireIndex(versions_, old_directory, old_directory->version, DirectoryBytes(old_depth));
  }
  root_->word = DirectoryRoot(doubled);
  return true;
}

void HashTree::SplitSegment(const Place& place, uint32_t order) {
  const bool has_directory = RootKindOf(root_->word) == RootKind::kDirectory;
  if (place.depth >= kDepthMax) return;
  if ((!has_directory || DirectoryOf(root_->word)->depth == place.depth) && !DoubleDirectory()) return;
  if (!AllWritable(place)) return;
  Segment* halves[2] = {NewSegment(kFullSegment), nullptr};
  if (halves[0] != nullptr) halves[1] = NewSegment(kFullSegment);
  if (halves[1] == nullptr) {
    if (halves[0] != nullptr) heap_->Free(halves[0], SegmentBytes(kFullSegment), Category::kIndex);
    return;
  }
  const uint32_t heads = HeadsOfSegment(kFullSegment);
  for (uint32_t i = 0; i < heads; ++i) {
    Link link = place.segment->heads[i];
    while (link != 0) {
      Node* node = NodeOf(link);
      const Link next = node->next;
      Segment* half = halves[node->hash >> (31 - place.depth) & 1];
      PushLink(&half->heads[BucketOf(node->hash, place.depth + 1, heads)], link, node);
      ++half->entries;
      link = next;
    }
  }
  Directory* directory = DirectoryOf(root_->word);  // writable: made by WritableHead or DoubleDirectory
  const uint32_t share = 1u << (directory->depth - place.depth);
  const uint32_t begin = DirectoryIndex(order, directory->depth) & ~(share - 1);
  std::fill_n(directory->entries + begin, share / 2, DirectoryEntry(halves[0], place.depth + 1));
  std::fill_n(directory->entries + begin + share / 2, share / 2, DirectoryEntry(halves[1], place.depth + 1));
  heap_->RetireIndex(versions_, place.segment, place.segment->version, SegmentBytes(kFullSegment));
  Counters::Add(heap_->counters().splits);
}

}  // namespace spillway::hybrid
