// Value states.
#include <cstring>
#include <map>

#include "tests/conformance/cases.h"
#include "tests/conformance/check.h"
#include "tests/conformance/instance.h"

namespace spillway::conformance {
namespace {

using plugin::NullBytes;
using plugin::ToBytes;
using Text = std::optional<std::string>;

constexpr const char* kTheme = "value";

void KeysAndNamespacesAreIsolated(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.SetKey(0);
  ExpectEqual(value.Get(kVoid), Text(), "a value that was never written");
  value.Put(kVoid, "a");
  ExpectEqual(value.Get(kWindow1), Text(), "the same key in another namespace");
  value.Put(kWindow1, "b");
  at.SetKey(1);
  ExpectEqual(value.Get(kVoid), Text(), "another key");
  value.Put(kVoid, "c");
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(value.Get(kVoid), Text("a"), "key 0, void namespace");
  ExpectEqual(value.Get(kWindow1), Text("b"), "key 0, window-1");
  at.SetKey(1);
  ExpectEqual(value.Get(kVoid), Text("c"), "key 1, void namespace");
  ExpectEqual(value.Get(kWindow1), Text(), "key 1, window-1");
}

// Bytes that would be mixed up if keys and namespaces were joined without their lengths.
void KeyAndNamespaceDoNotRunTogether(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  const std::pair<std::string, std::string> places[] = {
      {"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"", "abc"}, {std::string("a\0", 2), "b"}, {"a", std::string("\0b", 2)}};
  for (const auto& [key, ns] : places) {
    at.SetKeyBytes(key);
    value.Put(ns, key + "|" + ns);
  }
  at.RoundTrip();
  for (const auto& [key, ns] : places) {
    at.SetKeyBytes(key);
    ExpectEqual(value.Get(ns), Text(key + "|" + ns), "the value of " + Show(key) + " in namespace " + Show(ns));
  }
  ExpectEqual(value.Count(), std::size(places), "entries");
}

void NullClears(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.SetKey(0);
  plugin::Error err;
  ExpectCode(value.raw().ValuePut(ToBytes(kVoid), NullBytes(), err), SPW_OK, "putting null where nothing is", err);
  ExpectEqual(value.Count(), 0u, "entries after putting null where nothing is");
  value.Put(kVoid, "a");
  ExpectCode(value.raw().ValuePut(ToBytes(kVoid), NullBytes(), err), SPW_OK, "putting null", err);
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(value.Get(kVoid), Text(), "the value after putting null");
  ExpectEqual(value.Count(), 0u, "entries after putting null");
}

void ClearThenReadIsAbsent(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.SetKey(0);
  value.Clear(kVoid);
  value.Put(kVoid, "a");
  value.Put(kWindow1, "b");
  value.Clear(kVoid);
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(value.Get(kVoid), Text(), "the cleared value");
  ExpectEqual(value.Get(kWindow1), Text("b"), "the value of the other namespace");
  value.Put(kVoid, "again");
  ExpectEqual(value.Get(kVoid), Text("again"), "the value written after clearing");
}

void TwoStatesAreIndependent(Run& run) {
  Instance at(run);
  const TestState first = at.Value("first");
  const TestState second = at.Value("second");
  at.SetKey(0);
  first.Put(kVoid, "1");
  ExpectEqual(second.Get(kVoid), Text(), "the state that was not written");
  second.Put(kVoid, "2");
  first.Clear(kVoid);
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(first.Get(kVoid), Text(), "the state that was cleared");
  ExpectEqual(second.Get(kVoid), Text("2"), "the other state");
}

void ValuesOfAllSizes(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  const size_t sizes[] = {0, 1, 7, 8, 15, 16, 17, 255, 256, 4095, 4096, 65535, 65536, 1000003};
  for (const size_t size : sizes) {
    at.SetKey(size);
    value.Put(kVoid, std::string(size, static_cast<char>('a' + size % 26)));
    at.EndRecord();
  }
  at.RoundTrip();
  for (const size_t size : sizes) {
    at.SetKey(size);
    Expect(value.Get(kVoid) == std::string(size, static_cast<char>('a' + size % 26)),
           "a value of " + std::to_string(size) + " bytes is read as it was written");
  }
  // Every size over every other: larger ones do not fit where smaller ones were.
  at.SetKey(5);
  for (const size_t from : sizes) {
    for (const size_t to : sizes) {
      if (from + to > 140000) continue;
      value.Put(kVoid, std::string(from, 'x'));
      value.Put(kVoid, std::string(to, 'y'));
      Expect(value.Get(kVoid) == std::string(to, 'y'),
             "a value of " + std::to_string(to) + " bytes replaces one of " + std::to_string(from));
      at.EndRecord();
    }
  }
}

void UpdateInPlace(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.SetKey(0);
  plugin::Error err;
  spw_mut_view view{};
  ExpectCode(value.raw().ValueGetForUpdate(ToBytes(kVoid), SPW_DO_NOT_CREATE, &view, err), SPW_ABSENT,
             "value_get_for_update that must not create", err);
  ExpectEqual(value.Count(), 0u, "entries after it did not create");
  ExpectCode(value.raw().ValueGetForUpdate(ToBytes(kVoid), 5, &view, err), SPW_OK, "value_get_for_update", err);
  ExpectEqual(view.created, 1u, "'created' of a new entry");
  ExpectEqual(view.size, 5u, "the size of a new entry");
  ExpectEqual(std::string(reinterpret_cast<const char*>(view.data), 5), std::string(5, '\0'), "a new entry's bytes");
  std::memcpy(view.data, "hello", 5);
  at.EndRecord();
  ExpectEqual(value.Get(kVoid), Text("hello"), "the value after it was written in place");
  at.RoundTrip();
  at.SetKey(0);
  ExpectCode(value.raw().ValueGetForUpdate(ToBytes(kVoid), 99, &view, err), SPW_OK, "value_get_for_update", err);
  ExpectEqual(view.created, 0u, "'created' of an entry that was there");
  ExpectEqual(view.size, 5u, "the size of an entry that was there");
  view.data[0] = 'j';
  ExpectEqual(value.Get(kVoid), Text("jello"), "the value before the safepoint");
  at.EndRecord();
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(value.Get(kVoid), Text("jello"), "the value after the second update in place");
  ExpectCode(value.raw().ValueGetForUpdate(ToBytes(kWindow1), 0, &view, err), SPW_OK, "creating an empty value", err);
  ExpectEqual(value.Get(kWindow1), Text(""), "the value that was created empty");
}

void AccessInOneCall(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.SetKey(0);
  value.Put(kVoid, "current");
  plugin::Error err;
  const std::string key = run.Key(1);
  spw_view view{};
  spw_mut_view mut{};
  ExpectCode(value.raw().ValueGetAt(ToBytes(key), at.KeyGroup(key), ToBytes(kVoid), &view, err), SPW_ABSENT,
             "value_get_at of nothing", err);
  ExpectCode(
      value.raw().ValueGetForUpdateAt(ToBytes(key), at.KeyGroup(key), ToBytes(kVoid), SPW_DO_NOT_CREATE, &mut, err),
      SPW_ABSENT, "value_get_for_update_at that must not create", err);
  ExpectCode(value.raw().ValueGetForUpdateAt(ToBytes(key), at.KeyGroup(key), ToBytes(kVoid), 2, &mut, err), SPW_OK,
             "value_get_for_update_at", err);
  std::memcpy(mut.data, "at", 2);
  ExpectEqual(value.Get(kVoid), Text("current"), "the current key's value afterwards: the current key stays");
  at.RoundTrip();
  ExpectCode(value.raw().ValueGetAt(ToBytes(key), at.KeyGroup(key), ToBytes(kVoid), &view, err), SPW_OK, "value_get_at",
             err);
  ExpectEqual(TextOf(view), std::string("at"), "the value of value_get_at");
  at.SetKey(1);
  ExpectEqual(value.Get(kVoid), Text("at"), "the same value by the current key");
}

void ManyKeys(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  std::map<uint64_t, std::string> expected;
  uint64_t random = 1;
  for (uint64_t step = 0; step < 20000; ++step) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const uint64_t key = (random >> 33) % 3000;
    at.SetKey(key);
    if ((random >> 20) % 4 == 0) {
      value.Clear(kVoid);
      expected.erase(key);
    } else {
      expected[key] = "value-" + std::to_string(step);
      value.Put(kVoid, expected[key]);
    }
    at.EndRecord();
  }
  at.RoundTrip();
  ExpectEqual(value.Count(), expected.size(), "entries after many writes");
  for (uint64_t key = 0; key < 3000; ++key) {
    at.SetKey(key);
    const auto found = expected.find(key);
    ExpectEqual(value.Get(kVoid), found == expected.end() ? Text() : Text(found->second), "key " + std::to_string(key));
    at.EndRecord();
  }
}

void CurrentKeyIsCopied(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  std::string key = run.Key(7);
  at.SetKeyBytes(key);
  key.assign(key.size(), 'z');  // the caller's bytes may change once the call has returned
  value.Put(kVoid, "v");
  at.SetKey(7);
  ExpectEqual(value.Get(kVoid), Text("v"), "the value under the key as it was set");
}

void OtherKindsAreRefused(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.SetKey(0);
  value.Put(kVoid, "v");
  plugin::Error err;
  plugin::Iterator iterator;
  const spw_bytes one = ToBytes("x");
  if (run.Has(SPW_CAP_LIST)) {
    ExpectError(value.raw().ListAppend(ToBytes(kVoid), &one, 1, err), SPW_INVALID_ARGUMENT,
                "list_append on a value state", err);
  }
  if (run.Has(SPW_CAP_MAP)) {
    ExpectError(value.raw().MapIterate(ToBytes(kVoid), &iterator, err), SPW_INVALID_ARGUMENT,
                "map_iterate on a value state", err);
  }
  ExpectEqual(value.Get(kVoid), Text("v"), "the value after refused calls");
}

}  // namespace

CaseList ValueCases() {
  constexpr uint64_t kV = SPW_CAP_VALUE;
  return {
      {kTheme, "keys_and_namespaces_are_isolated", kV, true, true, &KeysAndNamespacesAreIsolated},
      {kTheme, "key_and_namespace_do_not_run_together", kV, false, true, &KeyAndNamespaceDoNotRunTogether},
      {kTheme, "null_clears", kV, true, true, &NullClears},
      {kTheme, "clear_then_read_is_absent", kV, true, true, &ClearThenReadIsAbsent},
      {kTheme, "two_states_are_independent", kV, true, true, &TwoStatesAreIndependent},
      {kTheme, "values_of_all_sizes", kV, false, true, &ValuesOfAllSizes},
      {kTheme, "update_in_place", kV, true, true, &UpdateInPlace},
      {kTheme, "access_in_one_call", kV, true, true, &AccessInOneCall},
      {kTheme, "many_keys", kV, true, true, &ManyKeys},
      {kTheme, "current_key_is_copied", kV, true, false, &CurrentKeyIsCopied},
      {kTheme, "other_kinds_are_refused", kV, false, false, &OtherKindsAreRefused},
  };
}

}  // namespace spillway::conformance
