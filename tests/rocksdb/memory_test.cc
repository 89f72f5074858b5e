#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/rocksdb/test_instance.h"
#include "tests/support/temporary_folder.h"

namespace spillway::rocks {
namespace {

constexpr uint64_t kShare = 24 << 20;

std::map<std::string, double> MetricsOf(TestInstance* at) {
  uint32_t count = 0;
  EXPECT_EQ(at->backend().Metrics(nullptr, 0, &count, at->error()), SPW_OK);
  std::vector<spw_metric> metrics(count);
  EXPECT_EQ(at->backend().Metrics(metrics.data(), count, &count, at->error()), SPW_OK);
  std::map<std::string, double> by_name;
  for (const spw_metric& metric : metrics) by_name[metric.name] = metric.value;
  return by_name;
}

void Write(TestInstance* at, int values, size_t bytes) {
  for (int i = 0; i < values; ++i) {
    at->SetKey("key " + std::to_string(i));
    at->Put(std::string(bytes, static_cast<char>('a' + i % 26)));
    at->EndRecord();
  }
}

spw_memory_usage UsageOf(TestInstance* at) {
  auto usage = plugin::Sized<spw_memory_usage>();
  EXPECT_EQ(at->backend().MemoryUsage(&usage, at->error()), SPW_OK);
  return usage;
}

TEST(MemoryTest, StateMayExceedTheShareAndMemoryHardly) {
  const runtime::TemporaryFolder folder;
  TestInstance at({.directory = folder.path().string(),
                   .configuration = {{"compression.per.level", "NO_COMPRESSION"}},
                   .share = kShare});
  at.RegisterStates();
  constexpr int kValues = 6000;
  constexpr size_t kBytes = 10000;  // two and a half times the share
  Write(&at, kValues, kBytes);
  at.Compact(at.value());  // waits for the flushes, which on a busy machine come late
  for (int i = 0; i < kValues; ++i) {
    at.SetKey("key " + std::to_string(i));
    ASSERT_EQ(at.Get(), std::string(kBytes, static_cast<char>('a' + i % 26)));
    at.EndRecord();
  }
  const spw_memory_usage usage = UsageOf(&at);
  EXPECT_EQ(usage.share, kShare);
  EXPECT_LE(usage.used, kShare * 5 / 4) << "RocksDB's bounds are soft, but not that soft";
  EXPECT_GT(MetricsOf(&at)["rocksdb_sst_bytes"], static_cast<double>(kShare));
}

TEST(MemoryTest, TheShareCanBeChanged) {
  const runtime::TemporaryFolder folder;
  TestInstance at({.directory = folder.path().string(), .share = kShare});
  EXPECT_EQ(MetricsOf(&at)["rocksdb_block_cache_capacity_bytes"],
            static_cast<double>(PlanMemory(kShare, 0.5).cache_bytes));
  EXPECT_EQ(at.backend().MemorySetShare(2 * kShare, at.error()), SPW_OK);
  EXPECT_EQ(UsageOf(&at).share, 2 * kShare);
  EXPECT_EQ(MetricsOf(&at)["rocksdb_block_cache_capacity_bytes"],
            static_cast<double>(PlanMemory(2 * kShare, 0.5).cache_bytes));
  EXPECT_EQ(at.inside()->resources.write_buffers->buffer_size(), PlanMemory(2 * kShare, 0.5).write_buffer_bytes);
}

TEST(MemoryTest, WithoutAShareEachColumnFamilyBringsItsCache) {
  const runtime::TemporaryFolder folder;
  TestInstance at({.directory = folder.path().string(), .configuration = {{"block.cache-size", "2mb"}}});
  at.RegisterStates();
  EXPECT_EQ(MetricsOf(&at)["rocksdb_block_cache_capacity_bytes"], 3.0 * (2 << 20));
}

TEST(MemoryTest, ReclaimEvictsBlocksAtTheNextSafepoint) {
  const runtime::TemporaryFolder folder;
  TestInstance at({.directory = folder.path().string(), .share = kShare});
  at.RegisterStates();
  constexpr int kValues = 2000;
  Write(&at, kValues, 2000);
  at.Compact(at.value());
  for (int i = 0; i < kValues; ++i) {
    at.SetKey("key " + std::to_string(i));
    EXPECT_TRUE(at.Get().has_value());
    at.EndRecord();
  }
  const double before = MetricsOf(&at)["rocksdb_block_cache_usage_bytes"];
  ASSERT_GT(before, 3e6);
  EXPECT_EQ(at.backend().MemoryReclaim(2 << 20, at.error()), SPW_OK);
  EXPECT_EQ(MetricsOf(&at)["rocksdb_block_cache_usage_bytes"], before);
  EXPECT_EQ(at.Poll(), SPW_OK);
  EXPECT_LE(MetricsOf(&at)["rocksdb_block_cache_usage_bytes"], before - (2 << 20));
  EXPECT_EQ(MetricsOf(&at)["rocksdb_block_cache_capacity_bytes"],
            static_cast<double>(PlanMemory(kShare, 0.5).cache_bytes));
}

TEST(MemoryTest, TickersAreThereWhenAskedFor) {
  const runtime::TemporaryFolder folder;
  TestInstance plain({.directory = folder.path().string()});
  EXPECT_FALSE(MetricsOf(&plain).contains("rocksdb_block_cache_hits"));
  TestInstance at({.directory = folder.path().string(), .configuration = {{"metrics.tickers", "true"}}});
  at.RegisterStates();
  Write(&at, 100, 1000);
  at.Compact(at.value());
  for (int round = 0; round < 2; ++round) {
    at.SetKey("key 1");
    EXPECT_TRUE(at.Get().has_value());
    at.EndRecord();
  }
  const auto metrics = MetricsOf(&at);
  EXPECT_GT(metrics.at("rocksdb_block_cache_hits"), 0);
  EXPECT_GT(metrics.at("rocksdb_block_cache_misses"), 0);
  EXPECT_GT(metrics.at("rocksdb_flush_write_bytes"), 0);
  EXPECT_GT(metrics.at("rocksdb_bytes_written"), 100000);
}

TEST(MemoryTest, WhatGoesToTableFilesAndComesFromThemIsCountedWithoutTickers) {
  const runtime::TemporaryFolder folder;
  TestInstance at({.directory = folder.path().string()});
  at.RegisterStates();
  Write(&at, 100, 1000);
  EXPECT_EQ(MetricsOf(&at).at("spilled_write_bytes"), 0) << "all is in the memtable";
  at.Compact(at.value());
  const double written = MetricsOf(&at).at("spilled_write_bytes");
  EXPECT_GT(written, 0);
  const double read = MetricsOf(&at).at("spilled_read_bytes");
  at.SetKey("key 1");
  EXPECT_TRUE(at.Get().has_value());
  at.EndRecord();
  EXPECT_GT(MetricsOf(&at).at("spilled_read_bytes"), read);
  EXPECT_EQ(MetricsOf(&at).at("spilled_write_bytes"), written);
  EXPECT_FALSE(MetricsOf(&at).contains("stall_ms")) << "stalls are counted by tickers";
}

// A seek past what a map has more, a range tombstone for a large one: what is left must be right either way.
TEST(LargeMapsTest, AreClearedAndCounted) {
  const runtime::TemporaryFolder folder;
  TestInstance at({.directory = folder.path().string()});
  at.RegisterStates();
  const auto fill = [&](const char* key, int entries) {
    at.SetKey(key);
    for (int i = 0; i < entries; ++i) at.MapPut(std::to_string(i), "v");
    at.EndRecord();
  };
  fill("few", 3);
  fill("many", 20000);
  fill("next", 100);
  EXPECT_EQ(at.Count(at.map()), 3u);
  at.SetKey("many");
  EXPECT_EQ(at.map().Clear(plugin::VoidNamespace(), at.error()), SPW_OK);
  EXPECT_EQ(at.Count(at.map()), 2u);
  EXPECT_EQ(at.MapGet("7"), std::nullopt);
  at.MapPut("7", "again");
  EXPECT_EQ(at.MapGet("7"), "again");
  EXPECT_EQ(at.Count(at.map()), 3u);
  at.SetKey("next");
  EXPECT_EQ(at.map().Clear(plugin::VoidNamespace(), at.error()), SPW_OK);
  EXPECT_EQ(at.Count(at.map()), 2u);
  EXPECT_EQ(at.StoredKeys(at.map()), 4u);
}

}  // namespace
}  // namespace spillway::rocks
