// What a pinned table, or one list or map of it, holds in memory and in its runs, merged: all as it is, no deletes.
//
// For any thread that holds the view, and the thread of the engine, which outlives it. Blocks while pages are read.
// Once it has failed it stays so.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "backend/hybrid/hash_tree.h"
#include "backend/hybrid/spilled_table.h"
#include "backend/hybrid/table_source.h"
#include "spill/io_engine.h"
#include "spill/merge_cursor.h"
#include "spill/run_lookup.h"
#include "spill/section_cursor.h"
#include "spillway/status.h"

namespace spillway::hybrid {

class MergedRecords {
 public:
  // Of a table that has runs. `memory.only_dirty` is not set.
  MergedRecords(const TableSourceOptions& memory, const PinnedRuns& runs, spill::IoEngine* engine);
  // Of one list or map, of which `node` is in memory; null: nothing is.
  MergedRecords(const TableSourceOptions& memory, const Node* node, const Probe& probe, const PinnedRuns& runs,
                spill::IoEngine* engine);
  MergedRecords(const MergedRecords&) = delete;
  MergedRecords& operator=(const MergedRecords&) = delete;

  // False at the end.
  [[nodiscard]] Result<bool> Next();
  // Valid until the next Next.
  [[nodiscard]] const spill::RunRecord& record() const { return merge_->record(); }
  [[nodiscard]] uint64_t memory_bytes() const;

 private:
  // False, and what is wrong in failed_, when there is no engine to read by.
  [[nodiscard]] bool HasEngine(const PinnedRuns& runs, const spill::IoEngine* engine);

  std::optional<TableSource> table_;
  std::optional<EntrySource> entry_;
  std::vector<std::unique_ptr<spill::SectionCursor>> sections_;
  std::vector<std::unique_ptr<spill::KeyCursor>> keys_;
  std::optional<spill::MergeCursor> merge_;  // over all of these
  Status failed_;
};

}  // namespace spillway::hybrid
