// page-trace on the real traces: on every backend, at every parallelism, and stopped and resumed on the way, its output
// is what a plain loop over the file gives. Skipped, visibly, where the file is not.

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <tuple>
#include <unordered_map>

#include "tests/cli/command_fixture.h"
#include "tests/cli/real_data.h"

namespace spillway::cli {
namespace {

namespace fs = std::filesystem;

struct Trace {
  const char* name;
  uint64_t requests;
  size_t pages;
};

void PrintTo(const Trace& trace, std::ostream* out) {
  *out << trace.name;
}

struct Use {
  uint64_t accesses = 0;
  uint64_t first = 0;
  uint64_t last = 0;
};

// All lines that page-trace must write. The distances of a page add up to that from its first access to its last.
std::vector<std::string> ExpectedPages(const std::string& text) {
  std::unordered_map<uint64_t, Use> uses;
  uint64_t request = 0;
  for (const char* at = text.c_str(); *at != '\0';) {
    ++request;
    char* end = nullptr;
    const uint64_t first_page = std::strtoull(at, &end, 10);
    const uint64_t page_count = std::strtoull(end, &end, 10);
    for (uint64_t page = first_page; page < first_page + page_count; ++page) {
      Use& use = uses[page];
      if (use.accesses++ == 0) use.first = request;
      use.last = request;
    }
    while (*end != '\n') ++end;
    at = end + 1;
  }
  std::vector<std::string> lines;
  for (const auto& [page, use] : uses) {
    const auto distance = static_cast<double>(use.last - use.first);
    lines.push_back(std::to_string(page) + "," + std::to_string(use.accesses) + "," + std::to_string(use.last) +
                    Number(use.accesses == 1 ? 0 : distance / static_cast<double>(use.accesses - 1)));
  }
  return lines;
}

class PageTraceRealDataTest : public CommandTest,
                              public testing::WithParamInterface<std::tuple<Trace, BackendUnderTest>> {
 protected:
  // The debug proxy would make the runs slower still; smaller tests have it.
  static void SetUpTestSuite() { setenv("SPILLWAY_DEBUG_PROXY", "0", 1); }

  static const Trace& trace() { return std::get<0>(GetParam()); }
  static fs::path File() { return RealFile(std::string("arc-") + trace().name + ".lis.zst"); }
  [[nodiscard]] Words JobWords(const char* parallelism) const {
    const BackendUnderTest& backend = std::get<1>(GetParam());
    return RunWords("page-trace", {"--input", File().string(), "--backend", backend.library, "--parallelism",
                                   parallelism, "--strict", "-D", "execution.checkpointing.dir=" + checkpoints(), "-D",
                                   std::string("execution.checkpointing.interval=") + backend.interval});
  }
  void ForgetRun() const {
    fs::remove_all(output());
    fs::remove_all(checkpoints());
  }
};

TEST_P(PageTraceRealDataTest, GivesWhatAPlainLoopGives) {
  if (!fs::exists(File())) GTEST_SKIP() << "no " << File() << "; set SPILLWAY_DATA to the folder of the real data";
  std::vector<std::string> lines = ExpectedPages(Decompressed(File()));
  ASSERT_EQ(lines.size(), trace().pages);
  const std::string expected = DigestOf(std::move(lines));
  for (const char* parallelism : {"1", "2"}) {
    ForgetRun();
    const Ended ended = Run(JobWords(parallelism));
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(Summary()["output_digest"], expected) << "at parallelism " << parallelism;
    EXPECT_EQ(Summary()["records_in"], trace().requests);
    EXPECT_EQ(Summary()["state_entries"], trace().pages);
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

std::string NameOf(const testing::TestParamInfo<std::tuple<Trace, BackendUnderTest>>& parameters) {
  return std::string(std::get<0>(parameters.param).name) + "_" + std::get<1>(parameters.param).name;
}

INSTANTIATE_TEST_SUITE_P(Traces, PageTraceRealDataTest,
                         testing::Combine(testing::Values(Trace{"OLTP", 914'145, 186'880},
                                                          Trace{"P2", 666'176, 913'347}, Trace{"P3", 238'578, 762'543},
                                                          Trace{"P6", 519'711, 773'770}),
                                          testing::Values(BackendUnderTest{"hybrid", SPILLWAY_HYBRID, "1s"},
                                                          BackendUnderTest{"model", SPILLWAY_MODEL, "5s"})),
                         NameOf);
// RocksDB takes minutes for each of the larger ones.
INSTANTIATE_TEST_SUITE_P(OnRocksDb, PageTraceRealDataTest,
                         testing::Combine(testing::Values(Trace{"OLTP", 914'145, 186'880}),
                                          testing::Values(BackendUnderTest{"rocksdb", SPILLWAY_ROCKSDB, "20s"})),
                         NameOf);

}  // namespace
}  // namespace spillway::cli
