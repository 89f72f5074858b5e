#include "backend/rocksdb/figures.h"

#include <rocksdb/sst_file_manager.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "backend/rocksdb/backend.h"

namespace spillway::rocks {
namespace {

uint64_t OfAllFamilies(rocksdb::DB* database, const std::string& property) {
  uint64_t value = 0;
  return database->GetAggregatedIntProperty(property, &value) ? value : 0;
}

uint64_t OfDatabase(rocksdb::DB* database, const std::string& property) {
  uint64_t value = 0;
  return database->GetIntProperty(property, &value) ? value : 0;
}

struct FigureMetric {
  const char* name;
  const char* help;
  uint64_t Figures::*figure;
};
constexpr FigureMetric kFigureMetrics[] = {
    {"rocksdb_memtable_bytes", "Bytes of all memtables", &Figures::memtable_bytes},
    {"rocksdb_block_cache_usage_bytes", "Bytes of blocks in the block cache, without what memtables are charged",
     &Figures::cached_block_bytes},
    {"rocksdb_block_cache_capacity_bytes", "Capacity of the block cache", &Figures::cache_capacity},
    {"rocksdb_block_cache_pinned_bytes", "Bytes of the block cache that cannot be evicted now", &Figures::pinned_bytes},
    {"rocksdb_table_readers_bytes", "Bytes of indexes and filters outside the block cache",
     &Figures::table_reader_bytes},
    {"rocksdb_held_bytes", "Bytes held for views and for values that are updated in place", &Figures::held_bytes},
    {"rocksdb_timer_cache_bytes", "Bytes of the earliest timers that are kept in memory", &Figures::timer_cache_bytes},
    {"rocksdb_sst_bytes", "Bytes of table files, obsolete ones that are still referred to included",
     &Figures::table_file_bytes},
    {"rocksdb_sst_live_bytes", "Bytes of the table files of the current version", &Figures::table_file_live_bytes},
    {"rocksdb_estimated_keys", "Keys by RocksDB's estimate", &Figures::estimated_keys},
    {"rocksdb_flushes_pending", "Column families with a memtable that waits to be flushed", &Figures::flushes_pending},
    {"rocksdb_compactions_running", "Compactions that run now", &Figures::compactions_running},
    {"rocksdb_compaction_pending_bytes", "Bytes that compactions have to rewrite, by RocksDB's estimate",
     &Figures::compaction_pending_bytes},
    {"rocksdb_delayed_write_rate", "Bytes per second to which writes are slowed down; 0: they are not",
     &Figures::delayed_write_rate},
    {"rocksdb_writes_stopped", "1 while writes wait for flushes or compactions", &Figures::writes_stopped},
    {"rocksdb_background_errors", "Errors of flushes and compactions so far", &Figures::background_errors},
};

struct TickerMetric {
  const char* name;
  const char* help;
  rocksdb::Tickers ticker;
};
constexpr TickerMetric kTickerMetrics[] = {
    {"rocksdb_block_cache_hits", "Look-ups of blocks that the cache had", rocksdb::BLOCK_CACHE_HIT},
    {"rocksdb_block_cache_misses", "Look-ups of blocks that the cache did not have", rocksdb::BLOCK_CACHE_MISS},
    {"rocksdb_bloom_filter_useful", "Look-ups that a bloom filter ended", rocksdb::BLOOM_FILTER_USEFUL},
    {"rocksdb_bytes_read", "Bytes of values that were looked up", rocksdb::BYTES_READ},
    {"rocksdb_bytes_written", "Bytes of keys and values that were written", rocksdb::BYTES_WRITTEN},
    {"rocksdb_iterator_bytes_read", "Bytes of keys and values that iterators came by", rocksdb::ITER_BYTES_READ},
    {"rocksdb_flush_write_bytes", "Bytes that flushes have written", rocksdb::FLUSH_WRITE_BYTES},
    {"rocksdb_compaction_read_bytes", "Bytes that compactions have read", rocksdb::COMPACT_READ_BYTES},
    {"rocksdb_compaction_write_bytes", "Bytes that compactions have written", rocksdb::COMPACT_WRITE_BYTES},
    {"rocksdb_stall_micros", "Microseconds that writes have waited for flushes and compactions", rocksdb::STALL_MICROS},
};

spw_metric Made(const char* name, const char* help, uint64_t value, spw_metric_kind kind) {
  return {name, help, static_cast<double>(value), kind, 0};
}

}  // namespace

Result<Figures> ReadFigures(spw_backend* backend) {
  const std::shared_lock lock(backend->database_mutex);  // close waits, and has taken it before the database goes
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  rocksdb::DB* database = backend->database.get();
  using Property = rocksdb::DB::Properties;
  Figures figures;
  figures.memtable_bytes = OfAllFamilies(database, Property::kSizeAllMemTables);
  const rocksdb::WriteBufferManager* write_buffers = backend->resources.write_buffers.get();
  const uint64_t usage = backend->resources.cache->GetUsage();
  const uint64_t charged = write_buffers == nullptr ? 0 : write_buffers->dummy_entries_in_cache_usage();
  figures.cached_block_bytes = usage - std::min(usage, charged);
  figures.cache_capacity = backend->resources.cache->GetCapacity();
  figures.pinned_bytes = backend->resources.cache->GetPinnedUsage();
  figures.table_reader_bytes = OfAllFamilies(database, Property::kEstimateTableReadersMem);
  figures.held_bytes = backend->held_bytes.load(std::memory_order_relaxed);
  figures.table_file_bytes = OfAllFamilies(database, Property::kTotalSstFilesSize);
  figures.table_file_live_bytes = OfAllFamilies(database, Property::kLiveSstFilesSize);
  figures.estimated_keys = OfAllFamilies(database, Property::kEstimateNumKeys);
  figures.flushes_pending = OfAllFamilies(database, Property::kMemTableFlushPending);
  figures.compactions_running = OfDatabase(database, Property::kNumRunningCompactions);
  figures.compaction_pending_bytes = OfAllFamilies(database, Property::kEstimatePendingCompactionBytes);
  figures.delayed_write_rate = OfDatabase(database, Property::kActualDelayedWriteRate);
  figures.writes_stopped = OfDatabase(database, Property::kIsWriteStopped);
  figures.background_errors = OfDatabase(database, Property::kBackgroundErrors);
  for (const auto& [name, state] : backend->states) {
    if (state->timers != nullptr) figures.timer_cache_bytes += state->timers->cached_bytes();
  }
  return figures;
}

Answer Metrics(spw_backend* backend, spw_metric* out, uint32_t capacity, uint32_t* count) {
  SPILLWAY_ASSIGN_OR_RETURN(const Figures figures, ReadFigures(backend));
  std::vector<spw_metric> metrics;
  for (const FigureMetric& metric : kFigureMetrics) {
    metrics.push_back(Made(metric.name, metric.help, figures.*metric.figure, SPW_METRIC_GAUGE));
  }
  metrics.push_back(Made("snapshots_written", "Snapshots written to the end",
                         backend->snapshots_written.load(std::memory_order_relaxed), SPW_METRIC_COUNTER));
  const TableFileTraffic& traffic = *backend->resources.traffic;
  metrics.push_back(Made("spilled_write_bytes", "Bytes that flushes and compactions have written to table files",
                         traffic.written_bytes(), SPW_METRIC_COUNTER));
  metrics.push_back(Made("spilled_read_bytes", "Bytes read from files, by users, snapshots and compactions",
                         traffic.read_bytes(), SPW_METRIC_COUNTER));
  if (const rocksdb::Statistics* statistics = backend->resources.statistics.get()) {
    metrics.push_back(Made("stall_ms", "Milliseconds that writes have waited for flushes and compactions",
                           statistics->getTickerCount(rocksdb::STALL_MICROS) / 1000, SPW_METRIC_COUNTER));
    for (const TickerMetric& metric : kTickerMetrics) {
      metrics.push_back(Made(metric.name, metric.help, statistics->getTickerCount(metric.ticker), SPW_METRIC_COUNTER));
    }
  }
  *count = static_cast<uint32_t>(metrics.size());
  std::copy_n(metrics.begin(), std::min(*count, capacity), out);
  return SPW_OK;
}

}  // namespace spillway::rocks
