#include "backend/hybrid/cold_reader.h"

namespace spillway::hybrid {

bool MayBeIn(const RunList& runs, const spill::RecordKey& key) {
  for (const RunRef& run : runs) {
    const spill::SectionEntry& section = run.file->sections()[run.section];
    if (key.order < section.first_order || key.order > section.last_order) continue;
    const std::shared_ptr<const spill::SectionIndex> index = run.file->Index(run.section);
    if (index == nullptr) return true;
    const uint64_t sub = section.kind == spill::SectionKind::kMap ? key.sub : 0;
    if (index->MayHold(key.order, sub, spill::FilterHash(section.kind, key))) return true;
  }
  return false;
}

Result<const spill::RunRecord*> ColdReader::Find(const RunList& runs, const spill::RecordKey& key) {
  const uint64_t reads = engine_->counters().reads;
  const spill::RunRecord* found = nullptr;
  for (const RunRef& run : runs) {
    SPILLWAY_ASSIGN_OR_RETURN(found, lookup_.Find(run.file, run.section, spill::RunLookup::Find::kOne, key));
    if (found != nullptr) break;
  }
  if (engine_->counters().reads != reads) {
    sync_reads_.store(sync_reads_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  return found;
}

}  // namespace spillway::hybrid
