// vm-noise on the real readings: killed and resumed in the middle, on the hybrid and on the model, at parallelism 1 and
// 2, it commits what an undisturbed run commits. Skipped, visibly, where the file is not.
#include <gtest/gtest.h>

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

TEST(RealDataCrashTest, VmNoiseCommitsTheSameWhateverHappens) {
  const char* data = std::getenv("SPILLWAY_DATA");
  const fs::path file = fs::path(data == nullptr ? "../shared/data" : data) / "azure-vm-noise-2023q4.csv.zst";
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file << "; set SPILLWAY_DATA to the folder of the real data";
  const runtime::TemporaryFolder folder;
  JobSpec spec{"vm-noise", {file}, SPILLWAY_HYBRID, std::chrono::milliseconds(300)};
  CrashingJob undisturbed(spec, folder / "undisturbed");
  ASSERT_EQ(undisturbed.RunUndisturbed(1), "");
  const std::string expected = undisturbed.Digest();
  ASSERT_EQ(expected.size(), 16u) << "the digest of XXH64 in hexadecimal";
  for (const char* backend : {SPILLWAY_HYBRID, SPILLWAY_MODEL}) {
    for (const uint32_t parallelism : {1u, 2u}) {
      spec.backend = backend;
      CrashingJob killed(spec, folder / "killed");
      CrashPlan plan;
      plan.kills_max = 2;
      plan.kill_after_max = std::chrono::milliseconds(1500);
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

}  // namespace
}  // namespace spillway::crash_test
