// Jobs that die somewhere and are restored, at the same and at other parallelisms: the output is that of an undisturbed
// run, no record lost and none doubled.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>

#include "tests/runtime/checkpoint_pace.h"
#include "tests/runtime/counting_job.h"
#include "tests/support/temporary_folder.h"

namespace spillway::runtime {
namespace {

ExecutionOptions CheckpointedOptions(uint32_t parallelism, const std::filesystem::path& directory) {
  ExecutionOptions options = TestOptions(parallelism);
  options.checkpoints.directory = directory;
  options.checkpoints.interval = std::chrono::milliseconds(1);
  options.checkpoints.retained_max = 3;
  options.restore = RestoreMode::kLatest;
  return options;
}

// Where a job is killed; armed for one run only.
struct Death {
  const char* name;
  // Puts itself into the job; dies once `checkpoints` have been completed in this run.
  std::function<void(CountingJob& job, CheckpointPace& pace, uint64_t checkpoints)> arm;
};

Status Dead() {
  return Status::Internal("killed by the test");
}

std::vector<Death> Deaths() {
  return {
      {"while a source reads",
       [](CountingJob& job, CheckpointPace& pace, uint64_t checkpoints) {
         job.read_hook = pace.Hook([&pace, checkpoints](size_t, size_t index) -> Result<bool> {
           if (pace.completed() >= checkpoints && index % 7 == 3) return Dead();
           return true;
         });
       }},
      {"while a sink writes",
       [](CountingJob& job, CheckpointPace& pace, uint64_t checkpoints) {
         job.sink_hooks.before_write = [&pace, checkpoints] {
           return pace.completed() >= checkpoints ? Dead() : Status();
         };
       }},
      {"at a barrier, before output is sealed",
       [](CountingJob& job, CheckpointPace& pace, uint64_t checkpoints) {
         job.sink_hooks.before_prepare = [&pace, checkpoints](uint64_t, uint32_t) {
           return pace.completed() >= checkpoints ? Dead() : Status();
         };
       }},
      {"at a barrier, when the last subtask has sealed its output",
       [](CountingJob& job, CheckpointPace& pace, uint64_t checkpoints) {
         job.sink_hooks.after_prepare = [&pace, checkpoints](uint64_t, uint32_t subtask) -> Status {
           if (pace.completed() >= checkpoints && subtask == 0) throw std::runtime_error("killed by the test");
           return {};
         };
       }},
      {"between the complete checkpoint and its commit",
       [](CountingJob& job, CheckpointPace& pace, uint64_t checkpoints) {
         job.sink_hooks.before_commit = [&pace, checkpoints] {
           return pace.completed() >= checkpoints ? Dead() : Status();
         };
       }},
  };
}

TEST(Recovery, AnyDeathThenAnyParallelismGivesTheSameOutput) {
  uint64_t seed = 0;
  for (const Death& death : Deaths()) {
    for (const uint32_t before : {1U, 2U, 4U}) {
      for (const uint32_t after : {1U, 3U}) {
        SCOPED_TRACE(std::string(death.name) + ", parallelism " + std::to_string(before) + " then " +
                     std::to_string(after));
        const TemporaryFolder folder;
        CountingJob job{RandomSplits(5, 600, 30, ++seed)};
        job.splits.push_back(std::vector<Number>(400, 7));  // one that surely is long
        CheckpointPace pace(40);
        job.read_hook = pace.Hook();
        death.arm(job, pace, 1 + seed % 3);
        const auto died = job.Run(CheckpointedOptions(before, folder.path()), nullptr, &pace);
        ASSERT_FALSE(died.ok());
        EXPECT_NE(died.status().message().find("killed by the test"), std::string::npos) << died.status().ToString();

        CheckpointPace second(1000);
        job.read_hook = second.Hook();
        job.sink_hooks = {};
        const auto ended = job.Run(CheckpointedOptions(after, folder.path()), nullptr, &second);
        ASSERT_TRUE(ended.ok()) << ended.status().ToString();
        EXPECT_EQ(ended->outcome, JobOutcome::kFinished);
        EXPECT_EQ(job.Output(), job.Expected());
        EXPECT_TRUE(ended->figures.restored_from.has_value());
      }
    }
  }
}

TEST(Recovery, AJobThatDiesAgainAndAgainComesToItsEnd) {
  const TemporaryFolder folder;
  CountingJob job{RandomSplits(9, 500, 30, 77)};
  uint32_t runs = 0;
  while (true) {
    ASSERT_LT(++runs, 200U);
    CheckpointPace pace(30);
    std::atomic<int> left{90};
    job.read_hook = pace.Hook([&](size_t, size_t) -> Result<bool> {
      if (pace.completed() >= 1 && left.fetch_sub(1) <= 0) return Dead();
      return true;
    });
    const auto result = job.Run(CheckpointedOptions(1 + runs % 4, folder.path()), nullptr, &pace);
    if (result.ok()) break;
    ASSERT_NE(result.status().message().find("killed by the test"), std::string::npos) << result.status().ToString();
  }
  EXPECT_GT(runs, 3U);
  EXPECT_EQ(job.Output(), job.Expected());
}

TEST(Recovery, EveryRetainedCheckpointCanBeRestored) {
  const TemporaryFolder folder;
  CountingJob job{RandomSplits(3, 800, 30, 5)};
  job.splits.push_back(std::vector<Number>(500, 9));
  CheckpointPace pace(50);
  job.read_hook = pace.Hook([&](size_t, size_t) -> Result<bool> {
    if (pace.completed() >= 5) return Dead();
    return true;
  });
  ASSERT_FALSE(job.Run(CheckpointedOptions(2, folder.path()), nullptr, &pace).ok());
  const std::filesystem::path checkpoints = folder / "counting";
  std::vector<std::filesystem::path> retained;
  for (const auto& entry : std::filesystem::directory_iterator(checkpoints)) retained.push_back(entry.path());
  EXPECT_EQ(retained.size(), 3U) << "as many as are to be retained, and nothing of what was under way";
  for (const std::filesystem::path& path : retained) {
    // An output of its own: what an older checkpoint had not committed yet is lost in the shared one.
    CountingJob again{job.splits};
    ExecutionOptions options = TestOptions(3);
    options.restore = RestoreMode::kPath;
    options.restore_path = path;
    CheckpointPace observer(1000);
    // Committables of the first run's output are unknown to this one.
    class Forgiving final : public Sink<Count> {
     public:
      explicit Forgiving(std::shared_ptr<CollectedOutput<Count>> output) : sink_(std::move(output)) {}
      Status Start(std::optional<uint64_t> id, const std::vector<std::string>&) override { return sink_.Start(id, {}); }
      Result<std::unique_ptr<SinkWriter<Count>>> CreateWriter(uint32_t subtask) override {
        return sink_.CreateWriter(subtask);
      }
      Status Commit(const std::vector<std::string>& committables) override { return sink_.Commit(committables); }

     private:
      CollectingSink<Count> sink_;
    };
    StreamExecutionEnvironment env(options);
    env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(again.splits))
        .KeyBy([](Number number) { return number; })
        .Process("count", CountPerKey())
        .SinkTo("counts", std::make_shared<Forgiving>(again.output));
    const auto result = env.Execute("counting", nullptr, &observer);
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    ASSERT_TRUE(observer.restored().has_value());
    EXPECT_EQ(observer.restored()->directory, path);
    // The totals hold every record of the input exactly once; what comes before them are the counts from there on.
    std::vector<Count> expected_totals;
    for (const Count& count : again.Expected()) {
      if ((count.first & CountPerKey::kTotal) != 0) expected_totals.push_back(count);
    }
    std::vector<Count> totals;
    for (const Count& count : again.Output()) {
      if ((count.first & CountPerKey::kTotal) != 0) totals.push_back(count);
    }
    EXPECT_EQ(totals, expected_totals);
    EXPECT_LT(again.Output().size(), again.Expected().size());
  }
}

TEST(Recovery, AFinishedCheckpointRunsNothingAgain) {
  const TemporaryFolder folder;
  CountingJob job{RandomSplits(3, 100, 10, 3)};
  CheckpointPace pace(1000);
  const auto first = job.Run(CheckpointedOptions(2, folder.path()), nullptr, &pace);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  EXPECT_TRUE(pace.nothing_to_restore());
  ASSERT_TRUE(first->figures.last_checkpoint.has_value());
  EXPECT_TRUE(first->figures.last_checkpoint->last);
  job.read_hook = [](size_t, size_t) -> Result<bool> { return Status::Internal("read again"); };
  CheckpointPace again(1000);
  const auto second = job.Run(CheckpointedOptions(3, folder.path()), nullptr, &again);
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  EXPECT_EQ(second->outcome, JobOutcome::kAlreadyFinished);
  EXPECT_TRUE(again.restored()->finished);
  EXPECT_EQ(job.Output(), job.Expected());
}

TEST(Recovery, AFinishedCheckpointCommitsWhatIsPending) {
  const TemporaryFolder folder;
  CountingJob job{RandomSplits(3, 100, 10, 4)};
  job.sink_hooks.before_commit = [] { return Dead(); };
  ExecutionOptions options = CheckpointedOptions(2, folder.path());
  options.checkpoints.interval = std::chrono::milliseconds(0);
  ASSERT_FALSE(job.Run(options).ok());
  EXPECT_TRUE(job.Output().empty());
  const auto second = job.Run(options);
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  EXPECT_EQ(second->outcome, JobOutcome::kAlreadyFinished);
  EXPECT_EQ(job.Output(), job.Expected());
}

TEST(Recovery, WithoutACheckpointDirectoryOutputShowsAtTheEndOnly) {
  CountingJob job{RandomSplits(3, 300, 10, 6)};
  std::atomic<bool> seen_early{false};
  job.read_hook = [&](size_t, size_t) -> Result<bool> {
    if (!job.output->committed().empty()) seen_early = true;
    return true;
  };
  ASSERT_TRUE(job.Run(TestOptions(2)).ok());
  EXPECT_FALSE(seen_early);
  EXPECT_EQ(job.Output(), job.Expected());

  CountingJob dying{job.splits};
  dying.read_hook = [](size_t, size_t index) -> Result<bool> { return index < 50 ? Result<bool>(true) : Dead(); };
  EXPECT_FALSE(dying.Run(TestOptions(2)).ok());
  EXPECT_TRUE(dying.Output().empty());
}

}  // namespace
}  // namespace spillway::runtime
