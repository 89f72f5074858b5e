// Batches of cold look-ups: every key's newest record, whatever the engine does and however many wait; errors.
#include "backend/hybrid/cold_batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/spill/run_model.h"
#include "tests/support/io_engines.h"
#include "tests/support/temporary_folder.h"

namespace spillway::hybrid {
namespace {

using spill::ModelRecord;
using spill::ModelSection;
using spill::ModelShape;
using spill::SectionKind;

// A table of one kind in several runs, and what is in them.
class ColdTable {
 public:
  ColdTable(spill::IoEngine* engine, SectionKind kind, size_t runs, const ModelShape& usual, uint64_t seed)
      : kind_(kind) {
    std::mt19937_64 random(seed);
    for (size_t i = 0; i < runs; ++i) {
      ModelShape shape = usual;
      shape.kind = kind;
      shape.generation = runs - i;
      sections_.push_back(RandomSection(&random, shape));
      auto run = spill::WriteRun(engine, directory_, std::to_string(i), i + 1, {sections_.back()});
      EXPECT_TRUE(run.ok()) << run.status().ToString();
      runs_.push_back({*run, 0});
    }
    // All keys, each several times, with keys that are nowhere between them.
    for (const ModelSection& section : sections_) {
      for (const ModelRecord& record : section.records) {
        keys_.push_back(record);
        keys_.push_back(record);
        keys_.back().key += "?";
      }
    }
    std::shuffle(keys_.begin(), keys_.end(), random);
  }

  [[nodiscard]] const RunList& runs() const { return runs_; }
  [[nodiscard]] std::vector<ColdRequest> Requests() const {
    std::vector<ColdRequest> requests;
    for (const ModelRecord& key : keys_) requests.push_back({key.View(), &runs_});
    return requests;
  }
  // The newest record of a key, or null.
  [[nodiscard]] const ModelRecord* Newest(const spill::RecordKey& key) const {
    for (const ModelSection& section : sections_) {
      const auto at = std::lower_bound(section.records.begin(), section.records.end(), key,
                                       [this](const ModelRecord& record, const spill::RecordKey& wanted) {
                                         return CompareKeys(kind_, record.View(), wanted) < 0;
                                       });
      if (at != section.records.end() && CompareKeys(kind_, at->View(), key) == 0) return &*at;
    }
    return nullptr;
  }
  void ExpectAnswers(ColdBatch* batch, const std::vector<ColdRequest>& requests) const {
    std::vector<int> answers(requests.size());
    const Status status = batch->Run(requests, [&](size_t request, const spill::RunRecord* record) {
      ++answers[request];
      const ModelRecord* expected = Newest(requests[request].key);
      ASSERT_EQ(record == nullptr, expected == nullptr) << request;
      if (record != nullptr) {
        EXPECT_TRUE(SameRecord(*record, expected->View()));
      }
    });
    ASSERT_TRUE(status.ok()) << status.ToString();
    for (const int count : answers) ASSERT_EQ(count, 1);
  }
  void EvictIndexes() const {
    for (const RunRef& run : runs_) run.file->EvictIndex(0);
  }

