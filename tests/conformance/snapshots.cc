// Full snapshots and restoring from them.
#include "tests/conformance/all_kinds.h"
#include "tests/conformance/cases.h"
#include "tests/conformance/check.h"
#include "tests/conformance/instance.h"
#include "tests/conformance/snapshot_writer.h"

namespace spillway::conformance {
namespace {

using plugin::ToBytes;

constexpr const char* kTheme = "snapshots";
constexpr uint64_t kKeyCount = 120;

void WriteAll(const AllKinds& states, uint64_t round, uint64_t from = 0, uint64_t to = kKeyCount) {
  for (uint64_t n = from; n < to; ++n) states.Write(n, round);
}

AllContents RestoredContents(Run& run, const std::vector<TakenSnapshot>& snapshots,
                             Location where = Location::current()) {
  Instance other(run);
  other.Restore(snapshots, where);
  return AllKinds::ContentsOf(&other, where);
}

// What an owner may do while a snapshot is written: write, replace in place, remove, iterate.
void ChangeEverything(Instance* at, const AllKinds& states) {
  for (uint64_t n = 0; n < kKeyCount; ++n) {
    if (n % 3 == 0) states.Clear(n);
    if (n % 3 == 1) states.Write(n, 1);
    if (n % 5 == 0) states.Write(n + kKeyCount, 0);
    at->Poll();
  }
  (void)states.Contents();
  for (uint64_t n = 0; n < kKeyCount; n += 2) states.Write(n, 2);
}

void HoldsTheStateAtItsTrigger(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0);
  const AllContents before = states.Contents();
  const plugin::Snapshot snapshot = at.BeginSnapshot();
  ChangeEverything(&at, states);
  const AllContents after = states.Contents();
  const TakenSnapshot taken = at.RunSnapshot(snapshot);
  ExpectContents(RestoredContents(run, {taken}), before, "restored from a snapshot that was written after changes");
  ExpectContents(states.Contents(), after, "the state after its snapshot was written");
}

void HoldsItsStateWhileTheOwnerGoesOn(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0);
  const AllContents before = states.Contents();
  plugin::Snapshot snapshot = at.BeginSnapshot();
  run.storage().CloseGate();
  SnapshotWriter writer(&at, &snapshot);
  run.storage().WaitUntilSomebodyWaits();
  ChangeEverything(&at, states);
  run.storage().OpenGate();
  for (uint64_t round = 3; round < 10; ++round) WriteAll(states, round, 0, 40);  // beside the writer, at whatever speed
  const AllContents after = states.Contents();
  writer.Join();
  ExpectContents(RestoredContents(run, {writer.Taken()}), before, "restored from a snapshot written beside the owner");
  snapshot.Reset();
  at.Poll();
  ExpectContents(states.Contents(), after, "the state after the snapshot was released");
}

void ValuesInPlaceDoNotLeakIn(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  for (uint64_t n = 0; n < 50; ++n) {
    at.SetKey(n);
    value.Put(kVoid, "before");
  }
  at.EndRecord();
  plugin::Snapshot snapshot = at.BeginSnapshot();
  for (uint64_t n = 0; n < 50; ++n) {
    at.SetKey(n);
    plugin::Error err;
    spw_mut_view view{};
    ExpectCode(value.raw().ValueGetForUpdate(ToBytes(kVoid), SPW_DO_NOT_CREATE, &view, err), SPW_OK,
               "value_get_for_update", err);
    for (int i = 0; i < 6; ++i) view.data[i] = 'x';
    at.EndRecord();
  }
  const TakenSnapshot taken = at.RunSnapshot(snapshot);
  snapshot.Reset();
  at.ReplaceBy({taken});
  for (uint64_t n = 0; n < 50; ++n) {
    at.SetKey(n);
    ExpectEqual(value.Get(kVoid), std::optional<std::string>("before"), "a value that was changed in place after");
  }
}

