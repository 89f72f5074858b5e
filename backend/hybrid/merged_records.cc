#include "backend/hybrid/merged_records.h"

namespace spillway::hybrid {
namespace {

// Smaller than a compaction's: every run of the table has two of them.
constexpr uint64_t kChunkBytes = 32 * 1024;

spill::SectionKind SectionKindOf(spw_state_kind kind) {
  return static_cast<spill::SectionKind>(kind);
}
static_assert(static_cast<int>(spill::SectionKind::kValue) == SPW_STATE_VALUE &&
              static_cast<int>(spill::SectionKind::kList) == SPW_STATE_LIST &&
              static_cast<int>(spill::SectionKind::kMap) == SPW_STATE_MAP &&
              static_cast<int>(spill::SectionKind::kTimer) == SPW_STATE_TIMER);

}  // namespace

MergedRecords::MergedRecords(const TableSourceOptions& memory, const PinnedRuns& runs, spill::IoEngine* engine) {
  if (!HasEngine(runs, engine)) return;
  std::vector<spill::RecordSource*> newest_first{&table_.emplace(memory)};
  for (const RunRef& run : *runs.runs) {
    sections_.push_back(std::make_unique<spill::SectionCursor>(engine, run.file, run.section, kChunkBytes));
    newest_first.push_back(sections_.back().get());
  }
  merge_.emplace(SectionKindOf(memory.kind), newest_first, true);
}

MergedRecords::MergedRecords(const TableSourceOptions& memory, const Node* node, const Probe& probe,
                             const PinnedRuns& runs, spill::IoEngine* engine) {
  if (!HasEngine(runs, engine)) return;
  std::vector<spill::RecordSource*> newest_first;
  if (node != nullptr) newest_first.push_back(&entry_.emplace(memory, node));
  spill::RecordKey key;
  key.order = probe.hash;
  key.key = probe.key;
  key.state_namespace = probe.state_namespace;
  if (!runs.empty()) {
    for (const RunRef& run : *runs.runs) {
      keys_.push_back(std::make_unique<spill::KeyCursor>(engine, run.file, run.section, key));
      newest_first.push_back(keys_.back().get());
    }
  }
  merge_.emplace(SectionKindOf(memory.kind), newest_first, true);
}

bool MergedRecords::HasEngine(const PinnedRuns& runs, const spill::IoEngine* engine) {
  if (engine != nullptr || runs.empty()) return true;
  failed_ = Status::Internal("there are runs of a table, but no I/O engine to read them by");
  return false;
}

Result<bool> MergedRecords::Next() {
  SPILLWAY_RETURN_IF_ERROR(failed_);
  Result<bool> next = merge_->Next();
  if (!next.ok()) failed_ = next.status();
  return next;
}

uint64_t MergedRecords::memory_bytes() const {
  uint64_t bytes = sizeof(*this);
  if (table_) bytes += table_->memory_bytes();
  if (entry_) bytes += entry_->memory_bytes();
  for (const auto& section : sections_) bytes += sizeof(*section) + section->memory_bytes();
  for (const auto& key : keys_) bytes += sizeof(*key) + key->memory_bytes();
  return bytes;
}

}  // namespace spillway::hybrid
