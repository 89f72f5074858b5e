// Bookkeeping: counts, namespaces, registration, what is refused.
#include "tests/conformance/cases.h"
#include "tests/conformance/check.h"
#include "tests/conformance/instance.h"

namespace spillway::conformance {
namespace {

using plugin::NullBytes;
using plugin::ToBytes;

constexpr const char* kTheme = "bookkeeping";

void CountsPairsOfValues(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  ExpectEqual(value.Count(), 0u, "entries of a new state");
  at.SetKey(0);
  value.Put(kVoid, "a");
  value.Put(kVoid, "b");
  ExpectEqual(value.Count(), 1u, "entries after two updates of one key");
  at.SetKey(1);
  value.Put(kVoid, "a");
  value.Put(kWindow1, "a");
  at.RoundTrip();
  ExpectEqual(value.Count(), 3u, "entries of one key in one namespace and one in two");
  at.SetKey(0);
  value.Clear(kVoid);
  value.Clear(kVoid);
  at.SetKey(1);
  value.Clear(kVoid);
  value.Clear(kWindow1);
  ExpectEqual(value.Count(), 0u, "entries after clearing all");
}

void CountsPairsOfLists(Run& run) {
  Instance at(run);
  const TestState list = at.List();
  at.SetKey(0);
  list.Append(kVoid, {"a", "b"});
  list.Append(kVoid, {"c"});
  ExpectEqual(list.Count(), 1u, "entries of one list with three elements");
  at.SetKey(1);
  list.Replace(kVoid, {"a"});
  list.Append(kWindow1, {"a"});
  at.RoundTrip();
  ExpectEqual(list.Count(), 3u, "entries of three lists");
  at.SetKey(0);
  list.Clear(kVoid);
  at.SetKey(1);
  list.Replace(kVoid, {});
  list.Clear(kWindow1);
  ExpectEqual(list.Count(), 0u, "entries after clearing all lists");
}

void CountsPairsOfMaps(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  at.SetKey(0);
  map.PutEntry(kVoid, "a", "1");
  map.PutEntry(kVoid, "b", "2");
  ExpectEqual(map.Count(), 1u, "entries of one map with two entries");
  at.SetKey(1);
  map.PutNull(kVoid, "a");
  map.PutEntry(kWindow1, "a", "1");
  at.RoundTrip();
  ExpectEqual(map.Count(), 3u, "entries of three maps");
  at.SetKey(0);
  map.Clear(kVoid);
  at.SetKey(1);
  Expect(map.RemoveEntry(kVoid, "a"), "removing the last entry finds it");
  map.Clear(kWindow1);
  ExpectEqual(map.Count(), 0u, "entries after emptying all maps");
}

void MissingNamespaceOfValues(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.SetKey(1);
  value.Put(kVoid, "kept");
  plugin::Error err;
  spw_view view{};
  spw_mut_view mut{};
  plugin::Iterator iterator;
  const std::string key = run.Key(1);
  ExpectError(value.raw().ValueGet(NullBytes(), &view, err), SPW_INVALID_ARGUMENT, "value_get without namespace", err);
  ExpectError(value.raw().ValuePut(NullBytes(), ToBytes("x"), err), SPW_INVALID_ARGUMENT, "value_put without namespace",
              err);
  ExpectError(value.raw().ValueGetForUpdate(NullBytes(), 4, &mut, err), SPW_INVALID_ARGUMENT,
              "value_get_for_update without namespace", err);
  ExpectError(value.raw().ValueGetAt(ToBytes(key), at.KeyGroup(key), NullBytes(), &view, err), SPW_INVALID_ARGUMENT,
              "value_get_at without namespace", err);
  ExpectError(value.raw().Clear(NullBytes(), err), SPW_INVALID_ARGUMENT, "state_clear without namespace", err);
  ExpectError(value.raw().Keys(NullBytes(), &iterator, err), SPW_INVALID_ARGUMENT, "keys without namespace", err);
  ExpectEqual(value.Get(kVoid), std::optional<std::string>("kept"), "the value after refused calls");
  ExpectEqual(value.Count(), 1u, "entries after refused calls");
}

void MissingNamespaceOfLists(Run& run) {
  Instance at(run);
  const TestState list = at.List();
  at.SetKey(1);
  plugin::Error err;
  plugin::Iterator iterator;
  const std::vector<spw_bytes> one = {ToBytes("x")};
  ExpectError(list.raw().ListAppend(NullBytes(), one.data(), 1, err), SPW_INVALID_ARGUMENT,
              "list_append without namespace", err);
  ExpectError(list.raw().ListReplace(NullBytes(), one.data(), 1, err), SPW_INVALID_ARGUMENT,
              "list_replace without namespace", err);
  ExpectError(list.raw().ListIterate(NullBytes(), &iterator, err), SPW_INVALID_ARGUMENT,
              "list_iterate without namespace", err);
  ExpectEqual(list.Count(), 0u, "entries after refused calls");
}

void MissingNamespaceOfMaps(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  at.SetKey(1);
  plugin::Error err;
  plugin::Iterator iterator;
  spw_view view{};
  uint8_t empty = 0;
  ExpectError(map.raw().MapPut(NullBytes(), ToBytes("k"), ToBytes("v"), err), SPW_INVALID_ARGUMENT,
              "map_put without namespace", err);
  ExpectError(map.raw().MapGet(NullBytes(), ToBytes("k"), &view, err), SPW_INVALID_ARGUMENT,
              "map_get without namespace", err);
  ExpectError(map.raw().MapRemove(NullBytes(), ToBytes("k"), err), SPW_INVALID_ARGUMENT, "map_remove without namespace",
              err);
  ExpectError(map.raw().MapIsEmpty(NullBytes(), &empty, err), SPW_INVALID_ARGUMENT, "map_is_empty without namespace",
              err);
  ExpectError(map.raw().MapIterate(NullBytes(), &iterator, err), SPW_INVALID_ARGUMENT, "map_iterate without namespace",
              err);
  ExpectEqual(map.Count(), 0u, "entries after refused calls");
}

void VoidNamespaceIsOneOfItsOwn(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.SetKey(0);
  value.Put(kVoid, "void");
  value.Put(std::string_view("\0", 1), "zero");
  value.Put("x", "x");
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(value.Get(kVoid), std::optional<std::string>("void"), "the value of the void namespace");
  ExpectEqual(value.Get(std::string_view("\0", 1)), std::optional<std::string>("zero"), "the value of namespace \\x00");
  ExpectEqual(value.Get("x"), std::optional<std::string>("x"), "the value of namespace x");
  ExpectEqual(value.Get("y"), std::optional<std::string>(), "the value of namespace y");
}

void UnclaimedKindsAreUnsupported(Run& run) {
  Instance at(run);
  constexpr std::pair<spw_state_kind, uint64_t> kKinds[] = {{SPW_STATE_VALUE, SPW_CAP_VALUE},
                                                            {SPW_STATE_LIST, SPW_CAP_LIST},
                                                            {SPW_STATE_MAP, SPW_CAP_MAP},
                                                            {SPW_STATE_TIMER, SPW_CAP_TIMER},
                                                            {99, 0}};
  plugin::Error err;
  plugin::State state;
  for (const auto& [kind, capability] : kKinds) {
    if (capability != 0 && run.Has(capability)) continue;
    const StateSpec spec{.name = "s" + std::to_string(kind), .kind = kind};
    ExpectError(at.backend().RegisterState(spec.options(), &state, err), SPW_UNSUPPORTED,
                "registering a state of kind " + std::to_string(kind), err);
    ExpectCode(at.backend().FindState(spec.name.c_str(), &state, err), SPW_ABSENT, "finding the refused state", err);
  }
  if (run.Has(SPW_CAP_TTL)) return;
  const StateSpec spec{.name = "with-ttl", .kind = SPW_STATE_VALUE};
  spw_state_options options = spec.options();
  options.ttl_update = SPW_TTL_ON_CREATE_AND_WRITE;
  options.ttl_ms = 1000;
  ExpectError(at.backend().RegisterState(options, &state, err), SPW_UNSUPPORTED, "registering a state with TTL", err);
}

void UnclaimedCallsAreUnsupported(Run& run) {
  Instance at(run);
  plugin::Error err;
  const auto expect_unsupported = [&](uint64_t capability, const char* what, auto call) {
    if (!run.Has(capability)) ExpectError(call(), SPW_UNSUPPORTED, what, err);
  };
  expect_unsupported(SPW_CAP_PREFETCH, "prefetch", [&] { return at.backend().Prefetch(nullptr, 0, err); });
  expect_unsupported(SPW_CAP_BATCH, "get_many", [&] { return at.backend().GetMany(nullptr, 0, nullptr, err); });
  expect_unsupported(SPW_CAP_BATCH, "put_many", [&] { return at.backend().PutMany(nullptr, nullptr, 0, err); });
  expect_unsupported(SPW_CAP_ASYNC_GET, "wait", [&] { return at.backend().Wait(0, err); });
  expect_unsupported(SPW_CAP_SAVEPOINT, "restore_savepoint",
                     [&] { return at.backend().RestoreSavepoint(nullptr, 0, err); });
  expect_unsupported(SPW_CAP_SPILL, "memory_reclaim", [&] { return at.backend().MemoryReclaim(1, err); });
  constexpr std::pair<spw_snapshot_kind, uint64_t> kKinds[] = {{SPW_SNAPSHOT_FULL, SPW_CAP_SNAPSHOT_FULL},
                                                               {SPW_SNAPSHOT_INCREMENTAL, SPW_CAP_SNAPSHOT_INCREMENTAL},
                                                               {SPW_SNAPSHOT_SAVEPOINT, SPW_CAP_SAVEPOINT},
                                                               {99, 0}};
  for (const auto& [kind, capability] : kKinds) {
    if (capability != 0 && run.Has(capability)) continue;
    auto options = plugin::Sized<spw_snapshot_options>();
    options.kind = kind;
    options.checkpoint_id = 1;
    options.name_prefix = "chk-1/";
    plugin::Snapshot snapshot;
    ExpectError(at.backend().SnapshotBegin(options, &snapshot, err), SPW_UNSUPPORTED,
                "snapshot_begin of kind " + std::to_string(kind), err);
  }
}

void RegisteringAgainGivesTheSameState(Run& run) {
  Instance at(run);
  const TestState value = at.Value("one");
  const TestState other = at.Value("other");
  at.SetKey(1);
  value.Put(kVoid, "v");
  plugin::Error err;
  plugin::State again;
  const StateSpec spec{.name = "one", .kind = SPW_STATE_VALUE};
  ExpectCode(at.backend().RegisterState(spec.options(), &again, err), SPW_OK, "registering again", err);
  Expect(again.get() == value.raw().get(), "registering again gives the same handle");
  Expect(again.get() != other.raw().get(), "states of two names have two handles");
  plugin::State found;
  ExpectCode(at.backend().FindState("one", &found, err), SPW_OK, "find_state", err);
  Expect(found.get() == again.get(), "find_state gives the same handle");
  ExpectCode(at.backend().FindState("none", &found, err), SPW_ABSENT, "find_state of no state", err);
  ExpectEqual(value.Get(kVoid), std::optional<std::string>("v"), "the value after registering again");
}

void AnotherKindIsAMigrationError(Run& run) {
  Instance at(run);
  const TestState value = at.Value("counts");
  at.SetKey(1);
  value.Put(kVoid, "v");
  at.RoundTrip();
  plugin::Error err;
  plugin::State state;
  const StateSpec spec{.name = "counts", .kind = SPW_STATE_MAP};
  ExpectError(at.backend().RegisterState(spec.options(), &state, err), SPW_STATE_MIGRATION,
              "registering a value state as a map", err, "counts");
  at.SetKey(1);
  ExpectEqual(value.Get(kVoid), std::optional<std::string>("v"), "the value after the refused registration");
}

void IncompatibleSerializerIsAMigrationError(Run& run) {
  InstanceOptions options;
  options.compatibility = [](spw_schema_role, const std::string& old_schema, const std::string& new_schema) {
    return old_schema == new_schema ? SPW_SCHEMA_AS_IS : SPW_SCHEMA_INCOMPATIBLE;
  };
  Instance at(run, options);
  const TestState map = at.Map("prices");
  at.SetKey(1);
  map.PutEntry(kVoid, "k", "v");
  at.RoundTrip();
  std::string StateSpec::*const roles[] = {&StateSpec::key_schema, &StateSpec::namespace_schema,
                                           &StateSpec::value_schema, &StateSpec::map_key_schema};
  for (std::string StateSpec::*const role : roles) {
    StateSpec spec{.name = "prices", .kind = SPW_STATE_MAP};
    spec.*role = "another";
    plugin::Error err;
    plugin::State state;
    ExpectError(at.backend().RegisterState(spec.options(), &state, err), SPW_STATE_MIGRATION,
                "registering with an incompatible serializer", err, "prices");
  }
  plugin::Error err;
  plugin::State state;
  const StateSpec same{.name = "prices", .kind = SPW_STATE_MAP};
  ExpectCode(at.backend().RegisterState(same.options(), &state, err), SPW_OK,
             "registering as before, after refused ones", err);
  at.SetKey(1);
  ExpectEqual(map.Map(kVoid), MapContents{{"k", "v"}}, "the map after refused registrations");
}

void CompatibleSerializerIsTaken(Run& run) {
  InstanceOptions options;
  options.compatibility = [](spw_schema_role, const std::string&, const std::string&) { return SPW_SCHEMA_AS_IS; };
  Instance at(run, options);
  const TestState value = at.Value("v");
  at.SetKey(1);
  value.Put(kVoid, "old");
  at.RoundTrip();
  plugin::Error err;
  plugin::State state;
  StateSpec spec{.name = "v", .kind = SPW_STATE_VALUE};
  spec.value_schema = "value-v2";
  ExpectCode(at.backend().RegisterState(spec.options(), &state, err), SPW_OK, "registering a compatible serializer",
             err);
  at.SetKey(1);
  ExpectEqual(value.Get(kVoid), std::optional<std::string>("old"), "the value under the compatible serializer");
}

void ViewsNameTheirSchema(Run& run) {
  Instance at(run);
  const TestState value = at.Value("v");
  at.SetKey(1);
  value.Put(kVoid, "x");
  at.RoundTrip();
  at.SetKey(1);
  plugin::Error err;
  spw_view view{};
  ExpectCode(value.raw().ValueGet(ToBytes(kVoid), &view, err), SPW_OK, "value_get", err);
  spw_bytes schema{};
  ExpectCode(value.raw().Schema(SPW_SCHEMA_VALUE, view.schema_id, &schema, err), SPW_OK, "state_schema", err);
  ExpectEqual(TextOf(schema), std::string("value-v1"), "the schema that the value's view names");
}

void BadStatesAreRefused(Run& run) {
  Instance at(run);
  plugin::Error err;
  plugin::State state;
  const StateSpec nameless{.name = "", .kind = SPW_STATE_VALUE};
  ExpectError(at.backend().RegisterState(nameless.options(), &state, err), SPW_INVALID_ARGUMENT,
              "registering without a name", err);
  for (const uint32_t alignment : {0u, 3u, 32u}) {
    const StateSpec odd{.name = "odd", .kind = SPW_STATE_VALUE, .alignment = alignment};
    ExpectError(at.backend().RegisterState(odd.options(), &state, err), SPW_INVALID_ARGUMENT,
                "registering with alignment " + std::to_string(alignment), err);
  }
}

void ForeignKeyGroupIsRefused(Run& run) {
  InstanceOptions options;
  options.key_groups = {16, 31};
  Instance at(run, options);
  const TestState value = at.Value();
  uint64_t mine = 0;
  while (at.KeyGroup(run.Key(mine)) < 16 || at.KeyGroup(run.Key(mine)) > 31) ++mine;
  at.SetKey(mine);
  value.Put(kVoid, "mine");
  plugin::Error err;
  for (const uint32_t foreign : {0u, 15u, 32u, 127u, 128u, 40000u}) {
    ExpectError(at.backend().SetCurrentKey(ToBytes("other"), foreign, err), SPW_INVALID_ARGUMENT,
                "set_current_key with key-group " + std::to_string(foreign), err);
  }
  ExpectEqual(value.Get(kVoid), std::optional<std::string>("mine"), "the value of the key that was current before");
  spw_view view{};
  ExpectError(value.raw().ValueGetAt(ToBytes("other"), 15, ToBytes(kVoid), &view, err), SPW_INVALID_ARGUMENT,
              "value_get_at with a foreign key-group", err);
  ExpectError(at.backend().SetCurrentKey(NullBytes(), 16, err), SPW_INVALID_ARGUMENT, "set_current_key of null", err);
}

void NoCurrentKeyIsAnInvalidState(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  plugin::Error err;
  spw_view view{};
  ExpectError(value.raw().ValueGet(ToBytes(kVoid), &view, err), SPW_INVALID_STATE, "value_get without current key",
              err);
  ExpectError(value.raw().ValuePut(ToBytes(kVoid), ToBytes("x"), err), SPW_INVALID_STATE,
              "value_put without current key", err);
  ExpectError(value.raw().Clear(ToBytes(kVoid), err), SPW_INVALID_STATE, "state_clear without current key", err);
  ExpectEqual(value.Count(), 0u, "entries after refused calls");
}

void OnlyRestoredStatesCanBeRead(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.SetKey(1);
  value.Put(kWindow1, "v");
  at.ReplaceBy({at.TakeSnapshot()}, false);
  plugin::Error err;
  plugin::State found;
  ExpectCode(at.backend().FindState("value", &found, err), SPW_OK, "find_state of a state that was only restored", err);
  uint64_t count = 0;
  ExpectCode(found.EntryCount(&count, err), SPW_OK, "state_entry_count before registration", err);
  ExpectEqual(count, 1u, "entries before registration");
  ExpectEqual(at.Contents("value"), StateContents{{{run.Key(1), "window-1"}, {"\"v\""}}},
              "contents before registration");
  at.SetKey(1);
  spw_view view{};
  ExpectError(found.ValueGet(ToBytes(kWindow1), &view, err), SPW_INVALID_STATE, "value_get before registration", err);
  ExpectError(found.ValuePut(ToBytes(kWindow1), ToBytes("x"), err), SPW_INVALID_STATE, "value_put before registration",
              err);
  const TestState registered = at.Value();
  ExpectEqual(registered.Get(kWindow1), std::optional<std::string>("v"), "the value once it is registered");
}

}  // namespace

CaseList BookkeepingCases() {
  constexpr uint64_t kV = SPW_CAP_VALUE, kL = SPW_CAP_LIST, kM = SPW_CAP_MAP;
  return {
      {kTheme, "counts_pairs_of_values", kV, true, true, &CountsPairsOfValues},
      {kTheme, "counts_pairs_of_lists", kL, true, true, &CountsPairsOfLists},
      {kTheme, "counts_pairs_of_maps", kM, true, true, &CountsPairsOfMaps},
      {kTheme, "missing_namespace_of_values", kV, true, false, &MissingNamespaceOfValues},
      {kTheme, "missing_namespace_of_lists", kL, true, false, &MissingNamespaceOfLists},
      {kTheme, "missing_namespace_of_maps", kM, true, false, &MissingNamespaceOfMaps},
      {kTheme, "void_namespace_is_one_of_its_own", kV, true, true, &VoidNamespaceIsOneOfItsOwn},
      {kTheme, "unclaimed_kinds_are_unsupported", 0, false, false, &UnclaimedKindsAreUnsupported},
      {kTheme, "unclaimed_calls_are_unsupported", 0, false, false, &UnclaimedCallsAreUnsupported},
      {kTheme, "registering_again_gives_the_same_state", kV, true, false, &RegisteringAgainGivesTheSameState},
      {kTheme, "another_kind_is_a_migration_error", kV | kM, true, true, &AnotherKindIsAMigrationError},
      {kTheme, "incompatible_serializer_is_a_migration_error", kM, true, true,
       &IncompatibleSerializerIsAMigrationError},
      {kTheme, "compatible_serializer_is_taken", kV, true, true, &CompatibleSerializerIsTaken},
      {kTheme, "views_name_their_schema", kV, true, true, &ViewsNameTheirSchema},
      {kTheme, "bad_states_are_refused", kV, false, false, &BadStatesAreRefused},
      {kTheme, "foreign_key_group_is_refused", kV, true, false, &ForeignKeyGroupIsRefused},
      {kTheme, "no_current_key_is_an_invalid_state", kV, true, false, &NoCurrentKeyIsAnInvalidState},
      {kTheme, "only_restored_states_can_be_read", kV | SPW_CAP_SNAPSHOT_FULL, true, false,
       &OnlyRestoredStatesCanBeRead},
  };
}

}  // namespace spillway::conformance
