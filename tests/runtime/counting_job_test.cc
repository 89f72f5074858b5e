#include "tests/runtime/counting_job.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace spillway::runtime {
namespace {

TEST(CountingJob, GivesWhatASequentialComputationGives) {
  for (const uint32_t parallelism : {1U, 2U, 3U, 4U}) {
    CountingJob job{RandomSplits(7, 500, 40, parallelism)};
    const Result<JobResult> result = job.Run(TestOptions(parallelism));
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    EXPECT_EQ(result->outcome, JobOutcome::kFinished);
    EXPECT_EQ(job.Output(), job.Expected());
    uint64_t records = 0;
    for (const auto& split : job.splits) records += split.size();
    EXPECT_EQ(result->figures.records_in, records);
    EXPECT_EQ(result->figures.records_out, job.Expected().size());
    EXPECT_EQ(result->figures.source_read, records);
    EXPECT_EQ(result->figures.source_total, records);
    EXPECT_EQ(result->figures.checkpoints_completed, 0U);
    EXPECT_EQ(result->figures.state.entries, 40U);
  }
}

TEST(CountingJob, WithCheckpointsAsOftenAsCanBe) {
  for (const uint32_t parallelism : {1U, 2U, 4U}) {
    const TemporaryFolder folder;
    CountingJob job{RandomSplits(6, 2000, 40, parallelism)};
    ExecutionOptions options = TestOptions(parallelism);
    options.checkpoints.directory = folder / "checkpoints";
    options.checkpoints.interval = std::chrono::milliseconds(1);
    const Result<JobResult> result = job.Run(options);
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    EXPECT_EQ(job.Output(), job.Expected());
    EXPECT_GE(result->figures.checkpoints_completed, 1U);
    EXPECT_EQ(result->figures.checkpoints_failed, 0U);
  }
}

}  // namespace
}  // namespace spillway::runtime
