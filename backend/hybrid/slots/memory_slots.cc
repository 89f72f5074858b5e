// Memory and metrics. Any thread.
#include <algorithm>
#include <cstring>

#include "backend/hybrid/slots/slot.h"
#include "backend/hybrid/spiller.h"

namespace spillway::hybrid {
namespace {

void FillUsage(const MemoryAccount& account, spw_memory_usage* usage) {
  usage->share = account.share();
  usage->used_peak = account.used_peak();
  usage->entries = account.of(Category::kEntries);
  usage->index = account.of(Category::kIndex);
  usage->retired = account.of(Category::kRetired);
  usage->io = account.io();
  // The figures are read one by one while the owner works: what does not add up at this moment is put down as slack.
  const uint64_t parts = usage->entries + usage->index + usage->retired + usage->io;
  const uint64_t used = account.used();
  usage->slack = used > parts ? used - parts : 0;
  usage->used = parts + usage->slack;
}

spw_code Usage(Instance* instance, spw_memory_usage* out, spw_error* err) {
  if (out == nullptr || out->struct_size < sizeof(uint64_t)) {
    return Answer(Status::InvalidArgument("memory_usage needs a struct with its struct_size set"), err);
  }
  spw_memory_usage usage{};
  FillUsage(instance->heap().account(), &usage);
  usage.struct_size = out->struct_size;
  std::memcpy(out, &usage, std::min<size_t>(out->struct_size, sizeof(usage)));
  return SPW_OK;
}

double Figure(uint64_t value) {
  return static_cast<double>(value);
}

uint32_t Metrics(Instance* instance, spw_metric* out, uint32_t capacity) {
  spw_memory_usage usage{};
  FillUsage(instance->heap().account(), &usage);
  const Counters& counters = instance->heap().counters();
  const auto count = [](const std::atomic<uint64_t>& figure) { return Figure(figure.load(std::memory_order_relaxed)); };
  const Spiller* spiller = instance->spiller();
  const spill::IoCounters io = spiller == nullptr ? spill::IoCounters{} : spiller->io_counters();
  const auto spilled = [&](std::atomic<uint64_t> Spiller::Figures::*figure) {
    return spiller == nullptr ? 0 : count(spiller->figures().*figure);
  };
  const auto engine = [&](spill::IoEngineKind kind) {
    return spiller != nullptr && spiller->engine_kind() == kind ? 1.0 : 0.0;
  };
  const spw_metric all[] = {
      {"entries", "Entries, lists, maps and timers held",
       Figure(instance->entries()) + spilled(&Spiller::Figures::cold), SPW_METRIC_GAUGE, 0},
      {"memory_share_bytes", "Memory share, 0 without limit", Figure(usage.share), SPW_METRIC_GAUGE, 0},
      {"memory_used_bytes", "Memory taken from the system", Figure(usage.used), SPW_METRIC_GAUGE, 0},
      {"memory_used_peak_bytes", "The most that was taken", Figure(usage.used_peak), SPW_METRIC_GAUGE, 0},
      {"memory_entries_bytes", "Memory of entries and timers", Figure(usage.entries), SPW_METRIC_GAUGE, 0},
      {"memory_index_bytes", "Memory of directories and segments", Figure(usage.index), SPW_METRIC_GAUGE, 0},
      {"memory_retired_bytes", "Memory of old versions that wait to be freed", Figure(usage.retired), SPW_METRIC_GAUGE,
       0},
      {"memory_io_bytes", "Memory of buffers and iterators", Figure(usage.io), SPW_METRIC_GAUGE, 0},
      {"memory_slack_bytes", "Memory that lies free inside the allocator", Figure(usage.slack), SPW_METRIC_GAUGE, 0},
      {"views_live", "Tables pinned by snapshots and iterators", count(counters.views_live), SPW_METRIC_GAUGE, 0},
      {"snapshots_live", "Snapshots begun and not released", Figure(instance->snapshots().size()), SPW_METRIC_GAUGE, 0},
      {"snapshots_begun", "Snapshots begun", Figure(instance->snapshots().begun()), SPW_METRIC_COUNTER, 0},
      {"nodes_copied", "Nodes copied because a view needed the original", count(counters.nodes_copied),
       SPW_METRIC_COUNTER, 0},
      {"segments_copied", "Segments copied because a view needed the original", count(counters.segments_copied),
       SPW_METRIC_COUNTER, 0},
      {"segment_splits", "Segments split in two as tables grew", count(counters.splits), SPW_METRIC_COUNTER, 0},
      {"objects_reclaimed", "Retired objects freed", count(counters.objects_reclaimed), SPW_METRIC_COUNTER, 0},
      {"entries_resident", "Entries, lists, maps and timers in memory", Figure(instance->entries()), SPW_METRIC_GAUGE,
       0},
      {"entries_spilled", "Entries, lists and maps on disk only, about", spilled(&Spiller::Figures::cold),
       SPW_METRIC_GAUGE, 0},
      {"spilled_write_bytes", "Bytes written to run files", Figure(io.written_bytes), SPW_METRIC_COUNTER, 0},
      {"spilled_read_bytes", "Bytes read from run files", Figure(io.read_bytes), SPW_METRIC_COUNTER, 0},
      {"cold_sync_reads", "Accesses that waited for a read that was not announced",
       spiller == nullptr ? 0 : Figure(spiller->reader().sync_reads()), SPW_METRIC_COUNTER, 0},
      {"stall_ms", "Milliseconds that writes waited for memory", spilled(&Spiller::Figures::stall_us) / 1000,
       SPW_METRIC_COUNTER, 0},
      {"flushes", "Run files written by flushes", spilled(&Spiller::Figures::flushes), SPW_METRIC_COUNTER, 0},
      {"flushes_failed", "Flushes that failed", spilled(&Spiller::Figures::flushes_failed), SPW_METRIC_COUNTER, 0},
      {"compactions", "Run files written by merging others", spilled(&Spiller::Figures::compactions),
       SPW_METRIC_COUNTER, 0},
      {"entries_evicted", "Entries that left memory", spilled(&Spiller::Figures::evicted), SPW_METRIC_COUNTER, 0},
      {"entries_loaded", "Entries that came back to memory", spilled(&Spiller::Figures::loaded), SPW_METRIC_COUNTER, 0},
      {"run_files", "Run files on disk", spilled(&Spiller::Figures::run_files), SPW_METRIC_GAUGE, 0},
      {"run_file_bytes", "Bytes of run files on disk", spilled(&Spiller::Figures::disk_bytes), SPW_METRIC_GAUGE, 0},
      {"run_index_bytes", "Memory of the indexes and filters of run files", spilled(&Spiller::Figures::index_bytes),
       SPW_METRIC_GAUGE, 0},
      {"io_engine_uring", "1: local files are read and written by io_uring", engine(spill::IoEngineKind::kUring),
       SPW_METRIC_GAUGE, 0},
      {"io_engine_pread", "1: local files are read and written by pread and pwrite",
       engine(spill::IoEngineKind::kPread), SPW_METRIC_GAUGE, 0},
      {"writes_refused", "Writes refused because the memory share was used up", count(counters.refused_writes),
       SPW_METRIC_COUNTER, 0},
  };
  std::copy_n(all, std::min<size_t>(capacity, std::size(all)), out);
  return static_cast<uint32_t>(std::size(all));
}

}  // namespace

void FillMemorySlots(spw_backend_api* api) {
  api->memory_usage = [](spw_backend* backend, spw_memory_usage* out, spw_error* err) noexcept {
    return OnInstance(backend, err, [&](Instance* instance) { return Usage(instance, out, err); });
  };
  api->memory_set_share = [](spw_backend* backend, uint64_t bytes, spw_error* err) noexcept {
    return OnInstance(backend, err, [&](Instance* instance) -> spw_code {
      instance->heap().account().set_share(bytes);
      return SPW_OK;
    });
  };
  api->memory_reclaim = [](spw_backend* backend, uint64_t bytes, spw_error* err) noexcept {
    return OnInstance(backend, err, [&](Instance* instance) -> spw_code {
      if (instance->spiller() != nullptr) instance->spiller()->Reclaim(bytes);
      return SPW_OK;
    });
  };
  api->metrics = [](spw_backend* backend, spw_metric* out, uint32_t capacity, uint32_t* count,
                    spw_error* err) noexcept {
    *count = 0;
    return OnInstance(backend, err, [&](Instance* instance) -> spw_code {
      *count = Metrics(instance, out, capacity);
      return SPW_OK;
    });
  };
}

}  // namespace spillway::hybrid
