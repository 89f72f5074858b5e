// Watermarks, timers and windows in whole jobs.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>

#include "tests/runtime/counting_job.h"
#include "tests/support/temporary_folder.h"

namespace spillway::runtime {
namespace {

struct Reading {
  Number key = 0;
  int64_t time = 0;
  int64_t value = 0;
};

// (key, start of the window, sum)
using WindowSum = std::tuple<Number, int64_t, int64_t>;

struct SumValues {
  using In = Reading;
  using Acc = int64_t;
  using Out = int64_t;
  Acc CreateAccumulator() const { return 0; }
  void Add(const Reading& reading, Acc* sum) const { *sum += reading.value; }
  Out GetResult(const Acc& sum) const { return sum; }
};

WatermarkStrategy<Reading> Bounded(int64_t bound) {
  return WatermarkStrategy<Reading>::ForBoundedOutOfOrderness(std::chrono::milliseconds(bound),
                                                              [](const Reading& reading) { return reading.time; });
}

class ListInOrder : public ProcessWindowFunction<Number, Reading, WindowSum> {
 public:
  Status Process(const Number& key, const TimeWindow& window, ListIterator<Reading>& readings,
                 Collector<WindowSum>& out) override {
    int64_t sum = 0;
    while (true) {
      Reading reading;
      SPILLWAY_ASSIGN_OR_RETURN(const bool more, readings.Next(&reading));
      if (!more) break;
      sum += reading.value;
    }
    out.Collect({key, window.start, sum});
    return {};
  }
};

struct WindowJob {
  std::vector<std::vector<Reading>> splits;
  WatermarkStrategy<Reading> strategy = Bounded(0);
  ReadHook read_hook;
  std::function<void()> on_result;
  std::shared_ptr<CollectedOutput<WindowSum>> output = std::make_shared<CollectedOutput<WindowSum>>();
  std::shared_ptr<CollectedOutput<Reading>> late = std::make_shared<CollectedOutput<Reading>>();

  [[nodiscard]] Result<JobResult> Run(const ExecutionOptions& options, bool listed = false,
                                      JobControl* control = nullptr) const {
    StreamExecutionEnvironment env(options);
    const OutputTag<Reading> late_tag("late");
    const auto windows = env.FromSource<Reading>("readings", std::make_shared<VectorSource<Reading>>(splits, read_hook))
                             .AssignTimestampsAndWatermarks("times", strategy)
                             .KeyBy([](const Reading& reading) { return reading.key; })
                             .Window(TumblingEventTimeWindows::Of(std::chrono::milliseconds(100)))
                             .SideOutputLateData(late_tag);
    const auto result = [notice = on_result](const Number& key, const TimeWindow& window, int64_t sum) {
      if (notice) notice();
      return WindowSum{key, window.start, sum};
    };
    const DataStream<WindowSum> sums =
        listed ? windows.Process("windows", ListInOrder()) : windows.Aggregate("windows", SumValues(), result);
    sums.SinkTo("sums", std::make_shared<CollectingSink<WindowSum>>(output));
    sums.SideOutput(late_tag).SinkTo("late readings", std::make_shared<CollectingSink<Reading>>(late));
    return env.Execute("windows", control);
  }

