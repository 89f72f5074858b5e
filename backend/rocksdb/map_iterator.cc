// map_iterate: the entries of one map, as of the call.
#include <optional>
#include <vector>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/iterator.h"
#include "backend/rocksdb/iterators.h"
#include "backend/rocksdb/prefix_scan.h"
#include "backend/rocksdb/reading.h"

namespace spillway::rocks {
namespace {

class MapIterator final : public spw_iterator {
 public:
  MapIterator(spw_state* of, BytesView map) : spw_iterator(of), map_(map) {
    scan_.emplace(backend->database.get(), state->family.get(), map_);
  }

  // Over what has expired; false at the end.
  Result<bool> SkipHidden() {
    for (; scan_->Valid(); scan_->Next()) {
      if (!DecodeValue(scan_->value(), &value_)) return state->Damaged();
      if (!state->IsHidden(value_)) return true;
    }
    SPILLWAY_RETURN_IF_ERROR(state->Named(scan_->status(), "read from"));
    return false;
  }

  Answer Next(spw_item* out, uint32_t capacity, uint32_t* count) override {
    batch_bytes_.Release();
    batch_.clear();
    rocksdb::WriteBatch& touched = backend->NewBatch();
    while (batch_.size() < capacity) {
      SPILLWAY_ASSIGN_OR_RETURN(const bool more, SkipHidden());
      if (!more) break;
      spw_item& item = out[batch_.size()];
      item = {};
      item.map_key = Copy(scan_->key().substr(map_.size()));
      item.value = ShowCopy(value_);
      batch_.push_back({plugin::ToStringView(item.map_key), false});
      if (state->touched_by_reads()) SPILLWAY_RETURN_IF_ERROR(Touch(&touched));
      scan_->Next();
    }
    if (touched.Count() > 0) SPILLWAY_RETURN_IF_ERROR(state->Named(backend->Write(&touched), "write to"));
    *count = static_cast<uint32_t>(batch_.size());
    return batch_.empty() ? SPW_ABSENT : SPW_OK;
  }
  Answer Remove(uint32_t index) override {
    SPILLWAY_RETURN_IF_ERROR(CheckIndex(index));
    SPILLWAY_RETURN_IF_ERROR(DeleteEntry(state, KeyOfItem(index)));
    batch_[index].removed = true;
    return SPW_OK;
  }
  Answer Replace(uint32_t index, spw_bytes value) override {
    SPILLWAY_RETURN_IF_ERROR(CheckIndex(index));
    SPILLWAY_RETURN_IF_ERROR(PutEntry(state, KeyOfItem(index), value));
    return SPW_OK;
  }
  void Detach() override { scan_.reset(); }

 private:
  struct BatchItem {
    BytesView map_key;  // in batch_bytes_
    bool removed;
  };

  // Gives what the scan stands at the time of this read.
  Status Touch(rocksdb::WriteBatch* touched) {
    if (state->IsExpired(value_)) return {};
    const ValueTrailer trailer = state->TrailerOfSchema(value_.schema_id, value_.is_null);
    return state->Named(PutInto(touched, *state, scan_->key(), value_.bytes, trailer), "write to");
  }
  [[nodiscard]] Status CheckIndex(uint32_t index) const {
    if (index >= batch_.size()) {
      return state->Named(Status::InvalidState("the last batch has " + std::to_string(batch_.size()) +
                                               " items, so there is no item " + std::to_string(index)));
    }
    if (!batch_[index].removed) return {};
    return state->Named(Status::InvalidState("item " + std::to_string(index) + " of the batch was removed already"));
  }
  [[nodiscard]] BytesView KeyOfItem(uint32_t index) {
    std::string& key = backend->scratch_key;
    key.assign(map_);
    key.append(batch_[index].map_key);
    return key;
  }

  const std::string map_;
  std::optional<Scan> scan_;
  StoredValue value_;
  std::vector<BatchItem> batch_;
};

}  // namespace

Answer IterateMap(spw_state* state, const Result<BytesView>& map, spw_iterator** out) {
  SPILLWAY_RETURN_IF_ERROR(map.status());
  auto iterator = std::make_unique<MapIterator>(state, *map);
  SPILLWAY_ASSIGN_OR_RETURN(const bool any, iterator->SkipHidden());
  if (!any) return SPW_ABSENT;
  *out = iterator.release();
  return SPW_OK;
}

}  // namespace spillway::rocks
