#include "spillway/value_state.h"

#include "tests/typed_state/state_fixture.h"

namespace spillway {
namespace {

struct alignas(16) Stats {
  static constexpr std::string_view kSchema = "stats-v1";
  uint64_t count;
  double sum;
};

// Two layouts that claim to be one.
struct Small {
  static constexpr std::string_view kSchema = "same";
  uint32_t value;
};
struct Large {
  static constexpr std::string_view kSchema = "same";
  uint32_t value[2];
};

class ValueStateTest : public StateFixture {};

TEST_F(ValueStateTest, IsAbsentUntilUpdatedAndAfterClear) {
  auto state = Open<ValueState<uint64_t>>("count");
  EXPECT_EQ(Must(state.Get()), std::nullopt);
  EXPECT_EQ(Must(state.GetOr(7)), 7u);
  SPILLWAY_EXPECT_OK(state.Update(3));
  EXPECT_EQ(Must(state.Get()), 3u);
  EXPECT_EQ(Must(state.GetOr(7)), 3u);
  EXPECT_EQ(Must(state.EntryCount()), 1u);
  SPILLWAY_EXPECT_OK(state.Clear());
  SPILLWAY_EXPECT_OK(state.Clear());
  EXPECT_EQ(Must(state.Get()), std::nullopt);
  EXPECT_EQ(Must(state.EntryCount()), 0u);
}

TEST_F(ValueStateTest, UpdatingWithNothingClears) {
  auto state = Open<ValueState<std::string>>("text");
  SPILLWAY_EXPECT_OK(state.Update("a"));
  SPILLWAY_EXPECT_OK(state.Update(std::nullopt));
  EXPECT_EQ(Must(state.Get()), std::nullopt);
  SPILLWAY_EXPECT_OK(state.Update(std::optional<std::string>("b")));
  EXPECT_EQ(Must(state.Get()), "b");
  SPILLWAY_EXPECT_OK(state.Update(std::optional<std::string>()));
  EXPECT_EQ(Must(state.Get()), std::nullopt);
  SPILLWAY_EXPECT_OK(state.Update(""));
  EXPECT_EQ(Must(state.Get()), "") << "empty is not absent";
}

TEST_F(ValueStateTest, KeysNamespacesAndStatesAreIsolated) {
  auto a = Open<ValueState<std::string>, std::string>("a");
  auto b = Open<ValueState<std::string>, std::string>("b");
  const std::string long_key(1000, 'k');
  for (const std::string& key : {std::string(), std::string("k"), long_key, long_key + "1"}) {
    for (const std::string& window : {std::string(), std::string("w"), std::string("ww")}) {
      SetKey(key);
      a.SetNamespace(window);
      b.SetNamespace(window);
      SPILLWAY_EXPECT_OK(a.Update("a" + key + "/" + window));
      SPILLWAY_EXPECT_OK(b.Update("b" + key + "/" + window));
      EndRecord();
    }
  }
  EXPECT_EQ(Must(a.EntryCount()), 12u);
  SetKey(long_key);
  a.SetNamespace(std::string("w"));
  b.SetNamespace(std::string("w"));
  EXPECT_EQ(Must(a.Get()), "a" + long_key + "/w");
  SPILLWAY_EXPECT_OK(a.Clear());
  EXPECT_EQ(Must(b.Get()), "b" + long_key + "/w");
  a.SetNamespaceBytes("");
  EXPECT_EQ(Must(a.Get()), std::nullopt) << "the void namespace is not that of the empty string";
}

TEST_F(ValueStateTest, FlatValuesAreChangedInTheirEntry) {
  auto state = Open<ValueState<Stats>>("stats");
  EXPECT_EQ(Must(state.GetForUpdate()), nullptr);
  EXPECT_EQ(Must(state.EntryCount()), 0u) << "looking for it does not make it";
  Stats* stats = Must(state.GetOrCreate({.count = 1, .sum = 0.5}));
  ASSERT_NE(stats, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(stats) % alignof(Stats), 0u);
  EXPECT_EQ(stats->count, 1u);
  stats->count += 1;
  EXPECT_EQ(Must(state.Get())->count, 2u) << "visible at once";
  EndRecord();
  EXPECT_EQ(Must(state.Get())->count, 2u);
  EXPECT_EQ(Must(state.Get())->sum, 0.5);
  stats = Must(state.GetOrCreate({.count = 100, .sum = 0}));
  EXPECT_EQ(stats->count, 2u) << "it was there";
  stats = Must(state.GetForUpdate());
  ASSERT_NE(stats, nullptr);
  stats->sum = 7;
  EndRecord();
  EXPECT_EQ(Must(state.Get())->sum, 7);
}

TEST_F(ValueStateTest, ViewsOfSeveralStatesLiveTogether) {
  auto a = Open<ValueState<uint64_t>>("a");
  auto b = Open<ValueState<uint64_t>>("b");
  uint64_t* in_a = Must(a.GetOrCreate(1));
  SetKey(std::string("other"));
  uint64_t* in_b = Must(b.GetOrCreate(2));
  ASSERT_TRUE(in_a != nullptr && in_b != nullptr);
  *in_a += *in_b;
  *in_b += *in_a;
  EndRecord();
  EXPECT_EQ(Must(b.Get()), 5u);
  SetKey(std::string("key"));
  EXPECT_EQ(Must(a.Get()), 3u);
}

TEST_F(ValueStateTest, ATypeThatDoesNotFitIsAnErrorThatNamesTheState) {
  auto small = Open<ValueState<Small>>("s");
  SPILLWAY_EXPECT_OK(small.Update(Small{1}));
  auto large = Open<ValueState<Large>>("s");
  for (const Status& status : {large.Get().status(), large.GetForUpdate().status(), large.GetOrCreate({}).status()}) {
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_NE(status.message().find("state 's' holds a value of 4 bytes that is no 'same'"), std::string::npos)
        << status.message();
  }
}

TEST_F(ValueStateTest, AnotherSchemaOrKindIsAMigrationError) {
  Open<ValueState<uint64_t>>("s");
  SPILLWAY_EXPECT_OK(ValueState<uint64_t>::Open(backend_, StateOptionsFor<std::string>("s")).status());
  const auto other = ValueState<std::string>::Open(backend_, StateOptionsFor<std::string>("s"));
  EXPECT_EQ(other.status().code(), StatusCode::kStateMigration);
  EXPECT_NE(other.status().message().find("'s'"), std::string::npos) << other.status().message();
}

TEST_F(ValueStateTest, ErrorsNameTheState) {
  auto state = Open<ValueState<std::string>>("counts");
  plugin::Error err;
  ASSERT_EQ(backend_.Close(0, err), SPW_OK);
  const Status status = state.Update("x");
  EXPECT_EQ(status.code(), StatusCode::kClosed);
  EXPECT_EQ(status.message().rfind("state 'counts'", 0), 0u) << status.message();
}

}  // namespace
}  // namespace spillway
