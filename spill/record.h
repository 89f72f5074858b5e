// Records of run files: their fields, their order, and their bytes within a block.
//
// Views borrow from whoever made them. A RecordEncoder appends to one block; a RecordDecoder walks one and checks every
// bound. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "spill/run_format.h"
#include "spillway/bytes.h"
#include "spillway/status.h"

namespace spillway::spill {

enum class RecordOp : uint8_t { kBase = 0, kAppend = 1, kDelete = 2 };

// What a record is about, and so where it stands.
struct RecordKey {
  uint64_t order = 0;  // hash of (key, namespace); of timers TimerOrder(timestamp)
  BytesView key;
  BytesView state_namespace;
  bool map_entry = false;  // in map sections, else the map's header
  uint64_t sub = 0;   // lists: number of the piece; map entries: hash of the map key; timers: hash of (key, namespace)
  BytesView map_key;  // of map entries
};

struct RunRecord : RecordKey {
  RecordOp op = RecordOp::kBase;
  bool value_is_null = false;
  bool has_timestamp = false;
  uint32_t schema_id = 0;
  uint64_t generation = 0;  // map sections
  int64_t timestamp = 0;    // for time-to-live
  BytesView value;          // none of deletes and timers
};

// Orders timestamps as numbers, negative ones first.
[[nodiscard]] constexpr uint64_t TimerOrder(int64_t timestamp) {
  return static_cast<uint64_t>(timestamp) ^ (uint64_t{1} << 63);
}
[[nodiscard]] constexpr int64_t TimestampOfOrder(uint64_t order) {
  return static_cast<int64_t>(order ^ (uint64_t{1} << 63));
}

// The order within a section: <0, 0, >0. Values and lists: (order, key, namespace, sub). Maps: (order, key, namespace,
// header before entries, sub, map key). Timers: (order, sub, key, namespace).
[[nodiscard]] int CompareKeys(SectionKind kind, const RecordKey& a, const RecordKey& b);
// The same key and namespace: one list, one map.
[[nodiscard]] bool SameKey(const RecordKey& a, const RecordKey& b);
// What filters hold of a record.
[[nodiscard]] uint64_t FilterHash(SectionKind kind, const RecordKey& key);
// Of a key whatever its sub: lists and maps.
[[nodiscard]] uint64_t FilterHashOfKey(uint64_t order);

// Not more than this many bytes, whatever came before it.
[[nodiscard]] uint64_t EncodedBytesMax(const RunRecord& record);

class RecordEncoder {
 public:
  explicit RecordEncoder(SectionKind kind) : kind_(kind) {}
  // As the first record of a block when `out` is empty, else behind the one that was encoded last.
  void Append(const RunRecord& record, std::string* out);
  // The block has lost its first records: the one that ended at `old_end` was encoded anew by `first`, as the first of
  // the block, and ends at `new_end`; what follows it was moved along.
  void Rebase(const RecordEncoder& first, uint32_t old_end, uint32_t new_end);

 private:
  SectionKind kind_;
  uint64_t order_ = 0;
  uint32_t key_at_ = 0;  // of the last key and namespace, in `out`
  uint32_t key_size_ = 0;
  uint32_t namespace_at_ = 0;
  uint32_t namespace_size_ = 0;
};

class RecordDecoder {
 public:
  RecordDecoder() = default;
  // `block` must outlive it and the records.
  RecordDecoder(SectionKind kind, BytesView block) : kind_(kind), reader_(block) {}
  // False at the end of the block, or when it is malformed: see ok().
  bool Next(RunRecord* record);
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] uint64_t position() const { return reader_.position(); }

 private:
  SectionKind kind_ = SectionKind::kValue;
  ByteReader reader_{BytesView()};
  uint64_t order_ = 0;
  BytesView key_;
  BytesView namespace_;
  bool first_ = true;
  bool ok_ = true;
};

}  // namespace spillway::spill
