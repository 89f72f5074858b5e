#include "runtime/sinks/line_file_sink.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "runtime/sinks/output_file.h"
#include "tests/support/temporary_folder.h"

namespace spillway::runtime {
namespace {

namespace fs = std::filesystem;
using Committables = std::vector<std::string>;
using Names = std::set<std::string>;

class LineFileSinkTest : public testing::Test {
 protected:
  std::unique_ptr<LineFileSink> Sink() {
    return std::make_unique<LineFileSink>(LineFileSinkOptions{directory_, "out"});
  }

  // All but the lock and the directory's id.
  [[nodiscard]] Names Files() const {
    Names names;
    for (const auto& entry : fs::directory_iterator(directory_)) names.insert(entry.path().filename().string());
    names.erase(".lock");
    names.erase(".output-id");
    return names;
  }

  // As a job does.
  static Status Start(LineFileSink& sink, std::optional<uint64_t> checkpoint, const Committables& committables) {
    SPILLWAY_RETURN_IF_ERROR(sink.Prepare(checkpoint, committables));
    return sink.Start(checkpoint, committables);
  }

  // Writes lines as one subtask and seals them under a checkpoint.
  static Committables Seal(LineFileSink& sink, uint32_t subtask, uint64_t checkpoint,
                           const std::vector<std::string>& lines) {
    auto writer = sink.CreateWriter(subtask);
    EXPECT_TRUE(writer.ok());
    for (const std::string& line : lines) EXPECT_TRUE((*writer)->Write(line).ok());
    auto committables = (*writer)->PrepareCommit(checkpoint);
    EXPECT_TRUE(committables.ok()) << committables.status().ToString();
    return *committables;
  }