 private:
  const SectionKind kind_;
  const runtime::TemporaryFolder temporary_;
  const spill::Directory directory_ = spill::Directory::Open(temporary_.path().string()).value();
  std::vector<ModelSection> sections_;  // newest first
  RunList runs_;
  std::vector<ModelRecord> keys_;
};

class ColdBatchTest : public spill::TestOnEngines {};

TEST_P(ColdBatchTest, FindsTheNewestRecordOfEveryKey) {
  for (const SectionKind kind : {SectionKind::kValue, SectionKind::kMap, SectionKind::kTimer}) {
    ModelShape shape;
    shape.keys = kind == SectionKind::kValue ? 700 : kind == SectionKind::kMap ? 30 : 150;
    shape.key_space = shape.keys * 3;
    // Small ones, and once some of several pages.
    shape.value_bytes_max = kind == SectionKind::kMap ? 30'000 : 300;
    const ColdTable table(engine_.get(), kind, 4, shape, static_cast<uint64_t>(kind));
    const std::vector<ColdRequest> requests = table.Requests();
    ASSERT_GT(requests.size(), kind == SectionKind::kValue ? 4000u : 300u);
    for (const uint32_t in_flight : {1u, 3u, ColdBatch::kInFlightMax}) {
      if (in_flight == 1 && kind == SectionKind::kValue) continue;
      table.EvictIndexes();
      ColdBatch batch(engine_.get(), in_flight);
      EXPECT_EQ(batch.memory_bytes(), 0u);
      table.ExpectAnswers(&batch, requests);
      if (in_flight > 1) table.ExpectAnswers(&batch, requests);
      if (HasFatalFailure()) return;
      EXPECT_GE(batch.memory_bytes(), in_flight * ColdBatch::kBufferBytes);
      EXPECT_LE(batch.memory_bytes(), in_flight * (3 * ColdBatch::kBufferBytes)) << "large pages are let go of";
    }
  }
}

TEST_P(ColdBatchTest, NoRunsAndNoRequests) {
  ColdBatch batch(engine_.get());
  EXPECT_TRUE(batch.Run({}, [](size_t, const spill::RunRecord*) { FAIL(); }).ok());
  EXPECT_EQ(batch.memory_bytes(), 0u);
  const RunList none;
  const std::vector<ColdRequest> requests(100, ColdRequest{{}, &none});
  size_t answers = 0;
  EXPECT_TRUE(batch
                  .Run(requests,
                       [&](size_t, const spill::RunRecord* record) {
                         EXPECT_EQ(record, nullptr);
                         ++answers;
                       })
                  .ok());
  EXPECT_EQ(answers, 100u);
}

// Pages of a megabyte and more: not all of them at once in memory.
TEST_P(ColdBatchTest, LargePagesWaitForMemory) {
  ModelShape shape;
  shape.keys = 30;
  shape.value_bytes_max = 3 << 20;
  shape.compressible = false;
  shape.delete_percent = 0;
  const ColdTable table(engine_.get(), SectionKind::kValue, 2, shape, 9);
  const std::vector<ColdRequest> requests = table.Requests();
  ColdBatch batch(engine_.get());
  uint64_t most = 0;
  ASSERT_TRUE(batch
                  .Run(requests,
                       [&](size_t request, const spill::RunRecord* record) {
                         most = std::max(most, batch.memory_bytes());
                         const ModelRecord* expected = table.Newest(requests[request].key);
                         ASSERT_EQ(record == nullptr, expected == nullptr);
                         if (record != nullptr) {
                           EXPECT_TRUE(SameRecord(*record, expected->View()));
                         }
                       })
                  .ok());
  EXPECT_LE(most, ColdBatch::kLargeBytesMax + (64 + 3) * 3 * ColdBatch::kBufferBytes + (4 << 20));
}

// Another thread has begun to load the index and does not get on.
TEST_P(ColdBatchTest, AnIndexThatSomebodyElseLoadsIsNotWaitedFor) {
  ModelShape shape;
  shape.keys = 500;
  const ColdTable table(engine_.get(), SectionKind::kValue, 2, shape, 3);
  for (const RunRef& run : table.runs()) EXPECT_TRUE(run.file->BeginIndexLoad(0));
  ColdBatch batch(engine_.get());
  table.ExpectAnswers(&batch, table.Requests());
  for (const RunRef& run : table.runs()) EXPECT_TRUE(run.file->EndIndexLoad(0, nullptr).ok());
}

TEST_P(ColdBatchTest, IndexesMayBeEvictedMeanwhile) {
  ModelShape shape;
  shape.keys = 1000;
  const ColdTable table(engine_.get(), SectionKind::kValue, 3, shape, 4);
  const std::vector<ColdRequest> requests = table.Requests();
  std::atomic<bool> over{false};
  std::thread evictor([&] {
    while (!over.load()) {
      table.EvictIndexes();
      std::this_thread::yield();
    }
  });
  ColdBatch batch(engine_.get());
  for (int round = 0; round < 3 && !HasFatalFailure(); ++round) table.ExpectAnswers(&batch, requests);
  over.store(true);
  evictor.join();
}

INSTANTIATE_TEST_SUITE_P(Engines, ColdBatchTest, spill::AllTestEngines(), spill::TestEngineParam);

TEST(ColdBatchErrors, EndTheBatchAndNotTheNext) {
  const std::unique_ptr<spill::FaultEngine> engine = spill::MakeFaultEngine({});
  ModelShape shape;
  shape.keys = 200;
  shape.value_bytes_max = 5000;
  shape.compressible = false;
  const ColdTable table(engine.get(), SectionKind::kValue, 3, shape, 5);
  const std::vector<ColdRequest> requests = table.Requests();
  ColdBatch batch(engine.get());
  engine->set_faults({});
  table.ExpectAnswers(&batch, requests);
  const uint64_t calls = engine->pieces();
  ASSERT_GT(calls, 300u);
  for (uint64_t call = 0; call < calls; call += call < 80 ? 1 : 29) {
    table.EvictIndexes();
    spill::IoFaults faults;
    faults.fail_at = call;
    faults.error = EIO;
    faults.torn = call % 2 == 0;
    faults.delay_rounds_max = 2;
    engine->set_faults(faults);
    size_t answers = 0;
    const Status status = batch.Run(requests, [&](size_t request, const spill::RunRecord* record) {
      ++answers;
      const ModelRecord* expected = table.Newest(requests[request].key);
      EXPECT_TRUE(record == nullptr ? expected == nullptr : SameRecord(*record, expected->View()));
    });
    EXPECT_EQ(status.code(), StatusCode::kIoError) << call;
    EXPECT_LT(answers, requests.size());
    EXPECT_EQ(engine->counters().in_flight + engine->counters().queued, 0u);
    for (const RunRef& run : table.runs()) {
      EXPECT_TRUE(run.file->BeginIndexLoad(0)) << "a load was not ended";
      EXPECT_TRUE(run.file->EndIndexLoad(0, nullptr).ok());
    }
  }
  engine->set_faults({});
  table.ExpectAnswers(&batch, requests);
}

TEST(ColdBatchErrors, WhatIsThrownLeavesNothingUnderWay) {
  const std::unique_ptr<spill::IoEngine> engine = spill::MakeTestEngine(spill::TestEngine::kFaulty);
  ModelShape shape;
  const ColdTable table(engine.get(), SectionKind::kValue, 2, shape, 6);
  const std::vector<ColdRequest> requests = table.Requests();
  ColdBatch batch(engine.get());
  const auto throws = [](size_t, const spill::RunRecord*) { throw std::bad_alloc(); };
  EXPECT_THROW((void)batch.Run(requests, throws), std::bad_alloc);
  EXPECT_EQ(engine->counters().in_flight + engine->counters().queued, 0u);
  table.ExpectAnswers(&batch, requests);
}

// Slots that are kept do not keep runs.
TEST(ColdBatchErrors, RunsAreLetGoOf) {
  const std::unique_ptr<spill::IoEngine> engine = spill::MakeTestEngine(spill::TestEngine::kPread);
  ModelShape shape;
  const ColdTable table(engine.get(), SectionKind::kValue, 2, shape, 7);
  ColdBatch batch(engine.get());
  const long before = table.runs()[0].file.use_count();
  table.ExpectAnswers(&batch, table.Requests());
  EXPECT_EQ(table.runs()[0].file.use_count(), before);
}

}  // namespace
}  // namespace spillway::hybrid
