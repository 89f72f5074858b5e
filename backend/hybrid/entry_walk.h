// Walks all that a pinned table of a state holds: values, list elements, map entries or timers.
//
// Any thread that holds a view of the root; owns nothing. What a state's iterators and its snapshots read with.
#pragma once

#include <cstdint>

#include "backend/hybrid/hash_tree_cursor.h"
#include "backend/hybrid/list_walk.h"
#include "backend/hybrid/state.h"
#include "backend/hybrid/timer_tree.h"
#include "spillway/plugin/abi.h"

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
  // `alignment` is the state's.
  EntryWalk(spw_state_kind kind, uint32_t alignment, uint64_t root);
  // False at the end.
  bool Next(WalkedEntry* entry);

 private:
  bool NextOfList(WalkedEntry* entry);
  bool NextOfMap(WalkedEntry* entry);
  bool NextTimer(WalkedEntry* entry);

  spw_state_kind kind_ = SPW_STATE_VALUE;
  uint32_t alignment_ = 1;
  HashTreeCursor nodes_;
  const Node* node_ = nullptr;  // whose list or map is under way
  ListWalk list_;
  HashTreeCursor map_;
  TimerCursor timers_;
};

}  // namespace spillway::hybrid