void SecondCompletesFirst(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0);
  const AllContents first_state = states.Contents();
  plugin::Snapshot first = at.BeginSnapshot();
  ChangeEverything(&at, states);
  const AllContents second_state = states.Contents();
  plugin::Snapshot second = at.BeginSnapshot();
  WriteAll(states, 3);
  const TakenSnapshot second_taken = at.RunSnapshot(second);
  second.Reset();
  at.Poll();
  WriteAll(states, 4, 0, 60);
  const TakenSnapshot first_taken = at.RunSnapshot(first);
  first.Reset();
  at.Poll();
  ExpectContents(RestoredContents(run, {first_taken}), first_state, "restored from the first, which completed last");
  ExpectContents(RestoredContents(run, {second_taken}), second_state,
                 "restored from the second, which completed first");
}

void SecondCompletesWhileTheFirstIsBlocked(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0);
  const AllContents first_state = states.Contents();
  plugin::Snapshot first = at.BeginSnapshot();
  run.storage().CloseGate();
  SnapshotWriter writer(&at, &first);
  run.storage().WaitUntilSomebodyWaits();
  ChangeEverything(&at, states);
  const AllContents second_state = states.Contents();
  plugin::Snapshot second = at.BeginSnapshot();
  run.storage().LetOthersThrough();
  const TakenSnapshot second_taken = at.RunSnapshot(second);
  second.Reset();
  WriteAll(states, 5);
  run.storage().OpenGate();
  writer.Join();
  ExpectContents(RestoredContents(run, {writer.Taken()}), first_state, "restored from the one that was blocked");
  ExpectContents(RestoredContents(run, {second_taken}), second_state, "restored from the one that was not");
}

void RestoreIndependently(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.SetKey(0);
  value.Put(kVoid, "first");
  const TakenSnapshot first = at.TakeSnapshot();
  at.SetKey(0);
  value.Put(kVoid, "second");
  const TakenSnapshot second = at.TakeSnapshot();
  at.SetKey(0);
  value.Put(kVoid, "later");
  at.EndRecord();
  for (const auto& [snapshot, expected] :
       {std::pair(first, "first"), std::pair(second, "second"), std::pair(first, "first")}) {
    at.ReplaceBy({snapshot});
    at.SetKey(0);
    ExpectEqual(value.Get(kVoid), std::optional<std::string>(expected), "the value of one of two snapshots");
    value.Put(kVoid, "after the restore");
    at.EndRecord();
  }
}

void RegisteringDuringASnapshot(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0);
  const AllContents before = states.Contents();
  plugin::Snapshot snapshot = at.BeginSnapshot();
  run.storage().CloseGate();
  SnapshotWriter writer(&at, &snapshot);
  run.storage().WaitUntilSomebodyWaits();
  const TestState late = at.Value("late");
  for (uint64_t n = 0; n < 50; ++n) {
    at.SetKey(n);
    late.Put(kVoid, "late");
    at.EndRecord();
  }
  run.storage().OpenGate();
  writer.Join();
  ExpectContents(RestoredContents(run, {writer.Taken()}), before, "restored from the snapshot");
  ExpectEqual(late.Count(), 50u, "entries of the state that was registered meanwhile");
  snapshot.Reset();
  at.ReplaceBy({at.TakeSnapshot()});
  ExpectEqual(late.Count(), 50u, "entries of that state after the next snapshot");
}

void OfNoStateAtAll(Run& run) {
  Instance at(run);
  const TakenSnapshot taken = at.TakeSnapshot();
  ExpectEqual(taken.metadata, std::string(), "the metadata of a snapshot of nothing");
  ExpectEqual(taken.files.size(), 0u, "files of a snapshot of nothing");
  ExpectEqual(taken.entries, 0u, "entries of a snapshot of nothing");
  at.ReplaceBy({taken});
  const AllKinds states(&at);
  WriteAll(states, 0, 0, 5);
  const AllContents written = states.Contents();
  ExpectContents(RestoredContents(run, {at.TakeSnapshot()}), written, "restored after a restore of nothing");
}

void OfStatesWithoutEntries(Run& run) {
  Instance at(run);
  { const AllKinds states(&at); }
  at.ReplaceBy({at.TakeSnapshot()});
  ExpectContents(AllKinds::ContentsOf(&at), {}, "restored from states without entries");
}

