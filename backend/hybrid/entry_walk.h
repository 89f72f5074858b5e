// Walks all that a pinned table of a state holds, in memory and in its runs: values, list elements, map entries or
// timers.
//
// For any thread that holds a view of the root, and the thread of the engine. A table without runs is walked node by
// node, nothing is copied, and it cannot fail; one with runs by a merge. What a state's iterators and its snapshots
// read with.
#pragma once

#include <cstdint>
#include <memory>

#include "backend/hybrid/hash_tree_cursor.h"
#include "backend/hybrid/list_walk.h"
#include "backend/hybrid/merged_records.h"
#include "backend/hybrid/state.h"
#include "backend/hybrid/timer_tree.h"
#include "spillway/plugin/abi.h"
#include "spillway/status.h"

namespace spillway::hybrid {

struct WalkedEntry {
  BytesView key;
  BytesView state_namespace;
  BytesView map_key;  // of maps
  BytesView value;    // not of timers
  bool null = false;
  uint32_t schema_id = 0;
  int64_t timestamp = 0;  // of timers
};

class EntryWalk {
 public:
  EntryWalk() = default;
  // `alignment` is the state's; the engine may be null when there are no runs.
  EntryWalk(spw_state_kind kind, uint32_t alignment, uint64_t root, const PinnedRuns& runs, spill::IoEngine* engine);
  // One list or map, by its merged records.
  EntryWalk(spw_state_kind kind, uint32_t alignment, std::unique_ptr<MergedRecords> records);

  // False at the end. Give the same entry each time: what stays the same in the next is not filled again. Its bytes are
  // valid until the next Next; those of a table without runs as long as the view.
  [[nodiscard]] Result<bool> Next(WalkedEntry* entry);
  // Whether bytes are those of a merge, not of nodes.
  [[nodiscard]] bool merged() const { return merged_ != nullptr; }
  [[nodiscard]] uint64_t memory_bytes() const { return merged_ == nullptr ? 0 : merged_->memory_bytes(); }

 private:
  bool NextValue(WalkedEntry* entry);
  bool NextOfList(WalkedEntry* entry);
  bool NextOfMap(WalkedEntry* entry);
  bool NextTimer(WalkedEntry* entry);
  [[nodiscard]] Result<bool> NextMerged(WalkedEntry* entry);

  spw_state_kind kind_ = SPW_STATE_VALUE;
  uint32_t alignment_ = 1;
  // Without runs.
  HashTreeCursor nodes_;
  const Node* node_ = nullptr;  // whose list or map is under way
  ListWalk list_;
  HashTreeCursor map_;
  TimerCursor timers_;
  // With runs.
  std::unique_ptr<MergedRecords> merged_;
  PackedPieceReader elements_;  // of the piece that is merged_'s record
};

}  // namespace spillway::hybrid
