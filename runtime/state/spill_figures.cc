#include "runtime/state/spill_figures.h"

#include <string_view>

namespace spillway::runtime {
namespace {

constexpr const char* kSeveralEngines = "mixed";

// Figures are doubles; what cannot be a count is none.
uint64_t CountOf(double value) {
  constexpr double kLimit = 18446744073709551616.0;  // 2^64
  return value >= 1 && value < kLimit ? static_cast<uint64_t>(value) : 0;
}

void AddEngine(const std::string& engine, std::string* sum) {
  if (engine == kNoIoEngine || engine == *sum) return;
  *sum = *sum == kNoIoEngine ? engine : kSeveralEngines;
}

}  // namespace

InstanceSpill ReadSpill(std::span<const spw_metric> metrics) {
  InstanceSpill spill;
  for (const spw_metric& metric : metrics) {
    if (metric.name == nullptr || (metric.kind != SPW_METRIC_GAUGE && metric.kind != SPW_METRIC_COUNTER)) continue;
    const std::string_view name = metric.name;
    const uint64_t count = CountOf(metric.value);
    if (name == "spilled_write_bytes") spill.figures.write_bytes = count;
    if (name == "spilled_read_bytes") spill.figures.read_bytes = count;
    if (name == "entries_resident") spill.entries_resident = count;
    if (name == "entries_spilled") spill.figures.entries_spilled = count;
    if (name == "cold_sync_reads") spill.figures.cold_sync_reads = count;
    if (name == "stall_ms") spill.figures.stall_ms = count;
    if (name == "io_engine_uring" && count == 1) AddEngine("uring", &spill.figures.io_engine);
    if (name == "io_engine_pread" && count == 1) AddEngine("pread", &spill.figures.io_engine);
  }
  return spill;
}

void AddSpill(const InstanceSpill& instance, uint64_t entries_in_memory, SpillFigures* sum) {
  AddEngine(instance.figures.io_engine, &sum->io_engine);
  sum->write_bytes += instance.figures.write_bytes;
  sum->read_bytes += instance.figures.read_bytes;
  sum->entries_resident += instance.entries_resident.value_or(entries_in_memory);
  sum->entries_spilled += instance.figures.entries_spilled;
  sum->cold_sync_reads += instance.figures.cold_sync_reads;
  sum->stall_ms += instance.figures.stall_ms;
}

}  // namespace spillway::runtime