void UntouchedStateIsKept(Run& run) {
  Instance at(run);
  AllContents written;
  {
    const AllKinds states(&at);
    WriteAll(states, 0);
    written = states.Contents();
  }
  // Restored and snapshotted again, twice, by instances that never registered a state.
  TakenSnapshot taken = at.TakeSnapshot();
  for (int i = 0; i < 2; ++i) {
    Instance other(run);
    other.Restore({taken});
    taken = other.TakeSnapshot();
    ExpectContents(AllKinds::ContentsOf(&other), written, "restored and not touched");
  }
  at.ReplaceBy({taken});
  ExpectContents(AllKinds::ContentsOf(&at), written, "restored from a snapshot of untouched state");
}

void FilesAreTold(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0);
  auto options = plugin::Sized<spw_snapshot_options>();
  options.kind = SPW_SNAPSHOT_FULL;
  options.checkpoint_id = 77;
  options.name_prefix = "chk-77/subtask-0-";
  plugin::Error err;
  plugin::Snapshot snapshot;
  ExpectCode(at.backend().SnapshotBegin(options, &snapshot, err), SPW_OK, "snapshot_begin", err);
  const TakenSnapshot taken = at.RunSnapshot(snapshot);
  Expect(!taken.files.empty(), "a snapshot of something has files");
  uint64_t entries = 0;
  for (const auto& [name, contents] : states.Contents()) {
    if (name != "timers") entries += contents.size();
    if (name != "timers") continue;
    for (const auto& [place, texts] : contents) entries += texts.size();
  }
  ExpectEqual(taken.entries, entries, "entries of the snapshot");
  std::set<std::string> told;
  for (const auto& [name, size] : taken.files) {
    Expect(name.starts_with("chk-77/subtask-0-"), "the file '" + name + "' begins with the snapshot's prefix");
    const std::optional<std::string> content = run.storage().Content(name);
    Expect(content.has_value(), "the file '" + name + "' is in the storage");
    ExpectEqual(size, content->size(), "the size told of file '" + name + "'");
    told.insert(name);
  }
  ExpectEqual(run.storage().FileNames(), told, "files in the storage: those that were told");
}

void IsWrittenOnce(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0, 0, 5);
  const plugin::Snapshot snapshot = at.BeginSnapshot();
  (void)at.RunSnapshot(snapshot);
  const std::set<std::string> files = run.storage().FileNames();
  plugin::Error err;
  plugin::SnapshotResult again;
  ExpectError(snapshot.Run(&again, err), SPW_INVALID_STATE, "snapshot_run of the same snapshot again", err);
  ExpectEqual(run.storage().FileNames(), files, "files after the refused run");
}

void ReleasedUnwritten(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0);
  plugin::Snapshot never_run = at.BeginSnapshot();
  WriteAll(states, 1);
  never_run.Reset();
  at.Poll();
  WriteAll(states, 2);
  const AllContents written = states.Contents();
  ExpectEqual(run.storage().FileNames(), std::set<std::string>(), "files of a snapshot that was never run");
  ExpectContents(RestoredContents(run, {at.TakeSnapshot()}), written, "restored from the next snapshot");
}

void RestoredTwiceIsRefused(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0, 0, 10);
  const TakenSnapshot taken = at.TakeSnapshot();
  const AllContents written = states.Contents();
  const std::vector<TakenSnapshot> snapshots = {taken};
  const RestoreSources sources(snapshots);
  plugin::Error err;
  ExpectError(at.backend().Restore(sources.data(), sources.count(), err), SPW_INVALID_STATE,
              "restore after states were registered", err);
  ExpectContents(states.Contents(), written, "the state after a refused restore");
  Instance other(run);
  other.Restore(snapshots);
  ExpectError(other.backend().Restore(sources.data(), sources.count(), err), SPW_INVALID_STATE, "restoring twice", err);
  ExpectContents(AllKinds::ContentsOf(&other), written, "the state after it was restored once and refused once");
}

