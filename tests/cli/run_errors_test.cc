// Runs that cannot be: refused before anything starts, with one sentence that says what to do.

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "tests/cli/command_fixture.h"

namespace spillway::cli {
namespace {

class RunErrorsTest : public CommandTest {
 protected:
  // The error of a run that must be refused.
  std::string Refused(const Words& words) {
    const Ended ended = Run(words);
    EXPECT_EQ(ended.exit_code, 2) << ended.out << ended.err;
    EXPECT_EQ(ended.err.rfind("spillway: ", 0), 0u) << ended.err;
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << "one sentence: " << ended.err;
    return ended.err;
  }
  std::string RefusedRun(const Words& more) {
    Words words{"--generate", "10", "--distinct", "5"};
    words.insert(words.end(), more.begin(), more.end());
    return Refused(RunWords("wordcount", words));
  }
  static void ExpectHas(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in: " << text;
  }
};

TEST_F(RunErrorsTest, CommandLinesThatMakeNoSense) {
  ExpectHas(Refused({"run"}), "required");
  ExpectHas(Refused({"fly"}), "'spillway --help'");
  ExpectHas(Refused({}), "subcommand");
  ExpectHas(Refused({"run", "wordcount", "--output", "x", "--no-such-option"}), "--no-such-option");
  ExpectHas(Refused(RunWords("wordcont", {})), "there is no job 'wordcont'; 'spillway jobs' lists them");
  ExpectHas(Refused(RunWords("wordcount", {})), "name files or folders with --input, or have words made");
  ExpectHas(Refused(RunWords("vm-noise", {"--generate", "1", "--distinct", "1"})), "reads files");
  ExpectHas(Refused(RunWords("wordcount", {"--generate", "10"})), "needs --distinct");
  ExpectHas(Refused(RunWords("wordcount", {"--seed", "10"})), "go with --generate");
  ExpectHas(RefusedRun({"--input", "/etc/hostname"}), "exclude each other");
  ExpectHas(Refused(RunWords("wordcount", {"--generate", "10", "--distinct", "0"})), "is not from 1 to");
}

TEST_F(RunErrorsTest, ConfigurationThatIsWrong) {
  ExpectHas(RefusedRun({"-D", "execution.checkpointing.intervall=1s"}),
            "did you mean 'execution.checkpointing.interval'?");
  ExpectHas(RefusedRun({"-D", "state.backend.spillway.memory.budget=lots"}), "expected a size such as 24MiB");
  ExpectHas(RefusedRun({"-D", "memory"}), "not of the form key=value");
  ExpectHas(RefusedRun({"--parallelism", "0"}), "'0' is not a value of 'parallelism.default' (--parallelism)");
  ExpectHas(RefusedRun({"--parallelism", "200"}), "larger than pipeline.max-parallelism");
  ExpectHas(RefusedRun({"--conf", "/nowhere.yaml"}), "cannot read the configuration file");
  const std::string file = folder_.Write("conf.yaml", "a: 1\nparalelism.default: 2\n").string();
  ExpectHas(RefusedRun({"--conf", file}), "unknown configuration key 'a' (" + file + " line 1)");
  ExpectHas(RefusedRun({"--restore", "latest"}), "set execution.checkpointing.dir");
}

TEST_F(RunErrorsTest, SpillingThatMakesNoSense) {
  const std::string prefix = "state.backend.spillway.";
  ExpectHas(RefusedRun({"-D", prefix + "spill.stop-ratio=0.9"}),
            "spill.stop-ratio = 0.9 is above state.backend.spillway.spill.start-ratio = 0.8 (the default)");
  ExpectHas(RefusedRun({"-D", prefix + "spill.stop-ratio=0"}), "must be more than 0");
  ExpectHas(RefusedRun({"-D", prefix + "spill.start-ratio=1.1"}), "expected a ratio from 0 to 1");
  ExpectHas(RefusedRun({"-D", prefix + "io.engine=fast"}), "expected one of auto, uring, pread");
  ExpectHas(RefusedRun({"-D", prefix + "io.depth=5000"}), "expected a whole number from 1 to 4096");
  ExpectHas(RefusedRun({"-D", prefix + "spill.dir=/x"}), "did you mean 'state.backend.spillway.spill.dirs'?");
  ExpectHas(RefusedRun({"-D", prefix + "spill.dirs=/nowhere"}),
            "the directory for local files /nowhere does not exist");
  ExpectHas(RefusedRun({"--backend", SPILLWAY_MODEL, "-D", prefix + "io.depth=1"}), "is a key of the backend 'hybrid'");
}

TEST_F(RunErrorsTest, PluginsThatAreNone) {
  ExpectHas(RefusedRun({"--backend", "nowhere"}), "nowhere");
  ExpectHas(RefusedRun({"--backend", folder_.Write("libtext.so", "text").string()}), "libtext.so");
  ExpectHas(RefusedRun({"--backend", (folder_ / "missing.so").string()}), "missing.so");
}

TEST_F(RunErrorsTest, InputThatCannotBeRead) {
  ExpectHas(Refused(RunWords("wordcount", {"--input", "/nowhere/file"})), "cannot read the input /nowhere/file");
  ASSERT_EQ(mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  ExpectHas(Refused(RunWords("wordcount", {"--input", (folder_ / "fifo").string()})), "is a FIFO");
  std::filesystem::create_directories(folder_ / "empty");
  ExpectHas(Refused(RunWords("wordcount", {"--input", (folder_ / "empty").string()})), "no file in the input");
}

TEST_F(RunErrorsTest, WhatIsWrittenMustNotLieInTheInput) {
  folder_.Write("in/file", "x");
  const std::string in = (folder_ / "in").string();
  const Words read{"--input", in};
  const auto with = [&](const Words& more) {
    Words words = RunWords("wordcount", read);
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  ExpectHas(Refused({"run", "wordcount", "--input", in, "--output", in + "/out"}),
            "the output directory " + in + "/out lies in the input " + in + "; give another --output");
  ExpectHas(Refused(with({"-D", "execution.checkpointing.dir=" + in + "/deep/checkpoints"})),
            "the checkpoint directory " + in + "/deep/checkpoints lies in the input " + in +
                "; give another execution.checkpointing.dir");
  ExpectHas(Refused({"run", "wordcount", "--input", in, "--output", output().string(), "--summary", in + "/s.json"}),
            "the summary " + in + "/s.json lies in the input " + in + "; give another --summary");
  ExpectHas(Refused({"run", "wordcount", "--input", in + "/file", "--output", output().string(), "--summary",
                     in + "/../in/file"}),
            "lies in the input");
  ExpectHas(Refused(with({"-D", "io.tmp.dirs=" + in})), "the directory for local files " + in + " lies in the input");
  EXPECT_EQ(Run(with({"-D", "execution.checkpointing.dir=" + checkpoints()})).exit_code, 0);
}

TEST_F(RunErrorsTest, DirectoriesThatCannotBeWrittenTo) {
  const Words words{"--generate", "10", "--distinct", "5"};
  const auto with = [&](const Words& more) {
    Words all{"run", "wordcount"};
    all.insert(all.end(), words.begin(), words.end());
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  ExpectHas(Refused(with({"--output", "/proc/spillway"})), "/proc/spillway");
  const std::string file = folder_.Write("file", "").string();
  ExpectHas(Refused(with({"--output", file + "/out"})), file + "/out");
  ExpectHas(RefusedRun({"-D", "execution.checkpointing.dir=/proc/spillway"}), "/proc/spillway");
  ExpectHas(Refused(with({"--output", output().string(), "--summary", "/nowhere/summary.json"})), "make it first");
}

TEST_F(RunErrorsTest, ASummaryReplacesRegularFilesOnly) {
  const auto with_summary = [&](const std::filesystem::path& summary) {
    return Words{"run", "wordcount", "--generate",      "10",        "--distinct",
                 "5",   "--output",  output().string(), "--summary", summary.string()};
  };
  ASSERT_EQ(mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink(folder_ / "elsewhere", folder_ / "link");
  std::filesystem::create_directories(folder_ / "directory");
  std::filesystem::create_directories(folder_ / "file.unfinished");
  for (const char* name : {"fifo", "link", "directory", "file"}) {
    ExpectHas(Refused(with_summary(folder_ / name)), "is no regular file; name another file");
  }
  EXPECT_TRUE(std::filesystem::is_fifo(folder_ / "fifo"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "link"));
  EXPECT_FALSE(std::filesystem::exists(output()));

  folder_.Write("summary.json", "of an earlier run");
  folder_.Write("summary.json.unfinished", "of a run that was killed");
  ASSERT_EQ(Run(with_summary(folder_ / "summary.json")).exit_code, 0);
  EXPECT_EQ(Summary()["outcome"], "finished");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "summary.json.unfinished"));
}

TEST_F(RunErrorsTest, OutputThatWouldBeWrittenTwice) {
  const Words words = RunWords("wordcount", {"--generate", "10", "--distinct", "5"});
  ASSERT_EQ(Run(words).exit_code, 0);
  const auto before = OutputLines("counts");
  ExpectHas(Refused(words), "holds committed output already");
  EXPECT_EQ(OutputLines("counts"), before);
}

}  // namespace
}  // namespace spillway::cli
