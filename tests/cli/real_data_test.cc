// vm-noise on the real readings: on every backend, at every parallelism, and stopped and resumed on the way, its output
// is what a plain loop over the file gives. Skipped, visibly, where the file is not.

#include "tests/cli/real_data.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string_view>
#include <unordered_map>

#include "runtime/jobs/welford.h"
#include "tests/cli/command_fixture.h"

namespace spillway::cli {
namespace {

namespace fs = std::filesystem;
using runtime::Welford;

fs::path Readings() {
  return RealFile("azure-vm-noise-2023q4.csv.zst");
}

// All lines that vm-noise must write, by a loop over the rows. The file needs no quotes and has no malformed row.
std::vector<std::string> ExpectedLines(const std::string& text) {
  std::vector<std::string> lines;
  std::unordered_map<std::string, Welford> series;
  std::map<std::string, std::pair<uint64_t, double>> windows;  // by "start,region,type,test": count and sum
  for (const std::string_view row : Split(std::string_view(text).substr(0, text.size() - 1), '\n')) {
    const auto columns = Split(row, ',');
    const auto vm = Split(columns.at(1), '/');
    const std::string name = std::string(columns[1]) + "," + std::string(columns[3]);
    const double value = std::strtod(std::string(columns.at(5)).c_str(), nullptr);

    Welford& statistics = series[name];
    if (statistics.count >= 30 && std::abs(value - statistics.mean) > 4 * statistics.StandardDeviation()) {
      lines.push_back(std::string(columns[0]) + "," + name + Number(value) + Number(statistics.mean) +
                      Number(statistics.StandardDeviation()) + "," + std::to_string(statistics.count));
    }
    statistics.Add(value);

    std::string window(columns[0].substr(0, 13));
    window += ":00:00.000";
    for (const std::string_view part : {vm.at(1), vm.at(2), columns[3]}) window += "," + std::string(part);
    auto& [count, sum] = windows[window];
    ++count;
    sum += value;
  }
  for (const auto& [name, s] : series) {
    lines.push_back(name + "," + std::to_string(s.count) + Number(s.mean) + Number(s.StandardDeviation()) +
                    Number(s.min) + Number(s.max) + Number(s.last));
  }
  for (const auto& [window, sums] : windows) {
    lines.push_back(window + "," + std::to_string(sums.first) + Number(sums.second / static_cast<double>(sums.first)));
  }
  return lines;
}

class RealDataTest : public CommandTest, public testing::WithParamInterface<BackendUnderTest> {
 protected:
  // The debug proxy would make the runs slower still; smaller tests have it.
  static void SetUpTestSuite() { setenv("SPILLWAY_DEBUG_PROXY", "0", 1); }

  [[nodiscard]] Words JobWords(const char* parallelism) const {
    return RunWords("vm-noise", {"--input", Readings().string(), "--backend", GetParam().library, "--parallelism",
                                 parallelism, "--strict", "-D", "execution.checkpointing.dir=" + checkpoints(), "-D",
                                 std::string("execution.checkpointing.interval=") + GetParam().interval});
  }
  void ForgetRun() const {
    fs::remove_all(output());
    fs::remove_all(checkpoints());
  }
};

TEST_P(RealDataTest, VmNoiseGivesWhatAPlainLoopGives) {
  if (!fs::exists(Readings())) {
    GTEST_SKIP() << "no " << Readings() << "; set SPILLWAY_DATA to the folder of the real data";
  }
  const std::string expected = DigestOf(ExpectedLines(Decompressed(Readings())));
  for (const char* parallelism : {"1", "2"}) {
    ForgetRun();
    const Ended ended = Run(JobWords(parallelism));
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(Summary()["output_digest"], expected) << "at parallelism " << parallelism;
    EXPECT_EQ(Summary()["records_in"], 1'503'709);
    EXPECT_EQ(Summary()["late_records"], 0);
  }
  ForgetRun();
  ChildProcess child(Command(JobWords("2")));
  ASSERT_TRUE(child.WaitForOutput("  running\n"));
  child.Signal(SIGINT);
  ASSERT_EQ(child.Wait().exit_code, 3);
  Words resume = JobWords("1");
  resume.insert(resume.end(), {"--restore", "latest"});
  const Ended resumed = Run(resume);
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(Summary()["output_digest"], expected) << "stopped and resumed";
}

INSTANTIATE_TEST_SUITE_P(Backends, RealDataTest,
                         testing::Values(BackendUnderTest{"hybrid", SPILLWAY_HYBRID, "1s"},
                                         BackendUnderTest{"model", SPILLWAY_MODEL, "5s"}),
                         [](const auto& backend) { return backend.param.name; });

}  // namespace
}  // namespace spillway::cli
