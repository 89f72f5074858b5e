// What can be made of a stream: stateless operators, side outputs, unions, rebalancing, rolling reduce.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "tests/runtime/counting_job.h"

namespace spillway::runtime {
namespace {

template <typename T>
std::vector<T> Sorted(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  return values;
}

std::vector<std::vector<Number>> Ranges(size_t splits, Number size) {
  std::vector<std::vector<Number>> made(splits);
  Number next = 0;
  for (auto& split : made) {
    split.resize(size);
    std::iota(split.begin(), split.end(), next);
    next += size;
  }
  return made;
}

class EvenAndOdd : public ProcessFunction<Number, Number> {
 public:
  static OutputTag<std::string> Odd() { return OutputTag<std::string>("odd"); }
  Status Open(RuntimeContext& context) override {
    evens_ = &context.GetCounter("evens");
    return {};
  }
  Status ProcessElement(const Number& number, ProcessContext& context, Collector<Number>& out) override {
    if (number % 2 == 0) {
      evens_->Add();
      out.Collect(number);
    } else {
      context.Output(Odd(), std::to_string(number));
    }
    return {};
  }
  Status OnEndOfInput(Collector<Number>& out) override {
    out.Collect(1000000);
    return {};
  }

 private:
  Counter* evens_ = nullptr;
};

TEST(StreamOperators, MapFilterFlatMapProcessAndSideOutput) {
  for (const uint32_t parallelism : {1U, 3U}) {
    StreamExecutionEnvironment env(TestOptions(parallelism));
    auto evens = std::make_shared<CollectedOutput<Number>>();
    auto odds = std::make_shared<CollectedOutput<std::string>>();
    const auto split = env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(Ranges(4, 100)))
                           .Map("plus one", [](Number n) { return n + 1; })
                           .Filter("no threes", [](Number n) { return n % 3 != 0; })
                           .FlatMap<Number>("twice",
                                            [](Number n, Collector<Number>& out) {
                                              out.Collect(n);
                                              out.Collect(n);
                                            })
                           .Process("even and odd", EvenAndOdd());
    split.SinkTo("evens", std::make_shared<CollectingSink<Number>>(evens));
    split.SideOutput(EvenAndOdd::Odd()).SinkTo("odds", std::make_shared<CollectingSink<std::string>>(odds));
    const auto result = env.Execute("stateless");
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    std::vector<Number> expected_evens(parallelism, 1000000);
    std::vector<std::string> expected_odds;
    for (Number n = 1; n <= 400; ++n) {
      for (int i = 0; i < 2 && n % 3 != 0; ++i) {
        if (n % 2 == 0) expected_evens.push_back(n);
        if (n % 2 == 1) expected_odds.push_back(std::to_string(n));
      }
    }
    EXPECT_EQ(Sorted(evens->committed()), Sorted(expected_evens));
    EXPECT_EQ(Sorted(odds->committed()), Sorted(expected_odds));
    EXPECT_EQ(result->figures.counters.at("even and odd.evens"), expected_evens.size() - parallelism);
  }
}

TEST(StreamOperators, ASideOutputReadWithAnotherTypeIsAnError) {
  StreamExecutionEnvironment env(TestOptions(1));
  auto output = std::make_shared<CollectedOutput<Number>>();
  env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(Ranges(1, 10)))
      .Process("even and odd", EvenAndOdd())
      .SideOutput(OutputTag<Number>("odd"))
      .SinkTo("odds", std::make_shared<CollectingSink<Number>>(output));
  const auto result = env.Execute("wrong-type");
  EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(result.status().message().find("'odd'"), std::string::npos) << result.status().ToString();
}

// Remembers in which subtask a record was seen.
class NoteSubtask : public ProcessFunction<Number, Count> {
 public:
  Status Open(RuntimeContext& context) override {
    subtask_ = context.subtask();
    return {};
  }
  Status ProcessElement(const Number& number, ProcessContext&, Collector<Count>& out) override {
    out.Collect({number, subtask_});
    return {};
  }

 private:
  uint32_t subtask_ = 0;
};

