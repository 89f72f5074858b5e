#include "backend/rocksdb/database_options.h"

#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_manager.h>
#include <rocksdb/table.h>

#include <algorithm>

namespace spillway::rocks {
namespace {

// Below this RocksDB would flush memtables of a few entries; Flink's least managed memory is above it.
constexpr uint64_t kWriteBufferBytesMin = 64 << 10;

rocksdb::BlockBasedTableOptions MakeTableOptions(const Settings& settings, const Resources& resources) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = resources.cache;
  table.block_size = settings.block_bytes;
  table.metadata_block_size = settings.metadata_block_bytes;
  const bool with_share = resources.write_buffers != nullptr;
  const bool cache_index =
      settings.cache_index_and_filter_blocks == CacheIndexAndFilterBlocks::kAlways ||
      (settings.cache_index_and_filter_blocks == CacheIndexAndFilterBlocks::kWithShare && with_share);
  if (cache_index) {
    table.cache_index_and_filter_blocks = true;
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
  }
  if (settings.bloom_filter) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(settings.bloom_bits_per_key));
  }
  if (settings.partitioned_index_filters) {
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.partition_filters = settings.bloom_filter;
    table.pin_top_level_index_and_filter = true;
  }
  return table;
}

}  // namespace

MemoryPlan PlanMemory(uint64_t share, double write_buffer_ratio) {
  const auto total = static_cast<double>(share);
  return {static_cast<uint64_t>((3 - write_buffer_ratio) * total / 3),
          std::max(kWriteBufferBytesMin, static_cast<uint64_t>(2 * total * write_buffer_ratio / 3))};
}

Resources MakeResources(const Settings& settings, uint64_t share) {
  Resources resources;
  if (share == 0) {
    resources.cache = rocksdb::NewLRUCache(settings.block_cache_bytes);
  } else {
    const MemoryPlan plan = PlanMemory(share, settings.write_buffer_ratio);
    constexpr int kShardBitsByCapacity = -1;
    constexpr bool kStrictLimit = false;
    resources.cache =
        rocksdb::NewLRUCache(plan.cache_bytes, kShardBitsByCapacity, kStrictLimit, settings.high_prio_pool_ratio);
    resources.write_buffers = std::make_shared<rocksdb::WriteBufferManager>(plan.write_buffer_bytes, resources.cache);
  }
  resources.traffic = std::make_shared<TableFileTraffic>();
  if (settings.tickers) {
    resources.statistics = rocksdb::CreateDBStatistics();
    resources.statistics->set_stats_level(rocksdb::kExceptHistogramOrTimers);
  }
  return resources;
}

rocksdb::DBOptions MakeDatabaseOptions(const Settings& settings, const Resources& resources, rocksdb::Env* env) {
  rocksdb::DBOptions options;
  options.env = env;
  options.create_if_missing = true;
  options.error_if_exists = true;
  options.use_fsync = false;
  options.avoid_flush_during_shutdown = true;  // what is local is deleted then
  options.max_background_jobs = settings.threads;
  options.max_open_files = settings.files_open;
  options.use_direct_reads = settings.direct_reads;
  options.use_direct_io_for_flush_and_compaction = settings.direct_flush_and_compaction;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.info_log_level = settings.log_level;
  options.max_log_file_size = settings.log_file_bytes;
  options.keep_log_file_num = static_cast<size_t>(settings.log_files);
  options.write_buffer_manager = resources.write_buffers;
  options.statistics = resources.statistics;
  options.listeners.push_back(resources.traffic);
  // Resumes by itself when a full disk has space again.
  options.sst_file_manager.reset(rocksdb::NewSstFileManager(env));
  return options;
}

rocksdb::ColumnFamilyOptions MakeColumnFamilyOptions(const Settings& settings, const Resources& resources) {
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(MakeTableOptions(settings, resources)));
  options.write_buffer_size = settings.write_buffer_bytes;
  options.max_write_buffer_number = settings.write_buffer_count;
  options.min_write_buffer_number_to_merge = settings.write_buffers_to_merge;
  options.compaction_style = settings.compaction_style == CompactionStyle::kLevel ? rocksdb::kCompactionStyleLevel
                                                                                  : rocksdb::kCompactionStyleUniversal;
  options.level_compaction_dynamic_level_bytes = settings.dynamic_level_bytes;
  options.target_file_size_base = settings.target_file_bytes;
  options.max_bytes_for_level_base = settings.level_base_bytes;
  if (settings.compression.size() == 1) {
    options.compression = settings.compression.front();
  } else {
    options.compression_per_level = settings.compression;
  }
  return options;
}

}  // namespace spillway::rocks
