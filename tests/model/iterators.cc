// Iterators over keys, lists, maps and whole states.
//
// Two kinds. A copied iterator gathers all its items when it is made: that is what 'as of this call' means, in the
// simplest way. It costs the memory of a copy, which is counted; the ABI asks real backends to do without. The map
// iterator walks the map itself, by the last key that it gave.
#include <algorithm>
#include <span>

#include "tests/model/backend.h"
#include "tests/model/map.h"
#include "tests/model/slot.h"

namespace spillway::model {
namespace {

// An item with bytes of its own. Absent parts stay null.
struct OwnedItem {
  StoredBytes key, state_namespace, map_key;
  Stored value;
  int64_t timestamp = 0;
  uint32_t key_group = 0;

  void SetPlace(const Place& place) {
    key = StoredBytes(plugin::ToBytes(place.key));
    state_namespace = StoredBytes(plugin::ToBytes(place.state_namespace));
    key_group = place.key_group;
  }
  [[nodiscard]] uint64_t cost() const {
    return sizeof(OwnedItem) + key.size() + state_namespace.size() + map_key.size() + value.bytes.size();
  }
  // `value_is_set`: a null value is one of a map, not a missing one.
  [[nodiscard]] spw_item Shown(bool value_is_set) const {
    return {{key.data(), key.size()},
            {state_namespace.data(), state_namespace.size()},
            {map_key.data(), map_key.size()},
            value_is_set ? value.view() : spw_view{},
            timestamp,
            key_group,
            0};
  }
};

}  // namespace
}  // namespace spillway::model

struct spw_iterator {
  explicit spw_iterator(spw_state* of) : state(of) {}
  virtual ~spw_iterator() = default;
  virtual spillway::model::Answer Next(spw_item* out, uint32_t capacity, uint32_t* count) = 0;
  // Of the index-th item of the last batch.
  virtual spillway::model::Answer Remove(uint32_t) { return NotOfMap(); }
  virtual spillway::model::Answer Replace(uint32_t, spw_bytes) { return NotOfMap(); }

  const spillway::plugin::HandleCount counted;
  spw_state* const state;

 private:
  [[nodiscard]] spillway::Status NotOfMap() const {
    return state->Named(spillway::Status::InvalidState("items can be changed through an iterator of map_iterate only"));
  }
};

namespace spillway::model {
namespace {

class CopiedIterator final : public spw_iterator {
 public:
  // Takes the items over; they were charged with `cost`.
  CopiedIterator(spw_state* of, std::vector<OwnedItem> items, uint64_t cost, bool has_values)
      : spw_iterator(of), items_(std::move(items)), cost_(cost), has_values_(has_values) {}
  ~CopiedIterator() override { state->backend->account.GiveBack(Purpose::kCopies, cost_); }

  Answer Next(spw_item* out, uint32_t capacity, uint32_t* count) override {
    for (*count = 0; *count < capacity && next_ < items_.size(); ++next_)
      out[(*count)++] = items_[next_].Shown(has_values_);
    return *count == 0 ? SPW_ABSENT : SPW_OK;
  }

 private:
  const std::vector<OwnedItem> items_;
  const uint64_t cost_;
  const bool has_values_;
  size_t next_ = 0;
};

Answer MakeCopied(spw_state* state, std::vector<OwnedItem> items, bool has_values, spw_iterator** out) {
  uint64_t cost = 0;
  for (const OwnedItem& item : items) cost += item.cost();
  SPILLWAY_RETURN_IF_ERROR(state->Named(state->backend->account.Take(Purpose::kCopies, cost)));
  *out = new CopiedIterator(state, std::move(items), cost, has_values);
  return SPW_OK;
}

class MapIterator final : public spw_iterator {
 public:
  MapIterator(spw_state* of, const PlaceView& place) : spw_iterator(of), place_(place) {}

