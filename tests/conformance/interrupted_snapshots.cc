// Snapshots that are cancelled, closed or failed, and files that are damaged: nothing leaks, nothing else is disturbed.
#include "tests/conformance/all_kinds.h"
#include "tests/conformance/cases.h"
#include "tests/conformance/check.h"
#include "tests/conformance/instance.h"
#include "tests/conformance/snapshot_writer.h"

namespace spillway::conformance {
namespace {

constexpr const char* kTheme = "snapshots";

void WriteAll(const AllKinds& states, uint64_t round, uint64_t keys = 60) {
  for (uint64_t n = 0; n < keys; ++n) states.Write(n, round);
}

AllContents RestoredContents(Run& run, const TakenSnapshot& snapshot, Location where = Location::current()) {
  Instance other(run);
  other.Restore({snapshot}, where);
  return AllKinds::ContentsOf(&other, where);
}

void CancelledBeforeItRuns(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0);
  const plugin::Snapshot cancelled = at.BeginSnapshot();
  const plugin::Snapshot other = at.BeginSnapshot();
  const AllContents written = states.Contents();
  cancelled.Cancel();
  cancelled.Cancel();
  plugin::Error err;
  plugin::SnapshotResult result;
  ExpectError(cancelled.Run(&result, err), SPW_CANCELLED, "snapshot_run of a cancelled snapshot", err);
  ExpectEqual(run.storage().FileNames(), std::set<std::string>(), "files of a cancelled snapshot");
  WriteAll(states, 1);
  ExpectContents(RestoredContents(run, at.RunSnapshot(other)), written, "restored from the snapshot beside it");
}

void CancelledWhileItRuns(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0);
  const AllContents written = states.Contents();
  plugin::Snapshot cancelled = at.BeginSnapshot();
  run.storage().CloseGate();
  SnapshotWriter writer(&at, &cancelled);
  run.storage().WaitUntilSomebodyWaits();
  cancelled.Cancel();
  run.storage().OpenGate();
  ExpectError(writer.Join(), SPW_CANCELLED, "snapshot_run that was cancelled", writer.err());
  ExpectEqual(run.storage().FileNames(), std::set<std::string>(), "files of a cancelled snapshot");
  ExpectEqual(run.storage().OpenHandles(), std::string(), "storage handles left by a cancelled snapshot");
  cancelled.Reset();
  at.Poll();
  ExpectContents(states.Contents(), written, "the state after a cancelled snapshot");
  ExpectContents(RestoredContents(run, at.TakeSnapshot()), written, "restored from the snapshot after it");
}

void ClosedWithSnapshots(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0);
  plugin::Snapshot running = at.BeginSnapshot();
  plugin::Snapshot waiting = at.BeginSnapshot();
  run.storage().CloseGate();
  SnapshotWriter writer(&at, &running);
  run.storage().WaitUntilSomebodyWaits();
  Parallel opener([&] {
    // Opens the gate once close has told the snapshot, or before: close waits for the running one either way.
    run.storage().OpenGate();
  });
  at.Close();
  opener.Join();
  const spw_code code = writer.Join();
  Expect(code == SPW_CANCELLED || code == SPW_CLOSED || code == SPW_OK,
         "a run that close met is cancelled, or was over: got " + ShowCode(code));
  plugin::Error err;
  plugin::SnapshotResult result;
  ExpectError(waiting.Run(&result, err), SPW_CLOSED, "snapshot_run after close", err);
  ExpectEqual(run.storage().OpenHandles(), std::string(), "storage handles after close");
  if (code != SPW_OK) ExpectEqual(run.storage().FileNames(), std::set<std::string>(), "files of cancelled snapshots");
}

// Every call of the storage fails once: an error, nothing left, and the state and the next snapshot as if it had not
// been.
void StorageFailsDuringASnapshot(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0);
  const AllContents written = states.Contents();
  run.storage().FailCall(0);
  (void)at.TakeSnapshot();
  const uint64_t calls = run.storage().calls();
  Expect(calls > 0, "a snapshot calls the storage");
  const std::set<std::string> files = run.storage().FileNames();
  for (uint64_t n = 1; n <= calls; ++n) {
    plugin::Snapshot snapshot = at.BeginSnapshot();
    run.storage().FailCall(n);
    plugin::Error err;
    plugin::SnapshotResult result;
    const spw_code code = snapshot.Run(&result, err);
    const std::string which = "call " + std::to_string(n) + " of " + std::to_string(calls) + " of the storage failed";
    Expect(plugin::IsError(code), "snapshot_run is an error when " + which);
    Expect(*err.message() != '\0', "snapshot_run gives a message when " + which);
    ExpectEqual(run.storage().FileNames(), files, "files when " + which);
    ExpectEqual(run.storage().OpenHandles(), std::string(), "storage handles when " + which);
    run.storage().FailCall(0);
    snapshot.Reset();
    at.Poll();
  }
  ExpectContents(states.Contents(), written, "the state after failed snapshots");
  ExpectContents(RestoredContents(run, at.TakeSnapshot()), written, "restored from the snapshot after failed ones");
}

