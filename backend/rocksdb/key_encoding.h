// How keys lie in RocksDB: so that key-group ranges, keys and maps are ranges of the sorted order.
//
//   value, list   key-group (2, big-endian) | framed key | framed namespace
//   map           key-group (2, big-endian) | framed key | framed namespace | map key
//   timer         key-group (2, big-endian) | timestamp (8, big-endian, sign flipped) | framed key | framed namespace
//
// Framed: a LEB128 length in front, so a (key, namespace) is never the beginning of another one's bytes. Key-groups are
// below 32768, so the first byte is below 0x80 and every prefix has an end. Pure functions, any thread; decoded parts
// borrow from what was decoded.
#pragma once

#include <cstdint>
#include <string>

#include "spillway/bytes.h"

namespace spillway::rocks {

inline constexpr size_t kKeyGroupBytes = 2;
inline constexpr size_t kTimestampBytes = 8;

void AppendKeyGroup(uint32_t key_group, std::string* out);
void AppendFramed(BytesView bytes, std::string* out);
// The part that all entries of a key share: key-group and framed key.
void AppendKey(uint32_t key_group, BytesView key, std::string* out);
void AppendTimer(uint32_t key_group, int64_t timestamp, BytesView key, BytesView state_namespace, std::string* out);

// Where a key-group begins; also where the one before it ends.
[[nodiscard]] std::string KeyGroupBegin(uint32_t key_group);
// The least string above everything that begins with `prefix`, which must not be all 0xff.
[[nodiscard]] std::string PrefixEnd(BytesView prefix);

struct DecodedKey {
  uint32_t key_group = 0;
  BytesView key;
  BytesView state_namespace;
  BytesView map_key;        // of map states; empty otherwise
  size_t prefix_bytes = 0;  // up to the end of the namespace
};
struct DecodedTimer {
  uint32_t key_group = 0;
  int64_t timestamp = 0;
  BytesView key;
  BytesView state_namespace;
};

// False when the bytes are no such key.
[[nodiscard]] bool DecodeKey(BytesView encoded, DecodedKey* out);
[[nodiscard]] bool DecodeTimer(BytesView encoded, DecodedTimer* out);

}  // namespace spillway::rocks
