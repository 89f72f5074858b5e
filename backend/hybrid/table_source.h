// What is in memory as a source of records, in the order of run files: a flush writes it, and whoever reads a table
// with its runs merges it with them, as the newest.
//
// Reads pinned roots, on any thread that holds the view; owns copies of nothing, records borrow from the nodes. Nodes
// of one bucket come sorted, buckets are in hash order already.
//
//   values  base or delete (tombstones)
//   lists   pieces, packed as list_piece.h has them: all as a base, or what the runs do not have as appends
//   maps    the header (base or delete) with its generation, then entries
#pragma once

#include <cstdint>
#include <vector>

#include "backend/hybrid/list_piece.h"
#include "backend/hybrid/node.h"
#include "backend/hybrid/ordered_tree_cursor.h"
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

// The records of one node after another.
class NodeRecords {
 public:
  explicit NodeRecords(const TableSourceOptions& options) : options_(options) {}

  // `hash`: the whole one.
  void Begin(const Node* node, uint64_t hash);
  // False when the node has no more.
  [[nodiscard]] bool Next(spill::RunRecord* record);
  [[nodiscard]] uint64_t memory_bytes() const {
    return pieces_.capacity() * sizeof(const Piece*) + entries_.memory_bytes();
  }

 private:
  void BeginList();
  void BeginMap();
  // The record with what all records of the node have.
  void Fill(spill::RunRecord* record) const;
  [[nodiscard]] bool NextValue(spill::RunRecord* record);
  [[nodiscard]] bool NextPiece(spill::RunRecord* record);
  [[nodiscard]] bool NextOfMap(spill::RunRecord* record);

  TableSourceOptions options_;
  const Node* node_ = nullptr;
  uint64_t hash_ = 0;
  bool first_ = false;  // the node's value, tombstone or header is still to come

  bool whole_ = false;                // lists: it begins with a base
  uint64_t piece_number_ = 0;         // of the next
  std::vector<const Piece*> pieces_;  // those to come, the next one last
  uint64_t generation_ = 0;           // maps
  OrderedTreeCursor entries_;
};

// All of a table, or what is dirty.
class TableSource final : public spill::RecordSource {
 public:
  explicit TableSource(const TableSourceOptions& options);

  // Never fails.
  [[nodiscard]] Result<bool> Next() override;
  [[nodiscard]] const spill::RunRecord& record() const override { return record_; }
  [[nodiscard]] uint64_t memory_bytes() const { return nodes_.memory_bytes() + records_.memory_bytes(); }

 private:
  OrderedTreeCursor nodes_;
  NodeRecords records_;
  spill::RunRecord record_;
};

// One list or map, of whose node a view was taken: all records that a TableSource would give of it.
class EntrySource final : public spill::RecordSource {
 public:
  EntrySource(const TableSourceOptions& options, const Node* node);

  // Never fails.
  [[nodiscard]] Result<bool> Next() override { return records_.Next(&record_); }
  [[nodiscard]] const spill::RunRecord& record() const override { return record_; }
  [[nodiscard]] uint64_t memory_bytes() const { return records_.memory_bytes(); }

 private:
  NodeRecords records_;
  spill::RunRecord record_;
};

}  // namespace spillway::hybrid