  [[nodiscard]] std::vector<WindowSum> Output() const {
    std::vector<WindowSum> sums = output->committed();
    std::sort(sums.begin(), sums.end());
    return sums;
  }
  [[nodiscard]] std::vector<WindowSum> Expected() const {
    std::map<std::pair<Number, int64_t>, int64_t> sums;
    for (const auto& split : splits) {
      for (const Reading& reading : split) {
        sums[{reading.key, (reading.time + 100000) / 100 * 100 - 100000}] += reading.value;
      }
    }
    std::vector<WindowSum> expected;
    for (const auto& [at, sum] : sums) expected.push_back({at.first, at.second, sum});
    return expected;
  }
};

// Times from -1000 on, going back by at most 50 within a split.
std::vector<std::vector<Reading>> RandomReadings(size_t splits, size_t records, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::vector<Reading>> made(splits);
  for (auto& split : made) {
    int64_t time = -1000;
    for (size_t i = 0; i < records; ++i) {
      time += static_cast<int64_t>(random() % 7);
      split.push_back(
          {random() % 12, time - static_cast<int64_t>(random() % 51), static_cast<int64_t>(random() % 1000)});
    }
  }
  return made;
}

TEST(Windows, TumblingWindowsGiveWhatASequentialComputationGives) {
  for (const uint32_t parallelism : {1U, 2U, 4U}) {
    for (const bool listed : {false, true}) {
      WindowJob job{RandomReadings(5, 700, parallelism)};
      job.strategy = Bounded(50);
      const auto result = job.Run(TestOptions(parallelism), listed);
      ASSERT_TRUE(result.ok()) << result.status().ToString();
      EXPECT_EQ(job.Output(), job.Expected());
      EXPECT_EQ(result->figures.counters.at("windows.late_records"), 0U);
      EXPECT_EQ(result->figures.state.entries, 0U) << "a window leaves nothing behind";
    }
  }
}

TEST(Windows, AStoppedJobGoesOnWithItsWindowsAndTimersAtAnotherParallelism) {
  for (const auto& [before, after] : {std::pair{1U, 3U}, std::pair{4U, 2U}}) {
    const TemporaryFolder folder;
    WindowJob job{RandomReadings(4, 700, before)};
    job.strategy = Bounded(50);
    ExecutionOptions options = TestOptions(before);
    options.checkpoints.directory = folder.path();
    options.restore = RestoreMode::kLatest;
    JobControl control;
    job.read_hook = [&](size_t split, size_t index) -> Result<bool> {
      if (split == 3 && index == 300) control.StopWithCheckpoint();
      return split != 3 || index < 350;
    };
    const auto stopped = job.Run(options, false, &control);
    ASSERT_TRUE(stopped.ok()) << stopped.status().ToString();
    EXPECT_EQ(stopped->outcome, JobOutcome::kStopped);
    EXPECT_GT(stopped->figures.state.entries, 0U);
    job.read_hook = nullptr;
    options.parallelism = after;
    const auto ended = job.Run(options);
    ASSERT_TRUE(ended.ok()) << ended.status().ToString();
    EXPECT_EQ(job.Output(), job.Expected());
  }
}

TEST(Windows, ARecordBehindTheWatermarkIsLate) {
  ExecutionOptions options = TestOptions(1);
  options.batch_records_max = 1;  // a watermark after every record
  WindowJob job{{{{1, 10, 1}, {1, 99, 2}, {1, 250, 4}, {1, 20, 8}, {1, 199, 16}, {1, 200, 32}}}};
  const auto result = job.Run(options);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(job.Output(), (std::vector<WindowSum>{{1, 0, 3}, {1, 200, 36}}));
  EXPECT_EQ(result->figures.counters.at("windows.late_records"), 2U);
  ASSERT_EQ(job.late->committed().size(), 2U);
  EXPECT_EQ(job.late->committed()[0].value, 8);
}

TEST(Windows, WhatWasLateBeforeARestoreIsLateAfterIt) {
  const TemporaryFolder folder;
  ExecutionOptions options = TestOptions(1);
  options.batch_records_max = 1;
  options.checkpoints.directory = folder.path();
  options.restore = RestoreMode::kLatest;
  WindowJob job{{{{1, 10, 1}, {1, 250, 2}, {1, 20, 4}, {1, 260, 8}}}};
  JobControl control;
  job.read_hook = [&](size_t, size_t index) -> Result<bool> {
    if (index == 2) control.StopWithCheckpoint();
    return index < 2;
  };
  ASSERT_TRUE(job.Run(options, false, &control).ok());
  job.read_hook = nullptr;
  const auto result = job.Run(options);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->figures.counters.at("windows.late_records"), 1U);
  EXPECT_EQ(job.Output(), (std::vector<WindowSum>{{1, 0, 1}, {1, 200, 10}}));
}

TEST(Windows, SplitsThatCoverTheSameTimeMakeNothingLate) {
  WindowJob job{{}};
  for (int split = 0; split < 5; ++split) {
    job.splits.emplace_back();
    for (int64_t time = 0; time < 1000; time += 10) job.splits.back().push_back({1, time, 1});
  }
  const auto result = job.Run(TestOptions(2));
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->figures.counters.at("windows.late_records"), 0U);
  EXPECT_EQ(job.Output(), job.Expected());
}

