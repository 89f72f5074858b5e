// Iterators over one list and one map.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backend/hybrid/entry_walk.h"
#include "backend/hybrid/hash_tree_cursor.h"
#include "backend/hybrid/instance.h"
#include "backend/hybrid/iterator.h"
#include "backend/hybrid/list_state.h"
#include "backend/hybrid/list_walk.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/merged_records.h"
#include "backend/hybrid/refusal.h"
#include "backend/hybrid/value_state.h"
#include "backend/hybrid/with_room.h"
#include "spillway/plugin/error.h"

namespace spillway::hybrid {
namespace {

// Pins the table that one entry is in, with its runs when they are to be read.
class EntryIterator : public StateIterator {
 public:
  EntryIterator(State* state, const EntryAddress& address) : StateIterator(state), group_(address.group) {
    live_ = instance()->BeginOwnerView(state, group_, &view_);
  }
  ~EntryIterator() override { Finish(); }
  [[nodiscard]] bool failed() const { return !live_; }

  // From here on what runs hold is merged with the node, if there is one. Whether there is anything.
  [[nodiscard]] Result<bool> Merge(const Probe& probe, const Node* node) {
    const PinnedRuns runs = state()->table(group_).Pinned();
    const TableSourceOptions memory{state()->kind(), alignment(), 0, runs.flushed_epoch, false, true};
    auto records = std::make_unique<MergedRecords>(memory, node, probe, runs, instance()->io());
    merged_ = std::make_unique<EntryWalk>(state()->kind(), alignment(), std::move(records));
    Result<bool> any = merged_->Next(&entry_);
    ahead_ = any.ok() && *any;
    return any;
  }

 protected:
  [[nodiscard]] uint32_t group() const { return group_; }
  [[nodiscard]] bool merges() const { return merged_ != nullptr; }
  // The next entry of the merge, with its value and map key copied; null at the end.
  [[nodiscard]] Result<const WalkedEntry*> NextMerged() {
    if (!std::exchange(ahead_, false)) {
      SPILLWAY_ASSIGN_OR_RETURN(const bool any, merged_->Next(&entry_));
      if (!any) return nullptr;
    }
    shown_ = entry_;
    shown_.value = items().Keep(entry_.value);
    if (state()->kind() == SPW_STATE_MAP) shown_.map_key = items().Keep(entry_.map_key);
    return &shown_;
  }
  [[nodiscard]] uint64_t MergeBytes() const { return merged_ == nullptr ? 0 : merged_->memory_bytes(); }

  void EndViews() override {
    merged_.reset();
    if (live_) instance()->heap().EndView(&view_);
    live_ = false;
  }

 private:
  const uint32_t group_;
  View view_;
  bool live_;
  std::unique_ptr<EntryWalk> merged_;  // null: all is in memory
  WalkedEntry entry_;                  // its last
  WalkedEntry shown_;
  bool ahead_ = false;  // entry_ was read before it was asked for
};

class ListIterator final : public EntryIterator {
 public:
  using EntryIterator::EntryIterator;

  // A list that is all in memory.
  void Walk(const Piece* last) {
    walk_.Begin(last, alignment());
    charge().Set(256 + walk_.bytes());
  }

  Result<uint32_t> Next(spw_item* out, uint32_t capacity) override {
    if (merges()) return NextOfMerge(out, capacity);
    uint32_t count = 0;
    BytesView element;
    uint32_t schema_id = 0;
    while (count < capacity && walk_.Next(&element, &schema_id)) {
      out[count] = spw_item{};
      out[count++].value = ItemValue(element, false, schema_id);
    }
    return count;
  }

 private:
  Result<uint32_t> NextOfMerge(spw_item* out, uint32_t capacity) {
    uint32_t count = 0;
    ClearItems();
    while (count < capacity && !items().full()) {
      SPILLWAY_ASSIGN_OR_RETURN(const WalkedEntry* entry, NextMerged());
      if (entry == nullptr) break;
      out[count] = spw_item{};
      out[count++].value = ItemValue(entry->value, false, entry->schema_id);
    }
    charge().Set(256 + MergeBytes());
    return count;
  }

  ListWalk walk_;
};

class MapIterator final : public EntryIterator {
 public:
  MapIterator(State* state, const EntryAddress& address)
      : EntryIterator(state, address),
        key_(address.probe.key),
        namespace_(address.probe.state_namespace),
        hash_(address.probe.hash) {}

  // A map that is all in memory.
  void Walk(uint64_t entries) { cursor_ = HashTreeCursor(entries); }

