// Flushes by the spill worker while the owner goes on: the run file has what there was when the views were taken.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "backend/hybrid/list_piece.h"
#include "backend/hybrid/list_state.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/snapshot.h"
#include "backend/hybrid/spill_worker.h"
#include "backend/hybrid/value_state.h"
#include "spill/section_cursor.h"
#include "tests/hybrid/reference.h"
#include "tests/support/io_engines.h"
#include "tests/support/temporary_folder.h"

namespace spillway::hybrid {
namespace {

constexpr uint32_t kStates = 3;  // value, list, map; timers are no hash tables

// The pinned tables of a flush that is under way.
struct Flushing {
  PinSet* pins = nullptr;
  Contents expected;
};

class FlushTest : public testing::Test {
 protected:
  std::unique_ptr<SpillWorker> Worker() {
    return std::make_unique<SpillWorker>(directories_.get(), [] { return spill::OpenIoEngine({}); });
  }

  // A flush of all tables, of each what is newer than its epoch in `flushed` (none: all), as the owner would begin it.
  Flushing Begin(const std::vector<uint32_t>& flushed, std::unique_ptr<SpillJob>* job) {
    instance_->Safepoint(0);
    Flushing flushing;
    flushing.expected = reference_.contents();
    flushing.pins = new PinSet(&instance_.account(), kStates * instance_->group_count());
    *job = std::make_unique<SpillJob>();
    size_t next = 0;
    for (uint32_t index = 0; index < kStates; ++index) {
      State* state = reference_.states()[index];
      for (uint32_t group = 0; group < instance_->group_count(); ++group) {
        View& view = flushing.pins->pins()[next].view;
        view.pins = flushing.pins;
        KeyGroupTable& table = state->table(group);
        EXPECT_TRUE(instance_.heap().BeginView(&table.versions, &view, table.root.word));
        FlushTable flush;
        flush.state = index;
        flush.key_group = group;
        flush.kind = state->kind();
        flush.alignment = state->alignment();
        flush.root = view.root;
        flush.flushed_epoch = flushed.empty() ? 0 : flushed[next];
        flush.older_runs = !flushed.empty();
        (*job)->flush.push_back(flush);
        ++next;
      }
    }
    return flushing;
  }
  static std::vector<uint32_t> EpochsOf(const Flushing& flushing) {
    std::vector<uint32_t> epochs;
    for (const PinSet::Pin& pin : flushing.pins->pins()) epochs.push_back(pin.view.epoch);
    return epochs;
  }
  void End(Flushing* flushing) {
    std::vector<View*> views;
    for (PinSet::Pin& pin : flushing->pins->pins()) views.push_back(&pin.view);
    for (View* view : views) {
      instance_.heap().EndView(view);
      PinSet::Ended(view);
    }
    flushing->pins = nullptr;
  }

