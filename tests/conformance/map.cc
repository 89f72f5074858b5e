// Map states.
#include "tests/conformance/cases.h"
#include "tests/conformance/check.h"
#include "tests/conformance/instance.h"

namespace spillway::conformance {
namespace {

using plugin::NullBytes;
using plugin::ToBytes;
using Texts = std::vector<std::string>;
using Found = std::optional<std::optional<std::string>>;

constexpr const char* kTheme = "map";

Found Value(std::string text) {
  return std::optional<std::string>(std::move(text));
}

plugin::Iterator Iterate(const TestState& map, std::string_view ns, Location where = Location::current()) {
  plugin::Error err;
  plugin::Iterator iterator;
  ExpectCode(map.raw().MapIterate(ToBytes(ns), &iterator, err), SPW_OK, "map_iterate", err, where);
  return iterator;
}

void PutGetRemove(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  at.SetKey(0);
  ExpectEqual(map.Entry(kVoid, "k"), Found(), "an entry that was never put");
  Expect(map.IsEmpty(kVoid), "a map that was never written is empty");
  map.PutEntry(kVoid, "k", "1");
  map.PutEntry(kVoid, "l", "2");
  map.PutEntry(kVoid, "k", "3, and longer than before");
  map.PutEntry(kVoid, "", "empty key");
  map.PutEntry(kVoid, "e", "");
  map.PutEntry(kWindow1, "k", "other namespace");
  at.SetKey(1);
  map.PutEntry(kVoid, "k", "other key");
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(map.Entry(kVoid, "k"), Value("3, and longer than before"), "an entry that was put twice");
  ExpectEqual(map.Entry(kVoid, ""), Value("empty key"), "the entry of the empty map key");
  ExpectEqual(map.Entry(kVoid, "e"), Value(""), "an empty value");
  ExpectEqual(map.Entry(kVoid, "m"), Found(), "an entry that is not there");
  Expect(map.RemoveEntry(kVoid, "l"), "removing an entry that is there finds it");
  Expect(!map.RemoveEntry(kVoid, "l"), "removing it again finds nothing");
  Expect(!map.RemoveEntry(kWindow2, "l"), "removing from no map finds nothing");
  const MapContents expected = {{"k", "3, and longer than before"}, {"", "empty key"}, {"e", ""}};
  ExpectEqual(map.Map(kVoid), expected, "the map");
  ExpectEqual(map.Map(kWindow1), MapContents{{"k", "other namespace"}}, "the map of the other namespace");
  at.SetKey(1);
  ExpectEqual(map.Map(kVoid), MapContents{{"k", "other key"}}, "the map of the other key");
}

void NullValues(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  at.SetKey(0);
  map.PutNull(kVoid, "null");
  map.PutEntry(kVoid, "empty", "");
  map.PutEntry(kVoid, "was", "something");
  map.PutNull(kVoid, "was");
  map.PutNull(kVoid, "was-null");
  map.PutEntry(kVoid, "was-null", "now something");
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(map.Entry(kVoid, "null"), Found(std::in_place), "an entry with a null value: it is there");
  ExpectEqual(map.Entry(kVoid, "empty"), Value(""), "an entry with an empty value");
  const MapContents expected = {
      {"null", std::nullopt}, {"empty", ""}, {"was", std::nullopt}, {"was-null", "now something"}};
  ExpectEqual(map.Map(kVoid), expected, "the map with null values");
  Expect(map.RemoveEntry(kVoid, "null"), "removing an entry with a null value finds it");
  ExpectEqual(map.Entry(kVoid, "null"), Found(), "the removed entry");
}

void NullMapKeysAreRefused(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  at.SetKey(0);
  plugin::Error err;
  spw_view view{};
  ExpectError(map.raw().MapPut(ToBytes(kVoid), NullBytes(), ToBytes("v"), err), SPW_INVALID_ARGUMENT,
              "map_put with a null map key", err);
  ExpectError(map.raw().MapGet(ToBytes(kVoid), NullBytes(), &view, err), SPW_INVALID_ARGUMENT,
              "map_get with a null map key", err);
  ExpectError(map.raw().MapRemove(ToBytes(kVoid), NullBytes(), err), SPW_INVALID_ARGUMENT,
              "map_remove with a null map key", err);
  Expect(map.IsEmpty(kVoid), "the map is empty after refused calls");
  ExpectEqual(map.Count(), 0u, "entries after refused calls");
}

void ClearedMapIsEmpty(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  at.SetKey(0);
  for (int i = 0; i < 100; ++i) map.PutEntry(kVoid, "k" + std::to_string(i), "v");
  map.PutEntry(kWindow1, "kept", "v");
  at.EndRecord();
  map.Clear(kVoid);
  Expect(map.IsEmpty(kVoid), "a cleared map is empty");
  map.PutEntry(kVoid, "k5", "new");
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(map.Map(kVoid), MapContents{{"k5", "new"}}, "a map written again after it was cleared");
  map.Clear(kVoid);
  at.RoundTrip();
  at.SetKey(0);
  Expect(map.IsEmpty(kVoid), "a map cleared twice is empty");
  ExpectEqual(map.Map(kVoid), MapContents(), "a map cleared twice");
  ExpectEqual(map.Map(kWindow1), MapContents{{"kept", "v"}}, "the map of the other namespace");
}

void IsEmptyThrough1024(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  at.SetKey(0);
  for (int i = 0; i < 1024; ++i) {
    map.PutEntry(kVoid, "k" + std::to_string(i), std::to_string(i));
    Expect(!map.IsEmpty(kVoid), "a map is not empty after " + std::to_string(i + 1) + " puts");
  }
  at.RoundTrip();
  at.SetKey(0);
  for (int i = 0; i < 1024; ++i) {
    Expect(!map.IsEmpty(kVoid), "a map is not empty after " + std::to_string(i) + " of 1024 removals");
    Expect(map.RemoveEntry(kVoid, "k" + std::to_string(i)), "removing entry " + std::to_string(i) + " finds it");
    at.EndRecord();
  }
  Expect(map.IsEmpty(kVoid), "a map is empty once its last entry is removed");
}

void EmptiedMapLeavesNothing(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  for (uint64_t key = 0; key < 20; ++key) {
    at.SetKey(key);
    for (int i = 0; i < 40; ++i) map.PutEntry(kWindow1, "k" + std::to_string(i), "v");
    for (int i = 0; i < 40; ++i) map.RemoveEntry(kWindow1, "k" + std::to_string(i));
    at.EndRecord();
  }
  ExpectEqual(map.Count(), 0u, "entries after emptying the maps");
  ExpectEqual(map.Keys(kWindow1), std::set<std::string>(), "keys after emptying the maps");
  ExpectEqual(map.KeysAndNamespaces(), std::set<KeyAndNamespace>(), "pairs after emptying the maps");
  ExpectEqual(at.Contents("map"), StateContents(), "entries by iteration after emptying the maps");
  if (!run.Has(SPW_CAP_SNAPSHOT_FULL)) return;
  const TakenSnapshot snapshot = at.TakeSnapshot();
  ExpectEqual(snapshot.entries, 0u, "entries of the snapshot after emptying the maps");
}

void RemovingWhileIteratingSkipsNothing(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  for (const uint32_t capacity : {1u, 2u, 7u, 1000u}) {
    at.SetKey(capacity);
    for (int i = 0; i < 100; ++i) map.PutEntry(kVoid, "k" + std::to_string(i), std::to_string(i));
  }
  at.RoundTrip();
  for (const uint32_t capacity : {1u, 2u, 7u, 1000u}) {
    at.SetKey(capacity);
    const plugin::Iterator iterator = Iterate(map, kVoid);
    std::set<std::string> seen;
    std::vector<spw_item> items(capacity);
    uint32_t count = 0;
    plugin::Error err;
    while (iterator.Next(items.data(), capacity, &count, err) == SPW_OK) {
      for (uint32_t i = 0; i < count; ++i) {
        const int number = std::stoi(TextOf(items[i].value));
        seen.insert(TextOf(items[i].map_key));
        if (number % 3 == 0) ExpectCode(iterator.Remove(i, err), SPW_OK, "iterator_remove", err);
        if (number % 3 == 1) {
          ExpectCode(iterator.Replace(i, ToBytes(number % 2 == 0 ? "even" : "an odd number"), err), SPW_OK,
                     "iterator_replace", err);
        }
      }
      at.EndRecord();
    }
    ExpectEqual(seen.size(), 100u, "entries seen while every third was removed");
  }
  at.RoundTrip();
  for (const uint32_t capacity : {1u, 2u, 7u, 1000u}) {
    at.SetKey(capacity);
    MapContents expected;
    for (int i = 0; i < 100; ++i) {
      if (i % 3 == 0) continue;
      expected["k" + std::to_string(i)] = i % 3 == 1 ? (i % 2 == 0 ? "even" : "an odd number") : std::to_string(i);
    }
    ExpectEqual(map.Map(kVoid), expected, "the map after it was changed through its iterator");
  }
}

void RemovingAllThroughTheIterator(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  at.SetKey(0);
  for (int i = 0; i < 300; ++i) map.PutEntry(kVoid, "k" + std::to_string(i), "v");
  at.RoundTrip();
  at.SetKey(0);
  const plugin::Iterator iterator = Iterate(map, kVoid);
  std::vector<spw_item> items(16);
  uint32_t count = 0, removed = 0;
  plugin::Error err;
  while (iterator.Next(items.data(), 16, &count, err) == SPW_OK) {
    for (uint32_t i = 0; i < count; ++i, ++removed) {
      ExpectCode(iterator.Remove(i, err), SPW_OK, "iterator_remove", err);
    }
  }
  ExpectEqual(removed, 300u, "entries removed through the iterator");
  Expect(map.IsEmpty(kVoid), "the map is empty afterwards");
  ExpectEqual(map.Count(), 0u, "entries afterwards");
  map.PutEntry(kVoid, "again", "v");
  ExpectEqual(map.Map(kVoid), MapContents{{"again", "v"}}, "the map written again");
}

void IteratorRemoveIsRefusedWhenThereIsNothing(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  at.SetKey(0);
  map.PutEntry(kVoid, "a", "1");
  map.PutEntry(kVoid, "b", "2");
  plugin::Error err;
  const plugin::Iterator iterator = Iterate(map, kVoid);
  ExpectError(iterator.Remove(0, err), SPW_INVALID_STATE, "iterator_remove before the first batch", err);
  ExpectError(iterator.Replace(0, ToBytes("x"), err), SPW_INVALID_STATE, "iterator_replace before the first batch",
              err);
  spw_item item{};
  uint32_t count = 0;
  ExpectCode(iterator.Next(&item, 1, &count, err), SPW_OK, "iterator_next", err);
  const std::string removed = TextOf(item.map_key);
  ExpectCode(iterator.Remove(0, err), SPW_OK, "iterator_remove", err);
  ExpectError(iterator.Remove(0, err), SPW_INVALID_STATE, "iterator_remove of the same item again", err);
  ExpectError(iterator.Replace(0, ToBytes("x"), err), SPW_INVALID_STATE, "iterator_replace of a removed item", err);
  const MapContents expected = removed == "a" ? MapContents{{"b", "2"}} : MapContents{{"a", "1"}};
  ExpectEqual(map.Map(kVoid), expected, "the map after one removal and refused ones");
  plugin::Iterator keys;
  ExpectCode(map.raw().Keys(ToBytes(kVoid), &keys, err), SPW_OK, "keys", err);
  ExpectCode(keys.Next(&item, 1, &count, err), SPW_OK, "iterator_next", err);
  ExpectError(keys.Remove(0, err), SPW_INVALID_STATE, "iterator_remove on an iterator of keys", err);
}

// What is there from begin to end comes once, whatever is put and removed meanwhile.
void ChangingWhileIterating(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  at.SetKey(0);
  for (int i = 0; i < 200; ++i) map.PutEntry(kVoid, "stays" + std::to_string(i), "v");
  for (int i = 0; i < 50; ++i) map.PutEntry(kVoid, "goes" + std::to_string(i), "v");
  at.RoundTrip();
  at.SetKey(0);
  const plugin::Iterator iterator = Iterate(map, kVoid);
  std::set<std::string> seen;
  int step = 0;
  ForEachItem(iterator, 4, Location::current(), [&](const spw_item& item) {
    const std::string map_key = TextOf(item.map_key);
    if (!seen.insert(map_key).second) Fail("the entry " + Show(map_key) + " came twice");
    if (step < 50) map.RemoveEntry(kVoid, "goes" + std::to_string(step));
    map.PutEntry(kVoid, "new" + std::to_string(step), "v");
    map.PutEntry(kVoid, "stays" + std::to_string(step % 200), "rewritten, and to another size");
    if (++step % 8 == 0) at.SetKey(static_cast<uint64_t>(step));  // the current key is free meanwhile
    at.SetKey(0);
  });
  for (int i = 0; i < 200; ++i) {
    Expect(seen.contains("stays" + std::to_string(i)),
           "an entry that was there all the time comes: " + std::to_string(i));
  }
}

void IteratorsOutliveSafepoints(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  at.SetKey(0);
  for (int i = 0; i < 64; ++i) map.PutEntry(kVoid, "k" + std::to_string(i), std::to_string(i));
  at.EndRecord();
  const plugin::Iterator iterator = Iterate(map, kVoid);
  at.EndRecord();
  at.SetKey(1);
  map.PutEntry(kVoid, "x", "y");
  std::set<std::string> seen;
  spw_item item{};
  uint32_t count = 0;
  plugin::Error err;
  while (iterator.Next(&item, 1, &count, err) == SPW_OK) {
    seen.insert(TextOf(item.map_key));
    at.EndRecord();
    at.Poll();
  }
  ExpectEqual(seen.size(), 64u, "entries seen across safepoints");
}

void ManyEntriesUnderOneKey(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  at.SetKey(0);
  constexpr uint64_t kEntries = 30000;
  for (uint64_t i = 0; i < kEntries; ++i) {
    map.PutEntry(kVoid, "map-key-" + std::to_string(i), std::to_string(i * 7));
    at.EndRecord();
  }
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(map.Count(), 1u, "entries of one large map");
  for (uint64_t i = 0; i < kEntries; ++i) {
    ExpectEqual(map.Entry(kVoid, "map-key-" + std::to_string(i)), Value(std::to_string(i * 7)),
                "an entry of a large map");
    if (i % 2 == 0) map.RemoveEntry(kVoid, "map-key-" + std::to_string(i));
    at.EndRecord();
  }
  ExpectEqual(map.Map(kVoid).size(), kEntries / 2, "what is left of a large map");
}

}  // namespace

CaseList MapCases() {
  constexpr uint64_t kM = SPW_CAP_MAP;
  return {
      {kTheme, "put_get_remove", kM, true, true, &PutGetRemove},
      {kTheme, "null_values", kM, true, true, &NullValues},
      {kTheme, "null_map_keys_are_refused", kM, true, false, &NullMapKeysAreRefused},
      {kTheme, "cleared_map_is_empty", kM, true, true, &ClearedMapIsEmpty},
      {kTheme, "is_empty_through_1024", kM, true, true, &IsEmptyThrough1024},
      {kTheme, "emptied_map_leaves_nothing", kM, true, false, &EmptiedMapLeavesNothing},
      {kTheme, "removing_while_iterating_skips_nothing", kM, true, true, &RemovingWhileIteratingSkipsNothing},
      {kTheme, "removing_all_through_the_iterator", kM, true, true, &RemovingAllThroughTheIterator},
      {kTheme, "iterator_remove_is_refused_when_there_is_nothing", kM, true, false,
       &IteratorRemoveIsRefusedWhenThereIsNothing},
      {kTheme, "changing_while_iterating", kM, true, true, &ChangingWhileIterating},
      {kTheme, "iterators_outlive_safepoints", kM, true, false, &IteratorsOutliveSafepoints},
      {kTheme, "many_entries_under_one_key", kM, false, true, &ManyEntriesUnderOneKey},
  };
}

}  // namespace spillway::conformance
