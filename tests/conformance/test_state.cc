#include "tests/conformance/instance.h"

namespace spillway::conformance {

using plugin::ToBytes;

const plugin::State& TestState::raw() const {
  return instance_->state(index_);
}

std::optional<std::string> TestState::Get(std::string_view ns, Location where) const {
  plugin::Error err;
  spw_view view{};
  const spw_code code = raw().ValueGet(ToBytes(ns), &view, err);
  if (code == SPW_ABSENT) return std::nullopt;
  ExpectCode(code, SPW_OK, "value_get", err, where);
  Expect(view.data != nullptr, "value_get gives bytes with SPW_OK", where);
  return TextOf(view);
}

void TestState::Put(std::string_view ns, std::string_view value, Location where) const {
  plugin::Error err;
  ExpectCode(raw().ValuePut(ToBytes(ns), ToBytes(value), err), SPW_OK, "value_put", err, where);
}

void TestState::Clear(std::string_view ns, Location where) const {
  plugin::Error err;
  ExpectCode(raw().Clear(ToBytes(ns), err), SPW_OK, "state_clear", err, where);
}

void TestState::Append(std::string_view ns, const std::vector<std::string>& elements, Location where) const {
  const std::vector<spw_bytes> bytes = BytesOf(elements);
  plugin::Error err;
  ExpectCode(raw().ListAppend(ToBytes(ns), bytes.data(), bytes.size(), err), SPW_OK, "list_append", err, where);
}

void TestState::Replace(std::string_view ns, const std::vector<std::string>& elements, Location where) const {
  const std::vector<spw_bytes> bytes = BytesOf(elements);
  plugin::Error err;
  ExpectCode(raw().ListReplace(ToBytes(ns), bytes.data(), bytes.size(), err), SPW_OK, "list_replace", err, where);
}

std::vector<std::string> TestState::List(std::string_view ns, Location where) const {
  plugin::Error err;
  plugin::Iterator iterator;
  const spw_code code = raw().ListIterate(ToBytes(ns), &iterator, err);
  std::vector<std::string> elements;
  if (code == SPW_ABSENT) return elements;
  ExpectCode(code, SPW_OK, "list_iterate", err, where);
  ForEachItem(iterator, 16, where, [&](const spw_item& item) { elements.push_back(TextOf(item.value)); });
  Expect(!elements.empty(), "list_iterate answers SPW_ABSENT for an empty list", where);
  return elements;
}

void TestState::Merge(std::string_view target, const std::vector<std::string>& sources, Location where) const {
  const std::vector<spw_bytes> bytes = BytesOf(sources);
  plugin::Error err;
  ExpectCode(raw().MergeNamespaces(ToBytes(target), bytes.data(), bytes.size(), err), SPW_OK, "merge_namespaces", err,
             where);
}

void TestState::PutEntry(std::string_view ns, std::string_view map_key, std::string_view value, Location where) const {
  plugin::Error err;
  ExpectCode(raw().MapPut(ToBytes(ns), ToBytes(map_key), ToBytes(value), err), SPW_OK, "map_put", err, where);
}

void TestState::PutNull(std::string_view ns, std::string_view map_key, Location where) const {
  plugin::Error err;
  ExpectCode(raw().MapPut(ToBytes(ns), ToBytes(map_key), plugin::NullBytes(), err), SPW_OK, "map_put of null", err,
             where);
}

std::optional<std::optional<std::string>> TestState::Entry(std::string_view ns, std::string_view map_key,
                                                           Location where) const {
  plugin::Error err;
  spw_view view{};
  const spw_code code = raw().MapGet(ToBytes(ns), ToBytes(map_key), &view, err);
  if (code == SPW_ABSENT) return std::nullopt;
  ExpectCode(code, SPW_OK, "map_get", err, where);
  if ((view.flags & SPW_VIEW_NULL) != 0) return std::optional<std::string>();
  Expect(view.data != nullptr, "map_get gives bytes for a value that is not null", where);
  return std::optional<std::string>(TextOf(view));
}

bool TestState::RemoveEntry(std::string_view ns, std::string_view map_key, Location where) const {
  plugin::Error err;
  const spw_code code = raw().MapRemove(ToBytes(ns), ToBytes(map_key), err);
  if (code == SPW_ABSENT) return false;
  ExpectCode(code, SPW_OK, "map_remove", err, where);
  return true;
}

bool TestState::IsEmpty(std::string_view ns, Location where) const {
  plugin::Error err;
  uint8_t empty = 2;
  ExpectCode(raw().MapIsEmpty(ToBytes(ns), &empty, err), SPW_OK, "map_is_empty", err, where);
  Expect(empty <= 1, "map_is_empty gives 0 or 1", where);
  return empty == 1;
}

MapContents TestState::Map(std::string_view ns, Location where) const {
  plugin::Error err;
  plugin::Iterator iterator;
  const spw_code code = raw().MapIterate(ToBytes(ns), &iterator, err);
  MapContents contents;
  if (code == SPW_ABSENT) return contents;
  ExpectCode(code, SPW_OK, "map_iterate", err, where);
  ForEachItem(iterator, 16, where, [&](const spw_item& item) {
    const bool is_null = (item.value.flags & SPW_VIEW_NULL) != 0;
    const std::string map_key = TextOf(item.map_key);
    const bool is_new =
        contents.emplace(map_key, is_null ? std::nullopt : std::optional<std::string>(TextOf(item.value))).second;
    if (!is_new) Fail("map_iterate gives the entry " + Show(map_key) + " twice", where);
  });
  Expect(!contents.empty(), "map_iterate answers SPW_ABSENT for an empty map", where);
  return contents;
}

uint64_t TestState::Count(Location where) const {
  plugin::Error err;
  uint64_t count = 0;
  ExpectCode(raw().EntryCount(&count, err), SPW_OK, "state_entry_count", err, where);
  return count;
}

std::set<std::string> TestState::Keys(std::string_view ns, Location where) const {
  plugin::Error err;
  plugin::Iterator iterator;
  ExpectCode(raw().Keys(ToBytes(ns), &iterator, err), SPW_OK, "keys", err, where);
  std::set<std::string> keys;
  ForEachItem(iterator, 5, where, [&](const spw_item& item) {
    const std::string key = TextOf(item.key);
    ExpectEqual(item.key_group, instance_->KeyGroup(key), "the key-group of key " + Show(key), where);
    if (!keys.insert(key).second) Fail("keys gives the key " + Show(key) + " twice", where);
  });
  return keys;
}

std::set<KeyAndNamespace> TestState::KeysAndNamespaces(Location where) const {
  plugin::Error err;
  plugin::Iterator iterator;
  ExpectCode(raw().KeysAndNamespaces(&iterator, err), SPW_OK, "keys_and_namespaces", err, where);
  std::set<KeyAndNamespace> pairs;
  ForEachItem(iterator, 5, where, [&](const spw_item& item) {
    const KeyAndNamespace pair(TextOf(item.key), TextOf(item.state_namespace));
    ExpectEqual(item.key_group, instance_->KeyGroup(pair.first), "the key-group of key " + Show(pair.first), where);
    if (!pairs.insert(pair).second) Fail("keys_and_namespaces gives the pair " + Show(pair) + " twice", where);
  });
  return pairs;
}

}  // namespace spillway::conformance
