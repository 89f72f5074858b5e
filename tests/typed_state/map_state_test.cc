#include "spillway/map_state.h"

#include <map>
#include <set>

#include "tests/typed_state/state_fixture.h"

namespace spillway {
namespace {

using Map = MapState<std::string, uint64_t>;
using Contents = std::map<std::string, std::optional<uint64_t>>;

class MapStateTest : public StateFixture {
 protected:
  static Contents ContentsOf(const Map& map) {
    const auto entries = Must(map.Entries());
    Contents contents(entries.begin(), entries.end());
    EXPECT_EQ(contents.size(), entries.size()) << "each key once";
    return contents;
  }
};

TEST_F(MapStateTest, EntriesAreReadAndWrittenOneByOne) {
  auto map = Open<Map>("map");
  EXPECT_TRUE(Must(map.IsEmpty()));
  EXPECT_EQ(Must(map.Get("a")), std::nullopt);
  EXPECT_FALSE(Must(map.Contains("a")));
  EXPECT_FALSE(Must(map.Remove("a")));
  SPILLWAY_EXPECT_OK(map.Put("a", 1));
  SPILLWAY_EXPECT_OK(map.Put("", 2));
  SPILLWAY_EXPECT_OK(map.Put("a", 3));
  EXPECT_EQ(Must(map.Get("a")), 3u);
  EXPECT_EQ(Must(map.Get("")), 2u);
  EXPECT_TRUE(Must(map.Contains("")));
  EXPECT_FALSE(Must(map.IsEmpty()));
  EXPECT_EQ(Must(map.EntryCount()), 1u) << "one (key, namespace) pair, however many entries";
  EXPECT_TRUE(Must(map.Remove("a")));
  EXPECT_EQ(ContentsOf(map), (Contents{{"", 2}}));
  EXPECT_TRUE(Must(map.Remove("")));
  EXPECT_TRUE(Must(map.IsEmpty()));
  EXPECT_EQ(Must(map.EntryCount()), 0u) << "an emptied map leaves no entry";
}

TEST_F(MapStateTest, NullValuesAreContainedAndReadAsNothing) {
  auto map = Open<Map>("map");
  SPILLWAY_EXPECT_OK(map.PutNull("n"));
  EXPECT_TRUE(Must(map.Contains("n")));
  EXPECT_EQ(Must(map.Get("n")), std::nullopt);
  EXPECT_EQ(ContentsOf(map), (Contents{{"n", std::nullopt}}));
  SPILLWAY_EXPECT_OK(map.Put("n", 1));
  EXPECT_EQ(Must(map.Get("n")), 1u);
}

TEST_F(MapStateTest, PutAllTakesValuesAndNulls) {
  auto map = Open<Map>("map");
  SPILLWAY_EXPECT_OK(map.PutAll(std::map<std::string, uint64_t>{{"a", 1}, {"b", 2}}));
  SPILLWAY_EXPECT_OK(map.PutAll(Contents{{"b", std::nullopt}, {"c", 3}}));
  SPILLWAY_EXPECT_OK(map.PutAll(Contents{}));
  EXPECT_EQ(ContentsOf(map), (Contents{{"a", 1}, {"b", std::nullopt}, {"c", 3}}));
  const std::vector<std::string> keys = Must(map.Keys());
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()), (std::set<std::string>{"a", "b", "c"}));
  const auto values = Must(map.Values());
  EXPECT_EQ((std::multiset<std::optional<uint64_t>>(values.begin(), values.end())),
            (std::multiset<std::optional<uint64_t>>{1, std::nullopt, 3}));
  SPILLWAY_EXPECT_OK(map.Clear());
  EXPECT_TRUE(Must(map.Keys()).empty() && Must(map.Values()).empty());
}

