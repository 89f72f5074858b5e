// Life-cycle: opening, owners, closing, memory, metrics. Closing with snapshots is among the snapshots.
#include "tests/conformance/cases.h"
#include "tests/conformance/check.h"
#include "tests/conformance/instance.h"
#include "tests/conformance/parallel.h"

namespace spillway::conformance {
namespace {

using plugin::ToBytes;

constexpr const char* kTheme = "life_cycle";

void OpenedAndReleased(Run& run) {
  { Instance closed_by_release(run); }
  Instance at(run);
  at.Close();
  plugin::Error err;
  ExpectError(at.backend().Close(0, err), SPW_CLOSED, "closing again", err);
}

void ReleasedWithoutAnOwner(Run& run) {
  MemoryHost host(&run.storage());
  auto options = plugin::Sized<spw_open_options>();
  options.max_parallelism = 1;
  options.key_group_function = "f";
  options.instance = "unowned";
  std::vector<spw_config_entry> configuration;
  for (const auto& [key, value] : run.subject().configuration) configuration.push_back({key.c_str(), value.c_str()});
  options.config = configuration.data();
  options.config_count = static_cast<uint32_t>(configuration.size());
  const std::string directory = run.subject().local_directory.string();
  const char* const directories[] = {directory.c_str()};
  options.local_dirs = directories;
  options.local_dir_count = directory.empty() ? 0 : 1;
  plugin::Error err;
  plugin::Backend backend;
  ExpectCode(plugin::Backend::Open(run.subject().api, options, host.table(), &backend, err), SPW_OK, "open", err);
  backend.Reset();
  ExpectCode(plugin::Backend::Open(run.subject().api, options, host.table(), &backend, err), SPW_OK, "open", err);
  ExpectCode(backend.Close(0, err), SPW_OK, "close without an owner", err);
}

void BadOptionsAreRefused(Run& run) {
  MemoryHost host(&run.storage());
  auto good = plugin::Sized<spw_open_options>();
  good.max_parallelism = 128;
  good.key_groups = {0, 127};
  good.key_group_function = "f";
  good.instance = "good";
  const spw_config_entry unknown{"state.backend.no-such-key", "1"};
  std::vector<std::pair<const char*, spw_open_options>> bad;
  const auto add = [&](const char* what, auto change) {
    bad.emplace_back(what, good);
    change(&bad.back().second);
  };
  add("no key-groups at all", [](spw_open_options* o) { o->max_parallelism = 0; });
  add("too many key-groups", [](spw_open_options* o) { o->max_parallelism = 32769; });
  add("key-groups beyond the last", [](spw_open_options* o) { o->key_groups = {0, 128}; });
  add("key-groups the wrong way round", [](spw_open_options* o) { o->key_groups = {5, 4}; });
  add("an instance's name with a slash", [](spw_open_options* o) { o->instance = "a/b"; });
  add("an unknown configuration key", [&](spw_open_options* o) {
    o->config = &unknown;
    o->config_count = 1;
  });
  for (const auto& [what, options] : bad) {
    plugin::Error err;
    plugin::Backend backend;
    ExpectError(plugin::Backend::Open(run.subject().api, options, host.table(), &backend, err), SPW_INVALID_ARGUMENT,
                std::string("open with ") + what, err);
  }
}

void ClosedHandlesAnswerClosed(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.SetKey(0);
  value.Put(kVoid, "v");
  plugin::Error err;
  plugin::Iterator keys;
  ExpectCode(value.raw().Keys(ToBytes(kVoid), &keys, err), SPW_OK, "keys", err);
  at.Close();
  spw_view view{};
  spw_mut_view mut{};
  uint64_t number = 0;
  uint32_t count = 0;
  spw_item item{};
  plugin::State state;
  plugin::Iterator iterator;
  auto usage = plugin::Sized<spw_memory_usage>();
  const StateSpec spec{.name = "another", .kind = SPW_STATE_VALUE};
  const auto expect_closed = [&](const char* what, spw_code code) {
    ExpectError(code, SPW_CLOSED, std::string(what) + " after close", err);
  };
  expect_closed("value_get", value.raw().ValueGet(ToBytes(kVoid), &view, err));
  expect_closed("value_put", value.raw().ValuePut(ToBytes(kVoid), ToBytes("x"), err));
  expect_closed("value_get_for_update", value.raw().ValueGetForUpdate(ToBytes(kVoid), 1, &mut, err));
  expect_closed("state_clear", value.raw().Clear(ToBytes(kVoid), err));
  expect_closed("state_entry_count", value.raw().EntryCount(&number, err));
  expect_closed("keys", value.raw().Keys(ToBytes(kVoid), &iterator, err));
  expect_closed("entries", value.raw().Entries({0, 127}, &iterator, err));
  expect_closed("iterator_next", keys.Next(&item, 1, &count, err));
  expect_closed("set_current_key", at.backend().SetCurrentKey(ToBytes("k"), 0, err));
  expect_closed("register_state", at.backend().RegisterState(spec.options(), &state, err));
  expect_closed("find_state", at.backend().FindState("value", &state, err));
  expect_closed("poll", at.backend().Poll(nullptr, 0, &count, err));
  expect_closed("memory_usage", at.backend().MemoryUsage(&usage, err));
  expect_closed("memory_set_share", at.backend().MemorySetShare(1, err));
  expect_closed("bind_owner", at.backend().BindOwner(err));
  // An iterator may be released on any thread once the instance is closed.
  Parallel other([&] { keys.Reset(); });
  other.Join();
}

void OwnedByAnotherThread(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.SetKey(0);
  value.Put(kVoid, "by the first owner");
  at.EndRecord();
  Parallel other([&] {
    plugin::Error err;
    ExpectCode(at.backend().BindOwner(err), SPW_OK, "bind_owner", err);
    ExpectEqual(value.Get(kVoid), std::optional<std::string>("by the first owner"), "what the second owner reads");
    value.Put(kVoid, "by the second owner");
    at.EndRecord();
  });
  other.Join();
  plugin::Error err;
  ExpectCode(at.backend().BindOwner(err), SPW_OK, "bind_owner", err);
  ExpectEqual(value.Get(kVoid), std::optional<std::string>("by the second owner"), "what the first owner reads");
}

void InstancesAreIndependent(Run& run) {
  Instance one(run);
  Instance two(run);
  const TestState first = one.Value();
  const TestState second = two.Value();
  one.SetKey(0);
  two.SetKey(0);
  first.Put(kVoid, "one");
  ExpectEqual(second.Get(kVoid), std::optional<std::string>(), "the value in the other instance");
  second.Put(kVoid, "two");
  one.Close();
  ExpectEqual(second.Get(kVoid), std::optional<std::string>("two"), "the value after the other instance was closed");
}

spw_memory_usage Usage(Instance* at, Location where = Location::current()) {
  auto usage = plugin::Sized<spw_memory_usage>();
  plugin::Error err;
  ExpectCode(at->backend().MemoryUsage(&usage, err), SPW_OK, "memory_usage", err, where);
  ExpectEqual(usage.entries + usage.index + usage.retired + usage.io + usage.slack, usage.used,
              "the sum of the parts of 'used'", where);
  Expect(usage.used_peak >= usage.used, "used_peak is at least used", where);
  return usage;
}

void MemoryIsCounted(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.EndRecord();
  const spw_memory_usage before = Usage(&at);
  constexpr uint64_t kValues = 2000, kBytes = 1000;
  for (uint64_t key = 0; key < kValues; ++key) {
    at.SetKey(key);
    value.Put(kVoid, std::string(kBytes, 'm'));
    at.EndRecord();
  }
  at.Poll();
  const spw_memory_usage full = Usage(&at);
  // A backend that was told to spill has them elsewhere.
  const bool in_memory = !run.Has(SPW_CAP_SPILL) || run.subject().configuration.empty();
  if (in_memory) Expect(full.entries >= before.entries + kValues * kBytes, "the bytes of all values are counted");
  Expect(full.entries <= before.entries + kValues * kBytes * 3,
         "no more than thrice the bytes of large values are counted");
  if (run.Has(SPW_CAP_SPILL)) return;  // removing may cost such a backend memory until it has been written out
  for (uint64_t key = 0; key < kValues; ++key) {
    at.SetKey(key);
    value.Clear(kVoid);
    at.EndRecord();
  }
  at.Poll();
  const spw_memory_usage after = Usage(&at);
  Expect(after.entries <= before.entries + kBytes, "what was cleared is counted no more as entries");
}

// Above the share a write that needs memory is refused and changes nothing, unless the backend spills.
void AboveTheShare(Run& run) {
  if (run.Has(SPW_CAP_SPILL)) return;
  constexpr uint64_t kShare = uint64_t{16} << 20;
  InstanceOptions options;
  options.memory_share_bytes = kShare;
  Instance at(run, options);
  const TestState value = at.Value();
  plugin::Error err;
  const std::string large(100000, 'L');
  uint64_t key = 0;
  spw_code code = SPW_OK;
  while (code == SPW_OK && key < 1000) {
    at.SetKey(key);
    code = value.raw().ValuePut(ToBytes(kVoid), ToBytes(large), err);
    at.EndRecord();
    if (code == SPW_OK) ++key;
  }
  ExpectError(code, SPW_OUT_OF_MEMORY, "value_put above the memory share", err);
  Expect(key > 10, "some values fit the share");
  ExpectEqual(value.Count(), key, "entries after the refused write");
  ExpectEqual(value.Get(kVoid), std::optional<std::string>(), "the value that was refused");
  spw_mut_view view{};
  ExpectError(value.raw().ValueGetForUpdate(ToBytes(kVoid), large.size(), &view, err), SPW_OUT_OF_MEMORY,
              "value_get_for_update above the memory share", err);
  ExpectEqual(value.Count(), key, "entries after the second refused write");
  Expect(Usage(&at).used <= kShare, "no more than the share is used");
  ExpectEqual(Usage(&at).share, kShare, "the share");
  at.SetKey(0);
  Expect(value.Get(kVoid) == large, "the first value is as it was");
  // Replacing by something larger is refused and keeps the old one.
  ExpectError(value.raw().ValuePut(ToBytes(kVoid), ToBytes(large + large + large), err), SPW_OUT_OF_MEMORY,
              "replacing by a larger value above the share", err);
  Expect(value.Get(kVoid) == large, "the value whose replacement was refused is as it was");
  at.EndRecord();
  ExpectCode(at.backend().MemorySetShare(2 * kShare, err), SPW_OK, "memory_set_share", err);
  at.Poll();
  at.SetKey(key);
  value.Put(kVoid, large);
  ExpectEqual(value.Count(), key + 1, "entries once the share is larger");
}

void AboveTheShareForListsMapsAndTimers(Run& run) {
  if (run.Has(SPW_CAP_SPILL)) return;
  InstanceOptions options;
  options.memory_share_bytes = uint64_t{16} << 20;
  Instance at(run, options);
  const TestState list = at.List();
  const TestState map = at.Map();
  const TestState timers = at.Timers();
  at.SetKey(0);
  list.Append(kVoid, {"kept"});
  map.PutEntry(kVoid, "kept", "v");
  plugin::Error err;
  const std::string large(uint64_t{20} << 20, 'L');
  const spw_bytes elements[] = {ToBytes("small"), ToBytes(large)};
  ExpectError(list.raw().ListAppend(ToBytes(kVoid), elements, 2, err), SPW_OUT_OF_MEMORY, "list_append above the share",
              err);
  ExpectError(list.raw().ListReplace(ToBytes(kVoid), elements, 2, err), SPW_OUT_OF_MEMORY,
              "list_replace above the share", err);
  ExpectError(map.raw().MapPut(ToBytes(kVoid), ToBytes("m"), ToBytes(large), err), SPW_OUT_OF_MEMORY,
              "map_put above the share", err);
  ExpectError(map.raw().MapPut(ToBytes(kVoid), ToBytes("kept"), ToBytes(large), err), SPW_OUT_OF_MEMORY,
              "map_put above the share", err);
  uint8_t changed = 0;
  const spw_timer both[] = {{1, ToBytes("k"), ToBytes(kVoid), 0, 0}, {2, ToBytes(large), ToBytes(kVoid), 0, 0}};
  const spw_code timer_code = timers.raw().TimerAdd(both, 2, &changed, err);
  Expect(timer_code == SPW_OUT_OF_MEMORY || timer_code == SPW_INVALID_ARGUMENT,
         "a timer with a key larger than the share is refused");
  ExpectEqual(list.List(kVoid), std::vector<std::string>({"kept"}), "the list after refused calls");
  ExpectEqual(map.Map(kVoid), MapContents{{"kept", "v"}}, "the map after refused calls");
  ExpectEqual(timers.Count(), 0u, "timers after the refused call");
}

void MetricsAreNamed(Run& run) {
  Instance at(run);
  plugin::Error err;
  uint32_t count = 0;
  ExpectCode(at.backend().Metrics(nullptr, 0, &count, err), SPW_OK, "metrics with no capacity", err);
  std::vector<spw_metric> metrics(count);
  uint32_t again = 0;
  ExpectCode(at.backend().Metrics(metrics.data(), count, &again, err), SPW_OK, "metrics", err);
  ExpectEqual(again, count, "how many metrics there are, asked twice");
  std::set<std::string> names;
  for (const spw_metric& metric : metrics) {
    Expect(metric.name != nullptr && metric.help != nullptr, "a metric has a name and a help");
    Expect(names.insert(metric.name).second, std::string("the metric '") + metric.name + "' comes once");
  }
}

void PrefetchIsASafepointOnly(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  std::vector<std::string> keys;
  std::vector<spw_access> accesses;
  for (uint64_t key = 0; key < 50; ++key) keys.push_back(run.Key(key));
  for (const std::string& key : keys) {
    accesses.push_back({value.raw().get(), ToBytes(key), ToBytes(kVoid), plugin::NullBytes(), at.KeyGroup(key), 0});
  }
  for (uint64_t key = 0; key < 25; ++key) {
    at.SetKey(key);
    value.Put(kVoid, std::to_string(key));
  }
  plugin::Error err;
  ExpectCode(at.backend().Prefetch(accesses.data(), 50, err), SPW_OK, "prefetch", err);
  ExpectEqual(value.Get(kVoid), std::optional<std::string>("24"), "the current key's value after a prefetch");
  ExpectEqual(value.Count(), 25u, "entries after a prefetch: it makes none");
}

}  // namespace

CaseList LifeCycleCases() {
  constexpr uint64_t kV = SPW_CAP_VALUE;
  return {
      {kTheme, "opened_and_released", 0, false, false, &OpenedAndReleased},
      {kTheme, "released_without_an_owner", 0, false, false, &ReleasedWithoutAnOwner},
      {kTheme, "bad_options_are_refused", 0, false, false, &BadOptionsAreRefused},
      {kTheme, "closed_handles_answer_closed", kV, false, false, &ClosedHandlesAnswerClosed},
      {kTheme, "owned_by_another_thread", kV, false, false, &OwnedByAnotherThread},
      {kTheme, "instances_are_independent", kV, true, false, &InstancesAreIndependent},
      {kTheme, "memory_is_counted", kV, true, false, &MemoryIsCounted},
      {kTheme, "above_the_share", kV, false, false, &AboveTheShare},
      {kTheme, "above_the_share_for_lists_maps_and_timers", SPW_CAP_LIST | SPW_CAP_MAP | SPW_CAP_TIMER, false, false,
       &AboveTheShareForListsMapsAndTimers},
      {kTheme, "metrics_are_named", 0, false, false, &MetricsAreNamed},
      {kTheme, "prefetch_is_a_safepoint_only", kV | SPW_CAP_PREFETCH, true, false, &PrefetchIsASafepointOnly},
  };
}

}  // namespace spillway::conformance
