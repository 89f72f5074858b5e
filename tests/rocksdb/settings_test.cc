#include "backend/rocksdb/settings.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "backend/rocksdb/database_options.h"

namespace spillway::rocks {
namespace {

Result<Settings> Parse(const std::string& key, const char* value) {
  const std::string name = "state.backend.rocksdb." + key;
  const spw_config_entry entry{name.c_str(), value};
  return ParseSettings({&entry, 1});
}

TEST(SettingsTest, TheAnnouncedDefaultsAreTheDefaults) {
  std::vector<spw_config_entry> all;
  for (const spw_config_key& key : ConfigKeys()) all.push_back({key.name, key.default_value});
  const Result<Settings> parsed = ParseSettings(all);
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  const Settings defaults;
  EXPECT_EQ(parsed->block_cache_bytes, defaults.block_cache_bytes);
  EXPECT_EQ(parsed->block_bytes, defaults.block_bytes);
  EXPECT_EQ(parsed->metadata_block_bytes, defaults.metadata_block_bytes);
  EXPECT_EQ(parsed->partitioned_index_filters, defaults.partitioned_index_filters);
  EXPECT_EQ(parsed->cache_index_and_filter_blocks, defaults.cache_index_and_filter_blocks);
  EXPECT_EQ(parsed->bloom_filter, defaults.bloom_filter);
  EXPECT_EQ(parsed->bloom_bits_per_key, defaults.bloom_bits_per_key);
  EXPECT_EQ(parsed->write_buffer_bytes, defaults.write_buffer_bytes);
  EXPECT_EQ(parsed->write_buffer_count, defaults.write_buffer_count);
  EXPECT_EQ(parsed->write_buffers_to_merge, defaults.write_buffers_to_merge);
  EXPECT_EQ(parsed->write_buffer_ratio, defaults.write_buffer_ratio);
  EXPECT_EQ(parsed->high_prio_pool_ratio, defaults.high_prio_pool_ratio);
  EXPECT_EQ(parsed->write_batch_bytes, defaults.write_batch_bytes);
  EXPECT_EQ(parsed->files_open, defaults.files_open);
  EXPECT_EQ(parsed->threads, defaults.threads);
  EXPECT_EQ(parsed->compression, defaults.compression);
  EXPECT_EQ(parsed->compaction_style, defaults.compaction_style);
  EXPECT_EQ(parsed->dynamic_level_bytes, defaults.dynamic_level_bytes);
  EXPECT_EQ(parsed->target_file_bytes, defaults.target_file_bytes);
  EXPECT_EQ(parsed->level_base_bytes, defaults.level_base_bytes);
  EXPECT_EQ(parsed->direct_reads, defaults.direct_reads);
  EXPECT_EQ(parsed->direct_flush_and_compaction, defaults.direct_flush_and_compaction);
  EXPECT_EQ(parsed->log_level, defaults.log_level);
  EXPECT_EQ(parsed->log_file_bytes, defaults.log_file_bytes);
  EXPECT_EQ(parsed->log_files, defaults.log_files);
  EXPECT_EQ(parsed->timer_cache_size, defaults.timer_cache_size);
  EXPECT_EQ(parsed->tickers, defaults.tickers);
}

TEST(SettingsTest, ValuesAreTakenOver) {
  EXPECT_EQ(Parse("block.cache-size", "256 mb")->block_cache_bytes, uint64_t{256} << 20);
  EXPECT_EQ(Parse("block.cache-size", "1g")->block_cache_bytes, uint64_t{1} << 30);
  EXPECT_EQ(Parse("block.cache-size", "4096")->block_cache_bytes, 4096u);
  EXPECT_EQ(Parse("writebuffer.count", "4")->write_buffer_count, 4);
  EXPECT_EQ(Parse("memory.write-buffer-ratio", "0.25")->write_buffer_ratio, 0.25);
  EXPECT_TRUE(Parse("use-bloom-filter", "TRUE")->bloom_filter);
  EXPECT_EQ(Parse("files.open", "-1")->files_open, -1);
  EXPECT_EQ(Parse("cache-index-and-filter-blocks", "false")->cache_index_and_filter_blocks,
            CacheIndexAndFilterBlocks::kNever);
  EXPECT_EQ(Parse("compaction.style", "UNIVERSAL")->compaction_style, CompactionStyle::kUniversal);
  EXPECT_EQ(Parse("compression.per.level", "NO_COMPRESSION;LZ4_COMPRESSION")->compression,
            (std::vector<rocksdb::CompressionType>{rocksdb::kNoCompression, rocksdb::kLZ4Compression}));
}

TEST(SettingsTest, WrongValuesAreRefusedByKeyValueAndForm) {
  struct Wrong {
    const char* key;
    const char* value;
    const char* form;
  };
  const Wrong all[] = {{"block.cache-size", "lots", "a size such as 64mb"},
                       {"block.cache-size", "0", "a size such as 64mb"},
                       {"block.cache-size", "-1mb", "a size such as 64mb"},
                       {"block.cache-size", "99999999999tb", "a size such as 64mb"},
                       {"writebuffer.count", "1", "a whole number from 2 to 1000"},
                       {"writebuffer.count", "2x", "a whole number from 2 to 1000"},
                       {"memory.write-buffer-ratio", "1.5", "a number from 0 to 1"},
                       {"memory.write-buffer-ratio", "nan", "a number from 0 to 1"},
                       {"use-bloom-filter", "yes", "true or false"},
                       {"files.open", "-2", "-1 or a whole number of at least 16"},
                       {"cache-index-and-filter-blocks", "maybe", "auto, true or false"},
                       {"compression.per.level", "GZIP", "ZSTD_COMPRESSION"},
                       {"compression.per.level", "NO_COMPRESSION;", "ZSTD_COMPRESSION"},
                       {"compaction.style", "FIFO", "LEVEL or UNIVERSAL"},
                       {"log.level", "LOUD", "one of DEBUG_"}};
  for (const Wrong& wrong : all) {
    const Result<Settings> parsed = Parse(wrong.key, wrong.value);
    ASSERT_FALSE(parsed.ok()) << wrong.key << " " << wrong.value;
    EXPECT_EQ(parsed.status().code(), StatusCode::kInvalidArgument);
    for (const std::string_view part : {wrong.key, wrong.value, wrong.form}) {
      EXPECT_NE(parsed.status().message().find(part), std::string::npos) << parsed.status().message();
    }
  }
}

TEST(SettingsTest, UnknownKeysAreRefused) {
  const Result<Settings> parsed = Parse("block.cache-sise", "1mb");
  ASSERT_FALSE(parsed.ok());
  EXPECT_NE(parsed.status().message().find("block.cache-sise"), std::string::npos);
}

// The write buffer manager may exceed its capacity by half: with the rest of the cache both are the share.
TEST(DatabaseOptionsTest, TheShareIsDividedAsFlinkDoes) {
  const MemoryPlan plan = PlanMemory(600 << 20, 0.5);
  EXPECT_EQ(plan.cache_bytes, uint64_t{500} << 20);
  EXPECT_EQ(plan.write_buffer_bytes, uint64_t{200} << 20);
  EXPECT_EQ(plan.cache_bytes + plan.write_buffer_bytes / 2, uint64_t{600} << 20);
}

TEST(DatabaseOptionsTest, WithoutAShareNothingBoundsTheMemtablesTogether) {
  const Settings settings;
  EXPECT_EQ(MakeResources(settings, 0).write_buffers, nullptr);
  EXPECT_EQ(MakeResources(settings, 0).cache->GetCapacity(), settings.block_cache_bytes);
  const Resources with_share = MakeResources(settings, 600 << 20);
  ASSERT_NE(with_share.write_buffers, nullptr);
  EXPECT_EQ(with_share.write_buffers->buffer_size(), size_t{200} << 20);
  EXPECT_EQ(with_share.cache->GetCapacity(), size_t{500} << 20);
}

}  // namespace
}  // namespace spillway::rocks
