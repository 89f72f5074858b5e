// What writers refuse, what filters promise, and what look-ups of several threads do to each other.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "spill/filter.h"
#include "spill/run_lookup.h"
#include "spill/run_writer.h"
#include "spill/section_cursor.h"
#include "tests/spill/run_model.h"
#include "tests/support/io_engines.h"
#include "tests/support/temporary_folder.h"

namespace spillway::spill {
namespace {

class RunRulesTest : public testing::Test {
 protected:
  std::unique_ptr<RunWriter> Writer() {
    RunWriterOptions options;
    options.name = std::to_string(++files_) + ".run";
    options.durable = false;
    return RunWriter::Create(engine_.get(), &directory_, options).value();
  }
  static RunRecord At(uint64_t order, uint64_t sub = 0, RecordOp op = RecordOp::kBase) {
    RunRecord record;
    record.order = order;
    record.sub = sub;
    record.op = op;
    record.key = "k";
    return record;
  }
  void ExpectRefused(SectionKind kind, const std::vector<RunRecord>& records, const char* why) {
    const std::unique_ptr<RunWriter> writer = Writer();
    ASSERT_TRUE(writer->BeginSection(1, 2, kind).ok());
    Status status;
    for (const RunRecord& record : records) {
      EXPECT_TRUE(status.ok()) << "refused too early: " << status.ToString();
      status = writer->Add(record);
    }
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << why;
    EXPECT_NE(status.message().find(why), std::string::npos) << status.ToString();
    EXPECT_NE(status.message().find("section (state 1, key group 2)"), std::string::npos) << status.ToString();
    EXPECT_EQ(writer->Finish().status().code(), StatusCode::kInvalidArgument) << "a refused record ends the writer";
  }

