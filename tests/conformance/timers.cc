// Timer states.
#include <algorithm>
#include <limits>

#include "tests/conformance/cases.h"
#include "tests/conformance/check.h"
#include "tests/conformance/instance.h"

namespace spillway::conformance {
namespace {

using plugin::ToBytes;

constexpr const char* kTheme = "timers";

// (timestamp, key, namespace)
using Timer = std::tuple<int64_t, std::string, std::string>;

std::string ShowTimer(const Timer& timer) {
  return std::to_string(std::get<0>(timer)) + " of key " + Show(std::get<1>(timer)) + " in " + Show(std::get<2>(timer));
}

spw_timer Raw(const Instance& at, const Timer& timer) {
  const std::string& key = std::get<1>(timer);
  return {std::get<0>(timer), ToBytes(key), ToBytes(std::get<2>(timer)), at.KeyGroup(key), 0};
}
Timer Read(const spw_timer& timer) {
  return {timer.timestamp, TextOf(timer.key), TextOf(timer.state_namespace)};
}

// Whether the head changed.
bool Add(const Instance& at, const TestState& state, const std::vector<Timer>& timers,
         Location where = Location::current()) {
  std::vector<spw_timer> raw;
  for (const Timer& timer : timers) raw.push_back(Raw(at, timer));
  plugin::Error err;
  uint8_t changed = 2;
  ExpectCode(state.raw().TimerAdd(raw.data(), raw.size(), &changed, err), SPW_OK, "timer_add", err, where);
  Expect(changed <= 1, "timer_add gives 0 or 1 in head_changed", where);
  return changed == 1;
}

// Nothing when it was not there; else whether the head changed.
std::optional<bool> Remove(const Instance& at, const TestState& state, const Timer& timer,
                           Location where = Location::current()) {
  plugin::Error err;
  uint8_t changed = 0;
  const spw_code code = state.raw().TimerRemove(Raw(at, timer), &changed, err);
  if (code == SPW_ABSENT) return std::nullopt;
  ExpectCode(code, SPW_OK, "timer_remove", err, where);
  return changed == 1;
}

std::optional<Timer> Peek(const TestState& state, Location where = Location::current()) {
  plugin::Error err;
  spw_timer timer{};
  const spw_code code = state.raw().TimerPeek(&timer, err);
  if (code == SPW_ABSENT) return std::nullopt;
  ExpectCode(code, SPW_OK, "timer_peek", err, where);
  return Read(timer);
}

std::vector<Timer> PollOnce(const TestState& state, int64_t up_to, uint32_t capacity,
                            Location where = Location::current()) {
  plugin::Error err;
  std::vector<spw_timer> raw(capacity);
  uint32_t count = 99;
  const spw_code code = state.raw().TimerPollDue(up_to, raw.data(), capacity, &count, err);
  std::vector<Timer> timers;
  if (code == SPW_ABSENT) {
    ExpectEqual(count, 0u, "timers that come with SPW_ABSENT", where);
    return timers;
  }
  ExpectCode(code, SPW_OK, "timer_poll_due", err, where);
  Expect(count > 0 && count <= capacity, "timer_poll_due gives between 1 and capacity timers with SPW_OK", where);
  for (uint32_t i = 0; i < count; ++i) {
    timers.push_back(Read(raw[i]));
    Expect(std::get<0>(timers.back()) <= up_to, "a polled timer is due", where);
  }
  return timers;
}

// All that are due, in the order in which they came, which must be that of time.
std::vector<Timer> PollAll(const TestState& state, int64_t up_to, Location where = Location::current()) {
  std::vector<Timer> all;
  for (;;) {
    const std::vector<Timer> some = PollOnce(state, up_to, 16, where);
    if (some.empty()) break;
    all.insert(all.end(), some.begin(), some.end());
  }
  for (size_t i = 1; i < all.size(); ++i) {
    if (std::get<0>(all[i]) < std::get<0>(all[i - 1])) {
      Fail("timer " + ShowTimer(all[i]) + " came after the later one " + ShowTimer(all[i - 1]), where);
    }
  }
  return all;
}

void ExpectTimers(std::vector<Timer> actual, std::vector<Timer> expected, std::string_view what,
                  Location where = Location::current()) {
  std::sort(actual.begin(), actual.end());
  std::sort(expected.begin(), expected.end());
  std::vector<std::string> shown_actual, shown_expected;
  for (const Timer& timer : actual) shown_actual.push_back(ShowTimer(timer));
  for (const Timer& timer : expected) shown_expected.push_back(ShowTimer(timer));
  ExpectEqual(shown_actual, shown_expected, what, where);
}

void AreASet(Run& run) {
  Instance at(run);
  const TestState timers = at.Timers();
  const Timer one(100, run.Key(0), "w");
  Add(at, timers, {one});
  Add(at, timers, {one, one});
  Add(at, timers, {{100, run.Key(1), "w"}, {100, run.Key(0), ""}, {101, run.Key(0), "w"}});
  ExpectEqual(timers.Count(), 4u, "timers");
  at.RoundTrip();
  Add(at, timers, {one});
  ExpectEqual(timers.Count(), 4u, "timers after adding one again");
  Expect(Remove(at, timers, one).has_value(), "removing a timer finds it");
  Expect(!Remove(at, timers, one).has_value(), "removing it again finds nothing");
  Expect(!Remove(at, timers, {100, run.Key(2), "w"}).has_value(), "removing a timer of another key finds nothing");
  ExpectTimers(PollAll(timers, 1000), {{100, run.Key(1), "w"}, {100, run.Key(0), ""}, {101, run.Key(0), "w"}},
               "all timers but the removed one");
  ExpectEqual(timers.Count(), 0u, "timers after polling all");
  Expect(!Peek(timers).has_value(), "nothing is left to peek at");
}

void HeadChanges(Run& run) {
  Instance at(run);
  const TestState timers = at.Timers();
  Expect(Add(at, timers, {{50, run.Key(0), ""}}), "the first timer changes the head");
  Expect(!Add(at, timers, {{60, run.Key(0), ""}}), "a later timer does not change the head");
  Expect(!Add(at, timers, {{50, run.Key(0), ""}}), "a timer that is there does not change the head");
  Expect(Add(at, timers, {{70, run.Key(1), ""}, {40, run.Key(1), ""}}),
         "an earlier timer among others changes the head");
  Expect(!Add(at, timers, {}), "adding nothing does not change the head");
  ExpectEqual(std::get<0>(*Peek(timers)), 40, "the time of the head");
  at.RoundTrip();
  ExpectEqual(Remove(at, timers, {70, run.Key(1), ""}), std::optional<bool>(false),
              "head_changed on removing a later one");
  ExpectEqual(Remove(at, timers, {40, run.Key(1), ""}), std::optional<bool>(true), "head_changed on removing the head");
  ExpectEqual(std::get<0>(*Peek(timers)), 50, "the time of the next head");
  Expect(Remove(at, timers, {50, run.Key(0), ""}).value(), "removing the head changes it");
  Expect(Remove(at, timers, {60, run.Key(0), ""}).value(), "removing the last one changes the head");
}

void ArePolledInTimeOrder(Run& run) {
  Instance at(run);
  const TestState timers = at.Timers();
  std::vector<Timer> expected;
  for (int64_t i = 0; i < 500; ++i) {
    expected.emplace_back((i * 7919) % 1000, run.Key(static_cast<uint64_t>(i)), i % 2 == 0 ? "" : "w");
  }
  Add(at, timers, expected);
  at.EndRecord();
  at.RoundTrip();
  ExpectEqual(PollOnce(timers, -1, 8).size(), 0u, "timers due before the first");
  std::vector<Timer> polled = PollAll(timers, 499);
  const auto is_due = [](const Timer& timer) { return std::get<0>(timer) <= 499; };
  ExpectEqual(polled.size(), static_cast<size_t>(std::count_if(expected.begin(), expected.end(), is_due)),
              "timers due at 499");
  at.EndRecord();
  at.RoundTrip();
  const std::vector<Timer> rest = PollAll(timers, 1000);
  polled.insert(polled.end(), rest.begin(), rest.end());
  ExpectTimers(polled, expected, "timers polled in two advances");
}

void TimesAtTheLimits(Run& run) {
  Instance at(run);
  const TestState timers = at.Timers();
  const int64_t times[] = {0,       -1, 1, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(),
                           -1000000};
  std::vector<Timer> expected;
  for (const int64_t time : times) expected.emplace_back(time, run.Key(0), "");
  Add(at, timers, expected);
  at.RoundTrip();
  ExpectEqual(std::get<0>(*Peek(timers)), std::numeric_limits<int64_t>::min(), "the earliest time that there is");
  ExpectEqual(PollOnce(timers, std::numeric_limits<int64_t>::min(), 10).size(), 1u, "timers due at the earliest time");
  ExpectEqual(PollAll(timers, -1).size(), 2u, "timers due before time 0");
  ExpectEqual(PollAll(timers, std::numeric_limits<int64_t>::max() - 1).size(), 2u, "timers due before the latest time");
  ExpectEqual(PollAll(timers, std::numeric_limits<int64_t>::max()).size(), 1u, "timers due at the latest time");
}

// What a firing callback does: it adds and removes timers between polls of one advance.
void FireInOneAdvance(Run& run) {
  Instance at(run);
  const TestState timers = at.Timers();
  Add(at, timers, {{10, run.Key(0), ""}, {20, run.Key(0), "deleted"}, {30, run.Key(0), ""}});
  std::vector<int64_t> fired;
  for (;;) {
    const std::vector<Timer> due = PollOnce(timers, 100, 1);
    if (due.empty()) break;
    fired.push_back(std::get<0>(due[0]));
    if (fired.back() == 10) {
      Expect(Remove(at, timers, {20, run.Key(0), "deleted"}).has_value(), "a timer can be deleted by one that fires");
      Add(at, timers, {{5, run.Key(1), "passed"}, {200, run.Key(1), "later"}});
    }
    at.EndRecord();
  }
  ExpectEqual(fired, std::vector<int64_t>({10, 5, 30}), "the times that fired in one advance");
  ExpectEqual(PollAll(timers, 199).size(), 0u, "timers due before the later one");
  ExpectEqual(PollAll(timers, 200).size(), 1u, "timers due at the later one's time");
}

void EqualTimesKeepAnOrder(Run& run) {
  Instance at(run);
  const TestState timers = at.Timers();
  std::vector<Timer> all;
  for (uint64_t key = 0; key < 60; ++key) all.emplace_back(7, run.Key(key), "");
  Add(at, timers, all);
  std::vector<Timer> polled;
  while (const std::optional<Timer> head = Peek(timers)) {
    Expect(Peek(timers) == head, "the head is the same when looked at again");
    const std::vector<Timer> due = PollOnce(timers, 7, 1);
    ExpectEqual(due.size(), 1u, "timers polled one by one");
    Expect(due[0] == *head, "the timer polled is the one that was the head");
    polled.push_back(due[0]);
  }
  ExpectTimers(polled, all, "timers of one time");
}

void StatesAndKeysAreIndependent(Run& run) {
  Instance at(run);
  const TestState event_time = at.Timers("event-time");
  const TestState processing_time = at.Timers("processing-time");
  at.SetKey(5);
  Add(at, event_time, {{10, run.Key(0), ""}});
  Add(at, processing_time, {{5, run.Key(0), ""}, {10, run.Key(0), ""}});
  at.RoundTrip();
  ExpectEqual(std::get<0>(*Peek(event_time)), 10, "the head of one state");
  ExpectEqual(PollAll(processing_time, 10).size(), 2u, "timers due in the other state");
  ExpectEqual(event_time.Count(), 1u, "timers of the first state afterwards");
}

void IterationSeesAllByKeyGroups(Run& run) {
  Instance at(run);
  const TestState timers = at.Timers();
  StateContents expected;
  for (uint64_t i = 1; i <= 400; ++i) {
    const std::string key = run.Key(i % 100);
    Add(at, timers, {{static_cast<int64_t>(i), key, "w"}});
    expected[{key, "w"}].push_back("at " + std::to_string(i));
  }
  for (auto& [place, texts] : expected) std::sort(texts.begin(), texts.end());
  at.RoundTrip();
  ExpectEqual(at.Contents("timers"), expected, "all timers by iteration");
  StateContents joined;
  for (const spw_key_group_range range : {spw_key_group_range{0, 40}, {41, 41}, {42, 127}}) {
    for (const auto& [place, texts] : at.Contents("timers", range)) {
      const uint32_t group = at.KeyGroup(place.first);
      Expect(group >= range.first && group <= range.last, "timers of a range of key-groups are of these");
      joined[place] = texts;
    }
  }
  ExpectEqual(joined, expected, "all timers by ranges of key-groups");
}

void ViewsOfTimersStay(Run& run) {
  Instance at(run);
  const TestState timers = at.Timers();
  Add(at, timers, {{1, run.Key(0), "first"}, {2, run.Key(1), "second"}, {3, run.Key(2), "third"}});
  plugin::Error err;
  spw_timer peeked{}, polled[2]{};
  uint32_t count = 0;
  ExpectCode(timers.raw().TimerPeek(&peeked, err), SPW_OK, "timer_peek", err);
  ExpectCode(timers.raw().TimerPollDue(2, polled, 2, &count, err), SPW_OK, "timer_poll_due", err);
  Remove(at, timers, {3, run.Key(2), "third"});
  for (int64_t i = 10; i < 300; ++i) Add(at, timers, {{i, run.Key(static_cast<uint64_t>(i)), "another"}});
  ExpectEqual(ShowTimer(Read(peeked)), ShowTimer({1, run.Key(0), "first"}), "a peeked timer, after it was polled");
  ExpectEqual(ShowTimer(Read(polled[1])), ShowTimer({2, run.Key(1), "second"}),
              "a polled timer, after others were added");
}

void BadTimersAreRefused(Run& run) {
  InstanceOptions options;
  options.key_groups = {0, 63};
  Instance at(run, options);
  const TestState timers = at.Timers();
  plugin::Error err;
  uint8_t changed = 0;
  const spw_timer good{5, ToBytes("k"), ToBytes(kVoid), 3, 0};
  for (const spw_timer bad :
       {spw_timer{1, ToBytes("k"), ToBytes(kVoid), 64, 0}, spw_timer{1, ToBytes("k"), plugin::NullBytes(), 3, 0},
        spw_timer{1, plugin::NullBytes(), ToBytes(kVoid), 3, 0}}) {
    const spw_timer both[] = {good, bad};
    ExpectError(timers.raw().TimerAdd(both, 2, &changed, err), SPW_INVALID_ARGUMENT, "timer_add with a bad timer", err);
    ExpectEqual(timers.Count(), 0u, "timers after a refused timer_add");
    ExpectError(timers.raw().TimerRemove(bad, &changed, err), SPW_INVALID_ARGUMENT, "timer_remove of a bad timer", err);
  }
}

void ManyTimers(Run& run) {
  Instance at(run);
  const TestState timers = at.Timers();
  std::set<Timer> expected;
  uint64_t random = 7;
  int64_t now = 0;
  for (int step = 0; step < 6000; ++step) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const Timer timer(now + static_cast<int64_t>((random >> 40) % 500), run.Key((random >> 33) % 200), "");
    if ((random >> 20) % 5 == 0) {
      ExpectEqual(Remove(at, timers, timer).has_value(), expected.erase(timer) == 1, "whether a timer was there");
    } else {
      Add(at, timers, {timer});
      expected.insert(timer);
    }
    if (step % 200 == 0) {
      now += 60;
      const std::vector<Timer> due = PollAll(timers, now);
      std::vector<Timer> wanted;
      while (!expected.empty() && std::get<0>(*expected.begin()) <= now) {
        wanted.push_back(*expected.begin());
        expected.erase(expected.begin());
      }
      ExpectTimers(due, wanted, "timers due at " + std::to_string(now));
      if (step == 3000) at.RoundTrip();
    }
    at.EndRecord();
  }
  ExpectEqual(timers.Count(), expected.size(), "timers left");
}

}  // namespace

CaseList TimerCases() {
  constexpr uint64_t kT = SPW_CAP_TIMER;
  return {
      {kTheme, "are_a_set", kT, true, true, &AreASet},
      {kTheme, "head_changes", kT, true, true, &HeadChanges},
      {kTheme, "are_polled_in_time_order", kT, true, true, &ArePolledInTimeOrder},
      {kTheme, "times_at_the_limits", kT, true, true, &TimesAtTheLimits},
      {kTheme, "fire_in_one_advance", kT, true, false, &FireInOneAdvance},
      {kTheme, "equal_times_keep_an_order", kT, true, false, &EqualTimesKeepAnOrder},
      {kTheme, "states_and_keys_are_independent", kT, true, true, &StatesAndKeysAreIndependent},
      {kTheme, "iteration_sees_all_by_key_groups", kT, true, true, &IterationSeesAllByKeyGroups},
      {kTheme, "views_of_timers_stay", kT, true, false, &ViewsOfTimersStay},
      {kTheme, "bad_timers_are_refused", kT, false, false, &BadTimersAreRefused},
      {kTheme, "many_timers", kT, true, true, &ManyTimers},
  };
}

}  // namespace spillway::conformance
