// Reads single entries that are not in memory, at once: what nobody announced. Owner thread; blocks.
#pragma once

#include <atomic>
#include <cstdint>

#include "backend/hybrid/hash_tree.h"
#include "backend/hybrid/spilled_table.h"
#include "spill/record.h"
#include "spill/run_lookup.h"
#include "spillway/status.h"

namespace spillway::hybrid {

// Of values, lists, and the headers of maps.
[[nodiscard]] inline spill::RecordKey KeyInRuns(const Probe& probe) {
  spill::RecordKey key;
  key.order = probe.hash;
  key.key = probe.key;
  key.state_namespace = probe.state_namespace;
  return key;
}
// Of an entry of a map.
[[nodiscard]] inline spill::RecordKey KeyInRuns(const Probe& probe, const Probe& map_probe) {
  spill::RecordKey key = KeyInRuns(probe);
  key.map_entry = true;
  key.sub = map_probe.hash;
  key.map_key = map_probe.key;
  return key;
}

// Whether any of the runs may hold the key, as far as memory tells: by the filters, and yes where those are not loaded.
[[nodiscard]] bool MayBeIn(const RunList& runs, const spill::RecordKey& key);

class ColdReader {
 public:
  // The engine outlives it.
  explicit ColdReader(spill::IoEngine* engine) : engine_(engine), lookup_(engine) {}

  // The newest record of the key; null when no run holds one. Valid until the next call. An error names file and place.
  [[nodiscard]] Result<const spill::RunRecord*> Find(const RunList& runs, const spill::RecordKey& key);

  // [any-thread] Look-ups that read, of those that were not announced.
  [[nodiscard]] uint64_t sync_reads() const { return sync_reads_.load(std::memory_order_relaxed); }

 private:
  spill::IoEngine* const engine_;
  spill::BlockingLookup lookup_;
  std::atomic<uint64_t> sync_reads_{0};  // a figure
};

}  // namespace spillway::hybrid
