// What the host holds between two safepoints stays where it is and what it is, whatever else is done.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "backend/hybrid/iterator.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/value_state.h"
#include "tests/hybrid/test_instance.h"

namespace spillway::hybrid {
namespace {

class HeldBytes : public ::testing::TestWithParam<int> {
 protected:
  HeldBytes() {
    for (int i = 0; i < GetParam(); ++i) Put(i, "before");
  }
  EntryAddress At(int key) {
    keys_.push_back(std::make_unique<std::string>("key" + std::to_string(key)));
    return instance_->AddressOf(*keys_.back(), 0, "");
  }
  void Put(int key, const std::string& value) { ASSERT_EQ(PutValue(state_, At(key), value), SPW_OK); }
  std::string Get(int key) {
    spw_view view{};
    EXPECT_EQ(GetValue(state_, At(key), &view), SPW_OK);
    return std::string(plugin::ToStringView(view));
  }

  TestInstance instance_{1};
  State* state_ = instance_.Register("value", SPW_STATE_VALUE);
  std::vector<std::unique_ptr<std::string>> keys_;
};

TEST_P(HeldBytes, AViewOutlivesReplacementAndRemoval) {
  spw_view view{};
  ASSERT_EQ(GetValue(state_, At(0), &view), SPW_OK);
  Put(0, "a longer value than before");
  ClearEntry(state_, At(0));
  for (int i = 0; i < 100; ++i) Put(1000 + i, "xxxxxx");
  EXPECT_EQ(plugin::ToStringView(view), "before");
}

// Iterators may begin within a record, while the host holds a value that it is about to write.
TEST_P(HeldBytes, AValueShownForUpdateStaysTheLiveOneWhenAnIteratorBegins) {
  const int keys = GetParam();
  std::vector<spw_mut_view> shown(static_cast<size_t>(keys));
  const int step = keys > 600 ? 3 : 1;  // more than are remembered one by one, or fewer
  for (int i = 0; i < keys; i += step) {
    ASSERT_EQ(GetValueForUpdate(state_, At(i), SPW_DO_NOT_CREATE, &shown[static_cast<size_t>(i)]), SPW_OK);
  }
  const std::unique_ptr<StateIterator> first(IterateEntries(state_, 0, 0).value());
  const std::unique_ptr<StateIterator> second(IterateEntries(state_, 0, 0).value());
  // Forces copies of whatever the iterators pin.
  for (int i = 0; i < keys; ++i) {
    if (i % step != 0) Put(i, "others");
  }
  for (int i = 0; i < keys; i += step) std::memcpy(shown[static_cast<size_t>(i)].data, "after!", 6);
  for (int i = 0; i < keys; ++i) EXPECT_EQ(Get(i), i % step == 0 ? "after!" : "others");
  for (StateIterator* iterator : {first.get(), second.get()}) {
    spw_item items[7];
    int count = 0;
    while (const uint32_t more = iterator->Next(items, 7).value()) {
      for (uint32_t i = 0; i < more; ++i) EXPECT_EQ(plugin::ToStringView(items[i].value), "before");
      count += static_cast<int>(more);
      instance_->Safepoint(5);
    }
    EXPECT_EQ(count, keys);
  }
}

TEST_P(HeldBytes, EverythingIsFreedAfterwards) {
  {
    spw_mut_view shown{};
    ASSERT_EQ(GetValueForUpdate(state_, At(0), SPW_DO_NOT_CREATE, &shown), SPW_OK);
    const std::unique_ptr<StateIterator> iterator(IterateKeys(state_, "").value());
    for (int i = 0; i < GetParam(); ++i) Put(i, "others");
  }
  for (int i = 0; i < GetParam(); ++i) ClearEntry(state_, At(i));
  instance_.ReclaimAll();
  EXPECT_EQ(instance_.account().of(Category::kEntries), 0u);
  EXPECT_EQ(instance_.account().of(Category::kRetired), 0u);
  EXPECT_EQ(instance_.account().io(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Sizes, HeldBytes, ::testing::Values(1, 5, 40, 500, 3000));

TEST(HeldItems, AMapIteratorGoesOnWhileItsMapIsClearedAndMadeAnew) {
  TestInstance instance(1);
  State* state = instance.Register("map", SPW_STATE_MAP);
  const EntryAddress map = instance->AddressOf("key", 0, "");
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(PutMapEntry(state, map, std::to_string(i), "old"), SPW_OK);
  const std::unique_ptr<StateIterator> iterator(IterateMap(state, map).value());
  ClearEntry(state, map);
  ASSERT_EQ(PutMapEntry(state, map, "5", "new"), SPW_OK);
  spw_item items[10];
  int count = 0;
  while (const uint32_t more = iterator->Next(items, 10).value()) {
    for (uint32_t i = 0; i < more; ++i) EXPECT_EQ(plugin::ToStringView(items[i].value), "old");
    count += static_cast<int>(more);
    instance->Safepoint(1000);
  }
  EXPECT_EQ(count, 1000);
}

}  // namespace
}  // namespace spillway::hybrid