void StorageFailsDuringARestore(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0, 6);  // an instance is opened for each call that reading them takes
  const AllContents written = states.Contents();
  const std::vector<TakenSnapshot> snapshots = {at.TakeSnapshot()};
  const RestoreSources sources(snapshots);
  run.storage().FailCall(0);
  (void)RestoredContents(run, snapshots[0]);
  const uint64_t calls = run.storage().calls();
  Expect(calls > 0, "a restore calls the storage");
  for (uint64_t n = 1; n <= calls; ++n) {
    const std::string which = "call " + std::to_string(n) + " of " + std::to_string(calls) + " of the storage failed";
    Instance other(run);
    run.storage().FailCall(n);
    plugin::Error err;
    const spw_code code = other.backend().Restore(sources.data(), sources.count(), err);
    run.storage().FailCall(0);
    if (code == SPW_OK) {  // allowed only if nothing was lost: what failed was not needed
      ExpectContents(AllKinds::ContentsOf(&other), written, "restored although " + which);
      continue;
    }
    Expect(plugin::IsError(code), "restore is an error when " + which);
    ExpectEqual(run.storage().OpenHandles(), std::string(), "storage handles when " + which);
    ExpectContents(AllKinds::ContentsOf(&other), {}, "the instance after a failed restore");
    other.Restore(snapshots);
    ExpectContents(AllKinds::ContentsOf(&other), written, "restored after a failed restore");
  }
}

// A flipped bit anywhere in a file is found, or it is in a place that nobody reads.
void DamagedFilesAreNotRestored(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0);
  const AllContents written = states.Contents();
  const std::vector<TakenSnapshot> snapshots = {at.TakeSnapshot()};
  const RestoreSources sources(snapshots);
  for (const auto& [name, size] : snapshots[0].files) {
    const std::string good = run.storage().Content(name).value();
    std::vector<std::string> bad;
    for (uint64_t i = 0; i < 32; ++i) {
      bad.push_back(good);
      bad.back()[i * (good.size() - 1) / 31] ^= static_cast<char>(1 << (i % 8));
    }
    bad.push_back(good.substr(0, good.size() / 2));
    bad.push_back(good.substr(0, good.size() - 1));
    bad.push_back("");
    for (const std::string& content : bad) {
      run.storage().SetContent(name, content);
      Instance other(run);
      plugin::Error err;
      const spw_code code = other.backend().Restore(sources.data(), sources.count(), err);
      if (code == SPW_OK) {
        ExpectContents(AllKinds::ContentsOf(&other), written, "restored from a damaged file without an error");
        continue;
      }
      Expect(plugin::IsError(code) && *err.message() != '\0', "a damaged file is an error with a message");
      ExpectContents(AllKinds::ContentsOf(&other), {}, "the instance after restoring from a damaged file");
    }
    run.storage().SetContent(name, good);
  }
  // A file that is gone.
  Expect(!snapshots[0].files.empty(), "a snapshot of something has files");
  const std::string& name = snapshots[0].files[0].first;
  const std::string good = run.storage().Content(name).value();
  Expect(run.storage().Delete(name).ok(), "the kit can delete a file");
  Instance other(run);
  plugin::Error err;
  Expect(plugin::IsError(other.backend().Restore(sources.data(), sources.count(), err)), "a missing file is an error");
  run.storage().SetContent(name, good);
  other.Restore(snapshots);
  ExpectContents(AllKinds::ContentsOf(&other), written, "restored once the file is back");
}

}  // namespace

CaseList InterruptedSnapshotCases() {
  constexpr uint64_t kF = SPW_CAP_SNAPSHOT_FULL;
  return {
      {kTheme, "cancelled_before_it_runs", kF, true, false, &CancelledBeforeItRuns},
      {kTheme, "cancelled_while_it_runs", kF, true, false, &CancelledWhileItRuns},
      {kTheme, "closed_with_snapshots", kF, true, false, &ClosedWithSnapshots},
      {kTheme, "storage_fails_during_a_snapshot", kF, false, false, &StorageFailsDuringASnapshot},
      {kTheme, "storage_fails_during_a_restore", kF, false, false, &StorageFailsDuringARestore},
      {kTheme, "damaged_files_are_not_restored", kF, false, false, &DamagedFilesAreNotRestored},
  };
}

}  // namespace spillway::conformance
