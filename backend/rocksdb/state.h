// A state of the RocksDB backend: its description, its column family, and the checks that each access begins with.
//
// Belongs to its backend and to the owner thread; snapshots keep a copy of the description. `Answer` is what every
// operation returns: a code that is a result, or a Status that says why not; slot.h carries it over the ABI. Encoded
// keys that are returned lie in buffers of the backend, until the next one is asked for.
#pragma once

#include <rocksdb/db.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "backend/rocksdb/stored_value.h"
#include "backend/rocksdb/time_to_live.h"
#include "backend/rocksdb/timer_queue.h"
#include "snapshot/keyed_state_file.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/error.h"
#include "spillway/status.h"

struct spw_backend;

namespace spillway::rocks {

using Answer = Result<spw_code>;

[[nodiscard]] const char* KindName(spw_state_kind kind);

[[nodiscard]] inline rocksdb::Slice ToSlice(BytesView bytes) {
  return {bytes.data(), bytes.size()};
}
[[nodiscard]] inline BytesView ToBytesView(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

}  // namespace spillway::rocks

struct spw_state {
  spw_backend* backend = nullptr;
  spillway::snapshot::StateDescriptor description;
  std::unique_ptr<rocksdb::ColumnFamilyHandle> family;
  // Shared with the compaction filter of the column family, which may outlive this for a moment.
  std::shared_ptr<spillway::rocks::TimeToLive> time_to_live;
  std::unique_ptr<spillway::rocks::TimerQueue> timers;  // of timer states
  bool registered = false;                              // false: only restored
  // By role and id: copies that stay where they are as long as the state, as state_schema promises.
  std::map<std::pair<spw_schema_role, uint32_t>, std::string> shown_schemas;

  // OK when the backend is open, the state registered and of this kind.
  [[nodiscard]] spillway::Status Check(spw_state_kind kind) const;
  // The same for any of the kinds that have keys and namespaces.
  [[nodiscard]] spillway::Status CheckKeyed() const;
  // The encoded key of the current key in this namespace, after Check(kind).
  [[nodiscard]] spillway::Result<spillway::BytesView> CurrentKey(spw_state_kind kind, spw_bytes ns) const;
  // The same for a key that comes along with the call.
  [[nodiscard]] spillway::Result<spillway::BytesView> KeyOf(spw_state_kind kind, spw_bytes key, uint32_t key_group,
                                                            spw_bytes ns) const;
  // OK for values of a size that a snapshot can hold.
  [[nodiscard]] spillway::Status CheckValueSize(uint64_t bytes) const;

  // What is written behind a value now.
  [[nodiscard]] spillway::rocks::ValueTrailer Trailer(bool null = false) const;
  [[nodiscard]] spillway::rocks::ValueTrailer TrailerOfSchema(uint32_t schema_id, bool null) const;
  [[nodiscard]] bool touched_by_reads() const { return description.ttl_update == SPW_TTL_ON_READ_AND_WRITE; }
  [[nodiscard]] bool IsExpired(const spillway::rocks::StoredValue& value) const;
  // Whether a reader sees nothing of it.
  [[nodiscard]] bool IsHidden(const spillway::rocks::StoredValue& value) const {
    return description.ttl_visibility == SPW_TTL_NEVER_RETURN_EXPIRED && IsExpired(value);
  }

  // The error with the state's name in front.
  [[nodiscard]] spillway::Status Named(const spillway::Status& status) const;
  // "state 'x': cannot read /data/op.rocksdb/db: …", or OK.
  [[nodiscard]] spillway::Status Named(const rocksdb::Status& status, const char* cannot) const;
  [[nodiscard]] spillway::Status Damaged() const;
};
