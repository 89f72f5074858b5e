#include "spillway/plugin/complete_host.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "spillway/plugin/error.h"
#include "spillway/plugin/unsupported.h"

namespace spillway::plugin {
namespace {

TEST(UnsupportedTest, AStubAnswersUnsupportedAndNamesTheSlot) {
  spw_code (*slot)(void*, uint64_t, spw_error*) = nullptr;
  StubIfNull<"the door", "knock">(slot);
  ASSERT_NE(slot, nullptr);
  Error err;
  EXPECT_EQ(slot(nullptr, 0, err.out()), SPW_UNSUPPORTED);
  EXPECT_EQ(err.code(), SPW_UNSUPPORTED);
  EXPECT_STREQ(err.message(), "the door does not offer 'knock'");
}

TEST(UnsupportedTest, AStubWithoutAResultDoesNothing) {
  void (*slot)(void*, int32_t) = nullptr;
  StubIfNull<"the door", "ring">(slot);
  ASSERT_NE(slot, nullptr);
  slot(nullptr, 3);
}

TEST(UnsupportedTest, WhatIsThereStays) {
  spw_code (*slot)(spw_error*) = [](spw_error*) -> spw_code { return SPW_PENDING; };
  StubIfNull<"the door", "knock">(slot);
  EXPECT_EQ(slot(nullptr), SPW_PENDING);
  void (*quiet)() = [] {};
  void (*const before)() = quiet;
  StubIfNull<"the door", "ring">(quiet);
  EXPECT_EQ(quiet, before);
}

TEST(UnsupportedTest, OfATableThePartIsCopiedThatBothSidesKnow) {
  auto older = Sized<spw_host>();
  older.context = &older;
  older.log = [](void*, spw_log_level, const char*) {};
  older.now_ms = [](void*) -> int64_t { return 5; };
  older.struct_size = offsetof(spw_host, now_ms);
  const spw_host copy = CopyKnownPart(&older);
  EXPECT_EQ(copy.struct_size, sizeof(spw_host));
  EXPECT_EQ(copy.context, &older);
  EXPECT_EQ(copy.log, older.log);
  EXPECT_EQ(copy.now_ms, nullptr) << "beyond its size";

  struct Newer {
    spw_host known;
    void (*unknown)();
  } newer{Sized<spw_host>(), nullptr};
  newer.known.struct_size = sizeof(Newer);
  newer.known.now_ms = older.now_ms;
  EXPECT_EQ(CopyKnownPart(&newer.known).struct_size, sizeof(spw_host));
  EXPECT_EQ(CopyKnownPart(&newer.known).now_ms, older.now_ms);

  EXPECT_EQ(CopyKnownPart<spw_host>(nullptr).log, nullptr);
}

TEST(CompleteHostTest, NoSlotIsNull) {
  const CompleteHost host(nullptr);
  const auto* begin = reinterpret_cast<const char*>(host.table());
  for (size_t at = offsetof(spw_host, log); at < sizeof(spw_host); at += sizeof(void (*)())) {
    void (*slot)() = nullptr;
    std::memcpy(&slot, begin + at, sizeof(slot));
    EXPECT_NE(slot, nullptr) << "at offset " << at;
  }
}

TEST(CompleteHostTest, AbsentSlotsHaveMeaningfulStubs) {
  const auto nothing = Sized<spw_host>();
  const CompleteHost host(&nothing);
  host.Log(SPW_LOG_INFO, "goes nowhere");
  host->record_metric(nullptr, "stall_ms", 1.0);
  EXPECT_GT(host.NowMs(), int64_t{1} << 40) << "the system clock, in milliseconds";
  EXPECT_EQ(host->schema_compatibility(nullptr, "s", SPW_SCHEMA_VALUE, EmptyBytes(), EmptyBytes()),
            SPW_SCHEMA_INCOMPATIBLE);
  Error err;
  uint64_t granted = 0;
  EXPECT_EQ(host->memory_request(nullptr, 1, &granted, err.out()), SPW_UNSUPPORTED);
  EXPECT_STREQ(err.message(), "the host does not offer 'memory_request'");
  spw_writable* file = nullptr;
  EXPECT_EQ(host->storage_create(nullptr, "a", &file, err.out()), SPW_UNSUPPORTED);
  EXPECT_STREQ(err.message(), "the host does not offer 'storage_create'");
  host->storage_abort(nullptr, nullptr);
  host->storage_close(nullptr, nullptr);
}

TEST(CompleteHostTest, TheHostsOwnSlotsAreCalledWithItsContext) {
  struct Context {
    std::string logged;
    int64_t now = 42;
  } context;
  auto table = Sized<spw_host>();
  table.context = &context;
  table.log = [](void* self, spw_log_level, const char* message) { static_cast<Context*>(self)->logged = message; };
  table.now_ms = [](void* self) -> int64_t { return static_cast<Context*>(self)->now; };
  const CompleteHost host(&table);
  table = Sized<spw_host>();  // it is a copy
  host.Log(SPW_LOG_WARN, "almost full");
  EXPECT_EQ(context.logged, "almost full");
  EXPECT_EQ(host.NowMs(), 42);
}

}  // namespace
}  // namespace spillway::plugin
