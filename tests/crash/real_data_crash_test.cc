// vm-noise on the real readings and page-trace on the real traces: killed and resumed in the middle, on the hybrid and
// on the model, at parallelism 1 and 2, they commit what an undisturbed run commits. Skipped, visibly, where the file
// is not.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>

#include "tests/crash/crashing_job.h"
#include "tests/support/temporary_folder.h"

namespace spillway::crash_test {
namespace {

namespace fs = std::filesystem;

struct RealInput {
  const char* job;
  const char* file;
};

class RealDataCrashTest : public ::testing::TestWithParam<RealInput> {};

TEST_P(RealDataCrashTest, CommitsTheSameWhateverHappens) {
  const char* data = std::getenv("SPILLWAY_DATA");
  const fs::path file = fs::path(data == nullptr ? "../shared/data" : data) / GetParam().file;
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file << "; set SPILLWAY_DATA to the folder of the real data";
  const runtime::TemporaryFolder folder;
  JobSpec spec{GetParam().job, {file}, SPILLWAY_HYBRID, std::chrono::milliseconds(300)};
  CrashingJob undisturbed(spec, folder / "undisturbed");
  const auto started = std::chrono::steady_clock::now();
  ASSERT_EQ(undisturbed.RunUndisturbed(1), "");
  const auto took = std::chrono::steady_clock::now() - started;
  const std::string expected = undisturbed.Digest();
  ASSERT_EQ(expected.size(), 16u) << "the digest of XXH64 in hexadecimal";
  for (const char* backend : {SPILLWAY_HYBRID, SPILLWAY_MODEL}) {
    for (const uint32_t parallelism : {1u, 2u}) {
      spec.backend = backend;
      // Many in the life of a short job, so that its kills come in the middle.
      spec.checkpoint_interval =
          std::min(spec.checkpoint_interval, std::chrono::duration_cast<std::chrono::milliseconds>(took) / 10);
      CrashingJob killed(spec, folder / "killed");
      CrashPlan plan;
      plan.kills_max = 2;
      plan.kill_after_max =
          std::min(std::chrono::milliseconds(1500), std::chrono::duration_cast<std::chrono::milliseconds>(took) / 4);
      plan.parallelisms = {parallelism};
      const CrashReport report = killed.RunWithKills(plan, std::random_device()());
      std::cout << backend << ", " << report.story << std::endl;
      ASSERT_EQ(report.failure, "") << report.story;
      EXPECT_GT(report.kills, 0u);
      EXPECT_GT(report.resumed_from_checkpoint, 0u);
      EXPECT_EQ(killed.Digest(), expected) << report.story;
      if (HasFailure()) FAIL() << Differences(undisturbed.CommittedLines(), killed.CommittedLines());
      fs::remove_all(folder / "killed");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Inputs, RealDataCrashTest,
                         ::testing::Values(RealInput{"vm-noise", "azure-vm-noise-2023q4.csv.zst"},
                                           RealInput{"page-trace", "arc-OLTP.lis.zst"},
                                           RealInput{"page-trace", "arc-P2.lis.zst"},
                                           RealInput{"page-trace", "arc-P3.lis.zst"},
                                           RealInput{"page-trace", "arc-P6.lis.zst"}),
                         [](const auto& input) {
                           std::string name = std::string(input.param.job) + "_" + input.param.file;
                           std::replace_if(
                               name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace spillway::crash_test
