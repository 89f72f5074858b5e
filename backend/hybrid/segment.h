// The inner parts of a hash tree: segments of chain heads, and the directory of segments.
//
// A root word tells by its low bits what it leads to: a chain (the word is its first link, bits 1 and 2 zero), one
// small segment (with its size class in the high 16 bits), or a directory (with its depth there). A directory's entry
// is the address of a segment with the segment's own depth in the high 16 bits; a segment of depth l stands in
// 2^(depth-l) neighbouring entries. Buckets go by the high bits of the hash: directory, segments and heads in their
// order are the order of hashes.
//
// Immutable when a live view can reach them, as nodes are.
#pragma once

#include <cstdint>

#include "backend/hybrid/node.h"

namespace spillway::hybrid {

enum class RootKind : uint64_t { kChain = 0, kSegment = 2, kDirectory = 4 };

inline constexpr uint64_t kRootKindMask = 6;

[[nodiscard]] constexpr RootKind RootKindOf(uint64_t word) {
  return static_cast<RootKind>(word & kRootKindMask);
}
[[nodiscard]] constexpr uint32_t HighBitsOf(uint64_t word) {
  return static_cast<uint32_t>(word >> 48);
}

struct Segment {
  uint32_t version;  // since when it is part of the table
  uint32_t entries;
  uint64_t reserved;  // the dirty bits of the buckets will be found from here
  Link heads[1];      // HeadsOfSegment(size class)
};
inline constexpr uint64_t kSegmentHeaderBytes = 16;
static_assert(sizeof(Segment) == kSegmentHeaderBytes + sizeof(Link));

// Size classes 0 … kFullSegment; those in a directory are full ones.
inline constexpr uint32_t kFullSegment = 5;
[[nodiscard]] constexpr uint64_t SegmentBytes(uint32_t size_class) {
  return uint64_t{128} << size_class;
}
[[nodiscard]] constexpr uint32_t HeadsOfSegment(uint32_t size_class) {
  return static_cast<uint32_t>((SegmentBytes(size_class) - kSegmentHeaderBytes) / sizeof(Link));
}
static_assert(SegmentBytes(kFullSegment) == 4096 && HeadsOfSegment(kFullSegment) == 510);

// The bucket of a hash, of whose bits the first `depth` have led to the segment. Any number of heads keeps the order.
[[nodiscard]] constexpr uint32_t BucketOf(uint32_t hash, uint32_t depth, uint32_t heads) {
  return static_cast<uint32_t>((uint64_t{hash << depth} * heads) >> 32);
}

// Deeper, a segment would have fewer bits left than it has heads.
inline constexpr uint32_t kDepthMax = 22;

struct Directory {
  uint32_t version;
  uint32_t depth;
  uint64_t reserved;
  uint64_t entries[1];  // 2^depth
};
inline constexpr uint64_t kDirectoryHeaderBytes = 16;
[[nodiscard]] constexpr uint64_t DirectoryBytes(uint32_t depth) {
  return kDirectoryHeaderBytes + (sizeof(uint64_t) << depth);
}

[[nodiscard]] inline Segment* SegmentOf(uint64_t word) {
  return reinterpret_cast<Segment*>(word & kLinkAddressMask);
}
[[nodiscard]] inline Directory* DirectoryOf(uint64_t word) {
  return reinterpret_cast<Directory*>(word & kLinkAddressMask);
}
[[nodiscard]] inline uint64_t SegmentRoot(const Segment* segment, uint32_t size_class) {
  return reinterpret_cast<uintptr_t>(segment) | static_cast<uint64_t>(RootKind::kSegment) | uint64_t{size_class} << 48;
}
[[nodiscard]] inline uint64_t DirectoryRoot(const Directory* directory) {
  return reinterpret_cast<uintptr_t>(directory) | static_cast<uint64_t>(RootKind::kDirectory) |
         uint64_t{directory->depth} << 48;
}
[[nodiscard]] inline uint64_t DirectoryEntry(const Segment* segment, uint32_t depth) {
  return reinterpret_cast<uintptr_t>(segment) | uint64_t{depth} << 48;
}
// The entry of a directory by the hash's high bits; depth at least 1.
[[nodiscard]] constexpr uint32_t DirectoryIndex(uint32_t hash, uint32_t depth) {
  return hash >> (32 - depth);
}

// Where the first link of the hash's chain lies; of a chain root the word itself. Never null.
[[nodiscard]] inline const Link* HeadFor(const uint64_t* word, uint32_t hash) {
  switch (RootKindOf(*word)) {
    case RootKind::kChain:
      break;
    case RootKind::kSegment: {
      const Segment* segment = SegmentOf(*word);
      return &segment->heads[BucketOf(hash, 0, HeadsOfSegment(HighBitsOf(*word)))];
    }
    case RootKind::kDirectory: {
      const uint64_t entry = DirectoryOf(*word)->entries[DirectoryIndex(hash, HighBitsOf(*word))];
      return &SegmentOf(entry)->heads[BucketOf(hash, HighBitsOf(entry), HeadsOfSegment(kFullSegment))];
    }
  }
  return word;
}

}  // namespace spillway::hybrid
