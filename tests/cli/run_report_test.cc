#include "runtime/cli/run_report.h"

#include <gtest/gtest.h>

namespace spillway::cli {
namespace {

TEST(RunReport, NumbersAreGrouped) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1'503'709), "1,503,709");
  EXPECT_EQ(Grouped(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(RunReport, BarsAreScaledToTheLargest) {
  EXPECT_EQ(Bars({}, 10), "");
  EXPECT_EQ(Bars({0, 0}, 10), "▁▁");
  EXPECT_EQ(Bars({0, 50, 100}, 10), "▁▅█");
  EXPECT_EQ(Bars({1, 100, 1, 1}, 2), "█▁") << "two numbers to a bar, the larger one counts";
}

TEST(RunReport, ProgressNamesWhatMatters) {
  JobProgress progress;
  progress.records_in = 1'000'000;
  progress.elapsed = std::chrono::seconds(2);
  progress.source_read = 1;
  progress.source_total = 4;
  progress.state.entries = 1234;
  progress.state.bytes = 2048;
  progress.checkpoints_completed = 3;
  EXPECT_EQ(ProgressLine(progress),
            "   25 %  1,000,000 records, 500,000/s, state 1,234 entries in 2 KiB, 3 checkpoints");
}

}  // namespace
}  // namespace spillway::cli
