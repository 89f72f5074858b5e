// Checkpoints that cannot be, and jobs that are stopped or fail: what goes on and what ends.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/runtime/checkpoint_pace.h"
#include "tests/runtime/counting_job.h"
#include "tests/support/temporary_folder.h"

namespace spillway::runtime {
namespace {

ExecutionOptions OftenInto(const std::filesystem::path& directory, uint32_t parallelism) {
  ExecutionOptions options = TestOptions(parallelism);
  options.checkpoints.directory = directory;
  options.checkpoints.interval = std::chrono::milliseconds(1);
  options.restore = RestoreMode::kLatest;
  return options;
}

// A door that lets nobody through until it is opened; it does not close again.
class Door {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

TEST(CheckpointFailure, OneThatTakesTooLongIsGivenUpAndTheJobGoesOn) {
  const TemporaryFolder folder;
  CountingJob job{RandomSplits(4, 500, 20, 11)};
  job.splits.push_back(std::vector<Number>(300, 1));
  Door door;
  // The first checkpoint waits in a sink until it has been given up.
  class OpensOnFailure final : public JobObserver {
   public:
    explicit OpensOnFailure(Door* opened) : opened_(opened) {}
    void OnCheckpointFailed(uint64_t, const Status& why) override {
      if (first_.ok()) first_ = why;
      opened_->Open();
    }
    Status first_;

   private:
    Door* opened_;
  } observer(&door);
  std::atomic<bool> waited{false};
  job.read_hook = [&](size_t, size_t index) -> Result<bool> { return index < 100 || waited.load(); };
  job.sink_hooks.before_prepare = [&](uint64_t, uint32_t) -> Status {
    door.Pass();
    waited = true;
    return {};
  };
  ExecutionOptions options = OftenInto(folder.path(), 2);
  options.checkpoints.timeout = std::chrono::milliseconds(20);
  const auto result = job.Run(options, nullptr, &observer);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(observer.first_.code(), StatusCode::kTimedOut);
  EXPECT_GE(result->figures.checkpoints_failed, 1U);
  EXPECT_EQ(job.Output(), job.Expected());
}

TEST(CheckpointFailure, StorageThatFailsCostsTheCheckpointOnly) {
  const TemporaryFolder folder;
  CountingJob job{RandomSplits(4, 500, 20, 12)};
  job.splits.push_back(std::vector<Number>(400, 1));
  CheckpointPace pace(60);
  const std::filesystem::path directory = folder / "counting";
  const std::filesystem::path aside = folder / "aside";
  // A file stands where the checkpoints' directory was, until two have failed of it.
  job.read_hook = [&](size_t split, size_t index) -> Result<bool> {
    if (split != 4) return true;
    if (index == 50 && !std::filesystem::exists(aside)) {
      std::filesystem::rename(directory, aside);
      std::ofstream(directory) << "in the way";
    }
    if (index == 100 && std::filesystem::exists(aside)) {
      if (pace.failed() < 2) return false;
      std::filesystem::remove(directory);
      std::filesystem::rename(aside, directory);
    }
    return true;
  };
  const auto result = job.Run(OftenInto(folder.path(), 2), nullptr, &pace);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_GE(result->figures.checkpoints_failed, 2U);
  EXPECT_EQ(job.Output(), job.Expected());
}

TEST(Stopping, TakesACheckpointFromWhichTheJobGoesOn) {
  for (const uint32_t parallelism : {1U, 3U}) {
    const TemporaryFolder folder;
    CountingJob job{RandomSplits(5, 500, 20, 13)};
    job.splits.push_back(std::vector<Number>(300, 1));
    JobControl control;
    job.read_hook = [&](size_t split, size_t index) -> Result<bool> {
      if (split == 5 && index == 150) control.StopWithCheckpoint();
      return split != 5 || index < 200;  // it cannot end by itself
    };
    ExecutionOptions options = OftenInto(folder.path(), parallelism);
    options.checkpoints.interval = std::chrono::milliseconds(0);
    const auto stopped = job.Run(options, &control);
    ASSERT_TRUE(stopped.ok()) << stopped.status().ToString();
    EXPECT_EQ(stopped->outcome, JobOutcome::kStopped);
    EXPECT_EQ(stopped->figures.checkpoints_completed, 1U);
    const std::vector<Count> so_far = job.Output();
    EXPECT_EQ(so_far.size(), stopped->figures.records_in) << "what was read is counted and committed";
    for (const Count& count : so_far) EXPECT_EQ(count.first & CountPerKey::kTotal, 0U);
    EXPECT_FALSE(control.Progress().running);
    EXPECT_EQ(control.Progress().records_in, stopped->figures.records_in);

    job.read_hook = nullptr;
    const auto ended = job.Run(OftenInto(folder.path(), parallelism + 1));
    ASSERT_TRUE(ended.ok()) << ended.status().ToString();
    EXPECT_EQ(ended->outcome, JobOutcome::kFinished);
    EXPECT_EQ(job.Output(), job.Expected());
    EXPECT_EQ(ended->figures.source_read, ended->figures.source_total);
  }
}

TEST(Stopping, WithoutACheckpointDirectoryCancels) {
  CountingJob job{{std::vector<Number>(100, 1)}};
  JobControl control;
  job.read_hook = [&](size_t, size_t index) -> Result<bool> {
    if (index == 50) control.StopWithCheckpoint();
    return index < 60;
  };
  const auto result = job.Run(TestOptions(2), &control);
  EXPECT_EQ(result.status().code(), StatusCode::kCancelled);
  EXPECT_TRUE(job.Output().empty());
}

TEST(Cancelling, EndsAJobWhoseSenderIsBlocked) {
  const TemporaryFolder folder;
  CountingJob job{{std::vector<Number>(5000, 1)}};
  JobControl control;
  Door written;
  std::atomic<bool> cancelled{false};
  // The sink stands still, so the source fills the tiny channel and waits.
  job.sink_hooks.before_write = [&]() -> Status {
    written.Open();
    while (!cancelled.load()) std::this_thread::yield();
    return {};
  };
  std::thread canceller([&] {
    written.Pass();
    control.Cancel();
    cancelled = true;
  });
  const auto result = job.Run(OftenInto(folder.path(), 1), &control);
  canceller.join();
  EXPECT_EQ(result.status().code(), StatusCode::kCancelled);
  EXPECT_TRUE(job.Output().empty());
}

TEST(Cancelling, BeforeTheJobRunsNothing) {
  CountingJob job{{std::vector<Number>(100, 1)}};
  JobControl control;
  control.Cancel();
  EXPECT_EQ(job.Run(TestOptions(2), &control).status().code(), StatusCode::kCancelled);
  EXPECT_TRUE(job.Output().empty());
}

class FailsAtSeven : public KeyedProcessFunction<Number, Number, Count> {
 public:
  explicit FailsAtSeven(bool by_exception) : by_exception_(by_exception) {}
  Status ProcessElement(const Number& number, KeyedContext<Number>&, Collector<Count>&) override {
    if (number != 7) return {};
    if (by_exception_) throw std::runtime_error("seven is not to be had");
    return Status::InvalidArgument("seven is not to be had");
  }

 private:
  bool by_exception_;
};

TEST(UserCode, AnErrorOrAnExceptionEndsTheJobAndIsNamed) {
  for (const bool by_exception : {false, true}) {
    ExecutionOptions options = TestOptions(3);
    StreamExecutionEnvironment env(options);
    std::vector<std::vector<Number>> splits(3, std::vector<Number>(10000, 1));
    splits[1][5000] = 7;
    auto output = std::make_shared<CollectedOutput<Count>>();
    env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(splits))
        .KeyBy([](Number number) { return number; })
        .Process("fails at seven", FailsAtSeven(by_exception))
        .SinkTo("sink", std::make_shared<CollectingSink<Count>>(output));
    const auto result = env.Execute("failing");
    ASSERT_FALSE(result.ok());
    const std::string message = result.status().message();
    EXPECT_NE(message.find("seven is not to be had"), std::string::npos) << message;
    EXPECT_NE(message.find("'fails at seven', subtask "), std::string::npos) << message;
    EXPECT_NE(message.find(" of 3"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace spillway::runtime
