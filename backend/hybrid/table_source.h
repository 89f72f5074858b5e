// What is in memory as a source of records, in the order of run files: a flush writes it, and whoever reads a table with
// its runs merges it with them, as the newest.
//
// Reads pinned roots, on any thread that holds the view; owns copies of nothing, records borrow from the nodes. Nodes of
// one bucket come sorted, buckets are in hash order already.
//
//   values  base or delete (tombstones)
//   lists   pieces, packed as list_piece.h has them: all as a base, or what the runs do not have as appends
//   maps    the header (base or delete) with its generation, then entries
#pragma once

#include <cstdint>
#include <vector>

#include "backend/hybrid/hash_tree_cursor.h"
#include "backend/hybrid/list_piece.h"
#include "backend/hybrid/node.h"
#include "backend/hybrid/state.h"
#include "spill/record_source.h"
#include "spillway/plugin/abi.h"

namespace spillway::hybrid {

struct TableSourceOptions {
  spw_state_kind kind = SPW_STATE_VALUE;
  uint32_t alignment = 1;      // the state's
  uint64_t root = 0;           // pinned
  uint32_t flushed_epoch = 0;  // pinned with it
  bool only_dirty = false;     // what runs have as it is is left out: for a flush
  bool deletes = true;         // false: no older run exists, so tombstones are left out
};

// All of a table, or what is dirty.
class TableSource final : public spill::RecordSource {
 public:
  explicit TableSource(const TableSourceOptions& options);

  [[nodiscard]] Result<bool> Next() override;
  [[nodiscard]] const spill::RunRecord& record() const override { return record_; }

 private:
  TableSourceOptions options_;
  spill::RunRecord record_;
};

// One list or map, of whose node a view was taken: all records that a TableSource would give of it.
class EntrySource final : public spill::RecordSource {
 public:
  EntrySource(const TableSourceOptions& options, const Node* node);

  [[nodiscard]] Result<bool> Next() override;
  [[nodiscard]] const spill::RunRecord& record() const override { return record_; }

 private:
  TableSourceOptions options_;
  const Node* node_;
  spill::RunRecord record_;
};

}  // namespace spillway::hybrid