TEST(Windows, SplitsInTimeOrderLetTheWatermarkGoOn) {
  WindowJob job{{{{1, 10, 1}, {1, 500, 2}}, {{1, 20, 4}, {1, 510, 8}}}};
  job.strategy = Bounded(0).WithSplitsInTimeOrder();
  const auto result = job.Run(TestOptions(1));
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->figures.counters.at("windows.late_records"), 1U);
  EXPECT_EQ(job.Output(), (std::vector<WindowSum>{{1, 0, 1}, {1, 500, 10}}));
}

TEST(Windows, WithoutTimestampsIsAnErrorThatSaysWhatToDo) {
  StreamExecutionEnvironment env(TestOptions(1));
  env.FromSource<Reading>("readings", std::make_shared<VectorSource<Reading>>(RandomReadings(1, 10, 1)))
      .KeyBy([](const Reading& reading) { return reading.key; })
      .Window(TumblingEventTimeWindows::Of(std::chrono::milliseconds(100)))
      .Aggregate("windows", SumValues())
      .SinkTo("sums", std::make_shared<CollectingSink<int64_t>>(std::make_shared<CollectedOutput<int64_t>>()));
  const auto result = env.Execute("no-times");
  EXPECT_NE(result.status().message().find("AssignTimestampsAndWatermarks"), std::string::npos);
}

TEST(Windows, TheSizeMustBePositive) {
  StreamExecutionEnvironment env(TestOptions(1));
  env.FromSource<Reading>("readings", std::make_shared<VectorSource<Reading>>(RandomReadings(1, 10, 1)))
      .KeyBy([](const Reading& reading) { return reading.key; })
      .Window(TumblingEventTimeWindows::Of(std::chrono::milliseconds(0)))
      .Aggregate("windows", SumValues())
      .SinkTo("sums", std::make_shared<CollectingSink<int64_t>>(std::make_shared<CollectedOutput<int64_t>>()));
  EXPECT_EQ(env.Execute("no-size").status().code(), StatusCode::kInvalidArgument);
}

// The source stands still until a window has fired, so it fires because of the watermark and not because of the end.
TEST(Watermarks, SubtasksWithoutSplitsAndWithFinishedOnesHoldNobodyBack) {
  std::atomic<int> fired{0};
  WindowJob job{{{{1, 10, 1}}, {{1, 20, 2}, {1, 500, 4}, {1, 510, 8}}}};
  job.on_result = [&] { ++fired; };
  job.read_hook = [&](size_t split, size_t index) -> Result<bool> {
    return split == 0 || index < 2 || fired.load() > 0;
  };
  const auto result = job.Run(TestOptions(4));
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(job.Output(), job.Expected());
}

TEST(Watermarks, AnIdleSourceHoldsNobodyBack) {
  std::atomic<int> fired{0};
  WindowJob job{{{{1, 10, 1}, {1, 500, 4}, {1, 510, 8}}, {{1, 505, 1}, {1, 520, 2}}}};
  job.strategy = Bounded(0).WithIdleness(std::chrono::milliseconds(5));
  job.on_result = [&] { ++fired; };
  // The second split is silent until a window has fired, the first waits for that before its last record.
  job.read_hook = [&](size_t split, size_t index) -> Result<bool> {
    return (split == 0 && index < 2) || fired.load() > 0;
  };
  const auto result = job.Run(TestOptions(2));
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(job.Output(), job.Expected());
}

