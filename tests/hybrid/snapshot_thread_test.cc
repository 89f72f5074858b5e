// Snapshots written by other threads while the owner goes on: what they hold, what is left of them, and (under the
// thread sanitizer) that nobody reads what the owner writes.
#include <atomic>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "backend/hybrid/restore.h"
#include "backend/hybrid/snapshot.h"
#include "tests/conformance/memory_host.h"
#include "tests/hybrid/reference.h"

namespace spillway::hybrid {
namespace {

struct RunningSnapshot {
  std::unique_ptr<TableSnapshot> snapshot;
  std::unique_ptr<Result<SnapshotOutcome>> outcome;
  Contents expected;
  std::thread thread;
};

std::unique_ptr<TableSnapshot> Begin(TestInstance* instance, const std::string& prefix) {
  auto options = plugin::Sized<spw_snapshot_options>();
  options.kind = SPW_SNAPSHOT_FULL;
  options.name_prefix = prefix.c_str();
  (*instance)->Safepoint(0);
  return TableSnapshot::Begin(instance->get(), options).value();
}

void ExpectRestores(const conformance::MemoryHost& host, const SnapshotOutcome& outcome, const Contents& expected) {
  TestInstance restored(2, 0, host.table());
  const spw_file_ref file{outcome.file_name.c_str(), outcome.file_bytes};
  auto source = plugin::Sized<spw_restore_source>();
  source.key_groups = {0, 1};
  source.metadata = plugin::ToBytes(outcome.metadata);
  source.file_count = 1;
  source.files = &file;
  const Status status = RestoreInstance(restored.get(), {&source, 1});
  ASSERT_TRUE(status.ok()) << status.ToString();
  Reference reference(&restored, 1);  // registers the same states
  reference.ExpectHolds(reference.Roots(), expected);
}

TEST(SnapshotThread, SnapshotsHoldWhatWasAtTheirBeginning) {
  conformance::MemoryStorage storage;
  conformance::MemoryHost host(&storage);
  TestInstance instance(2, 0, host.table());
  Reference reference(&instance, SeedOf(31));
  std::vector<RunningSnapshot> running;
  for (int round = 0; round < 12 && !::testing::Test::HasFailure(); ++round) {
    for (int i = 0; i < 1500; ++i) {
      reference.Step(1500);
      if (i % 5 == 0) instance->Safepoint(64);
    }
    RunningSnapshot next;
    next.snapshot = Begin(&instance, "snapshot-" + std::to_string(round));
    next.expected = reference.contents();
    next.thread = std::thread([snapshot = next.snapshot.get(), &outcome = next.outcome] {
      outcome = std::make_unique<Result<SnapshotOutcome>>(snapshot->Run());
    });
    if (round % 4 == 3) next.snapshot->Cancel();
    // The thread refers to the place of the outcome, so it must not move.
    next.thread.join();
    running.push_back(std::move(next));
  }
  for (RunningSnapshot& each : running) {
    if (!each.outcome->ok()) {
      EXPECT_EQ(each.outcome->status().code(), StatusCode::kCancelled);
      continue;
    }
    ExpectRestores(host, **each.outcome, each.expected);
  }
}

// Threads run while the owner writes; several at once.
TEST(SnapshotThread, TheOwnerGoesOnMeanwhile) {
  conformance::MemoryStorage storage;
  conformance::MemoryHost host(&storage);
  TestInstance instance(2, 0, host.table());
  Reference reference(&instance, SeedOf(32));
  for (int i = 0; i < 4000; ++i) reference.Step(2000);
  struct Run {
    std::unique_ptr<TableSnapshot> snapshot;
    Contents expected;
    Result<SnapshotOutcome> outcome = Status::Internal("did not run");
    std::atomic<bool> over{false};
    std::thread thread;
  };
  std::vector<std::unique_ptr<Run>> runs;
  for (int round = 0; round < 10 && !::testing::Test::HasFailure(); ++round) {
    auto run = std::make_unique<Run>();
    run->snapshot = Begin(&instance, "run-" + std::to_string(round));
    run->expected = reference.contents();
    run->thread = std::thread([run = run.get()] {
      run->outcome = run->snapshot->Run();
      run->snapshot.reset();
      run->over.store(true);
    });
    runs.push_back(std::move(run));
    for (int i = 0; i < 600; ++i) {
      reference.Step(2000);
      instance->Safepoint(16);
    }
  }
  for (const auto& run : runs) {
    while (!run->over.load()) {
      reference.Step(2000);
      instance->Safepoint(16);
    }
    run->thread.join();
    ASSERT_TRUE(run->outcome.ok()) << run->outcome.status().ToString();
    ExpectRestores(host, *run->outcome, run->expected);
  }
  reference.ClearAll();
  instance.ReclaimAll();
  EXPECT_EQ(instance.account().of(Category::kEntries), 0u);
  EXPECT_EQ(instance.account().of(Category::kRetired), 0u);
  EXPECT_EQ(instance.account().io(), 0u);
  EXPECT_EQ(instance.heap().counters().views_live.load(), 0u);
  EXPECT_EQ(storage.OpenHandles(), "");
}

TEST(SnapshotThread, ClosingEndsOnesThatRunAndOnesThatNeverDid) {
  conformance::MemoryStorage storage;
  conformance::MemoryHost host(&storage);
  TestInstance instance(2, 0, host.table());
  Reference reference(&instance, SeedOf(33));
  for (int i = 0; i < 3000; ++i) reference.Step(1000);
  std::unique_ptr<TableSnapshot> never_run = Begin(&instance, "never");
  std::unique_ptr<TableSnapshot> running = Begin(&instance, "running");
  storage.CloseGate();
  Result<SnapshotOutcome> outcome = Status::Internal("did not run");
  std::thread thread([&] { outcome = running->Run(); });
  storage.WaitUntilSomebodyWaits();
  // Not before the close has cancelled the run, else it might write all of its file.
  std::thread opener([&] {
    while (!running->cancelled()) std::this_thread::yield();
    storage.OpenGate();
  });
  EXPECT_TRUE(instance->Close());
  thread.join();
  opener.join();
  EXPECT_EQ(outcome.status().code(), StatusCode::kCancelled);
  EXPECT_EQ(never_run->Run().status().code(), StatusCode::kClosed);
  EXPECT_EQ(storage.OpenHandles(), "");
  EXPECT_TRUE(storage.FileNames().empty());
  never_run.reset();
  running.reset();
  EXPECT_EQ(instance.account().used(), 0u);
}

TEST(SnapshotThread, ARunThatThrowsIsOverAndLeavesNothing) {
  conformance::MemoryStorage storage;
  conformance::MemoryHost host(&storage);
  spw_host throwing = *host.table();
  throwing.storage_write = [](void*, spw_writable*, spw_bytes, spw_error*) -> spw_code { throw std::bad_alloc(); };
  TestInstance instance(2, 0, &throwing);
  Reference reference(&instance, SeedOf(34));
  for (int i = 0; i < 300; ++i) reference.Step(100);
  std::unique_ptr<TableSnapshot> snapshot = Begin(&instance, "thrown");
  EXPECT_THROW((void)snapshot->Run(), std::bad_alloc);
  EXPECT_EQ(storage.OpenHandles(), "");
  EXPECT_TRUE(storage.FileNames().empty());
  EXPECT_EQ(snapshot->Run().status().code(), StatusCode::kInvalidState);
  // The views came back though the snapshot is still there, and closing does not wait for it.
  instance->Safepoint(0);
  EXPECT_EQ(instance.heap().counters().views_live.load(), 0u);
  EXPECT_TRUE(instance->Close());
}

}  // namespace
}  // namespace spillway::hybrid
