#include "spillway/folding_state.h"

#include <functional>

#include "tests/typed_state/state_fixture.h"

namespace spillway {
namespace {

using Concat = std::function<std::string(const std::string&, const std::string&)>;

struct Subtract {
  int64_t operator()(const int64_t& folded, const int64_t& value) const { return folded * 10 - value; }
};

// A mean, by an accumulator that is changed in place.
struct Mean {
  struct Acc {
    static constexpr std::string_view kSchema = "mean-v1";
    uint64_t count;
    double sum;
  };
  using In = double;
  using Out = double;
  Acc CreateAccumulator() const { return {0, 0}; }
  void Add(const double& value, Acc* acc) const {
    ++acc->count;
    acc->sum += value;
  }
  void Merge(const Acc& from, Acc* into) const {
    into->count += from.count;
    into->sum += from.sum;
  }
  double GetResult(const Acc& acc) const { return acc.sum / static_cast<double>(acc.count); }
};

// All values in their order, by accumulators that are never changed but replaced.
struct Joined {
  using In = int;
  using Acc = std::vector<int>;
  using Out = std::string;
  Acc CreateAccumulator() const { return {}; }
  Acc Add(const int& value, const Acc& acc) const {
    Acc next = acc;
    next.push_back(value);
    return next;
  }
  Acc Merge(const Acc& from, const Acc& into) const {
    Acc merged = into;
    merged.insert(merged.end(), from.begin(), from.end());
    return merged;
  }
  Out GetResult(const Acc& acc) const {
    std::string text;
    for (int value : acc) text += std::to_string(value) + ";";
    return text;
  }
};

class FoldingStateTest : public StateFixture {
 protected:
  template <typename State, typename Function>
  State OpenWith(Function function) {
    auto state = State::Open(backend_, StateOptionsFor<std::string, std::string>("folded"), std::move(function));
    EXPECT_TRUE(state.ok()) << state.status().ToString();
    return *state;
  }
  static std::string BytesOfWindow(const std::string& window) {
    std::string scratch;
    return std::string(NamespaceBytesOf(window, &scratch));
  }
  template <typename State>
  static auto In(State& state, const std::string& window) {
    state.SetNamespace(window);
    return Must(state.Get());
  }
};

TEST_F(FoldingStateTest, ReducesInOrderFlat) {
  auto state = OpenWith<ReducingState<int64_t, Subtract>>(Subtract());
  EXPECT_EQ(Must(state.Get()), std::nullopt);
  for (int64_t value : {5, 1, 2}) SPILLWAY_EXPECT_OK(state.Add(value));
  EXPECT_EQ(Must(state.Get()), (5 * 10 - 1) * 10 - 2);
  EndRecord();
  EXPECT_EQ(Must(state.Get()), 488);
  SPILLWAY_EXPECT_OK(state.Clear());
  EXPECT_EQ(Must(state.Get()), std::nullopt);
  EXPECT_EQ(Must(state.EntryCount()), 0u);
  SPILLWAY_EXPECT_OK(state.Add(4));
  EXPECT_EQ(Must(state.Get()), 4) << "afresh, the first value is not reduced";
}

TEST_F(FoldingStateTest, ReducesInOrderSerialized) {
  auto state =
      OpenWith<ReducingState<std::string, Concat>>([](const std::string& a, const std::string& b) { return a + b; });
  for (const std::string value : {"a", "", "b", "c"}) SPILLWAY_EXPECT_OK(state.Add(value));
  EXPECT_EQ(Must(state.Get()), "abc");
}

TEST_F(FoldingStateTest, KeysAndNamespacesFoldApart) {
  auto state = OpenWith<ReducingState<int64_t, Subtract>>(Subtract());
  state.SetNamespace(std::string("w1"));
  SPILLWAY_EXPECT_OK(state.Add(1));
  state.SetNamespace(std::string("w2"));
  SPILLWAY_EXPECT_OK(state.Add(2));
  SetKey(std::string("other"));
  SPILLWAY_EXPECT_OK(state.Add(3));
  EXPECT_EQ(Must(state.Get()), 3);
  SetKey(std::string("key"));
  EXPECT_EQ(Must(state.Get()), 2);
  EXPECT_EQ(In(state, "w1"), 1);
}

TEST_F(FoldingStateTest, TellsTheFirstValueFromLaterOnes) {
  auto state = OpenWith<AggregatingState<Mean>>(Mean());
  for (const std::string window : {"w1", "w2"}) {
    state.SetNamespace(window);
    for (const bool first : {true, false, false}) {
      bool created = !first;
      SPILLWAY_EXPECT_OK(state.Add(1, &created));
      EXPECT_EQ(created, first);
    }
  }
  SPILLWAY_EXPECT_OK(state.Clear());
  bool created = false;
  SPILLWAY_EXPECT_OK(state.Add(1, &created));
  EXPECT_TRUE(created) << "afresh";
}

TEST_F(FoldingStateTest, TellsTheFirstValueOfSerializedOnes) {
  auto state = OpenWith<AggregatingState<Joined>>(Joined());
  for (const bool first : {true, false, false}) {
    bool created = !first;
    SPILLWAY_EXPECT_OK(state.Add(1, &created));
    EXPECT_EQ(created, first);
  }
}

TEST_F(FoldingStateTest, AggregatesWithChangedAndWithReplacedAccumulators) {
  auto mean = OpenWith<AggregatingState<Mean>>(Mean());
  EXPECT_EQ(Must(mean.Get()), std::nullopt);
  for (double value : {1.0, 2.0, 6.0}) SPILLWAY_EXPECT_OK(mean.Add(value));
  EXPECT_EQ(Must(mean.Get()), 3.0);
  SPILLWAY_EXPECT_OK(mean.Clear());
  EXPECT_EQ(Must(mean.Get()), std::nullopt);

  auto opened = AggregatingState<Joined>::Open(backend_, StateOptionsFor<std::string>("joined"));
  ASSERT_TRUE(opened.ok());
  for (int value : {3, 1, 2}) SPILLWAY_EXPECT_OK(opened->Add(value));
  EXPECT_EQ(Must(opened->Get()), "3;1;2;");
}

TEST_F(FoldingStateTest, MergingFoldsTheSourcesInOrderAndTheyVanish) {
  auto opened = AggregatingState<Joined>::Open(backend_, StateOptionsFor<std::string, std::string>("joined"));
  ASSERT_TRUE(opened.ok());
  AggregatingState<Joined>& state = *opened;
  const auto add = [&](const std::string& window, const std::vector<int>& values) {
    state.SetNamespace(window);
    for (int value : values) SPILLWAY_EXPECT_OK(state.Add(value));
  };
  const auto merge = [&](const std::string& target, const std::vector<std::string>& windows) {
    std::vector<std::string> sources;
    for (const std::string& window : windows) sources.push_back(BytesOfWindow(window));
    return state.MergeNamespaces(BytesOfWindow(target), sources);
  };
  add("t", {1});
  add("a", {2, 3});
  add("c", {4});
  SPILLWAY_EXPECT_OK(merge("t", {"c", "empty", "a"}));
  EXPECT_EQ(In(state, "t"), "1;4;2;3;");
  EXPECT_EQ(In(state, "a"), std::nullopt);
  EXPECT_EQ(In(state, "c"), std::nullopt);
  EXPECT_EQ(Must(state.EntryCount()), 1u);
  SPILLWAY_EXPECT_OK(merge("t", {"c", "a"}));
  EXPECT_EQ(In(state, "t"), "1;4;2;3;") << "all sources empty";
  SPILLWAY_EXPECT_OK(merge("new", {"t"}));
  EXPECT_EQ(In(state, "new"), "1;4;2;3;") << "the target empty";
  SPILLWAY_EXPECT_OK(merge("nothing", {"x", "y"}));
  EXPECT_EQ(In(state, "nothing"), std::nullopt) << "all empty";
  EXPECT_EQ(merge("new", {"new"}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(merge("x", {"new", "new"}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(In(state, "new"), "1;4;2;3;") << "a refused merge changes nothing";
  SPILLWAY_EXPECT_OK(state.Clear());
  EXPECT_EQ(Must(state.EntryCount()), 0u);
}

TEST_F(FoldingStateTest, MergesReducedValuesByTheUsersFunction) {
  auto state = OpenWith<ReducingState<int64_t, Subtract>>(Subtract());
  for (const auto& [window, value] : std::vector<std::pair<std::string, int64_t>>{{"a", 5}, {"b", 1}, {"c", 2}}) {
    state.SetNamespace(window);
    SPILLWAY_EXPECT_OK(state.Add(value));
  }
  state.SetNamespace(std::string("elsewhere"));
  SPILLWAY_EXPECT_OK(state.MergeNamespaces(BytesOfWindow("a"), std::vector{BytesOfWindow("b"), BytesOfWindow("c")}));
  EXPECT_EQ(Must(state.Get()), std::nullopt) << "the state's own namespace stays what it was";
  EXPECT_EQ(In(state, "a"), 488);
  EXPECT_EQ(Must(state.EntryCount()), 1u);
}

}  // namespace
}  // namespace spillway