void ForeignSnapshotsAreRefused(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0, 0, 20);
  const std::vector<TakenSnapshot> snapshots = {at.TakeSnapshot()};
  const RestoreSources sources(snapshots);
  InstanceOptions by_another_function;
  by_another_function.key_group_function = "murmur3-32";
  InstanceOptions with_more_key_groups;
  with_more_key_groups.max_parallelism = 256;
  with_more_key_groups.key_groups = {0, 255};
  for (const InstanceOptions& options : {by_another_function, with_more_key_groups}) {
    Instance other(run, options);
    plugin::Error err;
    ExpectError(other.backend().Restore(sources.data(), sources.count(), err), SPW_INVALID_ARGUMENT,
                "restore with another key-group function or number", err);
    ExpectContents(AllKinds::ContentsOf(&other), {}, "the instance after a refused restore");
    const AllKinds fresh(&other);
    fresh.Write(1, 0);  // it is usable
  }
  const std::vector<TakenSnapshot> twice = {snapshots[0], snapshots[0]};
  const RestoreSources overlapping(twice);
  Instance other(run);
  plugin::Error err;
  ExpectError(other.backend().Restore(overlapping.data(), overlapping.count(), err), SPW_INVALID_ARGUMENT,
              "restore from overlapping snapshots", err);
  other.Restore(snapshots);
  ExpectContents(AllKinds::ContentsOf(&other), states.Contents(), "restored after a refused restore");
}

void NoticesInAnyOrder(Run& run) {
  Instance at(run);
  const AllKinds states(&at);
  WriteAll(states, 0, 0, 10);
  (void)at.TakeSnapshot();
  plugin::Error err;
  for (const uint64_t id : {uint64_t{2}, uint64_t{1}, uint64_t{999}}) {
    ExpectCode(at.backend().CheckpointComplete(id, err), SPW_OK, "checkpoint_complete", err);
    ExpectCode(at.backend().CheckpointAborted(id, err), SPW_OK, "checkpoint_aborted", err);
    ExpectCode(at.backend().CheckpointSubsumed(id, err), SPW_OK, "checkpoint_subsumed", err);
  }
  const AllContents written = states.Contents();
  ExpectContents(RestoredContents(run, {at.TakeSnapshot()}), written, "restored after notices in any order");
}

}  // namespace

CaseList SnapshotCases() {
  constexpr uint64_t kF = SPW_CAP_SNAPSHOT_FULL;
  return {
      {kTheme, "holds_the_state_at_its_trigger", kF, true, false, &HoldsTheStateAtItsTrigger},
      {kTheme, "holds_its_state_while_the_owner_goes_on", kF, true, false, &HoldsItsStateWhileTheOwnerGoesOn},
      {kTheme, "values_in_place_do_not_leak_in", kF | SPW_CAP_VALUE, true, false, &ValuesInPlaceDoNotLeakIn},
      {kTheme, "second_completes_first", kF, true, false, &SecondCompletesFirst},
      {kTheme, "second_completes_while_the_first_is_blocked", kF, true, false, &SecondCompletesWhileTheFirstIsBlocked},
      {kTheme, "restore_independently", kF | SPW_CAP_VALUE, true, false, &RestoreIndependently},
      {kTheme, "registering_during_a_snapshot", kF | SPW_CAP_VALUE, true, false, &RegisteringDuringASnapshot},
      {kTheme, "of_no_state_at_all", kF, false, false, &OfNoStateAtAll},
      {kTheme, "of_states_without_entries", kF, false, false, &OfStatesWithoutEntries},
      {kTheme, "untouched_state_is_kept", kF, true, false, &UntouchedStateIsKept},
      {kTheme, "files_are_told", kF, true, false, &FilesAreTold},
      {kTheme, "is_written_once", kF, false, false, &IsWrittenOnce},
      {kTheme, "released_unwritten", kF, true, false, &ReleasedUnwritten},
      {kTheme, "restored_twice_is_refused", kF, true, false, &RestoredTwiceIsRefused},
      {kTheme, "foreign_snapshots_are_refused", kF, false, false, &ForeignSnapshotsAreRefused},
      {kTheme, "notices_in_any_order", kF, false, false, &NoticesInAnyOrder},
  };
}

}  // namespace spillway::conformance
