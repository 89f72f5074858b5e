// Stopping and resuming: by signal, at another parallelism, with nothing there, after the end.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "tests/cli/command_fixture.h"

namespace spillway::cli {
namespace {

class RunResumeTest : public CommandTest {
 protected:
  // Long enough that a signal right after the start comes in the middle.
  static constexpr const char* kRecords = "3000000";

  [[nodiscard]] Words JobWords(const Words& more) const {
    Words words{"--generate", kRecords, "--distinct", "20000"};
    words.insert(words.end(), more.begin(), more.end());
    return RunWords("wordcount", words);
  }
  [[nodiscard]] Words Checkpointed(const Words& more) const {
    Words words{"-D", "execution.checkpointing.dir=" + checkpoints()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  // The line that follows `words` in `text`.
  [[nodiscard]] static std::string CommandBehind(const std::string& words, const std::string& text) {
    const size_t found = text.find(words);
    EXPECT_NE(found, std::string::npos) << text;
    if (found == std::string::npos) return "";
    const size_t begin = found + words.size();
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  [[nodiscard]] static Ended StopAfterStart(const Words& words, int signal) {
    ChildProcess child(Command(words));
    EXPECT_TRUE(child.WaitForOutput("  running\n"));
    child.Signal(signal);
    return child.Wait();
  }
};

TEST_F(RunResumeTest, StoppedAndResumedAtAnotherParallelismGivesTheSameOutput) {
  ASSERT_EQ(Run(JobWords({})).exit_code, 0);
  const std::string undisturbed = Summary()["output_digest"];
  std::filesystem::remove_all(output());

  const Ended stopped = StopAfterStart(JobWords(Checkpointed({"--parallelism", "2"})), SIGINT);
  ASSERT_EQ(stopped.exit_code, 3) << stopped.out << stopped.err;
  EXPECT_EQ(Summary()["outcome"], "stopped");
  EXPECT_LT(Summary()["records_in"], 3'000'000);
  const std::string resume = std::string(SPILLWAY_COMMAND) + " run wordcount --output " + output().string();
  EXPECT_NE(stopped.out.find("resume with:\n  " + resume), std::string::npos) << stopped.out;
  EXPECT_NE(stopped.out.find(" --restore latest\n"), std::string::npos) << stopped.out;

  const uint64_t records_before = Summary()["records_in"];
  const Ended resumed = Run(JobWords(Checkpointed({"--parallelism", "3", "--restore", "latest"})));
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(Summary()["records_in"].get<uint64_t>() + records_before, 3'000'000u) << "none twice, none lost";
  EXPECT_EQ(Summary()["restored_from"].get<std::string>().rfind(checkpoints(), 0), 0u);
  EXPECT_EQ(Summary()["output_digest"], undisturbed);

  const Ended again = Run(JobWords(Checkpointed({"--restore", "latest"})));
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(Summary()["outcome"], "already-finished");
  EXPECT_EQ(Summary()["output_digest"], undisturbed);
}

TEST_F(RunResumeTest, ThePrintedCommandResumes) {
  const Ended stopped = StopAfterStart(JobWords(Checkpointed({})), SIGTERM);
  ASSERT_EQ(stopped.exit_code, 3) << stopped.out << stopped.err;
  const Ended resumed = ChildProcess::Run({"/bin/sh", "-c", CommandBehind("resume with:\n  ", stopped.out)});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(Summary()["outcome"], "finished");
}

TEST_F(RunResumeTest, ASignalWhileTheDigestIsComputedEndsTheRunAndKeepsItsOutput) {
  const std::filesystem::path temporary = folder_ / "temporary";
  std::filesystem::create_directories(temporary);
  // More lines than the digest sorts in memory.
  Words words{"/usr/bin/env", "TMPDIR=" + temporary.string()};
  // The backend has its files elsewhere, so that what comes is the digest's.
  const Words run = Command(RunWords(
      "wordcount", {"--generate", "3000000", "--distinct", "4000000000", "-D", "io.tmp.dirs=" + testing::TempDir()}));
  words.insert(words.end(), run.begin(), run.end());
  ChildProcess child(words);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (std::filesystem::is_empty(temporary) && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  child.Signal(SIGINT);
  const Ended ended = child.Wait();
  EXPECT_EQ(ended.exit_code, 4) << ended.out << ended.err;
  EXPECT_NE(ended.err.find("ended before the digest was known, without a summary; the output itself is committed"),
            std::string::npos)
      << ended.err;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "summary.json"));
  EXPECT_TRUE(std::filesystem::is_empty(temporary));
  EXPECT_GT(OutputLines("counts").size(), 2'900'000u);
}

TEST_F(RunResumeTest, StoppedWithoutCheckpointsThereIsNothingToResume) {
  const Ended stopped = StopAfterStart(JobWords({}), SIGINT);
  EXPECT_EQ(stopped.exit_code, 4) << stopped.out << stopped.err;
  EXPECT_NE(stopped.err.find("execution.checkpointing.dir is not set"), std::string::npos) << stopped.err;
  EXPECT_TRUE(OutputLines("counts").empty());
}

TEST_F(RunResumeTest, LatestWithNothingThereStartsAfresh) {
  const Ended ended =
      RunJob("wordcount", Checkpointed({"--generate", "100", "--distinct", "10", "--restore", "latest"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("the job starts afresh"), std::string::npos) << ended.out;
  EXPECT_EQ(OutputLines("counts").size(), 10u);
}

TEST_F(RunResumeTest, LatestWithoutACheckpointThatCanBeReadIsRefused) {
  const Words words = Checkpointed({"--generate", "100", "--distinct", "10", "--restore", "latest"});
  const auto place = [&](uint64_t id) {
    return std::filesystem::path("checkpoints/wordcount") / ("chk-" + std::to_string(id));
  };
  std::filesystem::create_directories(folder_.path() / place(1));  // never completed: no checkpoint
  folder_.Write((place(2) / "_metadata").string(), "not a manifest");
  folder_.Write((place(3) / "_metadata").string(), "");
  const Ended refused = RunJob("wordcount", words);
  EXPECT_EQ(refused.exit_code, 2) << refused.out;
  for (const std::string& named :
       {checkpoints() + "/wordcount", place(2).string(), place(3).string(), std::string("--restore")}) {
    EXPECT_NE(refused.err.find(named), std::string::npos) << named << " is not in " << refused.err;
  }
  EXPECT_EQ(refused.err.find(place(1).string()), std::string::npos) << refused.err;
  EXPECT_FALSE(std::filesystem::exists(output() / "counts")) << "a refusal changes nothing";

  std::filesystem::remove_all(folder_.path() / place(2));
  std::filesystem::remove_all(folder_.path() / place(3));
  const Ended afresh = RunJob("wordcount", words);
  EXPECT_EQ(afresh.exit_code, 0) << afresh.err;
  EXPECT_NE(afresh.out.find("the job starts afresh"), std::string::npos) << afresh.out;
}

TEST_F(RunResumeTest, AnotherOutputDirectoryIsRefused) {
  const Ended stopped = StopAfterStart(JobWords(Checkpointed({})), SIGINT);
  ASSERT_EQ(stopped.exit_code, 3) << stopped.out << stopped.err;
  ASSERT_TRUE(OutputLines("counts").empty()) << "nothing was sealed yet";
  Words words = JobWords(Checkpointed({"--restore", "latest"}));
  *(std::find(words.begin(), words.end(), "--output") + 1) = (folder_ / "elsewhere").string();
  const Ended refused = Run(words);
  EXPECT_EQ(refused.exit_code, 2) << refused.out;
  for (const std::string& named : {(folder_ / "elsewhere").string(), std::string("--output")}) {
    EXPECT_NE(refused.err.find(named), std::string::npos) << named << " is not in " << refused.err;
  }
  EXPECT_EQ(Run(JobWords(Checkpointed({"--restore", "latest"}))).exit_code, 0);
}

TEST_F(RunResumeTest, AnInputThatChangedInPlaceIsRefused) {
  std::string text;
  for (int i = 0; i < 2'000'000; ++i) text += "w" + std::to_string(i % 1'000'003) + "\n";
  const std::string input = folder_.Write("in", text).string();
  const Words words = RunWords("wordcount", Checkpointed({"--input", input}));
  const Ended stopped = StopAfterStart(words, SIGINT);
  ASSERT_EQ(stopped.exit_code, 3) << stopped.out << stopped.err;
  Words resume = words;
  resume.insert(resume.end(), {"--restore", "latest"});

  std::string changed = text;
  changed[1] = 'x';
  folder_.Write("in", changed);
  const Ended refused = Run(resume);
  EXPECT_EQ(refused.exit_code, 2) << refused.out;
  EXPECT_NE(refused.err.find("the content of the input " + input), std::string::npos) << refused.err;
  folder_.Write("in", text);
  EXPECT_EQ(Run(resume).exit_code, 0);
}

TEST_F(RunResumeTest, BeforeItsFirstCheckpointARunIsResumedFromTheRestoredOne) {
  ASSERT_EQ(StopAfterStart(JobWords(Checkpointed({})), SIGINT).exit_code, 3);
  // Moved away: it is not the latest one of any directory.
  const std::string kept = (folder_ / "kept").string();
  std::filesystem::rename(checkpoints() + "/wordcount/chk-1", kept);
  const Ended stopped = StopAfterStart(JobWords({"--restore", kept}), SIGINT);
  EXPECT_EQ(stopped.exit_code, 4) << stopped.out;
  const std::string command = CommandBehind("resume from the restored checkpoint with:\n  ", stopped.err);
  EXPECT_TRUE(command.ends_with(" --restore " + kept)) << command;
  EXPECT_EQ(ChildProcess::Run({"/bin/sh", "-c", command}).exit_code, 0);
}

TEST_F(RunResumeTest, ARunThatFailsSaysFromWhereItMayBeResumed) {
  std::string text;
  for (int i = 0; i < 2'000'000; ++i) text += "w" + std::to_string(i % 1'000'003) + "\n";
  const std::string input = folder_.Write("in", text + std::string(5000, 'x')).string();
  const Words words = RunWords("wordcount", Checkpointed({"--input", input, "--strict"}));
  ASSERT_EQ(StopAfterStart(words, SIGINT).exit_code, 3);
  const std::string first = checkpoints() + "/wordcount/chk-1";
  const auto failed = [&](const Words& more) {
    Words all = words;
    all.insert(all.end(), more.begin(), more.end());
    const Ended ended = Run(all);
    EXPECT_EQ(ended.exit_code, 1) << ended.out << ended.err;
    return ended.err;
  };
  EXPECT_TRUE(CommandBehind("resume from the restored checkpoint with:\n  ", failed({"--restore", first}))
                  .ends_with(" --restore " + first));
  EXPECT_TRUE(CommandBehind("resume from the restored checkpoint with:\n  ", failed({"--restore", "latest"}))
                  .ends_with(" --restore latest"));
  const std::string with_its_own = failed({"--restore", first, "-D", "execution.checkpointing.interval=10ms"});
  EXPECT_TRUE(
      CommandBehind("resume from the latest checkpoint with:\n  ", with_its_own).ends_with(" --restore latest"));
  std::filesystem::remove_all(output());
  EXPECT_EQ(failed({}).find("resume"), std::string::npos) << "afresh, and there is no checkpoint of this run";
}

TEST_F(RunResumeTest, APathThatIsNoCheckpointIsRefused) {
  const Ended ended = RunJob(
      "wordcount", Checkpointed({"--generate", "100", "--distinct", "10", "--restore", (folder_ / "chk-7").string()}));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_NE(ended.err.find("chk-7"), std::string::npos) << ended.err;
}

}  // namespace
}  // namespace spillway::cli