  runtime::TemporaryFolder temporary_;
  Directory directory_ = Directory::Open(temporary_.path().string()).value();
  std::unique_ptr<IoEngine> engine_ = MakeTestEngine(TestEngine::kPread);
  int files_ = 0;
};

TEST_F(RunRulesTest, WritersRefuseWhatReadersCouldNotUnderstand) {
  ExpectRefused(SectionKind::kValue, {At(5), At(4)}, "does not come after");
  ExpectRefused(SectionKind::kValue, {At(5), At(5)}, "does not come after");
  ExpectRefused(SectionKind::kValue, {At(5, 1)}, "sub-order");
  ExpectRefused(SectionKind::kValue, {At(5, 0, RecordOp::kAppend)}, "only lists are appended to");
  ExpectRefused(SectionKind::kMap, {At(5, 0, RecordOp::kAppend)}, "only lists are appended to");
  ExpectRefused(SectionKind::kList, {At(5, 1)}, "begins with piece 0");
  ExpectRefused(SectionKind::kList, {At(5), At(6, 1)}, "begins with piece 0");
  ExpectRefused(SectionKind::kList, {At(5), At(5, 2, RecordOp::kAppend)}, "cannot follow");
  ExpectRefused(SectionKind::kList, {At(5), At(5, 1)}, "cannot follow");
  ExpectRefused(SectionKind::kList, {At(5, 0, RecordOp::kDelete), At(5, 1, RecordOp::kAppend)}, "cannot follow");
  RunRecord entry = At(5, 5);
  entry.map_entry = true;
  ExpectRefused(SectionKind::kValue, {entry}, "only maps have entries");
  ExpectRefused(SectionKind::kMap, {entry, At(5)}, "does not come after");
  RunRecord no_entry = At(5);
  no_entry.map_key = "m";
  ExpectRefused(SectionKind::kMap, {no_entry}, "is no map entry");
  RunRecord large = At(5);
  const std::string bytes(kRecordBytesMax, 'x');
  large.value = bytes;
  ExpectRefused(SectionKind::kValue, {large}, "larger than 320 MiB");
}

// A value of 256 MiB with 48 MiB of keys, as it is and compressed.
TEST_F(RunRulesTest, TheLargestRecordFits) {
  for (const bool compressible : {true, false}) {
    std::string bytes(256 << 20, 'v');
    std::mt19937_64 random(3);
    for (size_t at = 0; !compressible && at < bytes.size(); at += sizeof(uint64_t)) {
      StoreBytes(bytes.data() + at, uint64_t{random()});
    }
    RunRecord large;
    large.map_entry = true;
    large.value = bytes;
    large.key = large.value.substr(0, 16 << 20);
    large.state_namespace = large.value.substr(16 << 20, 16 << 20);
    large.map_key = large.value.substr(32 << 20, 16 << 20);
    std::unique_ptr<RunWriter> writer = Writer();
    ASSERT_TRUE(writer->BeginSection(0, 0, SectionKind::kMap).ok());
    const Status added = writer->Add(large);
    ASSERT_TRUE(added.ok()) << added.ToString();
    ASSERT_TRUE(writer->EndSection().ok());
    ASSERT_TRUE(writer->Finish().ok());
    writer.reset();
    const std::string name = std::to_string(files_) + ".run";
    const std::shared_ptr<const RunFile> run = RunFile::Open(engine_.get(), directory_, name).value();
    EXPECT_EQ(run->bytes() < (8u << 20), compressible);
    {
      BlockingLookup lookup(engine_.get());
      const Result<const RunRecord*> found = lookup.Find(run, 0, RunLookup::Find::kOne, large);
      ASSERT_TRUE(found.ok()) << found.status().ToString();
      ASSERT_TRUE(*found != nullptr && SameRecord(**found, large));
    }
    SectionCursor cursor(engine_.get(), run, 0);
    const Result<bool> any = cursor.Next();
    ASSERT_TRUE(any.ok() && *any) << any.status().ToString();
    ASSERT_TRUE(SameRecord(cursor.record(), large));
  }
}

TEST_F(RunRulesTest, SectionsAndCallsHaveTheirOrder) {
  std::unique_ptr<RunWriter> writer = Writer();
  EXPECT_EQ(writer->Add(At(1)).code(), StatusCode::kInvalidState);
  writer = Writer();
  EXPECT_EQ(writer->EndSection().code(), StatusCode::kInvalidState);
  writer = Writer();
  ASSERT_TRUE(writer->BeginSection(1, 1, SectionKind::kValue).ok());
  EXPECT_EQ(writer->BeginSection(1, 2, SectionKind::kValue).code(), StatusCode::kInvalidState);
  writer = Writer();
  ASSERT_TRUE(writer->BeginSection(1, 1, SectionKind::kValue).ok());
  EXPECT_EQ(writer->Finish().status().code(), StatusCode::kInvalidState);
  writer = Writer();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(writer->BeginSection(1, 1, SectionKind::kValue).ok());
    ASSERT_TRUE(writer->Add(At(1)).ok());
    ASSERT_TRUE(writer->EndSection().ok());
  }
  EXPECT_EQ(writer->Finish().status().code(), StatusCode::kInvalidArgument) << "a section is there twice";
  writer.reset();
  EXPECT_TRUE(directory_.List().value().empty());
}

TEST_F(RunRulesTest, AFileIsRemovedWhenItsLastUserIsGone) {
  const std::unique_ptr<RunWriter> writer = Writer();
  ASSERT_TRUE(writer->Finish().ok());
  std::shared_ptr<const RunFile> run = RunFile::Open(engine_.get(), directory_, "1.run").value();
  std::shared_ptr<const RunFile> other = run;
  run->RemoveWhenUnused(&directory_, "1.run");
  run.reset();
  EXPECT_EQ(directory_.List().value().size(), 1u);
  other.reset();
  EXPECT_TRUE(directory_.List().value().empty());
}

TEST_F(RunRulesTest, FiltersForgetNothingAndRejectMost) {
  for (const uint32_t keys : {1u, 50u, 1000u, 3 * kFilterSegmentKeys + 5}) {
    std::mt19937_64 random(keys);
    std::vector<uint64_t> orders(keys);
    for (uint64_t& order : orders) order = random();
    std::sort(orders.begin(), orders.end());
    FilterBuilder builder;
    for (const uint64_t order : orders) builder.Add(order, 0, FilterHashOfKey(order));
    std::string bytes;
    builder.Finish(&bytes);
    EXPECT_LE(bytes.size(), 100 + keys * 10.3 / 8 + 64);
    Filter filter;
    ASSERT_TRUE(filter.Parse(bytes));
    for (const uint64_t order : orders) ASSERT_TRUE(filter.MayHold(order, 0, FilterHashOfKey(order), false));
    uint64_t wrong = 0;
    constexpr uint64_t kTries = 100'000;
    for (uint64_t i = 0; i < kTries; ++i) {
      const uint64_t order = random();
      if (filter.MayHold(order, 0, FilterHashOfKey(order), false)) ++wrong;
    }
    EXPECT_LT(wrong, kTries * 2 / 100) << keys;
    for (size_t size = 0; size < std::min<size_t>(bytes.size(), 300); ++size) {
      EXPECT_FALSE(filter.Parse(BytesView(bytes).substr(0, size)));
    }
  }
}

TEST_F(RunRulesTest, OneLookupLoadsAnIndexWhileOthersWait) {
  std::mt19937_64 random(1);
  const ModelSection section = RandomSection(&random, ModelShape());
  const std::shared_ptr<const RunFile> run = WriteRun(engine_.get(), directory_, "a.run", 1, {section}).value();
  AlignedBuffer buffer = AlignedBuffer::Allocate(1 << 20).value();
  const auto read = [&](RunLookup* lookup) {
    IoRequest request;
    request.Read(lookup->file(), lookup->read_offset(), buffer.data(), lookup->read_size());
    EXPECT_TRUE(engine_->Execute(&request).ok());
    return buffer.View(0, lookup->read_size());
  };
  PageScratch scratch;
  RunLookup first;
  RunLookup second;
  const RunRecord wanted = section.records[3].View();
  using Step = RunLookup::Step;
  ASSERT_EQ(first.Start(run, 0, RunLookup::Find::kOne, wanted), Step::kRead);
  EXPECT_TRUE(first.reads_index());
  ASSERT_EQ(second.Start(run, 0, RunLookup::Find::kOne, wanted), Step::kWait);
  // The read failed: another may try.
  first.Abandon();
  ASSERT_EQ(second.Retry(), Step::kRead);
  ASSERT_EQ(first.Start(run, 0, RunLookup::Find::kOne, wanted), Step::kWait);
  ASSERT_EQ(second.Continue(read(&second), &scratch), Step::kRead);
  EXPECT_FALSE(second.reads_index());
  ASSERT_EQ(first.Retry(), Step::kRead);
  // Evicted meanwhile: no harm.
  EXPECT_GT(run->EvictIndex(0), 0u);
  ASSERT_EQ(first.Continue(read(&first), &scratch), Step::kFound);
  EXPECT_TRUE(SameRecord(first.record(), wanted));
  EXPECT_EQ(first.Advance(), Step::kAbsent);
  ASSERT_EQ(second.Continue(read(&second), &scratch), Step::kFound);
  // A look-up that goes away while it loads lets others; the index is still gone.
  {
    RunLookup third;
    ASSERT_EQ(third.Start(run, 0, RunLookup::Find::kOne, wanted), Step::kRead);
  }
  ASSERT_EQ(first.Start(run, 0, RunLookup::Find::kOne, wanted), Step::kRead);
}

TEST_F(RunRulesTest, ThreadsShareARun) {
  std::mt19937_64 random(2);
  ModelShape shape;
  shape.keys = 2000;
  const ModelSection section = RandomSection(&random, shape);
  const std::shared_ptr<const RunFile> run = WriteRun(engine_.get(), directory_, "a.run", 1, {section}).value();
  std::atomic<int> left{4};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::unique_ptr<IoEngine> engine = MakeTestEngine(t % 2 == 0 ? TestEngine::kPread : TestEngine::kFaulty);
      BlockingLookup lookup(engine.get());
      std::mt19937_64 chance(static_cast<uint64_t>(t));
      for (int i = 0; i < 300; ++i) {
        const RunRecord wanted = section.records[chance() % section.records.size()].View();
        const Result<const RunRecord*> found = lookup.Find(run, 0, RunLookup::Find::kOne, wanted);
        ASSERT_TRUE(found.ok()) << found.status().ToString();
        ASSERT_TRUE(*found != nullptr && SameRecord(**found, wanted));
      }
      const Result<std::vector<ModelRecord>> all = ReadSection(engine.get(), run, 0);
      EXPECT_TRUE(all.ok() && all->size() == section.records.size());
      --left;
    });
  }
  while (left > 0) {
    run->EvictIndex(0);
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace spillway::spill