  [[nodiscard]] std::string Content(const std::string& name) const {
    std::ifstream in(directory_ / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  const TemporaryFolder folder_;
  const fs::path directory_ = folder_ / "deep/out";
};

TEST_F(LineFileSinkTest, OutputIsSeenOnlyWhenItsCheckpointIsComplete) {
  const auto sink = Sink();
  ASSERT_TRUE(Start(*sink, std::nullopt, {}).ok());
  EXPECT_EQ(Files(), Names{}) << "the probe is gone";
  auto writer = sink->CreateWriter(2);
  ASSERT_TRUE((*writer)->Write("a,1").ok());
  ASSERT_TRUE((*writer)->Write("b,2").ok());
  EXPECT_EQ(Files(), Names{".out-00002.in-progress"});
  const auto first = (*writer)->PrepareCommit(7);
  ASSERT_EQ(first->size(), 1u);
  EXPECT_EQ(Files(), Names{".out-00000007-00002.pending"});
  const auto empty = (*writer)->PrepareCommit(8);
  ASSERT_TRUE(sink->Commit(*first).ok());
  ASSERT_TRUE(sink->Commit(*empty).ok()) << "nothing written, nothing to commit";
  EXPECT_EQ(Files(), Names{"out-00000007-00002.csv"});
  EXPECT_EQ(Content("out-00000007-00002.csv"), "a,1\nb,2\n");
  ASSERT_TRUE(sink->Commit(*first).ok()) << "committing again is fine";
  ASSERT_EQ(sink->CommittedFiles()->size(), 1u);
}

TEST_F(LineFileSinkTest, AWriterThatIsGivenUpLeavesNothing) {
  const auto sink = Sink();
  ASSERT_TRUE(Start(*sink, std::nullopt, {}).ok());
  {
    auto writer = sink->CreateWriter(0);
    ASSERT_TRUE((*writer)->Write("a").ok());
  }
  EXPECT_EQ(Files(), Names{});
}

TEST_F(LineFileSinkTest, ARestoreCommitsWhatItsCheckpointSealedAndRemovesTheRest) {
  Committables sealed;
  {
    const auto sink = Sink();
    ASSERT_TRUE(Start(*sink, std::nullopt, {}).ok());
    ASSERT_TRUE(sink->Commit(Seal(*sink, 0, 1, {"committed before"})).ok());
    sealed = Seal(*sink, 0, 2, {"sealed by the checkpoint"});
    const Committables more = Seal(*sink, 1, 2, {"as well", "twice"});
    sealed.insert(sealed.end(), more.begin(), more.end());
    Seal(*sink, 0, 3, {"sealed by a checkpoint that never completed"});
    std::ofstream(directory_ / ".out-00001.in-progress") << "cut off by the cra";
    std::ofstream(directory_ / "notes.txt") << "somebody else's";
  }
  const auto sink = Sink();
  const Status status = Start(*sink, 2, sealed);
  ASSERT_TRUE(status.ok()) << status.ToString();
  const Names expected{"out-00000001-00000.csv", "out-00000002-00000.csv", "out-00000002-00001.csv", "notes.txt"};
  EXPECT_EQ(Files(), expected);
  EXPECT_EQ(Content("out-00000002-00001.csv"), "as well\ntwice\n");
}

TEST_F(LineFileSinkTest, ARestoreAfterTheCommitFindsItDone) {
  Committables sealed;
  {
    const auto sink = Sink();
    ASSERT_TRUE(Start(*sink, std::nullopt, {}).ok());
    sealed = Seal(*sink, 0, 2, {"x"});
    ASSERT_TRUE(sink->Commit(sealed).ok());
  }
  EXPECT_TRUE(Start(*Sink(), 2, sealed).ok());
  EXPECT_EQ(Files(), Names{"out-00000002-00000.csv"});
}

TEST_F(LineFileSinkTest, RefusesToWriteOutputASecondTime) {
  Committables of_4;
  Committables of_5;
  {
    const auto sink = Sink();
    ASSERT_TRUE(Start(*sink, std::nullopt, {}).ok());
    of_4 = Seal(*sink, 0, 4, {});
    of_5 = Seal(*sink, 0, 5, {"x"});
    ASSERT_TRUE(sink->Commit(of_5).ok());
    Seal(*sink, 0, 6, {"pending"});
  }
  const Names before = Files();
  const Status fresh = Start(*Sink(), std::nullopt, {});
  EXPECT_EQ(fresh.code(), StatusCode::kInvalidState);
  EXPECT_NE(fresh.message().find("resume with --restore latest, give another --output, or remove the files"),
            std::string::npos)
      << fresh.message();
  const Status earlier = Start(*Sink(), 4, of_4);
  EXPECT_EQ(earlier.code(), StatusCode::kInvalidState);
  EXPECT_NE(earlier.message().find("output of checkpoint 5 (out-00000005-00000.csv), later than checkpoint 4"),
            std::string::npos)
      << earlier.message();
  EXPECT_EQ(Files(), before) << "a refusal changes nothing";
  EXPECT_TRUE(Start(*Sink(), 5, of_5).ok());
}

TEST_F(LineFileSinkTest, RefusesADirectoryWithoutTheOutputOfTheCheckpoint) {
  Committables sealed;
  {
    const auto sink = Sink();
    ASSERT_TRUE(Start(*sink, std::nullopt, {}).ok());
    sealed = Seal(*sink, 0, 5, {"x"});
  }
  std::ofstream(directory_ / ".out-00000005-00000.pending", std::ios::app) << "more";
  EXPECT_EQ(Start(*Sink(), 5, sealed).code(), StatusCode::kCorruption);
  LineFileSink other({directory_, "other"});
  EXPECT_EQ(Start(other, 5, sealed).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Start(*Sink(), 5, {"\x01"}).code(), StatusCode::kCorruption);
  fs::remove(directory_ / ".out-00000005-00000.pending");
  const Status lost = Start(*Sink(), 5, sealed);
  EXPECT_EQ(lost.code(), StatusCode::kNotFound);
  EXPECT_NE(lost.message().find("has no file out-00000005-00000.csv"), std::string::npos) << lost.message();
}

TEST_F(LineFileSinkTest, RefusesADirectoryThatTheCheckpointDoesNotBelongTo) {
  Committables nothing_sealed;
  {
    const auto sink = Sink();
    ASSERT_TRUE(Start(*sink, std::nullopt, {}).ok());
    nothing_sealed = Seal(*sink, 0, 5, {});
  }
  EXPECT_TRUE(Start(*Sink(), 5, nothing_sealed).ok());

  LineFileSink elsewhere({folder_ / "elsewhere", "out"});
  const Status never_used = Start(elsewhere, 5, nothing_sealed);
  EXPECT_EQ(never_used.code(), StatusCode::kInvalidState);
  EXPECT_NE(never_used.message().find("no job has written to"), std::string::npos) << never_used.message();
  EXPECT_NE(never_used.message().find("give the --output that the job had before"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder_ / "elsewhere"));

  ASSERT_TRUE(Start(*Sink(), std::nullopt, {}).ok()) << "another run, afresh, into the same directory";
  const Status of_another_run = Start(*Sink(), 5, nothing_sealed);
  EXPECT_EQ(of_another_run.code(), StatusCode::kInvalidState);
  EXPECT_NE(of_another_run.message().find("belongs to another run"), std::string::npos) << of_another_run.message();

  folder_.Write("deep/out/.output-id", "0123");
  EXPECT_EQ(Start(*Sink(), 5, nothing_sealed).code(), StatusCode::kCorruption);
  EXPECT_EQ(Start(*Sink(), 5, {}).code(), StatusCode::kCorruption) << "every checkpoint names its directory";
}

TEST_F(LineFileSinkTest, StartsOnlyWhenPrepared) {
  EXPECT_EQ(Sink()->Start(std::nullopt, {}).code(), StatusCode::kInvalidState);
  EXPECT_FALSE(fs::exists(directory_));
}

TEST_F(LineFileSinkTest, OneJobAtATimeWritesToADirectory) {
  const auto sink = Sink();
  ASSERT_TRUE(Start(*sink, std::nullopt, {}).ok());
  const Status second = Start(*Sink(), std::nullopt, {});
  EXPECT_EQ(second.code(), StatusCode::kInvalidState);
  EXPECT_NE(second.message().find("another job is writing"), std::string::npos);
}

TEST_F(LineFileSinkTest, DirectoriesThatCannotBeWrittenToAreRefusedAtStart) {
  folder_.Write("file", "");
  LineFileSink in_a_file({folder_ / "file/out", "out"});
  EXPECT_NE(Start(in_a_file, std::nullopt, {}).message().find("create the output directory"), std::string::npos);
  LineFileSink in_proc({"/proc/spillway", "out"});
  EXPECT_FALSE(Start(in_proc, std::nullopt, {}).ok());
  if (geteuid() != 0) {
    fs::create_directories(directory_);
    fs::permissions(directory_, fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_EQ(Start(*Sink(), std::nullopt, {}).code(), StatusCode::kIoError);
    fs::permissions(directory_, fs::perms::owner_all);
  }
}

// The device that is always full stands in for a disk.
TEST(OutputFile, AFullDiskIsAnErrorThatSaysSo) {
  auto file = OutputFile::Create("/dev/full");
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Append("x").ok()) << "buffered";
  const Status full = (*file)->Seal();
  EXPECT_EQ(full.code(), StatusCode::kNoSpace);
  EXPECT_EQ(
      full.message(),
      "cannot write to /dev/full: No space left on device; make room there and resume from the latest checkpoint");
}

}  // namespace
}  // namespace spillway::runtime
