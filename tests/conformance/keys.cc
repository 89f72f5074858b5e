// Iteration over keys, pairs and whole states.
#include <cstring>
#include <map>

#include "tests/conformance/cases.h"
#include "tests/conformance/check.h"
#include "tests/conformance/instance.h"

namespace spillway::conformance {
namespace {

using plugin::ToBytes;

constexpr const char* kTheme = "keys";
constexpr uint64_t kKeyCount = 300;

// Values of even keys in window-1, of every third in window-2.
std::set<KeyAndNamespace> WriteValues(Instance* at, const TestState& value) {
  std::set<KeyAndNamespace> pairs;
  for (uint64_t key = 0; key < kKeyCount; ++key) {
    at->SetKey(key);
    for (const auto& [ns, every] : {std::pair(kWindow1, 2u), std::pair(kWindow2, 3u)}) {
      if (key % every != 0) continue;
      value.Put(ns, std::to_string(key));
      pairs.emplace(at->run().Key(key), ns);
    }
    at->EndRecord();
  }
  return pairs;
}

std::set<std::string> KeysOf(const std::set<KeyAndNamespace>& pairs, std::string_view ns) {
  std::set<std::string> keys;
  for (const auto& [key, of] : pairs) {
    if (of == ns) keys.insert(key);
  }
  return keys;
}

void OfExactlyOneNamespace(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  ExpectEqual(value.Keys(kVoid), std::set<std::string>(), "keys of an empty state");
  ExpectEqual(value.KeysAndNamespaces(), std::set<KeyAndNamespace>(), "pairs of an empty state");
  const std::set<KeyAndNamespace> pairs = WriteValues(&at, value);
  at.RoundTrip();
  ExpectEqual(value.Keys(kWindow1), KeysOf(pairs, kWindow1), "keys of window-1");
  ExpectEqual(value.Keys(kWindow2), KeysOf(pairs, kWindow2), "keys of window-2");
  ExpectEqual(value.Keys(kVoid), std::set<std::string>(), "keys of the void namespace");
  ExpectEqual(value.KeysAndNamespaces(), pairs, "pairs");
}

void OfMapsAndListsOnce(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  const TestState list = at.List();
  std::set<std::string> expected;
  for (uint64_t key = 0; key < 30; ++key) {
    at.SetKey(key);
    for (uint64_t i = 0; i <= key; ++i) {
      map.PutEntry(kWindow1, "k" + std::to_string(i), "v");
      list.Append(kWindow1, {"e"});
    }
    expected.insert(run.Key(key));
  }
  at.RoundTrip();
  ExpectEqual(map.Keys(kWindow1), expected, "keys of maps with several entries");
  ExpectEqual(list.Keys(kWindow1), expected, "keys of lists with several elements");
  ExpectEqual(map.KeysAndNamespaces().size(), 30u, "pairs of maps with several entries");
  ExpectEqual(list.KeysAndNamespaces().size(), 30u, "pairs of lists with several elements");
}

void BeforeRegistration(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  const std::set<KeyAndNamespace> pairs = WriteValues(&at, value);
  at.ReplaceBy({at.TakeSnapshot()}, false);
  plugin::Error err;
  plugin::State found;
  ExpectCode(at.backend().FindState("value", &found, err), SPW_OK, "find_state", err);
  plugin::Iterator iterator;
  ExpectCode(found.KeysAndNamespaces(&iterator, err), SPW_OK, "keys_and_namespaces", err);
  std::set<KeyAndNamespace> seen;
  ForEachItem(iterator, 9, Location::current(), [&](const spw_item& item) {
    Expect(seen.emplace(TextOf(item.key), TextOf(item.state_namespace)).second, "each pair comes once");
  });
  ExpectEqual(seen, pairs, "pairs before the state is registered again");
  plugin::Iterator of_keys;
  ExpectCode(found.Keys(ToBytes(kWindow2), &of_keys, err), SPW_OK, "keys", err);
  std::set<std::string> keys;
  ForEachItem(of_keys, 9, Location::current(), [&](const spw_item& item) { keys.insert(TextOf(item.key)); });
  ExpectEqual(keys, KeysOf(pairs, kWindow2), "keys before the state is registered again");
}

void AppliedToAllKeys(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  const TestState visited = at.Value("visited");
  for (uint64_t key = 0; key < kKeyCount; ++key) {
    at.SetKey(key);
    value.Put(kVoid, std::to_string(key));
    at.EndRecord();
  }
  at.RoundTrip();
  plugin::Error err;
  plugin::Iterator iterator;
  ExpectCode(value.raw().Keys(ToBytes(kVoid), &iterator, err), SPW_OK, "keys", err);
  uint64_t count = 0;
  spw_item item{};
  uint32_t got = 0;
  while (iterator.Next(&item, 1, &got, err) == SPW_OK) {
    const std::string key = TextOf(item.key);
    ExpectCode(at.backend().SetCurrentKey(item.key, item.key_group, err), SPW_OK, "set_current_key", err);
    const std::optional<std::string> text = value.Get(kVoid);
    Expect(text.has_value(), "the visited key has its value");
    ExpectEqual(run.Key(std::stoull(*text)), key, "the key that the value belongs to");
    if (std::stoull(*text) % 3 == 0) value.Clear(kVoid);
    if (std::stoull(*text) % 3 == 1) value.Put(kVoid, *text + " visited, and rewritten to another size");
    visited.Put(kVoid, "v");
    at.SetKey(kKeyCount + count);  // keys made meanwhile are not visited: the iteration is as of its call
    value.Put(kVoid, "0");
    ++count;
    at.EndRecord();
  }
  ExpectEqual(count, kKeyCount, "keys visited");
  ExpectEqual(visited.Count(), kKeyCount, "different keys visited");
  ExpectEqual(value.Count(), kKeyCount + kKeyCount - kKeyCount / 3, "entries after every third was cleared");
}

void WriteAllKinds(Instance* at, const TestState& value, const TestState& list, const TestState& map) {
  for (uint64_t key = 0; key < 100; ++key) {
    const std::string text = std::to_string(key);
    at->SetKey(key);
    value.Put(kWindow1, text);
    list.Append(kWindow1, {text, "b", "a", text});
    map.PutEntry(kWindow1, "x", text);
    map.PutNull(kWindow1, "y");
    at->EndRecord();
  }
}

void EntriesShowAll(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  const TestState list = at.List();
  const TestState map = at.Map();
  WriteAllKinds(&at, value, list, map);
  at.RoundTrip();
  StateContents values, lists, maps;
  for (uint64_t key = 0; key < 100; ++key) {
    const KeyAndNamespace place(run.Key(key), kWindow1);
    const std::string text = Show(std::to_string(key));
    values[place] = {text};
    lists[place] = {text, "\"b\"", "\"a\"", text};
    maps[place] = {"\"x\" -> " + text, "\"y\" -> null"};
  }
  ExpectEqual(at.Contents("value"), values, "entries of a value state");
  ExpectEqual(at.Contents("list"), lists, "entries of a list state");
  ExpectEqual(at.Contents("map"), maps, "entries of a map state");
}

void EntriesByKeyGroups(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  for (uint64_t key = 0; key < kKeyCount; ++key) {
    at.SetKey(key);
    value.Put(kVoid, "v");
    at.EndRecord();
  }
  at.RoundTrip();
  const StateContents all = at.Contents("value");
  ExpectEqual(all.size(), kKeyCount, "entries in all key-groups");
  for (const spw_key_group_range range : {spw_key_group_range{0, 0}, {5, 9}, {64, 127}, {127, 127}}) {
    StateContents expected;
    for (const auto& [place, texts] : all) {
      const uint32_t group = at.KeyGroup(place.first);
      if (group >= range.first && group <= range.last) expected[place] = texts;
    }
    ExpectEqual(at.Contents("value", range), expected,
                "entries in key-groups " + std::to_string(range.first) + " to " + std::to_string(range.last));
  }
}

void EntriesAreAsOfTheCall(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  const TestState list = at.List();
  for (uint64_t key = 0; key < kKeyCount; ++key) {
    at.SetKey(key);
    value.Put(kVoid, "old");
    list.Append(kVoid, {"a", "b"});
    at.EndRecord();
  }
  at.RoundTrip();
  plugin::Error err;
  plugin::Iterator values, lists, pairs;
  ExpectCode(value.raw().Entries(at.options().key_groups, &values, err), SPW_OK, "entries", err);
  ExpectCode(list.raw().Entries(at.options().key_groups, &lists, err), SPW_OK, "entries", err);
  ExpectCode(value.raw().KeysAndNamespaces(&pairs, err), SPW_OK, "keys_and_namespaces", err);
  for (uint64_t key = 0; key < 2 * kKeyCount; ++key) {
    at.SetKey(key);
    spw_mut_view view{};
    if (key % 3 == 0) value.Clear(kVoid);
    if (key % 3 == 1) value.Put(kVoid, "rewritten");
    if (key % 3 == 2) {
      ExpectCode(value.raw().ValueGetForUpdate(ToBytes(kVoid), 3, &view, err), SPW_OK, "value_get_for_update", err);
      std::memcpy(view.data, "new", 3);
    }
    list.Append(kVoid, {"c"});
    if (key % 2 == 0) list.Clear(kVoid);
    at.EndRecord();
  }
  uint64_t seen = 0;
  ForEachItem(values, 10, Location::current(), [&](const spw_item& item) {
    ExpectEqual(TextOf(item.value), std::string("old"), "a value as of the call");
    ++seen;
  });
  ExpectEqual(seen, kKeyCount, "values as of the call");
  std::map<std::string, std::string> joined;
  ForEachItem(lists, 10, Location::current(),
              [&](const spw_item& item) { joined[TextOf(item.key)] += TextOf(item.value); });
  ExpectEqual(joined.size(), kKeyCount, "lists as of the call");
  for (const auto& [key, text] : joined) ExpectEqual(text, std::string("ab"), "a list as of the call");
  uint64_t pair_count = 0;
  ForEachItem(pairs, 10, Location::current(), [&](const spw_item&) { ++pair_count; });
  ExpectEqual(pair_count, kKeyCount, "pairs as of the call");
}

}  // namespace

CaseList KeysCases() {
  constexpr uint64_t kV = SPW_CAP_VALUE, kL = SPW_CAP_LIST, kM = SPW_CAP_MAP;
  return {
      {kTheme, "of_exactly_one_namespace", kV, true, true, &OfExactlyOneNamespace},
      {kTheme, "of_maps_and_lists_once", kL | kM, true, true, &OfMapsAndListsOnce},
      {kTheme, "before_registration", kV | SPW_CAP_SNAPSHOT_FULL, true, false, &BeforeRegistration},
      {kTheme, "applied_to_all_keys", kV, true, true, &AppliedToAllKeys},
      {kTheme, "entries_show_all", kV | kL | kM, true, true, &EntriesShowAll},
      {kTheme, "entries_by_key_groups", kV, true, true, &EntriesByKeyGroups},
      {kTheme, "entries_are_as_of_the_call", kV | kL, true, true, &EntriesAreAsOfTheCall},
  };
}

}  // namespace spillway::conformance
