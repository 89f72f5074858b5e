// How an instance's RocksDB is set up: the way Flink does, from settings and memory share.
//
// With a memory share, one block cache and one write buffer manager, which charges the cache, divide it as Flink's
// managed memory is divided; index and filter blocks live in the cache. Without one, the cache grows by
// block.cache-size with each column family, and memtables are bounded by their size and count alone. Any thread.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/options.h>
#include <rocksdb/statistics.h>
#include <rocksdb/write_buffer_manager.h>

#include <cstdint>
#include <memory>

#include "backend/rocksdb/settings.h"
#include "backend/rocksdb/table_file_traffic.h"

namespace spillway::rocks {

struct MemoryPlan {
  uint64_t cache_bytes = 0;
  uint64_t write_buffer_bytes = 0;
};
// Flink's arithmetic: the write buffer manager may exceed its capacity by half, so that both together are the share.
[[nodiscard]] MemoryPlan PlanMemory(uint64_t share, double write_buffer_ratio);

// What the column families of an instance share.
struct Resources {
  std::shared_ptr<rocksdb::Cache> cache;
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers;  // null without a share
  std::shared_ptr<TableFileTraffic> traffic;                   // never null
  std::shared_ptr<rocksdb::Statistics> statistics;             // null unless tickers are asked for
};
[[nodiscard]] Resources MakeResources(const Settings& settings, uint64_t share);

[[nodiscard]] rocksdb::DBOptions MakeDatabaseOptions(const Settings& settings, const Resources& resources,
                                                     rocksdb::Env* env);
[[nodiscard]] rocksdb::ColumnFamilyOptions MakeColumnFamilyOptions(const Settings& settings,
                                                                   const Resources& resources);

}  // namespace spillway::rocks
