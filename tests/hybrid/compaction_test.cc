// Compactions by the spill worker: what comes out is the merge of what went in, and nothing is left of what failed.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "backend/hybrid/spill_worker.h"
#include "tests/spill/run_model.h"
#include "tests/support/io_engines.h"
#include "tests/support/temporary_folder.h"

namespace spillway::hybrid {
namespace {

using spill::ModelSection;
using spill::ModelShape;
using spill::SectionKind;

constexpr SectionKind kKinds[] = {SectionKind::kValue, SectionKind::kList, SectionKind::kMap, SectionKind::kTimer};

class CompactionTest : public testing::Test {
 protected:
  void SetUp() override { engine_ = MakeTestEngine(spill::TestEngine::kPread); }

  // Sections of several tables, one table after the other and newest first, and runs that hold them.
  struct Input {
    std::vector<std::vector<ModelSection>> tables;
    std::vector<CompactionTable> compaction;
  };

  std::shared_ptr<const spill::RunFile> Write(const std::vector<ModelSection>& sections) {
    const std::string name = std::to_string(++inputs_) + ".run";
    auto run = spill::WriteRun(engine_.get(), input_, name, inputs_, sections);
    EXPECT_TRUE(run.ok()) << run.status().ToString();
    return *run;
  }

  Input Make(size_t runs, const ModelShape& usual, bool bottom) {
    Input input;
    std::vector<std::vector<ModelSection>> by_run(runs);
    for (uint32_t table = 0; table < 8; ++table) {
      std::vector<ModelSection> newest_first;
      for (size_t i = 0; i < runs; ++i) {
        ModelShape shape = usual;
        shape.kind = kKinds[table % 4];
        shape.generation = runs - i;
        newest_first.push_back(RandomSection(&random_, shape));
        newest_first.back().state = table % 4;
        newest_first.back().key_group = table / 4;
        by_run[i].push_back(newest_first.back());
      }
      input.tables.push_back(std::move(newest_first));
    }
    for (uint32_t table = 0; table < 8; ++table) {
      CompactionTable one;
      one.state = table % 4;
      one.key_group = table / 4;
      one.kind = static_cast<spw_state_kind>(kKinds[table % 4]);
      one.bottom = bottom;
      input.compaction.push_back(std::move(one));
    }
    for (const std::vector<ModelSection>& sections : by_run) {
      const std::shared_ptr<const spill::RunFile> run = Write(sections);
      for (CompactionTable& table : input.compaction) {
        const std::optional<uint32_t> section = run->FindSection(table.state, table.key_group);
        if (section) table.runs.push_back({run, *section});
      }
    }
    return input;
  }

  static std::unique_ptr<SpillJob> JobOf(const Input& input) {
    auto job = std::make_unique<SpillJob>();
    job->compaction = input.compaction;
    return job;
  }
  static std::unique_ptr<SpillJob> Do(SpillWorker* worker, std::unique_ptr<SpillJob> job) {
    worker->Submit(std::move(job));
    EXPECT_TRUE(worker->WaitDone(spill::kIoWaitForever));
    return worker->TakeDone();
  }

  void ExpectMerged(const SpillJob& job, const Input& input) {
    ASSERT_TRUE(job.status.ok()) << job.status.ToString();
    ASSERT_NE(job.file, nullptr);
    for (size_t i = 0; i < input.tables.size(); ++i) {
      const CompactionTable& table = input.compaction[i];
      const auto kind = static_cast<SectionKind>(table.kind);
      const std::vector<spill::ModelRecord> expected = MergeModel(kind, input.tables[i], table.bottom);
      const std::optional<uint32_t> section = job.file->FindSection(table.state, table.key_group);
      ASSERT_EQ(section.has_value(), !expected.empty());
      if (!section) continue;
      const auto got = spill::ReadSection(engine_.get(), job.file, *section);
      ASSERT_TRUE(got.ok()) << got.status().ToString();
      spill::ExpectRecords(*got, expected);
    }
  }

  // Files that the worker made and that are there.
  [[nodiscard]] std::vector<std::string> Made() const {
    std::vector<std::string> made;
    for (const auto& directory : directories_->all()) {
      const std::vector<std::string> names = directory->List().value();
      for (const std::string& name : names) {
        if (name != "lock") made.push_back(directory->PathOf(name));
      }
    }
    return made;
  }

