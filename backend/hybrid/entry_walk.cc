#include "backend/hybrid/entry_walk.h"

#include <utility>

#include "backend/hybrid/list_state.h"
#include "backend/hybrid/map_state.h"

namespace spillway::hybrid {
namespace {

// The next that is no tombstone; nullptr at the end.
const Node* NextLive(HashTreeCursor* cursor) {
  const Node* node = cursor->Next();
  while (node != nullptr && IsTombstone(node)) node = cursor->Next();
  return node;
}

}  // namespace

EntryWalk::EntryWalk(spw_state_kind kind, uint32_t alignment, uint64_t root, const PinnedRuns& runs,
                     spill::IoEngine* engine)
    : kind_(kind), alignment_(alignment) {
  if (kind == SPW_STATE_TIMER) {
    timers_ = TimerCursor(root);
  } else if (runs.empty()) {
    nodes_ = HashTreeCursor(root);
  } else {
    const TableSourceOptions memory{kind, alignment, root, runs.flushed_epoch, false, true};
    merged_ = std::make_unique<MergedRecords>(memory, runs, engine);
  }
}

EntryWalk::EntryWalk(spw_state_kind kind, uint32_t alignment, std::unique_ptr<MergedRecords> records)
    : kind_(kind), alignment_(alignment), merged_(std::move(records)) {}

Result<bool> EntryWalk::Next(WalkedEntry* entry) {
  if (merged_ != nullptr) return NextMerged(entry);
  switch (kind_) {
    case SPW_STATE_LIST:
      return NextOfList(entry);
    case SPW_STATE_MAP:
      return NextOfMap(entry);
    case SPW_STATE_TIMER:
      return NextTimer(entry);
    default:
      return NextValue(entry);
  }
}

bool EntryWalk::NextValue(WalkedEntry* entry) {
  const Node* node = NextLive(&nodes_);
  if (node == nullptr) return false;
  entry->key = KeyOf(node);
  entry->state_namespace = NamespaceOf(node);
  entry->value = ValueOf(node, alignment_);
  entry->schema_id = SizesOf(node).schema_id;
  return true;
}

bool EntryWalk::NextOfList(WalkedEntry* entry) {
  while (node_ == nullptr || !list_.Next(&entry->value, &entry->schema_id)) {
    node_ = NextLive(&nodes_);
    if (node_ == nullptr) return false;
    list_.Begin(LastPieceOf(ListHeaderOf(node_)), alignment_);
    entry->key = KeyOf(node_);
    entry->state_namespace = NamespaceOf(node_);
  }
  return true;
}

bool EntryWalk::NextOfMap(WalkedEntry* entry) {
  const Node* found = node_ == nullptr ? nullptr : NextLive(&map_);
  while (found == nullptr) {
    node_ = NextLive(&nodes_);
    if (node_ == nullptr) return false;
    map_ = HashTreeCursor(MapHeaderOf(node_).entries.word);
    entry->key = KeyOf(node_);
    entry->state_namespace = NamespaceOf(node_);
    found = NextLive(&map_);
  }
  entry->map_key = KeyOf(found);
  entry->value = ValueOf(found, alignment_);
  entry->null = IsNull(found);
  entry->schema_id = SizesOf(found).schema_id;
  return true;
}

bool EntryWalk::NextTimer(WalkedEntry* entry) {
  TimerView timer;
  if (!timers_.Next(&timer)) return false;
  entry->key = timer.key;
  entry->state_namespace = timer.state_namespace;
  entry->timestamp = timer.timestamp;
  return true;
}

Result<bool> EntryWalk::NextMerged(WalkedEntry* entry) {
  for (;;) {
    if (elements_.Next(&entry->value)) return true;
    if (!elements_.ok()) return Status::Corruption("the elements of a list in a run do not end where its piece does");
    SPILLWAY_ASSIGN_OR_RETURN(const bool any, merged_->Next());
    if (!any) return false;
    const spill::RunRecord& record = merged_->record();
    if (kind_ == SPW_STATE_MAP && !record.map_entry) continue;
    entry->key = record.key;
    entry->state_namespace = record.state_namespace;
    entry->schema_id = record.schema_id;
    if (kind_ == SPW_STATE_LIST) {
      elements_ = PackedPieceReader(record.value, alignment_);
      continue;
    }
    entry->map_key = record.map_key;
    entry->value = record.value;
    entry->null = record.value_is_null;
    return true;
  }
}

}  // namespace spillway::hybrid
