// Jobs that are killed with SIGKILL at random moments and resumed, at any parallelism, commit what an undisturbed run
// commits: no record lost, none doubled. SPILLWAY_CRASH_SEED repeats the moments of an earlier run.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "tests/crash/crashing_job.h"
#include "tests/support/temporary_folder.h"

namespace spillway::crash_test {
namespace {

namespace fs = std::filesystem;
using runtime::TemporaryFolder;

uint64_t Seed() {
  const char* given = std::getenv("SPILLWAY_CRASH_SEED");
  return given == nullptr ? std::random_device()() : std::strtoull(given, nullptr, 10);
}

// Text files of different sizes, in folders.
fs::path WriteTexts(const TemporaryFolder& folder) {
  std::mt19937_64 random(1);
  for (int file = 0; file < 16; ++file) {
    std::string text;
    for (int word = 0; word < 50'000 + file * 5'000; ++word) {
      // Squared, so that some words are frequent and most are rare.
      const uint64_t place = random() % 200;
      text += "w" + std::to_string(place * place + random() % 8) + (word % 9 == 8 ? "\n" : " ");
    }
    folder.Write("texts/" + std::to_string(file % 3) + "/" + std::to_string(file) + ".txt", text);
  }
  return folder / "texts";
}

// Readings of a few machines over some weeks, in time order, with outliers: windows and alerts come all the time.
fs::path WriteReadings(const TemporaryFolder& folder) {
  std::mt19937_64 random(2);
  std::string text;
  char line[200];
  for (uint64_t row = 0; row < 400'000; ++row) {
    const uint64_t second = row * 6;
    const uint64_t machine = random() % 40;
    const double value = 100 + static_cast<double>(random() % 1000) / 100 + (random() % 500 == 0 ? 200 : 0);
    std::snprintf(
        line, sizeof(line), "2023-10-%02d %02d:%02d:%02d.%03d,short/region%d/type%d/%d,suite,test%d,ms,%.2f,1.5\n",
        static_cast<int>(1 + second / 86400), static_cast<int>(second / 3600 % 24), static_cast<int>(second / 60 % 60),
        static_cast<int>(second % 60), static_cast<int>(row % 1000), static_cast<int>(machine % 3),
        static_cast<int>(machine % 2), static_cast<int>(machine), static_cast<int>(random() % 5), value);
    text += line;
  }
  return folder.Write("readings.csv", text);
}

// Requests of a few pages each, most of them among some hundred.
fs::path WriteTrace(const TemporaryFolder& folder) {
  std::mt19937_64 random(3);
  std::string text;
  for (uint64_t request = 0; request < 300'000; ++request) {
    const uint64_t place = random() % 300;
    text += std::to_string(place * place) + " " + std::to_string(1 + random() % 8) + " 0 0\n";
  }
  return folder.Write("trace.lis", text);
}

class CrashTest : public ::testing::TestWithParam<const char*> {
 protected:
  // The job undisturbed at parallelism 1 and killed several times give the same lines.
  void ExpectNothingLostOrDoubled(const std::string& job, const fs::path& input) {
    const JobSpec spec{job, {input}, GetParam(), std::chrono::milliseconds(20)};
    CrashingJob undisturbed(spec, folder_ / "undisturbed");
    const auto started = std::chrono::steady_clock::now();
    ASSERT_EQ(undisturbed.RunUndisturbed(1), "");
    const auto took = std::chrono::steady_clock::now() - started;
    CrashPlan plan;  // as quick as the machine: each kill takes about an eighth of the job
    plan.kill_after_max = std::chrono::duration_cast<std::chrono::milliseconds>(took) / 4;
    CrashingJob killed(spec, folder_ / "killed");
    const CrashReport report = killed.RunWithKills(plan, Seed());
    std::cout << spec.job << " on " << spec.backend << ", " << report.story << std::endl;
    ASSERT_EQ(report.failure, "") << report.story;
    // A run that was never killed, or never resumed, would show nothing.
    EXPECT_GT(report.kills, 0u) << "the job was over before it could be killed";
    EXPECT_GT(report.resumed_from_checkpoint, 0u);
    const auto expected = undisturbed.CommittedLines();
    EXPECT_GT(expected.size(), 1000u);
    const std::string differences = Differences(expected, killed.CommittedLines());
    EXPECT_TRUE(differences.empty()) << differences << report.story;
    EXPECT_EQ(killed.LeftOvers(), std::vector<std::string>{});
  }

  const TemporaryFolder folder_;
};

TEST_P(CrashTest, WordsAreCountedOnce) {
  ExpectNothingLostOrDoubled("wordcount", WriteTexts(folder_));
}

TEST_P(CrashTest, ReadingsAreCountedOnceAndAlertsAndWindowsComeOnce) {
  ExpectNothingLostOrDoubled("vm-noise", WriteReadings(folder_));
}

TEST_P(CrashTest, AccessesOfPagesAreCountedOnce) {
  ExpectNothingLostOrDoubled("page-trace", WriteTrace(folder_));
}

std::string BackendName(const ::testing::TestParamInfo<const char*>& info) {
  const std::string stem = fs::path(info.param).stem().string();
  return stem.substr(stem.find('_') + 1);
}

INSTANTIATE_TEST_SUITE_P(Backends, CrashTest, ::testing::Values(SPILLWAY_HYBRID, SPILLWAY_MODEL), BackendName);

TEST(DifferencesTest, ShowsWhatIsLostDoubledAndDifferent) {
  EXPECT_EQ(Differences({{"a", 1}, {"b", 2}}, {{"a", 1}, {"b", 2}}), "");
  EXPECT_EQ(Differences({{"a", 1}, {"b", 1}, {"c", 1}}, {{"b", 2}, {"c", 1}, {"d", 1}}),
            "0 times instead of 1: a\n2 times instead of 1: b\n1 times instead of 0: d\n");
}

}  // namespace
}  // namespace spillway::crash_test
