// Each I/O call of writing, opening and reading fails in turn: an error, no file left, and never another value.
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "spill/merge_cursor.h"
#include "spill/run_lookup.h"
#include "spill/section_cursor.h"
#include "tests/spill/run_model.h"
#include "tests/support/io_engines.h"
#include "tests/support/temporary_folder.h"

namespace spillway::spill {
namespace {

class RunFaultTest : public testing::Test {
 protected:
  RunFaultTest() {
    std::mt19937_64 random(9);
    for (uint32_t i = 0; i < 2; ++i) {
      ModelShape shape;
      shape.kind = i == 0 ? SectionKind::kValue : SectionKind::kMap;
      shape.keys = i == 0 ? 900 : 50;
      shape.value_bytes_max = i == 0 ? 9000 : 100;
      shape.compressible = false;
      sections_.push_back(RandomSection(&random, shape));
      sections_.back().state = i;
    }
  }
  Status Write(IoEngine* engine) {
    RunWriterOptions options;
    options.name = "run";
    options.file_id = 1;
    SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<RunWriter> writer, RunWriter::Create(engine, &directory_, options));
    for (const ModelSection& section : sections_) SPILLWAY_RETURN_IF_ERROR(WriteSection(writer.get(), section));
    return writer->Finish().status();
  }
  // Whatever is returned is right; nothing is returned twice or left out.
  Status Read(IoEngine* engine) {
    SPILLWAY_ASSIGN_OR_RETURN(const std::shared_ptr<const RunFile> run, RunFile::Open(engine, directory_, "run", 1));
    BlockingLookup lookup(engine);
    for (uint32_t i = 0; i < sections_.size(); ++i) {
      SectionCursor cursor(engine, run, i);
      MergeCursor merged(sections_[i].kind, {&cursor}, false);
      size_t at = 0;
      for (;;) {
        SPILLWAY_ASSIGN_OR_RETURN(const bool any, merged.Next());
        if (!any) break;
        if (at == sections_[i].records.size()) return Status::Internal("more records than were written");
        EXPECT_TRUE(SameRecord(merged.record(), sections_[i].records[at++].View()));
      }
      EXPECT_EQ(at, sections_[i].records.size());
      for (size_t j = 0; j < sections_[i].records.size(); j += 50) {
        const RunRecord wanted = sections_[i].records[j].View();
        SPILLWAY_ASSIGN_OR_RETURN(const RunRecord* found, lookup.Find(run, i, RunLookup::Find::kOne, wanted));
        EXPECT_TRUE(found != nullptr && SameRecord(*found, wanted));
      }
    }
    return {};
  }
  [[nodiscard]] std::vector<std::string> Files() const { return directory_.List().value(); }

  runtime::TemporaryFolder temporary_;
  Directory directory_ = Directory::Open(temporary_.path().string()).value();
  std::vector<ModelSection> sections_;
};

TEST_F(RunFaultTest, EveryCallOfWriting) {
  const std::unique_ptr<FaultEngine> engine = MakeFaultEngine({});
  ASSERT_TRUE(Write(engine.get()).ok());
  const uint64_t calls = engine->pieces();
  ASSERT_GT(calls, 4u);
  EXPECT_EQ(Files(), std::vector<std::string>{"run"});
  ASSERT_TRUE(directory_.RemoveFile("run").ok());
  for (const bool torn : {false, true}) {
    for (uint64_t call = 0; call < calls; ++call) {
      IoFaults faults;
      faults.fail_at = call;
      faults.fail_count = torn ? IoFaults::kNever : 1;
      faults.error = call % 2 == 0 ? ENOSPC : EIO;
      faults.torn = torn;
      engine->set_faults(faults);
      const Status status = Write(engine.get());
      EXPECT_EQ(status.code(), call % 2 == 0 ? StatusCode::kNoSpace : StatusCode::kIoError) << status.ToString();
      EXPECT_NE(status.message().find(directory_.path()), std::string::npos) << status.ToString();
      EXPECT_TRUE(Files().empty()) << "call " << call << " left a file";
    }
  }
  // When there is space again, the same writes.
  engine->set_faults({});
  EXPECT_TRUE(Write(engine.get()).ok());
  EXPECT_TRUE(Read(engine.get()).ok());
}

TEST_F(RunFaultTest, EveryCallOfReading) {
  const std::unique_ptr<FaultEngine> engine = MakeFaultEngine({});
  ASSERT_TRUE(Write(engine.get()).ok());
  engine->set_faults({});
  ASSERT_TRUE(Read(engine.get()).ok());
  const uint64_t calls = engine->pieces();
  ASSERT_GT(calls, 20u);
  for (const bool torn : {false, true}) {
    for (uint64_t call = 0; call < calls; ++call) {
      IoFaults faults;
      faults.fail_at = call;
      faults.torn = torn;
      engine->set_faults(faults);
      const Status status = Read(engine.get());
      // A chunk that was read ahead for nothing may fail unseen.
      if (status.ok()) continue;
      EXPECT_EQ(status.code(), StatusCode::kIoError) << status.ToString();
      EXPECT_NE(status.message().find("/run"), std::string::npos) << status.ToString();
    }
  }
}

TEST_F(RunFaultTest, AnAbortedWriterLeavesNothing) {
  const std::unique_ptr<FaultEngine> engine = MakeFaultEngine({});
  for (const bool explicitly : {true, false}) {
    RunWriterOptions options;
    options.name = "run";
    std::unique_ptr<RunWriter> writer = RunWriter::Create(engine.get(), &directory_, options).value();
    ASSERT_TRUE(WriteSection(writer.get(), sections_[0]).ok());
    EXPECT_EQ(Files(), std::vector<std::string>{"run.tmp"});
    if (explicitly) {
      writer->Abort();
      EXPECT_EQ(writer->Finish().status().code(), StatusCode::kCancelled);
    } else {
      writer.reset();
    }
    EXPECT_TRUE(Files().empty());
  }
}

TEST_F(RunFaultTest, AFileThatIsThereIsNotOverwrittenHalfway) {
  const std::unique_ptr<FaultEngine> engine = MakeFaultEngine({});
  RunWriterOptions options;
  options.name = "run";
  const std::unique_ptr<RunWriter> first = RunWriter::Create(engine.get(), &directory_, options).value();
  EXPECT_EQ(RunWriter::Create(engine.get(), &directory_, options).status().code(), StatusCode::kIoError);
  EXPECT_EQ(Files(), std::vector<std::string>{"run.tmp"}) << "a second writer took the first one's file away";
}

}  // namespace
}  // namespace spillway::spill
