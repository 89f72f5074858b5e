// Batches through the slots: what they read and write is what single calls would, and a batch is written whole or not.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "backend/hybrid/slots/slot.h"
#include "backend/hybrid/value_state.h"
#include "spillway/plugin/error.h"
#include "tests/hybrid/test_instance.h"

namespace spillway::hybrid {
namespace {

class Batch : public ::testing::Test {
 protected:
  Batch() { FillBatchSlots(&api_); }

  spw_access Access(State* state, int key, const char* map_key = nullptr) {
    texts_.push_back(std::make_unique<std::string>("key" + std::to_string(key)));
    return {reinterpret_cast<spw_state*>(state),
            plugin::ToBytes(*texts_.back()),
            plugin::VoidNamespace(),
            map_key == nullptr ? plugin::NullBytes() : plugin::ToBytes(map_key),
            static_cast<uint32_t>(key % 2),
            0};
  }
  [[nodiscard]] spw_backend* backend() const { return reinterpret_cast<spw_backend*>(instance_.get()); }

  TestInstance instance_{2};
  State* values_ = instance_.Register("value", SPW_STATE_VALUE);
  State* maps_ = instance_.Register("map", SPW_STATE_MAP);
  State* lists_ = instance_.Register("list", SPW_STATE_LIST);
  State* timers_ = instance_.Register("timer", SPW_STATE_TIMER);
  spw_backend_api api_{};
  plugin::Error error_;
  std::vector<std::unique_ptr<std::string>> texts_;
};

TEST_F(Batch, WritesAndReadsValuesAndMapEntries) {
  std::vector<spw_access> accesses;
  std::vector<spw_bytes> values;
  for (int i = 0; i < 500; ++i) {
    accesses.push_back(i % 3 == 0 ? Access(maps_, i, "m") : Access(values_, i));
    texts_.push_back(std::make_unique<std::string>("value" + std::to_string(i)));
    values.push_back(i % 30 == 0 ? plugin::NullBytes() : plugin::ToBytes(*texts_.back()));
  }
  ASSERT_EQ(api_.put_many(backend(), accesses.data(), values.data(), 500, error_.out()), SPW_OK);
  ASSERT_EQ(api_.prefetch(backend(), accesses.data(), 500, error_.out()), SPW_OK);
  std::vector<spw_access_result> results(500);
  ASSERT_EQ(api_.get_many(backend(), accesses.data(), 500, results.data(), error_.out()), SPW_OK);
  for (size_t i = 0; i < 500; ++i) {
    ASSERT_EQ(results[i].code, SPW_OK);
    EXPECT_EQ((results[i].value.flags & SPW_VIEW_NULL) != 0, i % 30 == 0);
    if (i % 30 != 0) {
      EXPECT_EQ(plugin::ToStringView(results[i].value), "value" + std::to_string(i));
    }
  }
  // A null value clears a value state's entry.
  const spw_access cleared = Access(values_, 1);
  const spw_bytes null = plugin::NullBytes();
  ASSERT_EQ(api_.put_many(backend(), &cleared, &null, 1, error_.out()), SPW_OK);
  ASSERT_EQ(api_.get_many(backend(), &cleared, 1, results.data(), error_.out()), SPW_OK);
  EXPECT_EQ(results[0].code, SPW_ABSENT);
}

TEST_F(Batch, AFaultInOneAccessChangesNothing) {
  const spw_bytes value = plugin::ToBytes("value");
  std::vector<spw_access> accesses{Access(values_, 1), Access(values_, 2)};
  const std::vector<spw_bytes> values{value, value};
  const auto expect_refused = [&](const spw_access& wrong) {
    accesses[1] = wrong;
    EXPECT_EQ(api_.put_many(backend(), accesses.data(), values.data(), 2, error_.out()), SPW_INVALID_ARGUMENT);
    EXPECT_STRNE(error_.message(), "");
    EXPECT_EQ(values_->EntryCount().value(), 0u);
  };
  expect_refused(Access(lists_, 1));
  expect_refused(Access(timers_, 1));
  expect_refused(Access(maps_, 1));
  spw_access wrong = Access(values_, 1);
  wrong.key_group = 9;
  expect_refused(wrong);
  wrong = Access(values_, 1);
  wrong.key = plugin::NullBytes();
  expect_refused(wrong);
  wrong.state = nullptr;
  expect_refused(wrong);
  // Lists may be announced, and maps without an entry's key.
  accesses = {Access(lists_, 1), Access(maps_, 1)};
  EXPECT_EQ(api_.prefetch(backend(), accesses.data(), 2, error_.out()), SPW_OK);
}

TEST_F(Batch, WithoutMemoryForAllOfItNoneIsWritten) {
  instance_.account().set_share(instance_.account().used() + 64 * 1024);
  const std::string large(3000, 'l');
  std::vector<spw_access> accesses;
  for (int i = 0; i < 100; ++i) accesses.push_back(Access(values_, i));
  const std::vector<spw_bytes> values(100, plugin::ToBytes(large));
  EXPECT_EQ(api_.put_many(backend(), accesses.data(), values.data(), 100, error_.out()), SPW_OUT_OF_MEMORY);
  EXPECT_NE(std::string(error_.message()).find(kMemoryBudgetKey), std::string::npos);
  EXPECT_EQ(values_->EntryCount().value(), 0u);
  EXPECT_EQ(api_.put_many(backend(), accesses.data(), values.data(), 5, error_.out()), SPW_OK);
  EXPECT_EQ(values_->EntryCount().value(), 5u);
}

TEST_F(Batch, RemovalsAndOverwritesInPlaceGoOnAtTheShare) {
  const std::vector<spw_access> accesses{Access(values_, 1), Access(values_, 2), Access(maps_, 3, "m"),
                                         Access(maps_, 4, "m")};
  const spw_bytes null = plugin::NullBytes();
  std::vector<spw_bytes> values{plugin::ToBytes("value"), plugin::ToBytes("value"), plugin::ToBytes("value"), null};
  ASSERT_EQ(api_.put_many(backend(), accesses.data(), values.data(), 4, error_.out()), SPW_OK) << error_.message();
  instance_.account().set_share(1);
  values = {null, plugin::ToBytes("VALUE"), plugin::ToBytes("VALUE"), null};
  ASSERT_EQ(api_.put_many(backend(), accesses.data(), values.data(), 4, error_.out()), SPW_OK) << error_.message();
  std::vector<spw_access_result> results(4);
  ASSERT_EQ(api_.get_many(backend(), accesses.data(), 4, results.data(), error_.out()), SPW_OK);
  EXPECT_EQ(results[0].code, SPW_ABSENT);
  EXPECT_EQ(plugin::ToStringView(results[1].value), "VALUE");
  EXPECT_EQ(plugin::ToStringView(results[2].value), "VALUE");
  EXPECT_NE(results[3].value.flags & SPW_VIEW_NULL, 0u);
  // What needs a node is refused: of another size, of a new entry, and of null for a value.
  values = {plugin::ToBytes("value")};
  EXPECT_EQ(api_.put_many(backend(), accesses.data(), values.data(), 1, error_.out()), SPW_OUT_OF_MEMORY);
  values = {plugin::ToBytes("longer")};
  EXPECT_EQ(api_.put_many(backend(), &accesses[1], values.data(), 1, error_.out()), SPW_OUT_OF_MEMORY);
  values = {null};
  EXPECT_EQ(api_.put_many(backend(), &accesses[2], values.data(), 1, error_.out()), SPW_OUT_OF_MEMORY);
}

}  // namespace
}  // namespace spillway::hybrid
