// Iteration over states and keys of a side.
#include <algorithm>

#include "tests/differential/side.h"

namespace spillway::differential {

using conformance::ShowCode;
using conformance::TextOf;
using plugin::ToBytes;

// Elements of lists keep their order where the iterator is one of a single list.
std::string Side::Drain(const plugin::Iterator& iterator, bool ordered, uint32_t capacity) {
  std::vector<spw_item> items(capacity);
  std::vector<std::string> texts;
  plugin::Error err;
  uint32_t count = 0;
  spw_code code = SPW_OK;
  while ((code = iterator.Next(items.data(), capacity, &count, err)) == SPW_OK) {
    for (uint32_t i = 0; i < count; ++i) {
      const spw_item& item = items[i];
      texts.push_back(TextOf(item.key) + "|" + TextOf(item.state_namespace) + "|" + TextOf(item.map_key) + "|" +
                      ((item.value.flags & SPW_VIEW_NULL) != 0 ? "null" : TextOf(item.value)) + "|" +
                      std::to_string(item.timestamp) + "|" + std::to_string(item.key_group));
    }
  }
  if (!ordered) std::sort(texts.begin(), texts.end());
  std::string all = ShowCode(code);
  for (const std::string& text : texts) all += "\n  " + conformance::Show(text);
  return all;
}

std::string Side::OpenIterator(const Operation& operation) {
  IteratorSlot& slot = iterators_[operation.slot % kSlots];
  slot = {};
  plugin::Error err;
  const spw_bytes ns = ToBytes(Namespace(operation.state_namespace));
  switch (operation.content % 4) {
    case 0:
      slot.ordered = true;
      return ShowCode(states_[2].ListIterate(ns, &slot.iterator, err));
    case 1:
      return ShowCode(AnyState(operation).Entries({0, operation.size % 128u}, &slot.iterator, err));
    case 2:
      return ShowCode(states_[operation.state % 4].KeysAndNamespaces(&slot.iterator, err));
    default:
      return ShowCode(states_[operation.state % 4].Keys(ns, &slot.iterator, err));
  }
}

// Sets each key and changes what was visited: the order of the keys is open, the outcome is not.
std::string Side::ApplyToAllKeys(const Operation& operation) {
  const plugin::State& state = ValueState(operation);
  const spw_bytes ns = ToBytes(Namespace(operation.state_namespace));
  plugin::Error err;
  plugin::Iterator keys;
  const spw_code made = state.Keys(ns, &keys, err);
  if (made != SPW_OK) return ShowCode(made);
  held_.clear();
  std::vector<std::string> visited;
  spw_item item{};
  uint32_t count = 0;
  while (keys.Next(&item, 1, &count, err) == SPW_OK) {
    visited.push_back(TextOf(item.key));
    if (backend_.SetCurrentKey(item.key, item.key_group, err) != SPW_OK) visited.push_back("cannot be set");
    const size_t what = (visited.back().size() + operation.content) % 3;
    const std::string content = Content(operation);
    if (what == 0) (void)state.Clear(ns, err);
    if (what == 1) (void)state.ValuePut(ns, ToBytes(content), err);
    if (what == 2) (void)state.ValuePut(ToBytes(Namespace(operation.state_namespace + 1u)), ToBytes(content), err);
    backend_.EndRecord();
  }
  std::sort(visited.begin(), visited.end());
  std::string all;
  for (const std::string& key : visited) all += conformance::Show(key) + ";";
  // The current key is now the last one visited, which is open: set one that is not.
  Operation set_key = operation;
  set_key.action = Action::kSetKey;
  return all + DoKeyed(set_key);
}

std::string Side::DoIterator(const Operation& operation) {
  plugin::Error err;
  switch (operation.action) {
    case Action::kCount: {
      uint64_t entries = 0;
      const spw_code code = AnyState(operation).EntryCount(&entries, err);
      return ShowCode(code) + std::to_string(entries);
    }
    case Action::kKeys: {
      plugin::Iterator iterator;
      const spw_code code =
          states_[operation.state % 4].Keys(ToBytes(Namespace(operation.state_namespace)), &iterator, err);
      return ShowCode(code) + (iterator ? Drain(iterator, false, operation.size % 5 + 1) : "");
    }
    case Action::kOpenIterator:
      return OpenIterator(operation);
    case Action::kApplyToAllKeys:
      return ApplyToAllKeys(operation);
    default: {
      IteratorSlot slot = std::move(iterators_[operation.slot % kSlots]);
      return slot.iterator ? Drain(slot.iterator, slot.ordered, operation.size % 5 + 1) : "none";
    }
  }
}

}  // namespace spillway::differential
