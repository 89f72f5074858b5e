// The node of a chain: one entry of a state or of a map, and the links that lead to it.
//
//   Node, 24 bytes | WideSizes, 16 bytes, if the sizes do not fit the node | key | namespace | padding | value
//
// The value is aligned as its state registered (at most 16, as every node). A link holds a node's address in its 48 low
// bits and a tag of the node's hash in the 16 high ones, so that a chain is searched without looking at the bytes of
// nodes that differ; bit 0 tells that the node may have a next one, so that the last node of a chain is not even
// touched when its tag differs.
//
// A node that a live view can reach is immutable, every byte of it; see versions.h. Reading is for any thread that
// holds such a view, all else for the owner thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "spillway/bytes.h"

namespace spillway::hybrid {

struct Node;

using Link = uint64_t;  // 0: none

inline constexpr Link kLinkMore = 1;
inline constexpr Link kLinkAddressMask = 0x0000'ffff'ffff'fff0;

[[nodiscard]] inline Node* NodeOf(Link link) {
  return reinterpret_cast<Node*>(link & kLinkAddressMask);
}
[[nodiscard]] inline uint16_t TagOf(Link link) {
  return static_cast<uint16_t>(link >> 48);
}
// The same link to another copy of the node.
[[nodiscard]] inline Link Relinked(Link link, const Node* node) {
  return (link & ~kLinkAddressMask) | reinterpret_cast<uintptr_t>(node);
}

struct Node {
  Link next;
  uint32_t structure;      // since when this node is part of the table, and the owner's marks: see below
  uint32_t value_version;  // when its value was changed last; a copy keeps it
  uint32_t hash;           // the high half of the hash, by which the table is ordered
  uint32_t sizes;          // packed, see below
};
static_assert(sizeof(Node) == 24);

// Node::structure: a version in the low bits (StructureVersionOf), above it marks that the owner alone reads and
// writes, so that they may change even where a view can reach the node: touched, and touched again, since the last
// sweep of the evictor, which spares the latter.
inline constexpr uint32_t kVersionMask = (1u << 30) - 1;
inline constexpr uint32_t kNodeReferenced = 1u << 30;
inline constexpr uint32_t kNodeTouched = 1u << 31;

[[nodiscard]] inline uint32_t StructureVersionOf(const Node* node) {
  return node->structure & kVersionMask;
}
// The node was born now; its marks stay.
inline void SetStructureVersion(Node* node, uint32_t version) {
  node->structure = version | (node->structure & ~kVersionMask);
}
inline void Touch(Node* node) {
  const uint32_t touched = node->structure | ((node->structure & kNodeTouched) == 0 ? kNodeTouched : kNodeReferenced);
  if (touched != node->structure) node->structure = touched;
}

struct WideSizes {
  uint32_t value_size;
  uint32_t key_size;
  uint32_t namespace_size;
  uint32_t schema_id;
};
static_assert(sizeof(WideSizes) == 16);

// Node::sizes, low bits first: value 13, key 7, namespace 5, schema 4, null 1, tombstone 1, wide 1.
inline constexpr uint32_t kNarrowValueMax = (1u << 13) - 1;
inline constexpr uint32_t kNarrowKeyMax = (1u << 7) - 1;
inline constexpr uint32_t kNarrowNamespaceMax = (1u << 5) - 1;
inline constexpr uint32_t kNarrowSchemaMax = (1u << 4) - 1;
inline constexpr uint32_t kNarrowKeyMask = ((1u << 12) - 1) << 13;  // key and namespace
inline constexpr uint32_t kNodeNull = 1u << 29;                     // the value is null
inline constexpr uint32_t kNodeTombstone = 1u << 30;                // there is none: hides what runs hold
inline constexpr uint32_t kNodeWide = 1u << 31;

[[nodiscard]] constexpr uint32_t PackedKeySizes(uint32_t key_size, uint32_t namespace_size) {
  return key_size << 13 | namespace_size << 20;
}

struct NodeSizes {
  uint32_t value = 0;
  uint32_t key = 0;
  uint32_t state_namespace = 0;
  uint32_t schema_id = 0;
  bool null = false;
  bool tombstone = false;
};

[[nodiscard]] constexpr bool FitsNarrow(const NodeSizes& sizes) {
  return sizes.value <= kNarrowValueMax && sizes.key <= kNarrowKeyMax && sizes.state_namespace <= kNarrowNamespaceMax &&
         sizes.schema_id <= kNarrowSchemaMax;
}

[[nodiscard]] inline const uint8_t* BytesOf(const Node* node) {
  return reinterpret_cast<const uint8_t*>(node);
}
[[nodiscard]] inline bool IsWide(const Node* node) {
  return (node->sizes & kNodeWide) != 0;
}
[[nodiscard]] inline bool IsNull(const Node* node) {
  return (node->sizes & kNodeNull) != 0;
}
[[nodiscard]] inline bool IsTombstone(const Node* node) {
  return (node->sizes & kNodeTombstone) != 0;
}
[[nodiscard]] inline const WideSizes* WideOf(const Node* node) {
  return reinterpret_cast<const WideSizes*>(BytesOf(node) + sizeof(Node));
}

[[nodiscard]] inline NodeSizes SizesOf(const Node* node) {
  if (IsWide(node)) {
    const WideSizes* wide = WideOf(node);
    return {wide->value_size, wide->key_size, wide->namespace_size, wide->schema_id, IsNull(node), IsTombstone(node)};
  }
  const uint32_t sizes = node->sizes;
  return {sizes & kNarrowValueMax,
          (sizes >> 13) & kNarrowKeyMax,
          (sizes >> 20) & kNarrowNamespaceMax,
          (sizes >> 25) & kNarrowSchemaMax,
          IsNull(node),
          IsTombstone(node)};
}

[[nodiscard]] constexpr uint32_t KeyOffset(bool wide) {
  return wide ? sizeof(Node) + sizeof(WideSizes) : sizeof(Node);
}
[[nodiscard]] constexpr uint64_t ValueOffset(const NodeSizes& sizes, bool wide, uint32_t alignment) {
  const uint64_t end = uint64_t{KeyOffset(wide)} + sizes.key + sizes.state_namespace;
  return (end + alignment - 1) & ~uint64_t{alignment - 1};
}
[[nodiscard]] constexpr uint64_t NodeBytes(const NodeSizes& sizes, uint32_t alignment) {
  return ValueOffset(sizes, !FitsNarrow(sizes), alignment) + sizes.value;
}
[[nodiscard]] inline uint64_t NodeBytes(const Node* node, uint32_t alignment) {
  const NodeSizes sizes = SizesOf(node);
  return ValueOffset(sizes, IsWide(node), alignment) + sizes.value;
}

[[nodiscard]] inline BytesView KeyOf(const Node* node) {
  const auto* bytes = reinterpret_cast<const char*>(node);
  return {bytes + KeyOffset(IsWide(node)), SizesOf(node).key};
}
[[nodiscard]] inline BytesView NamespaceOf(const Node* node) {
  const NodeSizes sizes = SizesOf(node);
  return {reinterpret_cast<const char*>(node) + KeyOffset(IsWide(node)) + sizes.key, sizes.state_namespace};
}
[[nodiscard]] inline BytesView ValueOf(const Node* node, uint32_t alignment) {
  const NodeSizes sizes = SizesOf(node);
  return {reinterpret_cast<const char*>(node) + ValueOffset(sizes, IsWide(node), alignment), sizes.value};
}
[[nodiscard]] inline uint8_t* MutableValueOf(Node* node, uint32_t alignment) {
  return reinterpret_cast<uint8_t*>(node) + ValueOffset(SizesOf(node), IsWide(node), alignment);
}

// Fills the node but for next, versions and value.
inline void InitializeNode(Node* node, const NodeSizes& sizes, uint32_t hash, BytesView key,
                           BytesView state_namespace) {
  const bool wide = !FitsNarrow(sizes);
  node->hash = hash;
  node->sizes = (sizes.null ? kNodeNull : 0) | (sizes.tombstone ? kNodeTombstone : 0);
  if (wide) {
    node->sizes |= kNodeWide;
    StoreBytes(reinterpret_cast<uint8_t*>(node) + sizeof(Node),
               WideSizes{sizes.value, sizes.key, sizes.state_namespace, sizes.schema_id});
  } else {
    node->sizes |= sizes.value | PackedKeySizes(sizes.key, sizes.state_namespace) | sizes.schema_id << 25;
  }
  uint8_t* at = reinterpret_cast<uint8_t*>(node) + KeyOffset(wide);
  if (!key.empty()) std::memcpy(at, key.data(), key.size());
  if (!state_namespace.empty()) std::memcpy(at + key.size(), state_namespace.data(), state_namespace.size());
}

}  // namespace spillway::hybrid
