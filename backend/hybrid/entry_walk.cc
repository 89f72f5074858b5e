#include "backend/hybrid/entry_walk.h"

#include "backend/hybrid/list_state.h"
#include "backend/hybrid/map_state.h"

namespace spillway::hybrid {

EntryWalk::EntryWalk(spw_state_kind kind, uint32_t alignment, uint64_t root) : kind_(kind), alignment_(alignment) {
  if (kind == SPW_STATE_TIMER) {
    timers_ = TimerCursor(root);
  } else {
    nodes_ = HashTreeCursor(root);
  }
}

bool EntryWalk::Next(WalkedEntry* entry) {
  switch (kind_) {
    case SPW_STATE_LIST:
      return NextOfList(entry);
    case SPW_STATE_MAP:
      return NextOfMap(entry);
    case SPW_STATE_TIMER:
      return NextTimer(entry);
    default:
      break;
  }
  const Node* node = nodes_.Next();
  if (node == nullptr) return false;
  entry->key = KeyOf(node);
  entry->state_namespace = NamespaceOf(node);
  entry->value = ValueOf(node, alignment_);
  entry->schema_id = SizesOf(node).schema_id;
  return true;
}

bool EntryWalk::NextOfList(WalkedEntry* entry) {
  while (node_ == nullptr || !list_.Next(&entry->value, &entry->schema_id)) {
    node_ = nodes_.Next();
    if (node_ == nullptr) return false;
    list_.Begin(LastPieceOf(ListHeaderOf(node_)), alignment_);
    entry->key = KeyOf(node_);
    entry->state_namespace = NamespaceOf(node_);
  }
  return true;
}

bool EntryWalk::NextOfMap(WalkedEntry* entry) {
  const Node* found = node_ == nullptr ? nullptr : map_.Next();
  while (found == nullptr) {
    node_ = nodes_.Next();
    if (node_ == nullptr) return false;
    map_ = HashTreeCursor(MapHeaderOf(node_).entries.word);
    entry->key = KeyOf(node_);
    entry->state_namespace = NamespaceOf(node_);
    found = map_.Next();
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

}  // namespace spillway::hybrid
