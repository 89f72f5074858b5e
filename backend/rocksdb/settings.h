// The configuration of an instance, under the names that Flink's users know, with Flink's defaults.
//
// kConfigKeys is what the descriptor announces. ParseSettings refuses unknown keys and wrong values with an error that
// names key, value and the form that is wanted. Plain values, any thread.
#pragma once

#include <rocksdb/compression_type.h>
#include <rocksdb/env.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "spillway/plugin/abi.h"
#include "spillway/status.h"

namespace spillway::rocks {

enum class CacheIndexAndFilterBlocks { kWithShare, kAlways, kNever };
enum class CompactionStyle { kLevel, kUniversal };

struct Settings {
  uint64_t block_cache_bytes = 8 << 20;  // per column family; without a memory share only
  uint64_t block_bytes = 4 << 10;
  uint64_t metadata_block_bytes = 4 << 10;
  bool partitioned_index_filters = false;
  CacheIndexAndFilterBlocks cache_index_and_filter_blocks = CacheIndexAndFilterBlocks::kWithShare;
  bool bloom_filter = false;
  int32_t bloom_bits_per_key = 10;

  uint64_t write_buffer_bytes = 64 << 20;
  int32_t write_buffer_count = 2;
  int32_t write_buffers_to_merge = 1;
  double write_buffer_ratio = 0.5;
  double high_prio_pool_ratio = 0.1;
  uint64_t write_batch_bytes = 2 << 20;

  int32_t files_open = -1;
  int32_t threads = 2;
  std::vector<rocksdb::CompressionType> compression = {rocksdb::kSnappyCompression};  // one, or one per level
  CompactionStyle compaction_style = CompactionStyle::kLevel;
  bool dynamic_level_bytes = false;
  uint64_t target_file_bytes = 64 << 20;
  uint64_t level_base_bytes = 256 << 20;
  bool direct_reads = false;
  bool direct_flush_and_compaction = false;

  rocksdb::InfoLogLevel log_level = rocksdb::INFO_LEVEL;
  uint64_t log_file_bytes = 25 << 20;
  int32_t log_files = 4;
  int32_t timer_cache_size = 128;  // per key-group and timer state
  bool tickers = false;
};

[[nodiscard]] std::span<const spw_config_key> ConfigKeys();

[[nodiscard]] Result<Settings> ParseSettings(std::span<const spw_config_entry> config);

}  // namespace spillway::rocks