  Answer Next(spw_item* out, uint32_t capacity, uint32_t* count) override {
    *count = 0;
    batch_.clear();
    removed_.clear();
    const MapEntries* map = FindMap(state, place_);
    if (map == nullptr || capacity == 0) return SPW_ABSENT;
    auto entry = begun_ ? map->upper_bound(last_) : map->begin();
    for (; entry != map->end() && batch_.size() < capacity; ++entry) {
      OwnedItem item;
      item.map_key = StoredBytes(plugin::ToBytes(entry->first));
      item.value = entry->second;
      batch_.push_back(std::move(item));
    }
    if (batch_.empty()) return SPW_ABSENT;
    begun_ = true;
    last_ = batch_.back().map_key.text();
    removed_.resize(batch_.size(), false);
    for (const OwnedItem& item : batch_) out[(*count)++] = item.Shown(true);
    return SPW_OK;
  }
  Answer Remove(uint32_t index) override {
    SPILLWAY_RETURN_IF_ERROR(CheckIndex(index));
    SPILLWAY_RETURN_IF_ERROR(RemoveMapEntry(state, place_, batch_[index].map_key.text()).status());
    removed_[index] = true;
    return SPW_OK;
  }
  Answer Replace(uint32_t index, spw_bytes value) override {
    SPILLWAY_RETURN_IF_ERROR(CheckIndex(index));
    return PutMapEntry(state, place_, batch_[index].map_key.text(), value);
  }

 private:
  [[nodiscard]] Status CheckIndex(uint32_t index) const {
    if (index >= batch_.size()) {
      return state->Named(Status::InvalidState("the last batch has " + std::to_string(batch_.size()) +
                                               " items, so there is no item " + std::to_string(index)));
    }
    if (!removed_[index]) return {};
    return state->Named(Status::InvalidState("item " + std::to_string(index) + " of the batch was removed already"));
  }

