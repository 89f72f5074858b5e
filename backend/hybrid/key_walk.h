// Walks the keys and namespaces of a pinned table that has values, lists or maps: those with something live, in memory
// or in runs.
//
// Threads, cost and failure as of an EntryWalk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "backend/hybrid/hash_tree_cursor.h"
#include "backend/hybrid/merged_records.h"
#include "backend/hybrid/state.h"
#include "spillway/plugin/abi.h"
#include "spillway/status.h"

namespace spillway::hybrid {

struct WalkedKey {
  BytesView key;
  BytesView state_namespace;
};

class KeyWalk {
 public:
  KeyWalk() = default;
  // As of an EntryWalk.
  KeyWalk(spw_state_kind kind, uint32_t alignment, uint64_t root, const PinnedRuns& runs, spill::IoEngine* engine);

  // False at the end. The bytes are valid until the next Next; those of a table without runs as long as the view.
  [[nodiscard]] Result<bool> Next(WalkedKey* key);
  [[nodiscard]] bool merged() const { return merged_ != nullptr; }
  [[nodiscard]] uint64_t memory_bytes() const { return merged_ == nullptr ? 0 : merged_->memory_bytes(); }

 private:
  [[nodiscard]] bool IsFirstOfKey(const spill::RunRecord& record);

  spw_state_kind kind_ = SPW_STATE_VALUE;
  HashTreeCursor nodes_;
  std::unique_ptr<MergedRecords> merged_;
  // Maps of a merge: the last that was shown.
  bool any_ = false;
  std::string key_;
  std::string namespace_;
};

}  // namespace spillway::hybrid