TEST(StreamOperators, RebalanceSpreadsOneSplitOverAllSubtasks) {
  StreamExecutionEnvironment env(TestOptions(4));
  auto output = std::make_shared<CollectedOutput<Count>>();
  env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(Ranges(1, 1600)))
      .Rebalance()
      .Process("note", NoteSubtask())
      .SinkTo("sink", std::make_shared<CollectingSink<Count>>(output));
  ASSERT_TRUE(env.Execute("rebalance").ok());
  std::vector<uint64_t> per_subtask(4);
  std::set<Number> seen;
  for (const Count& count : output->committed()) {
    ++per_subtask[count.second];
    EXPECT_TRUE(seen.insert(count.first).second);
  }
  EXPECT_EQ(seen.size(), 1600U);
  for (const uint64_t records : per_subtask) EXPECT_EQ(records, 400U);
}

TEST(StreamOperators, AUnionHoldsTheRecordsOfBoth) {
  for (const uint32_t parallelism : {1U, 3U}) {
    StreamExecutionEnvironment env(TestOptions(parallelism));
    auto output = std::make_shared<CollectedOutput<Number>>();
    const auto first = env.FromSource<Number>("first", std::make_shared<VectorSource<Number>>(Ranges(3, 100)));
    const auto second = env.FromSource<Number>("second", std::make_shared<VectorSource<Number>>(Ranges(2, 50)));
    // The first twice: a stream may be read by several.
    first.Union(second)
        .Union(first.Map("negative", [](Number n) { return n + 1000; }))
        .Map("same", [](Number n) { return n; })
        .SinkTo("sink", std::make_shared<CollectingSink<Number>>(output));
    const auto result = env.Execute("union");
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    std::vector<Number> expected;
    for (Number n = 0; n < 300; ++n) {
      expected.push_back(n);
      expected.push_back(n + 1000);
      if (n < 100) expected.push_back(n);
    }
    EXPECT_EQ(Sorted(output->committed()), Sorted(expected));
  }
}

TEST(StreamOperators, AReduceGivesEveryFoldedValue) {
  for (const uint32_t parallelism : {1U, 2U}) {
    StreamExecutionEnvironment env(TestOptions(parallelism));
    auto numbers = std::make_shared<CollectedOutput<Count>>();
    auto texts = std::make_shared<CollectedOutput<std::pair<std::string, std::string>>>();
    const auto keyed = env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(Ranges(1, 30)));
    keyed.Map("by three",
              [](Number n) {
                return Count{n % 3, n};
              })
        .KeyBy([](const Count& count) { return count.first; })
        .Reduce("sum",
                [](const Count& folded, const Count& next) {
                  return Count{next.first, folded.second + next.second};
                })
        .SinkTo("numbers out", std::make_shared<CollectingSink<Count>>(numbers));
    // Keys and values that are not flat.
    keyed
        .Map("text",
             [](Number n) {
               return std::make_pair("k" + std::to_string(n % 3), std::string(1, static_cast<char>('a' + n % 26)));
             })
        .KeyBy([](const auto& pair) { return pair.first; })
        .Reduce("join", [](const auto& folded,
                           const auto& next) { return std::make_pair(next.first, folded.second + next.second); })
        .SinkTo("texts out", std::make_shared<CollectingSink<std::pair<std::string, std::string>>>(texts));
    const auto result = env.Execute("reduce");
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    std::vector<Count> expected;
    std::vector<std::pair<std::string, std::string>> expected_texts;
    std::map<Number, Number> sums;
    std::map<Number, std::string> joined;
    for (Number n = 0; n < 30; ++n) {
      expected.push_back({n % 3, sums[n % 3] += n});
      expected_texts.push_back({"k" + std::to_string(n % 3), joined[n % 3] += static_cast<char>('a' + n % 26)});
    }
    EXPECT_EQ(Sorted(numbers->committed()), Sorted(expected));
    EXPECT_EQ(Sorted(texts->committed()), Sorted(expected_texts));
  }
}

// Records of one key keep the order of their split.
TEST(StreamOperators, TheOrderOfAKeyIsThatOfItsSplit) {
  StreamExecutionEnvironment env(TestOptions(3));
  env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(Ranges(4, 500)))
      .KeyBy([](Number n) { return n / 500; })
      .Reduce("keep the last in order",
              [](Number before, Number next) {
                if (next != before + 1) throw std::runtime_error("out of order");
                return next;
              })
      .SinkTo("sink", std::make_shared<CollectingSink<Number>>(std::make_shared<CollectedOutput<Number>>()));
  const auto result = env.Execute("order");
  EXPECT_TRUE(result.ok()) << result.status().ToString();
}

