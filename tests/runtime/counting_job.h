// The job that most tests of the engine run: numbers, counted per key, and what it must come to.
//
// Every record gives (key, how many of the key so far); at the end of the input every key gives its total once more. So
// one record lost or doubled anywhere shows in the output.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "spillway/stream/environment.h"
#include "tests/runtime/collecting_sink.h"
#include "tests/runtime/vector_source.h"

namespace spillway::runtime {

using Number = uint64_t;
using Count = std::pair<Number, uint64_t>;

class CountPerKey : public KeyedProcessFunction<Number, Number, Count> {
 public:
  Status Open(RuntimeContext& context) override {
    SPILLWAY_ASSIGN_OR_RETURN(count_, context.GetValueState<uint64_t>("count"));
    return {};
  }
  Status ProcessElement(const Number&, KeyedContext<Number>& context, Collector<Count>& out) override {
    SPILLWAY_ASSIGN_OR_RETURN(uint64_t * count, count_->GetOrCreate(0));
    out.Collect({context.current_key(), ++*count});
    return {};
  }
  Status OnEndOfInput(KeyedStateIteration<Number>& state, Collector<Count>& out) override {
    // Totals are told from running counts by the bit at the top.
    return state.ForEach(*count_, [&](const Number& key, const uint64_t& count) {
      out.Collect({key | kTotal, count});
    });
  }

  static constexpr Number kTotal = Number{1} << 63;

 private:
  std::optional<ValueState<uint64_t>> count_;
};

struct CountingJob {
  std::vector<std::vector<Number>> splits;
  ReadHook read_hook;
  SinkHooks sink_hooks;
  std::shared_ptr<CollectedOutput<Count>> output = std::make_shared<CollectedOutput<Count>>();

  [[nodiscard]] Result<JobResult> Run(const ExecutionOptions& options, JobControl* control = nullptr,
                                      JobObserver* observer = nullptr) const {
    StreamExecutionEnvironment env(options);
    env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(splits, read_hook))
        .KeyBy([](Number number) { return number; })
        .Process("count", CountPerKey())
        .SinkTo("counts", std::make_shared<CollectingSink<Count>>(output, sink_hooks));
    return env.Execute("counting", control, observer);
  }

  // Computed one record after the other; sorted.
  [[nodiscard]] std::vector<Count> Expected() const {
    std::map<Number, uint64_t> counts;
    std::vector<Count> expected;
    for (const auto& split : splits) {
      for (const Number number : split) expected.push_back({number, ++counts[number]});
    }
    for (const auto& [number, count] : counts) expected.push_back({number | CountPerKey::kTotal, count});
    std::sort(expected.begin(), expected.end());
    return expected;
  }
  [[nodiscard]] std::vector<Count> Output() const {
    std::vector<Count> committed = output->committed();
    std::sort(committed.begin(), committed.end());
    return committed;
  }
};

inline std::vector<std::vector<Number>> RandomSplits(size_t splits, size_t records_max, Number keys, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::vector<Number>> made(splits);
  for (auto& split : made) {
    split.resize(random() % (records_max + 1));
    for (Number& number : split) number = random() % keys;
  }
  return made;
}

inline ExecutionOptions TestOptions(uint32_t parallelism) {
  ExecutionOptions options;
  options.parallelism = parallelism;
  options.max_parallelism = 16;
  options.backend = SPILLWAY_TEST_PLUGIN;
  options.batch_records_max = 16;
  options.channel_batches_max = 2;
  return options;
}

}  // namespace spillway::runtime