  // What a run has that no older one stands behind.
  Contents Read(const std::shared_ptr<const spill::RunFile>& run) {
    Contents contents;
    for (uint32_t i = 0; i < run->sections().size(); ++i) {
      const spill::SectionEntry& section = run->sections()[i];
      spill::SectionCursor cursor(engine_.get(), run, i);
      for (;;) {
        const Result<bool> any = cursor.Next();
        EXPECT_TRUE(any.ok()) << any.status().ToString();
        if (!any.ok() || !*any) break;
        Add(section, cursor.record(), &contents);
      }
    }
    return contents;
  }
  void Add(const spill::SectionEntry& section, const spill::RunRecord& record, Contents* contents) {
    EXPECT_NE(record.op, spill::RecordOp::kDelete);
    const Place place{section.key_group, std::string(record.key), std::string(record.state_namespace)};
    if (section.state == 0) {
      EXPECT_TRUE(contents->values.emplace(place, record.value).second);
    } else if (section.state == 1) {
      EXPECT_EQ(record.op, record.sub == 0 ? spill::RecordOp::kBase : spill::RecordOp::kAppend);
      PackedPieceReader elements(record.value, reference_.states()[1]->alignment());
      for (BytesView element; elements.Next(&element);) contents->lists[place].emplace_back(element);
      EXPECT_TRUE(elements.ok());
    } else if (record.map_entry) {
      std::optional<std::string> value;
      if (!record.value_is_null) value = record.value;
      EXPECT_TRUE(contents->maps[place].emplace(record.map_key, value).second);
    }
  }
  void ExpectHolds(const SpillJob& job, const Contents& expected) {
    ASSERT_TRUE(job.status.ok()) << job.status.ToString();
    ASSERT_NE(job.file, nullptr);
    const Contents got = Read(job.file);
    EXPECT_TRUE(got.values == expected.values);
    EXPECT_TRUE(got.lists == expected.lists);
    EXPECT_TRUE(got.maps == expected.maps);
  }
  // Nothing is removed, so that no tombstone is called for.
  void Put(uint32_t number) {
    const uint32_t group = number % instance_->group_count();
    const std::string key = "key" + std::to_string(number);
    const EntryAddress address = instance_->AddressOf(key, group, "");
    const Place place{group, key, ""};
    const std::string value = "value" + std::to_string(reference_.random()());
    ASSERT_EQ(PutValue(reference_.states()[0], address, value), SPW_OK);
    grown_.values[place] = value;
    const spw_bytes element{reinterpret_cast<const uint8_t*>(value.data()), value.size()};
    ASSERT_EQ(AppendToList(reference_.states()[1], address, {&element, 1}), SPW_OK);
    grown_.lists[place].push_back(value);
    ASSERT_EQ(PutMapEntry(reference_.states()[2], address, value.substr(0, 6), value), SPW_OK);
    grown_.maps[place][value.substr(0, 6)] = value;
  }