// All kinds of state, walked over at the end of the input with other states of the key at hand.
class KeepsEverything : public KeyedProcessFunction<std::string, Number, std::string> {
 public:
  Status Open(RuntimeContext& context) override {
    SPILLWAY_ASSIGN_OR_RETURN(list_, context.GetListState<Number>("list"));
    SPILLWAY_ASSIGN_OR_RETURN(map_, (context.GetMapState<Number, std::string>("map")));
    SPILLWAY_ASSIGN_OR_RETURN(value_, context.GetValueState<std::string>("value"));
    return {};
  }
  Status ProcessElement(const Number& number, KeyedContext<std::string>&, Collector<std::string>&) override {
    SPILLWAY_RETURN_IF_ERROR(list_->Add(number));
    SPILLWAY_RETURN_IF_ERROR(map_->Put(number, "m" + std::to_string(number)));
    return value_->Update("v" + std::to_string(number));
  }
  Status OnEndOfInput(KeyedStateIteration<std::string>& state, Collector<std::string>& out) override {
    SPILLWAY_RETURN_IF_ERROR(state.ForEachElement(*list_, [&](const std::string& key, const Number& number) {
      out.Collect("list " + key + " " + std::to_string(number));
    }));
    SPILLWAY_RETURN_IF_ERROR(state.ForEachEntry(
        *map_, [&](const std::string& key, const Number& number, const std::optional<std::string>& value) {
          out.Collect("map " + key + " " + std::to_string(number) + " " + value.value_or("null"));
        }));
    return state.ForEach(*value_, [&](const std::string& key, const std::string& value) -> Status {
      SPILLWAY_ASSIGN_OR_RETURN(const bool contains, map_->Contains(std::stoull(value.substr(1))));
      out.Collect("value " + key + " " + value + (contains ? " in map" : " missing"));
      return value_->Clear();
    });
  }

 private:
  std::optional<ListState<Number>> list_;
  std::optional<MapState<Number, std::string>> map_;
  std::optional<ValueState<std::string>> value_;
};

TEST(StreamOperators, AllKindsOfStateAreWalkedOverAtTheEnd) {
  for (const uint32_t parallelism : {1U, 4U}) {
    StreamExecutionEnvironment env(TestOptions(parallelism));
    auto output = std::make_shared<CollectedOutput<std::string>>();
    env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(Ranges(1, 300)))
        .KeyBy([](Number n) { return "key-" + std::to_string(n % 7); })
        .Process("keep", KeepsEverything())
        .SinkTo("sink", std::make_shared<CollectingSink<std::string>>(output));
    const auto result = env.Execute("states");
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    std::vector<std::string> expected;
    for (Number n = 0; n < 300; ++n) {
      const std::string key = "key-" + std::to_string(n % 7);
      expected.push_back("list " + key + " " + std::to_string(n));
      expected.push_back("map " + key + " " + std::to_string(n) + " m" + std::to_string(n));
      if (n >= 293) expected.push_back("value " + key + " v" + std::to_string(n) + " in map");
    }
    EXPECT_EQ(Sorted(output->committed()), Sorted(expected));
    // Lists and maps of seven keys; the values were cleared during the walk.
    EXPECT_EQ(result->figures.state.entries, 14U);
  }
}

class NeedsAKey : public ProcessFunction<Number, Number> {
 public:
  Status Open(RuntimeContext& context) override { return context.GetValueState<Number>("none").status(); }
  Status ProcessElement(const Number&, ProcessContext&, Collector<Number>&) override { return {}; }
};

TEST(StreamOperators, StateWithoutAKeyIsAnErrorThatSaysSo) {
  StreamExecutionEnvironment env(TestOptions(2));
  env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(Ranges(1, 10)))
      .Process("needs a key", NeedsAKey())
      .SinkTo("sink", std::make_shared<CollectingSink<Number>>(std::make_shared<CollectedOutput<Number>>()));
  const auto result = env.Execute("no-key");
  EXPECT_EQ(result.status().code(), StatusCode::kInvalidState);
  EXPECT_NE(result.status().message().find("KeyBy"), std::string::npos) << result.status().ToString();
}

}  // namespace
}  // namespace spillway::runtime
