// What a state holds in one key-group: the root of its table (of timers: of their tree), the table's versions, and what
// it has on disk. Owner thread only.
#pragma once

#include <memory>

#include "backend/hybrid/hash_tree.h"
#include "backend/hybrid/spilled_table.h"
#include "backend/hybrid/versions.h"

namespace spillway::hybrid {

struct KeyGroupTable {
  TreeRoot root;
  Versions versions;
  std::unique_ptr<SpilledTable> spilled;  // null: it was never flushed, and is all in memory

  // Whether all that it holds is in memory.
  [[nodiscard]] bool resident() const { return spilled == nullptr || spilled->runs->empty(); }
  [[nodiscard]] bool empty() const { return root.count == 0 && resident(); }
  // Whether a removal has to leave a tombstone.
  [[nodiscard]] bool needs_tombstones() const { return spilled != nullptr && spilled->hides_anything(); }
  [[nodiscard]] uint32_t flushed_epoch() const { return spilled == nullptr ? 0 : spilled->flushed_epoch; }
  [[nodiscard]] PinnedRuns Pinned() const {
    return spilled == nullptr ? PinnedRuns{} : PinnedRuns{spilled->runs, spilled->flushed_epoch};
  }
};
static_assert(sizeof(KeyGroupTable) == 48);

}  // namespace spillway::hybrid
