// What a run reads, writes and tells.

#include <filesystem>

#include "tests/cli/command_fixture.h"

namespace spillway::cli {
namespace {

using Lines = std::vector<std::string>;

class RunCommandTest : public CommandTest {};

TEST_F(RunCommandTest, CountsTheWordsOfAFolder) {
  folder_.Write("in/a.h", "#include <x.h>\nint x;\n");
  folder_.Write("in/deep/b.h", "int y = x; // x");
  const Ended ended = RunJob("wordcount", {"--input", (folder_ / "in").string(), "--parallelism", "2"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Lines expected{"h,1", "include,1", "int,2", "x,4", "y,1"};
  EXPECT_EQ(OutputLines("counts"), expected);
  EXPECT_EQ(Summary()["output_digest"], DigestOf(expected));
}

TEST_F(RunCommandTest, BinaryContentIsNoTrouble) {
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes.push_back(static_cast<char>((i * 2'654'435'761u) >> 11));
  folder_.Write("in/binary", bytes + std::string(5000, 'a') + "\n" + std::string(2 << 20, 'b') + "\nend");
  const Ended ended = RunJob("wordcount", {"--input", (folder_ / "in").string()});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.err.find("a word of 5000 bytes is left out"), std::string::npos) << ended.err;
  EXPECT_NE(ended.err.find("a line of 2097152 bytes is left out"), std::string::npos) << ended.err;
  EXPECT_EQ(Summary()["bad_input"], 2);
}

TEST_F(RunCommandTest, TheSummaryHasAllOfItsFields) {
  const Ended ended = RunJob("wordcount", {"--generate", "20000", "--distinct", "100", "--seed", "7", "-D",
                                           "execution.checkpointing.dir=" + checkpoints(), "-D",
                                           "state.backend.spillway.memory.budget=64MiB"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const nlohmann::json summary = Summary();
  EXPECT_EQ(summary["job"], "wordcount");
  EXPECT_EQ(summary["backend"], "hybrid");
  EXPECT_EQ(summary["records_in"], 20'000);
  EXPECT_EQ(summary["records_out"], 100);
  EXPECT_EQ(summary["state_entries"], 100);
  EXPECT_GT(summary["state_bytes"], 100 * 24);
  EXPECT_EQ(summary["memory_budget_bytes"], 64 << 20);
  EXPECT_GE(summary["memory_used_peak_bytes"], summary["state_bytes"]);
  EXPECT_GT(summary["rss_peak_bytes"], 1 << 20);
  EXPECT_EQ(summary["checkpoints_completed"], 1) << "the one at the end";
  EXPECT_TRUE(summary["checkpoint_pause_us_max"].is_number());
  EXPECT_TRUE(summary["io_engine"].is_string());
  for (const char* figure : {"spilled_write_bytes", "spilled_read_bytes", "cold_sync_reads", "stall_ms"}) {
    EXPECT_EQ(summary[figure], 0) << figure << ", though all fits";
  }
  EXPECT_EQ(summary["entries_resident"], 100);
  EXPECT_EQ(summary["entries_spilled"], 0);
  EXPECT_GE(summary["elapsed_s"], 0);
  EXPECT_GT(summary["records_per_s"], 0);
  EXPECT_TRUE(summary["restored_from"].is_null());
  EXPECT_EQ(summary["output_digest"], DigestOf(OutputLines("counts")));
  for (const char* named :
       {"hybrid", "ABI 0.", "64 MiB", "libspillway_hybrid.so", "20,000 generated words", "spilled      nothing"}) {
    EXPECT_NE(ended.out.find(named), std::string::npos) << named << " is not in\n" << ended.out;
  }
  EXPECT_NE(ended.out.find(output().string()), std::string::npos);
  EXPECT_NE(ended.out.find(checkpoints()), std::string::npos);
}

TEST_F(RunCommandTest, TheSummarySaysWhatWentToDisk) {
  const Ended ended =
      RunJob("wordcount", {"--generate", "100000", "--distinct", "50000", "--parallelism", "2", "--backend",
                           SPILLWAY_ROCKSDB, "-D", "state.backend.spillway.memory.budget=2MiB"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const nlohmann::json summary = Summary();
  EXPECT_EQ(summary["io_engine"], "none");
  EXPECT_GT(summary["spilled_write_bytes"], 100'000);
  EXPECT_GT(summary["spilled_read_bytes"], 0);
  EXPECT_EQ(summary["entries_resident"], 0) << "RocksDB does not tell what lies in memory";
  EXPECT_NE(ended.out.find(" written, "), std::string::npos) << ended.out;
}

TEST_F(RunCommandTest, GeneratedWordsAreTheSameAtEveryParallelismAndOnEveryBackend) {
  std::string digest;
  const Words backends{SPILLWAY_HYBRID, SPILLWAY_MODEL};
  for (const char* parallelism : {"1", "2", "5"}) {
    for (const std::string& backend : backends) {
      std::filesystem::remove_all(output());
      const Ended ended = RunJob("wordcount", {"--generate", "30000", "--distinct", "1000", "--parallelism",
                                               parallelism, "--backend", backend});
      ASSERT_EQ(ended.exit_code, 0) << ended.err;
      if (digest.empty()) digest = Summary()["output_digest"];
      EXPECT_EQ(Summary()["output_digest"], digest) << backend << " at " << parallelism;
    }
  }
}

TEST_F(RunCommandTest, VmNoiseWritesItsThreeOutputs) {
  std::string csv;
  // 40 readings of one series, a minute apart from 00:00: 30 and more near 10, then one far off; another series once.
  for (int i = 0; i < 40; ++i) {
    char line[128];
    snprintf(line, sizeof(line), "2023-09-01 00:%02d:00.000,long/eu/D8/1,S,T,ms,%d,1\n", i, i == 35 ? 100 : 10 + i % 2);
    csv += line;
  }
  csv += "2023-09-01 01:30:00.500,long/eu/D8/2,S,\"T,q\",ms,7.25,1\n";
  const Ended ended = RunJob("vm-noise", {"--input", folder_.Write("in.csv", csv).string(), "--parallelism", "2"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(OutputLines("statistics"),
            (Lines{"long/eu/D8/1,T,40,12.725,14.162043,10,100,11", "long/eu/D8/2,\"T,q\",1,7.25,0,7.25,7.25,7.25"}));
  EXPECT_EQ(OutputLines("alerts"), Lines{"2023-09-01 00:35:00.000,long/eu/D8/1,T,100,10.4857143,0.507092553,35"});
  EXPECT_EQ(OutputLines("window-averages"),
            (Lines{"2023-09-01 00:00:00.000,eu,D8,T,40,12.725", "2023-09-01 01:00:00.000,eu,D8,\"T,q\",1,7.25"}));
}

TEST_F(RunCommandTest, MalformedLinesAreCountedAndReportedWithTheirPlace) {
  const std::string file = folder_
                               .Write("in.csv",
                                      "2023-09-01 00:00:00.000,long/eu/D8/1,S,T,ms,10,1\n"
                                      "nonsense\n"
                                      "2023-09-01 00:01:00.000,long/eu/D8/1,S,T,ms,12,1\n"
                                      "2023-09-01 00:02:00.000,long/eu/D8/1,S,T")
                               .string();
  const Ended ended = RunJob("vm-noise", {"--input", file});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.err.find(file + ":2: the line does not have 7 columns"), std::string::npos) << ended.err;
  EXPECT_NE(ended.err.find(file + ":4: the line does not have 7 columns"), std::string::npos) << ended.err;
  EXPECT_EQ(Summary()["bad_input"], 2);
  EXPECT_EQ(OutputLines("statistics").size(), 1u);

  std::filesystem::remove_all(output());
  const Ended strict = RunJob("vm-noise", {"--input", file, "--strict"});
  EXPECT_EQ(strict.exit_code, 1);
  EXPECT_NE(strict.err.find(file + ":2: the line does not have 7 columns"), std::string::npos) << strict.err;
  EXPECT_TRUE(OutputLines("statistics").empty()) << "a failed job shows no output";
}

TEST_F(RunCommandTest, ReadsItsConfigurationFromAFile) {
  const std::string file = folder_
                               .Write("conf.yaml", "state.backend:\n  type: " SPILLWAY_MODEL
                                                   "\nparallelism.default: 2\npipeline:\n  max-parallelism: 16\n")
                               .string();
  const Ended ended = RunJob("wordcount", {"--generate", "100", "--distinct", "10", "--conf", file});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Summary()["backend"], "model");
  EXPECT_NE(ended.out.find("2 of at most 16"), std::string::npos) << ended.out;
}

}  // namespace
}  // namespace spillway::cli
