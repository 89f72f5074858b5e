// page-trace on small traces: what it writes, what it leaves out, what it refuses.
#include "tests/cli/command_fixture.h"

namespace spillway::cli {
namespace {

using Lines = std::vector<std::string>;

class PageTraceTest : public CommandTest {};

// Page 7 is touched by requests 1, 2 and 6.
constexpr const char* kTrace = "5 3 0 0\n7 1 0 1\nbroken\n9 0 0 3\n18446744073709551615 1 0 4\n6 2 0 5";

TEST_F(PageTraceTest, WritesALineForEachPage) {
  const std::string trace = folder_.Write("a.lis", kTrace).string();
  for (const char* parallelism : {"1", "2", "5"}) {
    std::filesystem::remove_all(output());
    const Ended ended = RunJob("page-trace", {"--input", trace, "--parallelism", parallelism});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(OutputLines("pages"), (Lines{"18446744073709551615,1,5,0", "5,1,1,0", "6,2,6,5", "7,3,6,2.5"}));
    EXPECT_EQ(Summary()["records_in"], 6);
    EXPECT_EQ(Summary()["records_out"], 4);
    EXPECT_EQ(Summary()["state_entries"], 4);
  }
}

TEST_F(PageTraceTest, BadLinesAreCountedAndShownAndKeepTheirNumbers) {
  const std::string trace = folder_.Write("a.lis", kTrace).string();
  const Ended ended = RunJob("page-trace", {"--input", trace});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Summary()["bad_input"], 2);
  EXPECT_NE(ended.err.find("bad input: " + trace + ":3: not four whole numbers"), std::string::npos) << ended.err;
  EXPECT_NE(ended.err.find("bad input: " + trace + ":4: a request without pages"), std::string::npos) << ended.err;

  std::filesystem::remove_all(output());
  const Ended strict = RunJob("page-trace", {"--input", trace, "--strict"});
  EXPECT_EQ(strict.exit_code, 1);
  EXPECT_NE(strict.err.find(":3: not four whole numbers"), std::string::npos) << strict.err;
}

TEST_F(PageTraceTest, SeveralTracesAreRefused) {
  const std::string a = folder_.Write("in/a.lis", "1 1 0 0\n").string();
  const std::string b = folder_.Write("in/b.lis", "1 1 0 0\n").string();
  for (const Words& inputs : {Words{"--input", a, b}, Words{"--input", (folder_ / "in").string()}}) {
    const Ended ended = RunJob("page-trace", inputs);
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_NE(ended.err.find("name one file with --input"), std::string::npos) << ended.err;
  }
}

TEST_F(PageTraceTest, EveryBackendWritesTheSame) {
  std::string trace;
  uint64_t state = 1;
  for (int request = 0; request < 20'000; ++request) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    trace += std::to_string((state >> 40) % 5000) + " " + std::to_string(1 + (state >> 33) % 8) + " 0 0\n";
  }
  const std::string file = folder_.Write("a.lis", trace).string();
  std::string digest;
  for (const char* backend : {SPILLWAY_MODEL, SPILLWAY_HYBRID, SPILLWAY_ROCKSDB}) {
    for (const char* parallelism : {"1", "2"}) {
      std::filesystem::remove_all(output());
      const Ended ended =
          RunJob("page-trace", {"--input", file, "--backend", backend, "--parallelism", parallelism, "--strict"});
      ASSERT_EQ(ended.exit_code, 0) << ended.err;
      if (digest.empty()) digest = Summary()["output_digest"];
      EXPECT_EQ(Summary()["output_digest"], digest) << backend << " at " << parallelism;
    }
  }
}

}  // namespace
}  // namespace spillway::cli