  runtime::TemporaryFolder temporary_;
  spill::Directory input_ = spill::Directory::Open((temporary_ / "input").string()).value();
  const std::vector<std::string> parents_ = {temporary_.path().string(), (temporary_ / "input").string()};
  std::unique_ptr<SpillDirectories> directories_ = SpillDirectories::Open(parents_, "test").value();
  std::unique_ptr<spill::IoEngine> engine_;
  std::mt19937_64 random_{5};
  uint64_t inputs_ = 0;
};

ModelShape SmallShape() {
  ModelShape shape;
  shape.keys = 80;
  shape.key_space = 100;
  shape.delete_percent = 30;
  return shape;
}

EngineFactory FactoryOf(spill::TestEngine kind) {
  return [kind]() -> Result<std::unique_ptr<spill::IoEngine>> {
    std::unique_ptr<spill::IoEngine> engine = spill::MakeTestEngine(kind);
    if (engine == nullptr) return Status::Unsupported("io_uring is not available here");
    return engine;
  };
}

class CompactionOnEngines : public CompactionTest, public testing::WithParamInterface<spill::TestEngine> {
 protected:
  void SetUp() override {
    CompactionTest::SetUp();
    if (spill::MakeTestEngine(GetParam()) == nullptr) GTEST_SKIP() << "io_uring is not available here";
  }
};

TEST_P(CompactionOnEngines, GivesWhatTheModelGives) {
  SpillWorker worker(directories_.get(), FactoryOf(GetParam()));
  for (size_t runs = 1; runs <= 8; ++runs) {
    ModelShape shape = SmallShape();
    // Once with records that are larger than a cursor's chunk.
    if (runs == 3) shape.value_bytes_max = 200'000;
    const Input input = Make(runs, shape, runs % 2 == 0);
    const std::unique_ptr<SpillJob> job = Do(&worker, JobOf(input));
    ASSERT_NE(job, nullptr);
    ExpectMerged(*job, input);
    if (HasFatalFailure()) return;
    EXPECT_EQ(Made().size(), 1u) << "a file removes itself when nobody refers to it";
  }
  EXPECT_TRUE(Made().empty());
  const spill::IoCounters counters = worker.counters();
  EXPECT_GT(counters.written_bytes, 0u);
  EXPECT_EQ(counters.syncs, 0u);
  worker.Stop();
  EXPECT_EQ(worker.counters().written_bytes, counters.written_bytes);
}

INSTANTIATE_TEST_SUITE_P(Engines, CompactionOnEngines, spill::AllTestEngines(), spill::TestEngineParam);

TEST_F(CompactionTest, DirectoriesTakeTurnsAndFilesHaveIdsOfTheirOwn) {
  SpillWorker worker(directories_.get(), FactoryOf(spill::TestEngine::kPread));
  const Input input = Make(2, SmallShape(), false);
  std::vector<std::unique_ptr<SpillJob>> jobs;
  for (int i = 0; i < 4; ++i) jobs.push_back(Do(&worker, JobOf(input)));
  for (const auto& directory : directories_->all()) EXPECT_EQ(directory->List().value().size(), 3u);
  for (size_t i = 0; i < jobs.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_NE(jobs[i]->file->file_id(), jobs[j]->file->file_id());
  }
}

TEST_F(CompactionTest, WhereNothingIsLeftThereIsNoFile) {
  SpillWorker worker(directories_.get(), FactoryOf(spill::TestEngine::kPread));
  ModelShape shape = SmallShape();
  shape.delete_percent = 100;
  shape.per_key_max = 0;
  const Input input = Make(2, shape, true);
  const std::unique_ptr<SpillJob> job = Do(&worker, JobOf(input));
  EXPECT_TRUE(job->status.ok()) << job->status.ToString();
  if (job->file != nullptr) {
    EXPECT_EQ(job->file->FindSection(0, 0), std::nullopt);
  }
  // Of values alone nothing is left.
  auto values = std::make_unique<SpillJob>();
  values->compaction = {input.compaction[0], input.compaction[4]};
  values = Do(&worker, std::move(values));
  EXPECT_TRUE(values->status.ok()) << values->status.ToString();
  EXPECT_EQ(values->file, nullptr);
}

TEST_F(CompactionTest, EveryCallFailsInTurnAndTheNextJobIsDone) {
  spill::FaultEngine* faulty = nullptr;
  SpillWorker worker(directories_.get(), [&faulty]() -> Result<std::unique_ptr<spill::IoEngine>> {
    std::unique_ptr<spill::FaultEngine> engine = spill::MakeFaultEngine({});
    faulty = engine.get();
    return std::unique_ptr<spill::IoEngine>(std::move(engine));
  });
  ModelShape shape = SmallShape();
  shape.keys = 40;
  shape.value_bytes_max = 20'000;
  shape.compressible = false;
  const Input input = Make(3, shape, false);
  ExpectMerged(*Do(&worker, JobOf(input)), input);
  // The worker looks at its engine again only when a job comes, which the mutex orders.
  const uint64_t calls = faulty->pieces();
  ASSERT_GT(calls, 10u);
  uint64_t failures = 0;
  for (uint64_t call = 0; call < calls; ++call) {
    spill::IoFaults faults;
    faults.fail_at = call;
    faults.error = call % 2 == 0 ? ENOSPC : EIO;
    faults.torn = call % 3 == 0;
    faulty->set_faults(faults);
    const std::unique_ptr<SpillJob> job = Do(&worker, JobOf(input));
    if (job->status.ok()) continue;  // a chunk that was read ahead for nothing
    ++failures;
    EXPECT_EQ(job->status.code(), call % 2 == 0 ? StatusCode::kNoSpace : StatusCode::kIoError);
    EXPECT_NE(job->status.message().find(".run"), std::string::npos) << job->status.ToString();
    EXPECT_EQ(job->file, nullptr);
    EXPECT_TRUE(Made().empty()) << "call " << call << " left " << Made()[0];
  }
  EXPECT_GT(failures, 10u);
  faulty->set_faults({});
  ExpectMerged(*Do(&worker, JobOf(input)), input);
}

TEST_F(CompactionTest, WithoutAnEngineAllJobsFail) {
  SpillWorker worker(directories_.get(), []() -> Result<std::unique_ptr<spill::IoEngine>> {
    return Status::Unsupported("no rings today");
  });
  const Input input = Make(1, SmallShape(), false);
  for (int i = 0; i < 2; ++i) {
    const std::unique_ptr<SpillJob> job = Do(&worker, JobOf(input));
    EXPECT_EQ(job->status.code(), StatusCode::kUnsupported);
    EXPECT_NE(job->status.message().find("no rings today"), std::string::npos);
  }
}

TEST_F(CompactionTest, StoppingCancelsWhatHasBegunAndWhatHasNot) {
  ModelShape shape;
  shape.keys = 20'000;
  const Input input = Make(2, shape, false);
  SpillWorker worker(directories_.get(), FactoryOf(spill::TestEngine::kPread));
  for (int i = 0; i < 3; ++i) worker.Submit(JobOf(input));
  while (worker.counters().reads == 0) std::this_thread::yield();
  worker.Stop();
  worker.Stop();
  for (int i = 0; i < 3; ++i) {
    const std::unique_ptr<SpillJob> job = worker.TakeDone();
    ASSERT_NE(job, nullptr);
    EXPECT_EQ(job->status.code(), StatusCode::kCancelled) << job->status.ToString();
    EXPECT_EQ(job->file, nullptr);
    EXPECT_EQ(job->compaction.size(), input.compaction.size());
  }
  EXPECT_EQ(worker.TakeDone(), nullptr);
  EXPECT_FALSE(worker.WaitDone(spill::kIoWaitForever));
  EXPECT_TRUE(Made().empty());
  worker.Submit(JobOf(input));
  EXPECT_TRUE(worker.WaitDone(0));
  EXPECT_EQ(worker.TakeDone()->status.code(), StatusCode::kCancelled);
}

TEST_F(CompactionTest, WaitingEndsWithTheTime) {
  std::atomic<bool> go{false};
  SpillWorker worker(directories_.get(), [&go]() -> Result<std::unique_ptr<spill::IoEngine>> {
    while (!go.load()) std::this_thread::yield();
    return spill::OpenIoEngine({});
  });
  EXPECT_FALSE(worker.WaitDone(spill::kIoWaitForever)) << "nothing is under way";
  const Input input = Make(1, SmallShape(), false);
  worker.Submit(JobOf(input));
  EXPECT_FALSE(worker.WaitDone(0));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(worker.WaitDone(20'000));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(20));
  go.store(true);
  EXPECT_TRUE(worker.WaitDone(spill::kIoWaitForever));
  EXPECT_NE(worker.TakeDone(), nullptr);
}

TEST_F(CompactionTest, TheBuriedAreLetGoOf) {
  const auto removes_itself = [this] {
    const std::shared_ptr<const spill::RunFile> run = Write({RandomSection(&random_, SmallShape())});
    run->RemoveWhenUnused(&input_, std::to_string(inputs_) + ".run");
    return RunList{{run, 0}};
  };
  const auto files = [this] { return input_.List().value().size(); };
  const size_t before = files();
  SpillWorker worker(directories_.get(), FactoryOf(spill::TestEngine::kPread));
  worker.Bury(removes_itself());
  EXPECT_EQ(files(), before) << "without a thread it is done at once";
  (void)Do(&worker, std::make_unique<SpillJob>());
  worker.Bury(removes_itself());
  while (files() != before) std::this_thread::yield();
  for (int i = 0; i < 20; ++i) worker.Bury(removes_itself());
  worker.Stop();
  EXPECT_EQ(files(), before);
  worker.Bury(removes_itself());
  EXPECT_EQ(files(), before);
}

}  // namespace
}  // namespace spillway::hybrid
