// How entries are hashed: XXH3-64 of the key, combined with that of the namespace. Pure functions.
//
// The high bits choose segment and bucket, and the order in files; the low ones may be the same for a whole key-group,
// since that is the key's XXH3 modulo the number of key-groups.
#pragma once

#define XXH_INLINE_ALL  // short keys are hashed in a few nanoseconds when inlined
#include <xxhash.h>

#include <bit>
#include <cstdint>

#include "spillway/bytes.h"

namespace spillway::hybrid {

[[nodiscard]] inline uint64_t HashOfBytes(BytesView bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

// The void namespace leaves the key's hash as it is.
[[nodiscard]] inline uint64_t CombinedHash(uint64_t key_hash, BytesView state_namespace) {
  if (state_namespace.empty()) return key_hash;
  uint64_t hash = key_hash + std::rotl(HashOfBytes(state_namespace), 31) * 0x9E37'79B9'7F4A'7C15;
  hash ^= hash >> 32;
  hash *= 0xD6E8'FEB8'6659'FD93;
  return hash ^ hash >> 32;
}

}  // namespace spillway::hybrid
