// What is freed is freed in bounded steps, however much there is.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "backend/hybrid/list_state.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/value_state.h"
#include "tests/hybrid/test_instance.h"

namespace spillway::hybrid {
namespace {

TEST(Reclaim, ClearingALargeMapIsOneWriteAndFreedStepByStep) {
  TestInstance instance(1);
  State* state = instance.Register("map", SPW_STATE_MAP);
  const EntryAddress map = instance->AddressOf("key", 0, "");
  for (int i = 0; i < 100000; ++i) ASSERT_EQ(PutMapEntry(state, map, std::to_string(i), "value"), SPW_OK);
  const uint64_t full = instance.account().of(Category::kEntries);
  instance.ReclaimAll();
  ClearEntry(state, map);
  EXPECT_TRUE(IsMapEmpty(*state, map));
  EXPECT_EQ(instance.heap().waiting(), 2u);  // the node and the map's tree
  const uint64_t freed_before = instance.heap().counters().objects_reclaimed.load();
  instance->Safepoint(100);
  EXPECT_LE(instance.heap().counters().objects_reclaimed.load() - freed_before, 100u);
  EXPECT_GT(instance.account().of(Category::kEntries), full / 2);
  uint64_t safepoints = 0;
  while (instance.heap().HasReclaimable()) {
    instance->Safepoint(1000);
    ++safepoints;
  }
  EXPECT_GE(safepoints, 99u);
  EXPECT_EQ(instance.account().of(Category::kEntries), 0u);
}

TEST(Reclaim, WhatIsMadeAndClearedUnderAViewDoesNotWaitForIt) {
  TestInstance instance(1);
  State* maps = instance.Register("map", SPW_STATE_MAP);
  State* lists = instance.Register("list", SPW_STATE_LIST);
  const EntryAddress at = instance->AddressOf("key", 0, "");
  ASSERT_EQ(PutMapEntry(maps, instance->AddressOf("other", 0, ""), "m", "v"), SPW_OK);
  View map_view;
  View list_view;
  ASSERT_TRUE(instance.heap().BeginView(&maps->table(0).versions, &map_view, maps->table(0).root.word));
  ASSERT_TRUE(instance.heap().BeginView(&lists->table(0).versions, &list_view, lists->table(0).root.word));
  uint64_t most = 0;
  const std::string element(100, 'e');
  const spw_bytes bytes{reinterpret_cast<const uint8_t*>(element.data()), element.size()};
  for (int round = 0; round < 1000; ++round) {
    for (int i = 0; i < 50; ++i) ASSERT_EQ(PutMapEntry(maps, at, std::to_string(i), "value"), SPW_OK);
    for (int i = 0; i < 50; ++i) ASSERT_EQ(AppendToList(lists, at, {&bytes, 1}), SPW_OK);
    ClearEntry(maps, at);
    ClearEntry(lists, at);
    instance->Safepoint(1000);
    most = std::max(most, instance.account().used());
  }
  EXPECT_LT(most, 4u << 20);
  instance.heap().EndView(&map_view);
  instance.heap().EndView(&list_view);
}

TEST(Reclaim, ManyViewsEndedTogetherAreFreedInBoundedSteps) {
  TestInstance instance(1);
  State* state = instance.Register("value", SPW_STATE_VALUE);
  constexpr int kKeys = 2000;
  constexpr int kViews = 20;
  std::vector<View> views(kViews);
  for (View& view : views) {
    for (int i = 0; i < kKeys; ++i) {
      ASSERT_EQ(PutValue(state, instance->AddressOf(std::to_string(i), 0, ""), "value"), SPW_OK);
    }
    ASSERT_TRUE(instance.heap().BeginView(&state->table(0).versions, &view, state->table(0).root.word));
  }
  for (int i = 0; i < kKeys; ++i) ClearEntry(state, instance->AddressOf(std::to_string(i), 0, ""));
  EXPECT_GT(instance.account().of(Category::kRetired), static_cast<uint64_t>(kKeys) * kViews * 32);
  // Newest first: everything moves down from list to list before it can go.
  for (size_t i = views.size(); i > 0; --i) instance.heap().EndView(&views[i - 1]);
  while (true) {
    const uint64_t before = instance.heap().counters().objects_reclaimed.load();
    instance->Safepoint(500);
    const uint64_t freed = instance.heap().counters().objects_reclaimed.load() - before;
    ASSERT_LE(freed, 500u);
    if (freed == 0) break;
  }
  EXPECT_EQ(instance.account().of(Category::kRetired), 0u);
  EXPECT_EQ(instance.account().of(Category::kEntries), 0u);
}

}  // namespace
}  // namespace spillway::hybrid
