// How a value, a list element or a map entry's value lies in RocksDB.
//
//   bytes | [time stamp (8)] | [schema id (4)] | tag (1)
//
// The tag's bit 0: the value is null (of a map; it has no bytes); bit 1: there is a time stamp, the milliseconds of the
// last write or read that counts for time-to-live; the upper six bits: the schema id, or 63 when it stands in front.
// The bytes come first, so that they begin where the buffer does and mostly need no copy to be aligned.
//
// A list is its elements one after the other, each framed by its LEB128 size, so that appending is concatenation.
// Pure functions, any thread; what is decoded borrows.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "spillway/bytes.h"

namespace spillway::rocks {

// What comes after the bytes; `null` values have no bytes before it.
class ValueTrailer {
 public:
  ValueTrailer(uint32_t schema_id, bool null, bool has_stamp, int64_t stamp) {
    uint8_t tag = null ? kNull : 0;
    if (has_stamp) {
      StoreBytes(bytes_.data(), stamp);
      size_ = sizeof(stamp);
      tag |= kStamp;
    }
    if (schema_id < kLongSchema) {
      tag |= static_cast<uint8_t>(schema_id << kSchemaShift);
    } else {
      StoreBytes(bytes_.data() + size_, schema_id);
      size_ += sizeof(schema_id);
      tag |= static_cast<uint8_t>(kLongSchema << kSchemaShift);
    }
    bytes_[size_++] = static_cast<char>(tag);
  }
  [[nodiscard]] BytesView view() const { return {bytes_.data(), size_}; }

  static constexpr uint8_t kNull = 1;
  static constexpr uint8_t kStamp = 2;
  static constexpr int kSchemaShift = 2;
  static constexpr uint32_t kLongSchema = 63;

 private:
  std::array<char, sizeof(int64_t) + sizeof(uint32_t) + 1> bytes_{};
  size_t size_ = 0;
};

struct StoredValue {
  BytesView bytes;
  uint32_t schema_id = 0;
  bool is_null = false;
  bool has_stamp = false;
  int64_t stamp = 0;
};

// False when the bytes are no stored value.
[[nodiscard]] inline bool DecodeValue(BytesView stored, StoredValue* out) {
  if (stored.empty()) return false;
  const auto tag = static_cast<uint8_t>(stored.back());
  stored.remove_suffix(1);
  out->is_null = (tag & ValueTrailer::kNull) != 0;
  out->schema_id = tag >> ValueTrailer::kSchemaShift;
  if (out->schema_id == ValueTrailer::kLongSchema) {
    if (stored.size() < sizeof(uint32_t)) return false;
    out->schema_id = LoadBytes<uint32_t>(stored.data() + stored.size() - sizeof(uint32_t));
    stored.remove_suffix(sizeof(uint32_t));
  }
  out->has_stamp = (tag & ValueTrailer::kStamp) != 0;
  out->stamp = 0;
  if (out->has_stamp) {
    if (stored.size() < sizeof(int64_t)) return false;
    out->stamp = LoadBytes<int64_t>(stored.data() + stored.size() - sizeof(int64_t));
    stored.remove_suffix(sizeof(int64_t));
  }
  out->bytes = stored;
  return true;
}

inline void AppendElement(BytesView bytes, const ValueTrailer& trailer, std::string* list) {
  ByteWriter writer(list);
  writer.Varint(bytes.size() + trailer.view().size());
  writer.Raw(bytes);
  writer.Raw(trailer.view());
}

// Walks a stored list.
class ListReader {
 public:
  explicit ListReader(BytesView list) : reader_(list) {}
  // False at the end, and when the list is damaged: then ok() is false.
  [[nodiscard]] bool Next(StoredValue* out) {
    if (!ok_ || reader_.AtEnd()) return false;
    const BytesView element = reader_.Framed();
    ok_ = reader_.ok() && DecodeValue(element, out);
    return ok_;
  }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  ByteReader reader_;
  bool ok_ = true;
};

}  // namespace spillway::rocks
