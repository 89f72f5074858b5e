// What an instance uses, and its share.
#include <algorithm>
#include <cstring>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/figures.h"
#include "backend/rocksdb/slot.h"

namespace spillway::rocks {
namespace {

Answer Usage(spw_backend* backend, spw_memory_usage* out) {
  SPILLWAY_ASSIGN_OR_RETURN(const Figures figures, ReadFigures(backend));
  spw_memory_usage usage{};
  usage.share = backend->share.load(std::memory_order_relaxed);
  usage.entries = figures.memtable_bytes + figures.cached_block_bytes;
  usage.index = figures.table_reader_bytes;
  usage.retired = figures.held_bytes;
  usage.used = usage.entries + usage.index + usage.retired;
  uint64_t peak = backend->used_peak.load(std::memory_order_relaxed);
  while (usage.used > peak && !backend->used_peak.compare_exchange_weak(peak, usage.used, std::memory_order_relaxed)) {
  }
  usage.used_peak = std::max(peak, usage.used);  // of the times that somebody looked: RocksDB keeps no peak
  usage.struct_size = out->struct_size;
  std::memcpy(out, &usage, std::min<size_t>(out->struct_size, sizeof(usage)));
  return SPW_OK;
}

// Cache and write buffers follow the share. An instance that was opened without one has no write buffer manager, so a
// share that comes later bounds its cache alone.
Answer SetShare(spw_backend* backend, uint64_t bytes) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  const std::shared_lock lock(backend->database_mutex);
  backend->share.store(bytes, std::memory_order_relaxed);
  if (bytes == 0) {
    if (backend->resources.write_buffers == nullptr) {
      backend->resources.cache->SetCapacity(backend->settings.block_cache_bytes *
                                            std::max<size_t>(1, backend->states.size()));
    }
    return SPW_OK;  // no limit: what it has may stay
  }
  const MemoryPlan plan = PlanMemory(bytes, backend->settings.write_buffer_ratio);
  backend->resources.cache->SetCapacity(plan.cache_bytes);
  if (backend->resources.write_buffers != nullptr) {
    backend->resources.write_buffers->SetBufferSize(plan.write_buffer_bytes);
  }
  return SPW_OK;
}

Answer Reclaim(spw_backend* backend, uint64_t bytes) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  backend->reclaim_bytes.fetch_add(bytes, std::memory_order_relaxed);
  return SPW_OK;
}

}  // namespace

void FillMemorySlots(spw_backend_api* api) {
  api->memory_usage = [](spw_backend* backend, spw_memory_usage* out, spw_error* err) noexcept {
    return Slot(err, [&] { return Usage(backend, out); });
  };
  api->memory_set_share = [](spw_backend* backend, uint64_t bytes, spw_error* err) noexcept {
    return Slot(err, [&] { return SetShare(backend, bytes); });
  };
  api->memory_reclaim = [](spw_backend* backend, uint64_t bytes, spw_error* err) noexcept {
    return Slot(err, [&] { return Reclaim(backend, bytes); });
  };
  api->metrics = [](spw_backend* backend, spw_metric* out, uint32_t capacity, uint32_t* count,
                    spw_error* err) noexcept {
    return Slot(err, [&] { return Metrics(backend, out, capacity, count); });
  };
}

}  // namespace spillway::rocks
