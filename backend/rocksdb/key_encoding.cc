#include "backend/rocksdb/key_encoding.h"

namespace spillway::rocks {
namespace {

constexpr uint64_t kSignBit = uint64_t{1} << 63;

uint32_t LoadKeyGroup(BytesView bytes) {
  return static_cast<uint32_t>(static_cast<uint8_t>(bytes[0])) << 8 | static_cast<uint8_t>(bytes[1]);
}

}  // namespace

void AppendKeyGroup(uint32_t key_group, std::string* out) {
  out->push_back(static_cast<char>(key_group >> 8));
  out->push_back(static_cast<char>(key_group));
}

void AppendFramed(BytesView bytes, std::string* out) {
  ByteWriter(out).Framed(bytes);
}

void AppendKey(uint32_t key_group, BytesView key, std::string* out) {
  AppendKeyGroup(key_group, out);
  AppendFramed(key, out);
}

void AppendTimer(uint32_t key_group, int64_t timestamp, BytesView key, BytesView state_namespace, std::string* out) {
  AppendKeyGroup(key_group, out);
  const uint64_t ordered = static_cast<uint64_t>(timestamp) ^ kSignBit;  // so that negative ones sort first
  for (int shift = 56; shift >= 0; shift -= 8) out->push_back(static_cast<char>(ordered >> shift));
  AppendFramed(key, out);
  AppendFramed(state_namespace, out);
}

std::string KeyGroupBegin(uint32_t key_group) {
  std::string begin;
  AppendKeyGroup(key_group, &begin);
  return begin;
}

std::string PrefixEnd(BytesView prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<uint8_t>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<uint8_t>(end.back()) + 1);
  return end;
}

bool DecodeKey(BytesView encoded, DecodedKey* out) {
  if (encoded.size() < kKeyGroupBytes) return false;
  out->key_group = LoadKeyGroup(encoded);
  ByteReader reader(encoded.substr(kKeyGroupBytes));
  out->key = reader.Framed();
  out->state_namespace = reader.Framed();
  if (!reader.ok()) return false;
  out->prefix_bytes = kKeyGroupBytes + reader.position();
  out->map_key = encoded.substr(out->prefix_bytes);
  return true;
}

bool DecodeTimer(BytesView encoded, DecodedTimer* out) {
  if (encoded.size() < kKeyGroupBytes + kTimestampBytes) return false;
  out->key_group = LoadKeyGroup(encoded);
  uint64_t ordered = 0;
  for (size_t i = 0; i < kTimestampBytes; ++i) {
    ordered = ordered << 8 | static_cast<uint8_t>(encoded[kKeyGroupBytes + i]);
  }
  out->timestamp = static_cast<int64_t>(ordered ^ kSignBit);
  ByteReader reader(encoded.substr(kKeyGroupBytes + kTimestampBytes));
  out->key = reader.Framed();
  out->state_namespace = reader.Framed();
  return reader.ok() && reader.AtEnd();
}

}  // namespace spillway::rocks