TEST_F(MapStateTest, MapsOfKeysAndNamespacesAreIsolated) {
  auto map = Open<Map, uint64_t>("map");
  for (uint64_t window : {1, 2}) {
    map.SetNamespace(window);
    SPILLWAY_EXPECT_OK(map.Put("a", window));
  }
  SetKey(std::string("other"));
  EXPECT_TRUE(Must(map.IsEmpty()));
  SPILLWAY_EXPECT_OK(map.Put("a", 9));
  SetKey(std::string("key"));
  EXPECT_EQ(Must(map.Get("a")), 2u);
  SPILLWAY_EXPECT_OK(map.Clear());
  map.SetNamespace(uint64_t{1});
  EXPECT_EQ(Must(map.Get("a")), 1u);
  EXPECT_EQ(Must(map.EntryCount()), 2u);
}

TEST_F(MapStateTest, RemovingWhileIteratingSkipsNothing) {
  auto map = Open<MapState<uint64_t, uint64_t>>("map");
  for (uint64_t i = 0; i < 1000; ++i) SPILLWAY_EXPECT_OK(map.Put(i, i));
  std::set<uint64_t> seen;
  auto iterator = map.Iterate();
  ASSERT_TRUE(iterator.ok());
  while (Must(iterator->Next())) {
    const uint64_t key = Must(iterator->key());
    EXPECT_EQ(Must(iterator->value()), key);
    EXPECT_TRUE(seen.insert(key).second);
    if (key % 3 == 0) SPILLWAY_EXPECT_OK(iterator->Remove());
    if (key % 3 == 1) SPILLWAY_EXPECT_OK(iterator->Replace(key + 1000));
    if (key % 30 == 2) SPILLWAY_EXPECT_OK(iterator->Replace(std::nullopt));
  }
  EXPECT_FALSE(Must(iterator->Next())) << "the end stays the end";
  EXPECT_EQ(seen.size(), 1000u);
  for (uint64_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(Must(map.Contains(i)), i % 3 != 0);
    EXPECT_EQ(Must(map.Get(i)), i % 3 == 0 || i % 30 == 2 ? std::nullopt : std::optional(i % 3 == 1 ? i + 1000 : i))
        << i;
  }
}

TEST_F(MapStateTest, IteratorsRefuseWhatHasNoEntry) {
  auto map = Open<Map>("map");
  const auto expect_nothing = [](MapIterator<std::string, uint64_t>& iterator) {
    EXPECT_EQ(iterator.Remove().code(), StatusCode::kInvalidState);
    EXPECT_EQ(iterator.Replace(1).code(), StatusCode::kInvalidState);
    EXPECT_EQ(iterator.key().status().code(), StatusCode::kInvalidState);
    EXPECT_EQ(iterator.value().status().code(), StatusCode::kInvalidState);
  };
  {
    auto empty = map.Iterate();
    ASSERT_TRUE(empty.ok());
    expect_nothing(*empty);
    EXPECT_FALSE(Must(empty->Next()));
    expect_nothing(*empty);
  }
  SPILLWAY_EXPECT_OK(map.Put("a", 1));
  auto iterator = map.Iterate();
  ASSERT_TRUE(iterator.ok());
  expect_nothing(*iterator);
  EXPECT_TRUE(Must(iterator->Next()));
  SPILLWAY_EXPECT_OK(iterator->Remove());
  expect_nothing(*iterator);
  EXPECT_FALSE(Must(iterator->Next()));
  expect_nothing(*iterator);
  EXPECT_TRUE(Must(map.IsEmpty()));
}

TEST_F(MapStateTest, EmptyIsToldThroughManyPutsAndRemoves) {
  auto map = Open<MapState<uint32_t, std::string>>("map");
  for (uint32_t i = 0; i < 1024; ++i) {
    SPILLWAY_EXPECT_OK(map.Put(i, std::string(i % 50, 'v')));
    EXPECT_FALSE(Must(map.IsEmpty()));
  }
  for (uint32_t i = 0; i < 1024; ++i) {
    EXPECT_FALSE(Must(map.IsEmpty()));
    EXPECT_TRUE(Must(map.Remove(i)));
    if (i % 100 == 0) EndRecord();
  }
  EXPECT_TRUE(Must(map.IsEmpty()));
}

}  // namespace
}  // namespace spillway
