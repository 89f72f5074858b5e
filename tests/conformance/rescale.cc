// Rescaling: the key-groups of a snapshot, divided anew.
#include "tests/conformance/all_kinds.h"
#include "tests/conformance/cases.h"
#include "tests/conformance/check.h"
#include "tests/conformance/instance.h"

namespace spillway::conformance {
namespace {

constexpr const char* kTheme = "rescale";
constexpr uint64_t kKeyCount = 300;

using Ranges = std::vector<spw_key_group_range>;

// The ranges of a job cover all its key-groups, so the last one tells how many there are.
InstanceOptions OptionsFor(const Ranges& ranges, spw_key_group_range range) {
  InstanceOptions options;
  options.max_parallelism = ranges.back().last + 1;
  options.key_groups = range;
  return options;
}

Ranges Even(uint32_t parallelism, uint32_t max_parallelism = kDefaultMaxParallelism) {
  Ranges ranges;
  for (uint32_t subtask = 0; subtask < parallelism; ++subtask) {
    ranges.push_back(KeyGroupsOfSubtask(subtask, max_parallelism, parallelism));
  }
  return ranges;
}

void Merge(AllContents from, AllContents* into, std::string_view what, Location where) {
  for (auto& [name, contents] : from) {
    for (auto& [place, texts] : contents) {
      const bool is_new = (*into)[name].emplace(place, std::move(texts)).second;
      if (!is_new) Fail(std::string(what) + ": state '" + name + "' of " + Show(place) + " is in two instances", where);
    }
  }
}

// Writes the keys of each range to an instance of its own; tells all that was written.
std::vector<TakenSnapshot> WriteAndSnapshot(Run& run, const Ranges& ranges, AllContents* written, Location where) {
  std::vector<TakenSnapshot> snapshots;
  for (const spw_key_group_range range : ranges) {
    Instance at(run, OptionsFor(ranges, range));
    const AllKinds states(&at);
    for (uint64_t round = 0; round < 3; ++round) {
      for (uint64_t n = 0; n < kKeyCount; ++n) {
        const uint32_t group = at.KeyGroup(run.Key(n));
        if (group >= range.first && group <= range.last) states.Write(n, round);
      }
    }
    Merge(states.Contents(), written, "written", where);
    snapshots.push_back(at.TakeSnapshot(where));
  }
  return snapshots;
}

// Restores all snapshots at other ranges: each value under its owner, once; then goes on and snapshots again.
std::vector<TakenSnapshot> RestoreAt(Run& run, const Ranges& ranges, const std::vector<TakenSnapshot>& from,
                                     const AllContents& expected, std::string_view what, Location where) {
  std::vector<TakenSnapshot> snapshots;
  AllContents found;
  for (const spw_key_group_range range : ranges) {
    Instance at(run, OptionsFor(ranges, range));
    at.Restore(from, where);
    AllContents contents = AllKinds::ContentsOf(&at, where);
    for (const auto& [name, of_state] : contents) {
      for (const auto& [place, texts] : of_state) {
        const uint32_t group = at.KeyGroup(place.first);
        Expect(group >= range.first && group <= range.last, "what is restored lies in the instance's key-groups",
               where);
      }
    }
    Merge(std::move(contents), &found, what, where);
    snapshots.push_back(at.TakeSnapshot(where));
  }
  ExpectContents(found, expected, what, where);
  return snapshots;
}

void Rescale(Run& run, const Ranges& from, const Ranges& to, Location where = Location::current()) {
  AllContents written;
  const std::vector<TakenSnapshot> snapshots = WriteAndSnapshot(run, from, &written, where);
  const std::string what = "rescaled from " + std::to_string(from.size()) + " to " + std::to_string(to.size());
  const std::vector<TakenSnapshot> again = RestoreAt(run, to, snapshots, written, what, where);
  (void)RestoreAt(run, from, again, written, what + " and back", where);
}

// Every restored instance is handed all snapshots, also those that it has no part in.
template <uint32_t kFrom, uint32_t kTo>
void Rescaled(Run& run) {
  Rescale(run, Even(kFrom), Even(kTo));
}

void RescaledUnevenly(Run& run) {
  Rescale(run, {{0, 0}, {1, 99}, {100, 127}}, {{0, 63}, {64, 64}, {65, 126}, {127, 127}});
}

void RescaledToTheMaximum(Run& run) {
  constexpr uint32_t kKeyGroups = 16;
  Rescale(run, Even(3, kKeyGroups), Even(kKeyGroups, kKeyGroups));
}

// Registered and used after the restore, not only looked at.
void RescaledAndUsed(Run& run) {
  AllContents written;
  const std::vector<TakenSnapshot> snapshots = WriteAndSnapshot(run, Even(2), &written, Location::current());
  AllContents expected, found;
  const Ranges ranges = Even(3);
  for (const spw_key_group_range range : ranges) {
    Instance at(run, OptionsFor(ranges, range));
    at.Restore(snapshots);
    const AllKinds states(&at);
    for (uint64_t n = 0; n < kKeyCount; ++n) {
      const uint32_t group = at.KeyGroup(run.Key(n));
      if (group < range.first || group > range.last) continue;
      if (n % 2 == 0) states.Clear(n);
      if (n % 3 == 0) states.Write(n, 4);
    }
    Merge(states.Contents(), &found, "used after rescaling", Location::current());
  }
  // The same on one instance that was never rescaled.
  Instance one(run);
  one.Restore(snapshots);
  const AllKinds states(&one);
  for (uint64_t n = 0; n < kKeyCount; ++n) {
    if (n % 2 == 0) states.Clear(n);
    if (n % 3 == 0) states.Write(n, 4);
  }
  ExpectContents(found, states.Contents(), "used after rescaling from 2 to 3, compared with one instance");
}

}  // namespace

CaseList RescaleCases() {
  constexpr uint64_t kF = SPW_CAP_SNAPSHOT_FULL;
  return {
      {kTheme, "from_1_to_2", kF, true, false, &Rescaled<1, 2>},
      {kTheme, "from_2_to_1", kF, true, false, &Rescaled<2, 1>},
      {kTheme, "from_2_to_4", kF, true, false, &Rescaled<2, 4>},
      {kTheme, "from_4_to_2", kF, true, false, &Rescaled<4, 2>},
      {kTheme, "from_2_to_7", kF, true, false, &Rescaled<2, 7>},
      {kTheme, "from_7_to_2", kF, true, false, &Rescaled<7, 2>},
      {kTheme, "from_8_to_2", kF, true, false, &Rescaled<8, 2>},
      {kTheme, "unevenly", kF, true, false, &RescaledUnevenly},
      {kTheme, "to_the_maximum", kF, false, false, &RescaledToTheMaximum},
      {kTheme, "and_used", kF, true, false, &RescaledAndUsed},
  };
}

}  // namespace spillway::conformance
