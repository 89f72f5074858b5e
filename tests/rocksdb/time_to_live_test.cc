#include <gtest/gtest.h>

#include "tests/rocksdb/test_instance.h"
#include "tests/support/temporary_folder.h"

namespace spillway::rocks {
namespace {

constexpr int64_t kStart = 1'000'000;
constexpr int64_t kTtl = 1000;

using Texts = std::vector<std::string>;

class TimeToLiveOfStateTest : public testing::Test {
 protected:
  TestOptions Options() const { return {.directory = folder_.path().string(), .ttl_ms = kTtl}; }

  const runtime::TemporaryFolder folder_;
};

void WriteAll(TestInstance* at) {
  at->SetKey("k");
  at->Put("v");
  at->Append("e");
  at->MapPut("m", "v");
}

void ExpectAll(TestInstance* at, bool there) {
  at->SetKey("k");
  EXPECT_EQ(at->Get().has_value(), there);
  EXPECT_EQ(at->List(), there ? Texts{"e"} : Texts{});
  EXPECT_EQ(at->MapGet("m").has_value(), there);
  uint8_t empty = 2;
  EXPECT_EQ(at->map().MapIsEmpty(plugin::VoidNamespace(), &empty, at->error()), SPW_OK);
  EXPECT_EQ(empty, there ? 0 : 1);
  for (const plugin::State* state : {&at->value(), &at->list(), &at->map()}) {
    EXPECT_EQ(at->Count(*state), there ? 1u : 0u);
  }
}

TEST_F(TimeToLiveOfStateTest, ExpiredIsAbsent) {
  TestInstance at(Options());
  at.RegisterStates();
  at.host().SetNow(kStart);
  WriteAll(&at);
  at.host().SetNow(kStart + kTtl - 1);
  ExpectAll(&at, true);
  at.host().SetNow(kStart + kTtl);
  ExpectAll(&at, false);
}

TEST_F(TimeToLiveOfStateTest, OnlyWritesCountUnlessReadsDo) {
  for (const bool reads_count : {false, true}) {
    TestOptions options = Options();
    if (reads_count) options.ttl_update = SPW_TTL_ON_READ_AND_WRITE;
    TestInstance at(options);
    at.RegisterStates();
    at.host().SetNow(kStart);
    WriteAll(&at);
    at.host().SetNow(kStart + 600);
    EXPECT_EQ(at.Get(), "v");
    EXPECT_EQ(at.List(), Texts{"e"});
    EXPECT_EQ(at.MapGet("m"), "v");
    at.host().SetNow(kStart + 1200);
    ExpectAll(&at, reads_count);
  }
}

TEST_F(TimeToLiveOfStateTest, AnExpiredValueMayBeShownOnceMore) {
  TestOptions options = Options();
  options.ttl_visibility = SPW_TTL_RETURN_EXPIRED_UNTIL_CLEANED;
  TestInstance at(options);
  at.RegisterStates();
  at.host().SetNow(kStart);
  WriteAll(&at);
  at.host().SetNow(kStart + kTtl);
  EXPECT_EQ(at.Get(), "v");
  EXPECT_EQ(at.Get(), std::nullopt) << "the access cleaned it";
}

TEST_F(TimeToLiveOfStateTest, NothingIsBuiltOnAnExpiredValue) {
  TestInstance at(Options());
  at.RegisterStates();
  at.host().SetNow(kStart);
  WriteAll(&at);
  at.host().SetNow(kStart + kTtl);
  spw_mut_view view{};
  ASSERT_EQ(at.value().ValueGetForUpdate(plugin::VoidNamespace(), 8, &view, at.error()), SPW_OK);
  EXPECT_EQ(view.created, 1u);
  EXPECT_EQ(view.size, 8u);
  at.EndRecord();
  at.host().SetNow(kStart + 2 * kTtl - 1);
  EXPECT_EQ(at.Get(), std::string(8, '\0'));
}

TEST_F(TimeToLiveOfStateTest, ElementsOfAListExpireOneByOne) {
  TestInstance at(Options());
  at.RegisterStates();
  at.SetKey("k");
  for (int i = 0; i < 4; ++i) {
    at.host().SetNow(kStart + i * 300);
    at.Append(std::to_string(i));
  }
  at.host().SetNow(kStart + kTtl + 300);
  EXPECT_EQ(at.List(), (Texts{"2", "3"}));
  const spw_bytes source = plugin::VoidNamespace();
  ASSERT_EQ(at.list().MergeNamespaces(plugin::ToBytes("other"), &source, 1, at.error()), SPW_OK);
  EXPECT_EQ(at.List(), Texts{});
  EXPECT_EQ(at.Count(at.list()), 1u);
}

TEST_F(TimeToLiveOfStateTest, CompactionDropsWhatHasExpired) {
  TestInstance at(Options());
  at.RegisterStates();
  at.host().SetNow(kStart);
  for (const char* key : {"a", "bb", "ccc"}) {
    at.SetKey(key);
    at.Put("v");
    at.Append("old");
    at.MapPut("m", "v");
  }
  at.host().SetNow(kStart + kTtl);
  at.SetKey("a");
  at.Put("new");
  at.Append("new");
  at.MapPut("n", "v");
  for (const plugin::State* state : {&at.value(), &at.list(), &at.map()}) {
    at.Compact(*state);
    EXPECT_EQ(at.StoredKeys(*state), 1u);
  }
  EXPECT_EQ(at.Get(), "new");
  EXPECT_EQ(at.List(), Texts{"new"});
}

TEST_F(TimeToLiveOfStateTest, SnapshotsLeaveOutWhatHasExpiredAndKeepTheRest) {
  conformance::MemoryStorage storage;
  std::string file;
  {
    TestInstance at(Options(), &storage);
    at.RegisterStates();
    at.host().SetNow(kStart);
    WriteAll(&at);
    at.host().SetNow(kStart + 500);
    at.SetKey("other");
    at.Put("young");
    at.host().SetNow(kStart + kTtl);
    at.Snapshot(&file);
  }
  TestInstance at(Options(), &storage);
  at.host().SetNow(kStart);  // earlier: what the snapshot had left out would be seen
  at.Restore(file);
  at.RegisterStates();
  at.SetKey("k");
  EXPECT_EQ(at.Get(), std::nullopt);
  EXPECT_EQ(at.List(), Texts{});
  EXPECT_EQ(at.MapGet("m"), std::nullopt);
  at.SetKey("other");
  EXPECT_EQ(at.Get(), "young");
  at.host().SetNow(kStart + 500 + kTtl);
  EXPECT_EQ(at.Get(), std::nullopt) << "the time of its write travels along";
}

TEST_F(TimeToLiveOfStateTest, TurningItOnOffOrLongerKeepsTheValues) {
  conformance::MemoryStorage storage;
  std::string file;
  const auto restored_with = [&](int64_t ttl_ms, int64_t now, auto check) {
    TestOptions options = Options();
    options.ttl_ms = ttl_ms;
    TestInstance at(options, &storage);
    at.host().SetNow(now);
    at.Restore(file);
    at.RegisterStates();
    check(&at);
    EXPECT_TRUE(storage.Delete(file).ok());
    at.Snapshot(&file);
  };
  {
    TestInstance at(Options(), &storage);
    at.RegisterStates();
    at.host().SetNow(kStart);
    WriteAll(&at);
    at.Snapshot(&file);
  }
  // Longer.
  restored_with(10 * kTtl, kStart + 500, [](TestInstance* at) {
    at->host().SetNow(kStart + 5 * kTtl);
    ExpectAll(at, true);
  });
  // Off.
  restored_with(0, kStart + 5 * kTtl, [](TestInstance* at) {
    at->host().SetNow(kStart + 100 * kTtl);
    ExpectAll(at, true);
  });
}

TEST_F(TimeToLiveOfStateTest, TurnedOnItCountsFromThenOn) {
  conformance::MemoryStorage storage;
  std::string file;
  TestOptions without = Options();
  without.ttl_ms = 0;
  {
    TestInstance at(without, &storage);
    at.RegisterStates();
    WriteAll(&at);
    at.Snapshot(&file);
  }
  TestInstance at(Options(), &storage);
  at.host().SetNow(kStart);
  at.Restore(file);
  at.RegisterStates();
  at.host().SetNow(kStart + kTtl - 1);
  ExpectAll(&at, true);
  at.host().SetNow(kStart + kTtl);
  ExpectAll(&at, false);
}

}  // namespace
}  // namespace spillway::rocks