// Emits its key when its timer fires; records move the timer on.
class Sessions : public KeyedProcessFunction<Number, Reading, Count> {
 public:
  Status Open(RuntimeContext& context) override {
    SPILLWAY_ASSIGN_OR_RETURN(end_, context.GetValueState<int64_t>("end"));
    SPILLWAY_ASSIGN_OR_RETURN(count_, context.GetValueState<uint64_t>("count"));
    return {};
  }
  Status ProcessElement(const Reading& reading, KeyedContext<Number>& context, Collector<Count>&) override {
    SPILLWAY_ASSIGN_OR_RETURN(const std::optional<int64_t> end, end_->Get());
    if (end) SPILLWAY_RETURN_IF_ERROR(context.timers().DeleteEventTimeTimer(*end));
    const int64_t next = std::max(end.value_or(kWatermarkBeforeAll), context.timestamp() + 60);
    SPILLWAY_RETURN_IF_ERROR(end_->Update(next));
    SPILLWAY_RETURN_IF_ERROR(context.timers().RegisterEventTimeTimer(next));
    SPILLWAY_ASSIGN_OR_RETURN(uint64_t * count, count_->GetOrCreate(0));
    ++*count;
    return reading.key == context.current_key() ? Status() : Status::Internal("another key");
  }
  Status OnTimer(int64_t timestamp, KeyedContext<Number>& context, Collector<Count>& out) override {
    SPILLWAY_ASSIGN_OR_RETURN(const std::optional<int64_t> end, end_->Get());
    if (end != timestamp || context.timestamp() != timestamp) return Status::Internal("a timer that was deleted fired");
    SPILLWAY_ASSIGN_OR_RETURN(const uint64_t count, count_->GetOr(0));
    out.Collect({context.current_key(), count});
    SPILLWAY_RETURN_IF_ERROR(end_->Clear());
    return count_->Clear();
  }

 private:
  std::optional<ValueState<int64_t>> end_;
  std::optional<ValueState<uint64_t>> count_;
};

TEST(Timers, SessionsByTimersGiveWhatASequentialComputationGives) {
  // One split in time order, so that there is one right answer.
  std::mt19937_64 random(9);
  std::vector<Reading> readings;
  int64_t time = 0;
  for (int i = 0; i < 3000; ++i) readings.push_back({random() % 20, time += static_cast<int64_t>(random() % 9), 0});
  std::map<Number, std::pair<int64_t, uint64_t>> open;
  std::vector<Count> expected;
  int64_t watermark = kWatermarkBeforeAll;  // as the record before it left it
  for (const Reading& reading : readings) {
    auto& [end, count] = open[reading.key];
    if (count > 0 && end <= watermark) {
      expected.push_back({reading.key, count});
      count = 0;
    }
    end = reading.time + 60;
    ++count;
    watermark = reading.time - 1;
  }
  for (const auto& [key, session] : open) expected.push_back({key, session.second});
  std::sort(expected.begin(), expected.end());
  for (const uint32_t parallelism : {1U, 3U}) {
    ExecutionOptions options = TestOptions(parallelism);
    options.batch_records_max = 1;
    StreamExecutionEnvironment env(options);
    auto output = std::make_shared<CollectedOutput<Count>>();
    env.FromSource<Reading>("readings",
                            std::make_shared<VectorSource<Reading>>(std::vector<std::vector<Reading>>{readings}))
        .AssignTimestampsAndWatermarks("times", WatermarkStrategy<Reading>::ForMonotonousTimestamps(
                                                    [](const Reading& reading) { return reading.time; }))
        .KeyBy([](const Reading& reading) { return reading.key; })
        .Process("sessions", Sessions())
        .SinkTo("sink", std::make_shared<CollectingSink<Count>>(output));
    const auto result = env.Execute("sessions");
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    std::vector<Count> sessions = output->committed();
    std::sort(sessions.begin(), sessions.end());
    EXPECT_EQ(sessions, expected);
    EXPECT_EQ(result->figures.state.entries, 0U);
  }
}

}  // namespace
}  // namespace spillway::runtime
