#include "spill/record.h"

#include <algorithm>

namespace spillway::spill {
namespace {

// The first byte of a record.
constexpr uint8_t kOpMask = 3;
constexpr uint8_t kNull = 4;
constexpr uint8_t kTimestamp = 8;
constexpr uint8_t kMapEntry = 16;
constexpr uint8_t kSameKey = 32;  // key and namespace are those of the record before
constexpr uint8_t kKnownFlags = 63;

int Compare(uint64_t a, uint64_t b) {
  return a < b ? -1 : static_cast<int>(a > b);
}

// A finalizer: all bits of the result depend on all of `value`.
constexpr uint64_t Mixed(uint64_t value) {
  value ^= value >> 32;
  value *= 0xd6e8'feb8'6659'fd93;
  value ^= value >> 32;
  value *= 0xd6e8'feb8'6659'fd93;
  return value ^ (value >> 32);
}

}  // namespace

int CompareKeys(SectionKind kind, const RecordKey& a, const RecordKey& b) {
  if (a.order != b.order) return a.order < b.order ? -1 : 1;
  if (kind == SectionKind::kTimer && a.sub != b.sub) return a.sub < b.sub ? -1 : 1;
  if (const int result = a.key.compare(b.key); result != 0) return result;
  if (const int result = a.state_namespace.compare(b.state_namespace); result != 0) return result;
  if (kind == SectionKind::kTimer) return 0;
  if (a.map_entry != b.map_entry) return a.map_entry ? 1 : -1;
  if (const int result = Compare(a.sub, b.sub); result != 0) return result;
  return a.map_key.compare(b.map_key);
}

bool SameKey(const RecordKey& a, const RecordKey& b) {
  return a.order == b.order && a.key == b.key && a.state_namespace == b.state_namespace;
}

uint64_t FilterHashOfKey(uint64_t order) {
  return Mixed(order);
}

uint64_t FilterHash(SectionKind kind, const RecordKey& key) {
  const bool by_sub = kind == SectionKind::kTimer || (kind == SectionKind::kMap && key.map_entry);
  return by_sub ? Mixed(key.order + Mixed(key.sub + 0x9e37'79b9'7f4a'7c15)) : FilterHashOfKey(key.order);
}

uint64_t EncodedBytesMax(const RunRecord& record) {
  constexpr uint64_t kNumbersMax = 1 + 7 * 10 + 2 * 8;  // flags, varints, sub, timestamp
  return kNumbersMax + record.key.size() + record.state_namespace.size() + record.map_key.size() + record.value.size();
}

void RecordEncoder::Append(const RunRecord& record, std::string* out) {
  const bool first = out->empty();
  if (first) order_ = 0;
  const BytesView bytes(*out);
  const bool same_key = !first && record.key == bytes.substr(key_at_, key_size_) &&
                        record.state_namespace == bytes.substr(namespace_at_, namespace_size_);
  const bool timer = kind_ == SectionKind::kTimer;
  const bool has_value = record.op != RecordOp::kDelete && !timer;
  uint8_t flags = static_cast<uint8_t>(record.op);
  if (record.value_is_null) flags |= kNull;
  if (record.has_timestamp) flags |= kTimestamp;
  if (record.map_entry) flags |= kMapEntry;
  if (same_key) flags |= kSameKey;
  ByteWriter writer(out);
  writer.Fixed(flags);
  writer.Varint(record.order - order_);
  order_ = record.order;
  if (!same_key) {
    writer.Varint(record.key.size());
    key_at_ = static_cast<uint32_t>(out->size());
    key_size_ = static_cast<uint32_t>(record.key.size());
    writer.Raw(record.key);
    writer.Varint(record.state_namespace.size());
    namespace_at_ = static_cast<uint32_t>(out->size());
    namespace_size_ = static_cast<uint32_t>(record.state_namespace.size());
    writer.Raw(record.state_namespace);
  }
  if (kind_ == SectionKind::kList) writer.Varint(record.sub);
  if (timer) writer.Fixed(record.sub);
  if (kind_ == SectionKind::kMap) {
    writer.Varint(record.generation);
    if (record.map_entry) {
      writer.Fixed(record.sub);
      writer.Framed(record.map_key);
    }
  }
  if (record.has_timestamp) writer.Fixed(record.timestamp);
  if (!has_value) return;
  writer.Varint(record.schema_id);
  if (!record.value_is_null) writer.Framed(record.value);
}

void RecordEncoder::Rebase(const RecordEncoder& first, uint32_t old_end, uint32_t new_end) {
  if (key_at_ >= old_end) {
    key_at_ = key_at_ - old_end + new_end;
    namespace_at_ = namespace_at_ - old_end + new_end;
  } else {
    key_at_ = first.key_at_;
    namespace_at_ = first.namespace_at_;
  }
}

bool RecordDecoder::Next(RunRecord* record) {
  if (!ok_ || reader_.AtEnd()) return false;
  *record = RunRecord();
  const auto flags = reader_.Fixed<uint8_t>();
  const uint64_t step = reader_.Varint();
  const uint64_t order = order_ + step;
  const bool same_key = (flags & kSameKey) != 0;
  const auto op = static_cast<RecordOp>(flags & kOpMask);
  const bool map = kind_ == SectionKind::kMap;
  const bool timer = kind_ == SectionKind::kTimer;
  record->map_entry = (flags & kMapEntry) != 0;
  record->value_is_null = (flags & kNull) != 0;
  record->has_timestamp = (flags & kTimestamp) != 0;
  record->op = op;
  ok_ = (flags & ~kKnownFlags) == 0 && (flags & kOpMask) <= static_cast<uint8_t>(RecordOp::kDelete) &&
        order >= order_ && !(first_ && same_key) && (map || !record->map_entry) &&
        (op != RecordOp::kAppend || kind_ == SectionKind::kList);
  if (!ok_) return false;
  order_ = record->order = order;
  if (!same_key) {
    key_ = reader_.Framed();
    namespace_ = reader_.Framed();
  }
  first_ = false;
  record->key = key_;
  record->state_namespace = namespace_;
  if (kind_ == SectionKind::kList) record->sub = reader_.Varint();
  if (timer) record->sub = reader_.Fixed<uint64_t>();
  if (map) {
    record->generation = reader_.Varint();
    if (record->map_entry) {
      record->sub = reader_.Fixed<uint64_t>();
      record->map_key = reader_.Framed();
    }
  }
  if (record->has_timestamp) record->timestamp = reader_.Fixed<int64_t>();
  if (op != RecordOp::kDelete && !timer) {
    const uint64_t schema_id = reader_.Varint();
    if (schema_id > UINT32_MAX) ok_ = false;
    record->schema_id = static_cast<uint32_t>(schema_id);
    if (!record->value_is_null) record->value = reader_.Framed();
  }
  ok_ = ok_ && reader_.ok();
  return ok_;
}

}  // namespace spillway::spill