  const Place place_;
  bool begun_ = false;
  std::string last_;
  std::vector<OwnedItem> batch_;
  std::vector<bool> removed_;
};

// Any of the maps of contents: calls `visit(place)` for each place of the state.
template <typename Visit>
void ForEachPlace(const Contents& contents, Visit visit) {
  for (const auto& [place, value] : contents.values) visit(place);
  for (const auto& [place, list] : contents.lists) visit(place);
  for (const auto& [place, map] : contents.maps) visit(place);
}

Status CheckIterable(const spw_state& state) {
  SPILLWAY_RETURN_IF_ERROR(state.backend->CheckOpen());
  return state.description.kind == SPW_STATE_TIMER ? state.CheckKeyed() : Status();
}

Answer Keys(spw_state* state, spw_bytes ns, spw_iterator** out) {
  SPILLWAY_RETURN_IF_ERROR(CheckIterable(*state));
  if (ns.data == nullptr)
    return state->Named(Status::InvalidArgument("needs a namespace; the void namespace is empty bytes"));
  std::vector<OwnedItem> items;
  ForEachPlace(state->contents, [&](const Place& place) {
    if (place.state_namespace != plugin::ToStringView(ns)) return;
    items.emplace_back().SetPlace(place);
    items.back().state_namespace = StoredBytes();  // keys tell key and key-group, no more
  });
  return MakeCopied(state, std::move(items), false, out);
}

Answer KeysAndNamespaces(spw_state* state, spw_iterator** out) {
  SPILLWAY_RETURN_IF_ERROR(CheckIterable(*state));
  std::vector<OwnedItem> items;
  ForEachPlace(state->contents, [&](const Place& place) { items.emplace_back().SetPlace(place); });
  return MakeCopied(state, std::move(items), false, out);
}

Answer Entries(spw_state* state, spw_key_group_range range, spw_iterator** out) {
  SPILLWAY_RETURN_IF_ERROR(state->backend->CheckOpen());
  std::vector<OwnedItem> items;
  // A new item at the place, or null when it is not asked for.
  const auto add = [&](const Place& place) -> OwnedItem* {
    if (place.key_group < range.first || place.key_group > range.last) return nullptr;
    items.emplace_back().SetPlace(place);
    return &items.back();
  };
  for (const auto& [place, value] : state->contents.values) {
    if (OwnedItem* item = add(place)) item->value = value;
  }
  for (const auto& [place, list] : state->contents.lists) {
    for (const Stored& element : list) {
      if (OwnedItem* item = add(place)) item->value = element;
    }
  }
  for (const auto& [place, map] : state->contents.maps) {
    for (const auto& [map_key, value] : map) {
      OwnedItem* item = add(place);
      if (item == nullptr) break;
      item->map_key = StoredBytes(plugin::ToBytes(map_key));
      item->value = value;
    }
  }
  for (const Timer& timer : state->contents.timers) {
    if (OwnedItem* item = add(timer.place)) item->timestamp = timer.timestamp;
  }
  return MakeCopied(state, std::move(items), state->description.kind != SPW_STATE_TIMER, out);
}

Answer IterateList(spw_state* state, const Result<PlaceView>& place, spw_iterator** out) {
  SPILLWAY_RETURN_IF_ERROR(place.status());
  const auto found = state->contents.lists.find(*place);
  if (found == state->contents.lists.end()) return SPW_ABSENT;
  std::vector<OwnedItem> items;
  for (const Stored& element : found->second) items.emplace_back().value = element;
  return MakeCopied(state, std::move(items), true, out);
}

Answer IterateMap(spw_state* state, const Result<PlaceView>& place, spw_iterator** out) {
  SPILLWAY_RETURN_IF_ERROR(place.status());
  if (FindMap(state, *place) == nullptr) return SPW_ABSENT;
  *out = new MapIterator(state, *place);
  return SPW_OK;
}

template <typename Call>
spw_code OnIterator(spw_iterator* iterator, spw_error* err, Call call) noexcept {
  return Slot(err, [&]() -> Answer {
    SPILLWAY_RETURN_IF_ERROR(iterator->state->backend->CheckOpen());
    return call();
  });
}

}  // namespace

void FillIteratorSlots(spw_backend_api* api) {
  api->keys = [](spw_state* state, spw_bytes ns, spw_iterator** out, spw_error* err) noexcept {
    return Slot(err, [&] { return Keys(state, ns, out); });
  };
  api->keys_and_namespaces = [](spw_state* state, spw_iterator** out, spw_error* err) noexcept {
    return Slot(err, [&] { return KeysAndNamespaces(state, out); });
  };
  api->entries = [](spw_state* state, spw_key_group_range range, spw_iterator** out, spw_error* err) noexcept {
    return Slot(err, [&] { return Entries(state, range, out); });
  };
  api->list_iterate = [](spw_state* state, spw_bytes ns, spw_iterator** out, spw_error* err) noexcept {
    return Slot(err, [&] { return IterateList(state, state->CurrentPlace(SPW_STATE_LIST, ns), out); });
  };
  api->map_iterate = [](spw_state* state, spw_bytes ns, spw_iterator** out, spw_error* err) noexcept {
    return Slot(err, [&] { return IterateMap(state, state->CurrentPlace(SPW_STATE_MAP, ns), out); });
  };
  api->iterator_next = [](spw_iterator* iterator, spw_item* out, uint32_t capacity, uint32_t* count,
                          spw_error* err) noexcept {
    return OnIterator(iterator, err, [&] { return iterator->Next(out, capacity, count); });
  };
  api->iterator_remove = [](spw_iterator* iterator, uint32_t index, spw_error* err) noexcept {
    return OnIterator(iterator, err, [&] { return iterator->Remove(index); });
  };
  api->iterator_replace = [](spw_iterator* iterator, uint32_t index, spw_bytes value, spw_error* err) noexcept {
    return OnIterator(iterator, err, [&] { return iterator->Replace(index, value); });
  };
  api->iterator_release = [](spw_iterator* iterator) noexcept { delete iterator; };
}

}  // namespace spillway::model