  Result<uint32_t> Next(spw_item* out, uint32_t capacity) override {
    batch_.clear();
    if (merges()) return NextOfMerge(out, capacity);
    while (batch_.size() < capacity) {
      const Node* entry = cursor_.Next();
      if (entry == nullptr) break;
      if (IsTombstone(entry)) continue;
      spw_item& item = out[batch_.size()] = spw_item{};
      batch_.push_back(KeyOf(entry));
      item.map_key = plugin::ToBytes(batch_.back());
      item.value = ViewOf(entry, alignment());
    }
    charge().Set(256 + batch_.capacity() * sizeof(BytesView));
    return static_cast<uint32_t>(batch_.size());
  }

  Change Remove(uint32_t index) override {
    if (!IsThere(index)) return Change::kNothingThere;
    const spw_code code = RemoveMapEntry(state(), Address(), batch_[index]);
    if (code < 0) return Change::kFailed;
    batch_[index] = {};
    return Change::kDone;
  }

  Change Replace(uint32_t index, spw_bytes value) override {
    if (!IsThere(index)) return Change::kNothingThere;
    std::optional<BytesView> bytes;
    if (value.data != nullptr) bytes = plugin::ToStringView(value);
    const spw_code code = WithRoom(*state(), [&] { return PutMapEntry(state(), Address(), batch_[index], bytes); });
    if (code == SPW_OK) return Change::kDone;
    return code == SPW_OUT_OF_MEMORY ? Change::kNoMemory : Change::kFailed;
  }

 private:
  Result<uint32_t> NextOfMerge(spw_item* out, uint32_t capacity) {
    ClearItems();
    while (batch_.size() < capacity && !items().full()) {
      const Result<const WalkedEntry*> next = NextMerged();
      if (!next.ok()) {
        batch_.clear();
        return next.status();
      }
      const WalkedEntry* entry = *next;
      if (entry == nullptr) break;
      spw_item& item = out[batch_.size()] = spw_item{};
      batch_.push_back(entry->map_key);
      item.map_key = plugin::ToBytes(entry->map_key);
      item.value = ItemValue(entry->value, entry->null, entry->schema_id);
    }
    charge().Set(256 + MergeBytes() + batch_.capacity() * sizeof(BytesView));
    return static_cast<uint32_t>(batch_.size());
  }

  [[nodiscard]] EntryAddress Address() const { return {{hash_, key_, namespace_}, group()}; }
  [[nodiscard]] bool IsThere(uint32_t index) const { return index < batch_.size() && batch_[index].data() != nullptr; }

  const std::string key_;
  const std::string namespace_;
  const uint64_t hash_;
  HashTreeCursor cursor_;
  std::vector<BytesView> batch_;  // map keys; null: removed
};

// The iterator over what runs hold too, or null when that is nothing.
template <typename Made>
Result<StateIterator*> Merged(std::unique_ptr<Made> made, const Probe& probe, const Node* node) {
  SPILLWAY_ASSIGN_OR_RETURN(const bool any, made->Merge(probe, node));
  return any ? made.release() : nullptr;
}

}  // namespace

Result<StateIterator*> IterateList(State* state, const EntryAddress& address) {
  const KeyGroupTable& table = state->table(address.group);
  Node* node = FindNode(&table.root.word, address.probe);
  if (node == nullptr ? table.resident() : IsTombstone(node)) return nullptr;
  const ListHeader header = node == nullptr ? ListHeader{} : ListHeaderOf(node);
  const bool whole = node != nullptr && header.partial == 0;
  if (whole && header.last == 0) return nullptr;
  auto made = std::make_unique<ListIterator>(state, address);
  if (made->failed()) return OutOfEpochs(*state);
  if (!whole) return Merged(std::move(made), address.probe, node);
  state->instance()->NoteShownCollection(
      node);  // its pieces may be looked at until the next safepoint, even when the iterator is gone
  made->Walk(LastPieceOf(header));
  return made.release();
}

Result<StateIterator*> IterateMap(State* state, const EntryAddress& address) {
  const KeyGroupTable& table = state->table(address.group);
  Node* node = FindNode(&table.root.word, address.probe);
  if (node == nullptr ? table.resident() : IsTombstone(node)) return nullptr;
  const MapHeader header = node == nullptr ? MapHeader{} : MapHeaderOf(node);
  const bool whole = node != nullptr && header.partial == 0;
  if (whole && !HasLiveEntries(header)) return nullptr;
  auto made = std::make_unique<MapIterator>(state, address);
  if (made->failed()) return OutOfEpochs(*state);
  if (!whole) return Merged(std::move(made), address.probe, node);
  state->instance()->NoteShownCollection(node);  // as of lists
  made->Walk(header.entries.word);
  return made.release();
}

}  // namespace spillway::hybrid
