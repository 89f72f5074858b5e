#include "backend/hybrid/key_walk.h"

#include "backend/hybrid/map_state.h"

namespace spillway::hybrid {

KeyWalk::KeyWalk(spw_state_kind kind, uint32_t alignment, uint64_t root, const PinnedRuns& runs,
                 spill::IoEngine* engine)
    : kind_(kind) {
  if (runs.empty()) {
    nodes_ = HashTreeCursor(root);
  } else {
    const TableSourceOptions memory{kind, alignment, root, runs.flushed_epoch, false, true};
    merged_ = std::make_unique<MergedRecords>(memory, runs, engine);
  }
}

Result<bool> KeyWalk::Next(WalkedKey* key) {
  if (merged_ == nullptr) {
    const Node* node = nodes_.Next();
    while (node != nullptr && (IsTombstone(node) || (kind_ == SPW_STATE_MAP && !HasLiveEntries(MapHeaderOf(node))))) {
      node = nodes_.Next();
    }
    if (node == nullptr) return false;
    *key = {KeyOf(node), NamespaceOf(node)};
    return true;
  }
  for (;;) {
    SPILLWAY_ASSIGN_OR_RETURN(const bool any, merged_->Next());
    if (!any) return false;
    const spill::RunRecord& record = merged_->record();
    if (!IsFirstOfKey(record)) continue;
    *key = {record.key, record.state_namespace};
    return true;
  }
}

bool KeyWalk::IsFirstOfKey(const spill::RunRecord& record) {
  if (kind_ == SPW_STATE_LIST) return record.sub == 0;
  if (kind_ != SPW_STATE_MAP) return true;
  if (!record.map_entry || (any_ && record.key == key_ && record.state_namespace == namespace_)) return false;
  any_ = true;
  key_ = record.key;
  namespace_ = record.state_namespace;
  return true;
}

}  // namespace spillway::hybrid
