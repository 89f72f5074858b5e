#include "backend/rocksdb/snapshot_writer.h"

#include <optional>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/key_encoding.h"
#include "backend/rocksdb/prefix_scan.h"
#include "backend/rocksdb/stored_value.h"

namespace spillway::rocks {
namespace {

using snapshot::KeyedStateFileWriter;
using snapshot::KeyedStateRecord;

constexpr size_t kReadaheadBytes = 2 << 20;

// Writes the sections of one state.
class StateWriter {
 public:
  StateWriter(const spw_snapshot& snapshot, const spw_snapshot::State& state, uint32_t index,
              KeyedStateFileWriter* writer)
      : snapshot_(snapshot), state_(state), index_(index), writer_(writer) {}

  Status Write() {
    const spw_backend& backend = *snapshot_.backend;
    const ScanOptions options{.snapshot = snapshot_.pinned, .fill_cache = false, .readahead_bytes = kReadaheadBytes};
    Scan scan(backend.database.get(), state_.family, KeyGroupBegin(backend.key_groups.first),
              KeyGroupBegin(backend.key_groups.last + 1), options);
    for (; scan.Valid(); scan.Next()) {
      if (snapshot_.cancelled.load(std::memory_order_relaxed)) return Status::Cancelled("was cancelled");
      SPILLWAY_RETURN_IF_ERROR(state_.description.kind == SPW_STATE_TIMER ? AddTimer(scan.key())
                                                                          : AddEntry(scan.key(), scan.value()));
    }
    SPILLWAY_RETURN_IF_ERROR(backend.FromDatabase(scan.status(), "read from").WithContext(Who()));
    return section_ ? writer_->EndSection() : Status();
  }

 private:
  [[nodiscard]] std::string Who() const { return "state '" + state_.description.name + "'"; }
  [[nodiscard]] Status Damaged() const {
    return Status::Corruption(Who() + ": an entry in " + snapshot_.backend->directory->database() +
                              " has bytes that the backend never wrote");
  }
  [[nodiscard]] bool IsExpired(const StoredValue& value) const {
    return state_.description.ttl_ms > 0 && state_.time_to_live->IsExpired(value, snapshot_.begun_ms);
  }

  Status EnterSection(uint32_t key_group) {
    if (section_ == key_group) return {};
    if (section_) SPILLWAY_RETURN_IF_ERROR(writer_->EndSection());
    section_ = key_group;
    return writer_->BeginSection(index_, key_group);
  }

  Status AddTimer(BytesView encoded) {
    DecodedTimer timer;
    if (!DecodeTimer(encoded, &timer)) return Damaged();
    SPILLWAY_RETURN_IF_ERROR(EnterSection(timer.key_group));
    KeyedStateRecord record;
    record.key = timer.key;
    record.state_namespace = timer.state_namespace;
    record.timestamp = timer.timestamp;
    return writer_->Add(record);
  }

  Status AddEntry(BytesView encoded, BytesView stored) {
    DecodedKey key;
    if (!DecodeKey(encoded, &key)) return Damaged();
    StoredValue value;
    if (state_.description.kind != SPW_STATE_LIST) {
      if (!DecodeValue(stored, &value)) return Damaged();
      return AddValue(key, value);
    }
    ListReader list(stored);
    while (list.Next(&value)) {
      if (snapshot_.cancelled.load(std::memory_order_relaxed)) return Status::Cancelled("was cancelled");
      SPILLWAY_RETURN_IF_ERROR(AddValue(key, value));
    }
    return list.ok() ? Status() : Damaged();
  }
  Status AddValue(const DecodedKey& key, const StoredValue& value) {
    if (IsExpired(value)) return {};
    SPILLWAY_RETURN_IF_ERROR(EnterSection(key.key_group));
    KeyedStateRecord record;
    record.key = key.key;
    record.state_namespace = key.state_namespace;
    if (state_.description.kind == SPW_STATE_MAP) record.map_key = key.map_key;
    record.value = value.bytes;
    record.value_is_null = value.is_null;
    record.schema_id = value.schema_id;
    if (state_.description.ttl_ms > 0) {
      record.timestamp = state_.time_to_live->StampOf(value);
    } else if (value.has_stamp) {
      record.timestamp = value.stamp;
    }
    return writer_->Add(record);
  }

  const spw_snapshot& snapshot_;
  const spw_snapshot::State& state_;
  const uint32_t index_;
  KeyedStateFileWriter* const writer_;
  std::optional<uint32_t> section_;  // that is begun
};

}  // namespace

Result<SnapshotFigures> WriteSnapshot(const spw_snapshot& snapshot, snapshot::WritableFile* file) {
  const spw_backend& backend = *snapshot.backend;
  SPILLWAY_ASSIGN_OR_RETURN(
      const auto writer,
      KeyedStateFileWriter::Create(file, {backend.max_parallelism, backend.key_groups, backend.key_group_function}));
  for (const spw_snapshot::State& state : snapshot.states) {
    SPILLWAY_ASSIGN_OR_RETURN(const uint32_t index, writer->AddState(state.description));
    SPILLWAY_RETURN_IF_ERROR(StateWriter(snapshot, state, index, writer.get()).Write());
  }
  SPILLWAY_RETURN_IF_ERROR(writer->Finish());
  return SnapshotFigures{writer->entries(), writer->bytes()};
}

}  // namespace spillway::rocks
