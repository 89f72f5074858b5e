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

// Bytes of all objects that are there, in the table or waiting.
uint64_t BytesHeld(const TestInstance& instance) {
  const MemoryAccount& account = instance.account();
  return account.of(Category::kEntries) + account.of(Category::kIndex) + account.of(Category::kRetired);
}

TEST(Reclaim, ClearingALargeMapIsOneWriteAndFreedStepByStep) {
  TestInstance instance(1);
  State* state = instance.Register("map", SPW_STATE_MAP);
  const uint64_t empty = BytesHeld(instance);
  const EntryAddress map = instance->AddressOf("key", 0, "");
  for (int i = 0; i < 100000; ++i) ASSERT_EQ(PutMapEntry(state, map, std::to_string(i), "value"), SPW_OK);
  const uint64_t full = instance.account().of(Category::kEntries);
  instance.ReclaimAll();
  ClearEntry(state, map);
  EXPECT_TRUE(IsMapEmpty(*state, map).value());
  EXPECT_EQ(instance.heap().waiting(), 2u);  // the node and the map's tree
  const auto freed = [&] { return instance.heap().counters().objects_reclaimed.load(); };
  // Every entry is 48 bytes or less; what is not an entry is a segment or directory, and there are few of those.
  constexpr uint64_t kEntryBytes = 48;
  const uint64_t freed_before = freed();
  instance->Safepoint(100);
  const uint64_t entries_left = instance.account().of(Category::kEntries);
  EXPECT_GE(entries_left + 100 * kEntryBytes, full);
  EXPECT_LT(entries_left, full);
  EXPECT_GT(freed(), freed_before);
  while (instance.heap().HasReclaimable()) {
    const uint64_t objects = freed();
    const uint64_t bytes = instance.account().of(Category::kEntries);
    instance->Safepoint(1000);
    ASSERT_LE(freed() - objects, 1000u);
    ASSERT_LE(bytes - instance.account().of(Category::kEntries), 1000 * kEntryBytes);
  }
  // All entries, the map's node, and at least one object that led to them; not the steps between.
  EXPECT_GT(freed() - freed_before, 100001u);
  EXPECT_LT(freed() - freed_before, 102000u);
  EXPECT_EQ(BytesHeld(instance), empty);
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
  // Newest first, as the oldest lists are the longest way from being freed.
  for (size_t i = views.size(); i > 0; --i) instance.heap().EndView(&views[i - 1]);
  constexpr uint64_t kNodeBytes = 48;
  const uint64_t segment_bytes = AllocatedBytes(SegmentBytes(kFullSegment));
  const uint64_t freed_before = instance.heap().counters().objects_reclaimed.load();
  instance->Safepoint(0);
  while (instance.heap().HasReclaimable()) {
    const uint64_t objects = instance.heap().counters().objects_reclaimed.load();
    const uint64_t bytes = BytesHeld(instance);
    instance->Safepoint(500);
    const uint64_t objects_freed = instance.heap().counters().objects_reclaimed.load() - objects;
    ASSERT_LE(objects_freed, 500u);
    // With the records of what is freed, and some segments among it.
    const uint64_t left = BytesHeld(instance);
    if (left < bytes) {
      ASSERT_LE(bytes - left, 500 * (kNodeBytes + sizeof(RetiredRecord)) + 2048 + 16 * segment_bytes);
    }
  }
  const uint64_t freed = instance.heap().counters().objects_reclaimed.load() - freed_before;
  EXPECT_GE(freed, uint64_t{kKeys} * kViews);
  EXPECT_EQ(instance.account().of(Category::kRetired), 0u);
  EXPECT_EQ(instance.account().of(Category::kEntries), 0u);
}

TEST(Reclaim, WhatMovesOnToAnOlderViewIsNotFreed) {
  TestInstance instance(1);
  State* state = instance.Register("value", SPW_STATE_VALUE);
  constexpr uint64_t kKeys = 500;
  for (uint64_t i = 0; i < kKeys; ++i) {
    ASSERT_EQ(PutValue(state, instance->AddressOf(std::to_string(i), 0, ""), "value"), SPW_OK);
  }
  std::vector<View> views(5);
  for (View& view : views) {
    ASSERT_TRUE(instance.heap().BeginView(&state->table(0).versions, &view, state->table(0).root.word));
  }
  for (uint64_t i = 0; i < kKeys; ++i) ClearEntry(state, instance->AddressOf(std::to_string(i), 0, ""));
  instance.ReclaimAll();
  const auto freed = [&] { return instance.heap().counters().objects_reclaimed.load(); };
  const uint64_t freed_before = freed();
  const uint64_t held = BytesHeld(instance);
  for (size_t i = views.size(); i > 1; --i) {
    instance.heap().EndView(&views[i - 1]);
    instance.ReclaimAll();
    ASSERT_EQ(freed(), freed_before);
    ASSERT_GE(BytesHeld(instance) + 1024, held);
  }
  instance.heap().EndView(&views[0]);
  instance.ReclaimAll();
  EXPECT_GE(freed() - freed_before, kKeys);
  EXPECT_EQ(instance.account().of(Category::kRetired), 0u);
}

}  // namespace
}  // namespace spillway::hybrid
