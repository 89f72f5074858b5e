#include "backend/hybrid/timer_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>

#include "tests/hybrid/test_instance.h"

namespace spillway::hybrid {
namespace {

using Key = std::tuple<int64_t, uint64_t, std::string>;

std::set<Key> KeysOf(uint64_t root) {
  std::set<Key> keys;
  TimerCursor cursor(root);
  TimerView timer;
  std::optional<std::pair<int64_t, uint64_t>> last;
  while (cursor.Next(&timer)) {
    const std::pair order{timer.timestamp, timer.hash};
    EXPECT_TRUE(!last || *last <= order);
    last = order;
    EXPECT_TRUE(keys.emplace(timer.timestamp, timer.hash, timer.key).second);
  }
  return keys;
}

// Few times and fewer hashes, so that many timers share an entry of the tree.
TEST(TimerTree, HoldsTimersOfEqualTimeAndHashUnderViews) {
  std::mt19937_64 random(SeedOf(11));
  Heap heap(0);
  Versions versions;
  TreeRoot root;
  std::set<Key> expected;
  std::map<View*, std::pair<uint64_t, std::set<Key>>> views;
  for (int step = 0; step < 30000; ++step) {
    const std::string key = "k" + std::to_string(random() % 400);
    const TimerView timer{static_cast<int64_t>(random() % 40), random() % 3, key, ""};
    TimerTree tree(&root, &versions, &heap);
    const Key entry{timer.timestamp, timer.hash, key};
    if (random() % 2 == 0) {
      ASSERT_EQ(tree.Add(timer, Charge::kWithinShare) == TimerTree::Added::kYes, expected.insert(entry).second);
    } else {
      ASSERT_EQ(tree.Remove(timer), expected.erase(entry) > 0);
    }
    ASSERT_EQ(root.count, expected.size());
    if (random() % 500 == 0) {
      auto* view = new View;
      ASSERT_TRUE(heap.BeginView(&versions, view, root.word));
      views[view] = {root.word, expected};
    }
    if (!views.empty() && random() % 600 == 0) {
      const auto any = views.begin();
      ASSERT_EQ(KeysOf(any->second.first), any->second.second);
      heap.EndView(any->first);
      delete any->first;
      views.erase(any);
    }
    heap.Safepoint([](View*) {});
    heap.Reclaim(20);
  }
  ASSERT_EQ(KeysOf(root.word), expected);
  for (const auto& [view, pinned] : views) {
    EXPECT_EQ(KeysOf(pinned.first), pinned.second);
    heap.EndView(view);
    delete view;
  }
}

TEST(TimerTree, GrowsToManyAndShrinksToNothing) {
  std::mt19937_64 random(SeedOf(12));
  Heap heap(0);
  Versions versions;
  TreeRoot root;
  std::set<Key> expected;
  const auto timer_of = [](const Key& key) {
    return TimerView{std::get<0>(key), std::get<1>(key), std::get<2>(key), ""};
  };
  TimerTree tree(&root, &versions, &heap);
  while (expected.size() < 50000) {
    const Key key{static_cast<int64_t>(random() % 1000000), random(), "key"};
    if (expected.insert(key).second) {
      ASSERT_EQ(tree.Add(timer_of(key), Charge::kWithinShare), TimerTree::Added::kYes);
    }
  }
  EXPECT_EQ(KeysOf(root.word), expected);
  // Half of them at random, the rest from the front.
  std::vector<Key> some(expected.begin(), expected.end());
  std::shuffle(some.begin(), some.end(), random);
  some.resize(some.size() / 2);
  for (const Key& key : some) {
    ASSERT_TRUE(tree.Remove(timer_of(key)));
    expected.erase(key);
  }
  EXPECT_EQ(KeysOf(root.word), expected);
  while (const std::optional<TimerView> first = tree.First()) {
    ASSERT_EQ(Key(first->timestamp, first->hash, first->key), *expected.begin());
    ASSERT_TRUE(tree.Remove(*first));
    expected.erase(expected.begin());
  }
  EXPECT_TRUE(expected.empty());
  EXPECT_EQ(root.word, 0u);
  heap.Safepoint([](View*) {});
  heap.Reclaim(UINT64_MAX);
  EXPECT_EQ(heap.account().of(Category::kEntries), 0u);
  EXPECT_EQ(heap.account().of(Category::kIndex), 0u);
}

TEST(TimerHeads, FollowTheEarliestOfAllKeyGroups) {
  std::mt19937_64 random(SeedOf(13));
  for (uint32_t groups : {1u, 2u, 5u, 128u}) {
    TimerHeads heads(groups);
    std::map<uint32_t, int64_t> expected;
    EXPECT_FALSE(heads.Earliest());
    for (int step = 0; step < 3000; ++step) {
      const auto group = static_cast<uint32_t>(random() % groups);
      if (random() % 3 == 0) {
        heads.Set(group, std::nullopt);
        expected.erase(group);
      } else {
        // The largest time is a time like any other.
        const int64_t time = random() % 10 == 0 ? INT64_MAX : static_cast<int64_t>(random() % 20);
        heads.Set(group, time);
        expected[group] = time;
      }
      const auto earliest = std::min_element(expected.begin(), expected.end(),
                                             [](const auto& a, const auto& b) { return a.second < b.second; });
      ASSERT_EQ(heads.Earliest().has_value(), !expected.empty());
      if (expected.empty()) continue;
      ASSERT_EQ(heads.Earliest()->timestamp, earliest->second);
      ASSERT_EQ(heads.Earliest()->group, earliest->first);
    }
  }
}

}  // namespace
}  // namespace spillway::hybrid