  const runtime::TemporaryFolder temporary_;
  const std::vector<std::string> parents_ = {temporary_.path().string()};
  const std::unique_ptr<SpillDirectories> directories_ = SpillDirectories::Open(parents_, "test").value();
  const std::unique_ptr<spill::IoEngine> engine_ = MakeTestEngine(spill::TestEngine::kPread);
  TestInstance instance_{2};
  Reference reference_{&instance_, SeedOf(51)};
  Contents grown_;  // what Put has put
};

TEST_F(FlushTest, HasWhatThereWasWhileTheOwnerGoesOn) {
  const std::unique_ptr<SpillWorker> worker = Worker();
  for (int i = 0; i < 3000; ++i) reference_.Step(2000);
  for (int round = 0; round < 8 && !HasFailure(); ++round) {
    std::unique_ptr<SpillJob> job;
    Flushing flushing = Begin({}, &job);
    worker->Submit(std::move(job));
    // At least some steps, whatever the worker does meanwhile.
    for (int i = 0; i < 500 || job == nullptr; ++i) {
      if (i < 20'000) reference_.Step(2000);
      instance_->Safepoint(16);
      if (job == nullptr) job = worker->TakeDone();
    }
    End(&flushing);
    ExpectHolds(*job, flushing.expected);
    instance_.ReclaimAll();
  }
  reference_.ClearAll();
  instance_.ReclaimAll();
  EXPECT_EQ(instance_.account().of(Category::kEntries), 0u);
}

TEST_F(FlushTest, WritesOnlyWhatIsDirty) {
  const std::unique_ptr<SpillWorker> worker = Worker();
  std::vector<uint32_t> flushed;
  // To the end: what is flushed is then not changed in place.
  std::vector<Flushing> kept;
  std::vector<std::shared_ptr<const spill::RunFile>> newest_first;
  for (int round = 0; round < 4; ++round) {
    for (uint32_t i = 0; i < (round == 0 ? 1000u : 50u); ++i) Put(i * 7 % 1000);
    std::unique_ptr<SpillJob> job;
    Flushing flushing = Begin(flushed, &job);
    worker->Submit(std::move(job));
    ASSERT_TRUE(worker->WaitDone(spill::kIoWaitForever));
    job = worker->TakeDone();
    flushed = EpochsOf(flushing);
    kept.push_back(std::move(flushing));
    ASSERT_TRUE(job->status.ok()) << job->status.ToString();
    ASSERT_NE(job->file, nullptr);
    if (round > 0) {
      EXPECT_LE(job->file->records(), 50u * 4) << "headers of maps are written with their entries";
    }
    newest_first.insert(newest_first.begin(), job->file);
  }
  auto job = std::make_unique<SpillJob>();
  for (uint32_t state = 0; state < kStates; ++state) {
    for (uint32_t group = 0; group < instance_->group_count(); ++group) {
      CompactionTable table;
      table.state = state;
      table.key_group = group;
      table.kind = reference_.states()[state]->kind();
      table.bottom = true;
      for (const auto& run : newest_first) {
        const std::optional<uint32_t> section = run->FindSection(state, group);
        ASSERT_TRUE(section.has_value()) << state << " " << group;
        table.runs.push_back({run, *section});
      }
      job->compaction.push_back(std::move(table));
    }
  }
  worker->Submit(std::move(job));
  ASSERT_TRUE(worker->WaitDone(spill::kIoWaitForever));
  ExpectHolds(*worker->TakeDone(), grown_);
  for (Flushing& flushing : kept) End(&flushing);
}

TEST_F(FlushTest, OfNothingIsNoFile) {
  const std::unique_ptr<SpillWorker> worker = Worker();
  std::unique_ptr<SpillJob> job;
  Flushing flushing = Begin({}, &job);
  worker->Submit(std::move(job));
  ASSERT_TRUE(worker->WaitDone(spill::kIoWaitForever));
  job = worker->TakeDone();
  End(&flushing);
  EXPECT_TRUE(job->status.ok()) << job->status.ToString();
  EXPECT_EQ(job->file, nullptr);
  EXPECT_EQ(directories_->all()[0]->List().value().size(), 1u) << "only the lock";
}

TEST_F(FlushTest, GoesBeforeCompactions) {
  std::atomic<bool> go{false};
  SpillWorker worker(directories_.get(), [&go] {
    while (!go.load()) std::this_thread::yield();
    return spill::OpenIoEngine({});
  });
  for (int i = 0; i < 2; ++i) worker.Submit(std::make_unique<SpillJob>());
  for (int i = 0; i < 100; ++i) reference_.Step(100);
  std::unique_ptr<SpillJob> job;
  Flushing flushing = Begin({}, &job);
  worker.Submit(std::move(job));
  go.store(true);
  ASSERT_TRUE(worker.WaitDone(spill::kIoWaitForever));
  job = worker.TakeDone();
  EXPECT_FALSE(job->flush.empty());
  ExpectHolds(*job, flushing.expected);
  End(&flushing);
}

TEST_F(FlushTest, IsCancelledByStop) {
  for (int i = 0; i < 3000; ++i) reference_.Step(2000);
  const std::unique_ptr<SpillWorker> worker = Worker();
  std::unique_ptr<SpillJob> first;
  std::unique_ptr<SpillJob> second;
  Flushing flushings[] = {Begin({}, &first), Begin({}, &second)};
  worker->Submit(std::move(first));
  worker->Submit(std::move(second));
  worker->Stop();
  for (int i = 0; i < 2; ++i) {
    const std::unique_ptr<SpillJob> job = worker->TakeDone();
    ASSERT_NE(job, nullptr);
    EXPECT_TRUE(job->status.ok() || job->status.code() == StatusCode::kCancelled) << job->status.ToString();
    EXPECT_EQ(job->status.ok(), job->file != nullptr);
  }
  EXPECT_EQ(directories_->all()[0]->List().value().size(), 1u) << "only the lock";
  for (Flushing& flushing : flushings) End(&flushing);
}

}  // namespace
}  // namespace spillway::hybrid
