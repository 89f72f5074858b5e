// MapState<K, V>: a map per key and namespace, read and written entry by entry in the backend. Rules as in
// keyed_state.h.
//
// Values may be null (nullopt): such an entry is contained and reads as nullopt. A map without entries is an absent
// one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "spillway/keyed_state.h"

namespace spillway {

template <KeyType K, typename V>
class MapState;

// Goes once over a map, in no particular order, for use within one record: the next safepoint of the backend ends it.
// Must end before the backend. Every entry that is there from begin to end comes once; the map may be changed
// meanwhile.
template <KeyType K, typename V>
class MapIterator {
 public:
  // To the next entry; false at the end. The entry is read by key() and value(), removed or replaced by the others,
  // which are kInvalidState before the first Next, at the end, and after a Remove.
  Result<bool> Next() {
    ready_ = false;
    if (++at_ >= count_) {
      SPILLWAY_RETURN_IF_ERROR(Refill());
      if (count_ == 0) return false;
    }
    ready_ = true;
    return true;
  }
  [[nodiscard]] Result<K> key() const {
    SPILLWAY_RETURN_IF_ERROR(CheckReady("key"));
    const BytesView bytes = plugin::ToStringView(items_[at_].map_key);
    K key{};
    if (!Serializer<K>::Read(bytes, &key)) return Unreadable("map key", bytes, SchemaOf<K>());
    return key;
  }
  [[nodiscard]] Result<std::optional<V>> value() const {
    SPILLWAY_RETURN_IF_ERROR(CheckReady("value"));
    const spw_view& view = items_[at_].value;
    if ((view.flags & SPW_VIEW_NULL) != 0) return std::optional<V>();
    std::optional<V> value(std::in_place);
    if (!Serializer<V>::Read(plugin::ToStringView(view), &*value)) {
      return Unreadable("map value", plugin::ToStringView(view), SchemaOf<V>());
    }
    return value;
  }
  Status Remove() {
    SPILLWAY_RETURN_IF_ERROR(CheckReady("remove"));
    plugin::Error err;
    SPILLWAY_RETURN_IF_ERROR(Check(iterator_.Remove(at_, err), err));
    ready_ = false;
    return {};
  }
  // value() still shows the old value; the map has the new one.
  Status Replace(const std::optional<V>& value) {
    SPILLWAY_RETURN_IF_ERROR(CheckReady("replace"));
    std::string scratch;
    plugin::Error err;
    const spw_bytes bytes = value ? plugin::ToBytes(BytesOf(*value, &scratch)) : plugin::NullBytes();
    return Check(iterator_.Replace(at_, bytes, err), err);
  }

 private:
  friend class MapState<K, V>;
  explicit MapIterator(std::string name) : name_(std::move(name)) {}

  Status Refill() {
    at_ = count_ = 0;
    if (!iterator_) return {};
    plugin::Error err;
    if (!items_) items_ = std::make_unique_for_overwrite<spw_item[]>(kBatch);
    const spw_code code = iterator_.Next(items_.get(), kBatch, &count_, err);
    SPILLWAY_RETURN_IF_ERROR(Check(code, err));
    if (count_ == 0) iterator_.Reset();
    return {};
  }
  [[nodiscard]] Status Check(spw_code code, const plugin::Error& err) const {
    return StatusOf(code, err).WithContext("state '" + name_ + "'");
  }
  [[nodiscard]] Status CheckReady(std::string_view call) const {
    if (ready_) return {};
    return Status::InvalidState("state '" + name_ + "': the map iterator has no entry to " + std::string(call) +
                                "; call Next first, and Remove once per entry");
  }
  [[nodiscard]] Status Unreadable(std::string_view what, BytesView bytes, const std::string& schema) const {
    return Status::Corruption("state '" + name_ + "' holds a " + std::string(what) + " of " +
                              std::to_string(bytes.size()) + " bytes that is no '" + schema +
                              "'; restore from an earlier checkpoint");
  }

  static constexpr uint32_t kBatch = 64;

  std::string name_;
  plugin::Iterator iterator_;
  std::unique_ptr<spw_item[]> items_;  // the batch under way; made with the first one
  uint32_t count_ = 0;
  uint32_t at_ = 0;
  bool ready_ = false;
};

template <KeyType K, typename V>
class MapState : public KeyedState {
 public:
  using Entry = std::pair<K, std::optional<V>>;

  [[nodiscard]] static Result<MapState> Open(const plugin::Backend& backend, const KeyedStateOptions& options) {
    SPILLWAY_ASSIGN_OR_RETURN(plugin::State state, Register(backend, options, SPW_STATE_MAP, StateAlignmentOf<V>(),
                                                            SchemaOf<V>(), SchemaOf<K>()));
    return MapState(options.name, state);
  }

  // nullopt when the key is absent, and when its value is null: Contains tells them apart.
  [[nodiscard]] Result<std::optional<V>> Get(const K& key) const {
    spw_view view{};
    SPILLWAY_ASSIGN_OR_RETURN(const bool found, Find(key, &view));
    if (!found || (view.flags & SPW_VIEW_NULL) != 0) return std::optional<V>();
    std::optional<V> value(std::in_place);
    if (!Serializer<V>::Read(plugin::ToStringView(view), &*value)) {
      return Unreadable("map value", view.size, SchemaOf<V>());
    }
    return value;
  }
  [[nodiscard]] Result<bool> Contains(const K& key) const {
    spw_view view{};
    return Find(key, &view);
  }
  Status Put(const K& key, const V& value) {
    std::string scratch;
    return PutBytes(key, plugin::ToBytes(BytesOf(value, &scratch)));
  }
  Status PutNull(const K& key) { return PutBytes(key, plugin::NullBytes()); }
  // Pairs of K and V, or of K and optional<V>, one after the other: an error leaves those before it put.
  template <typename Range>
  Status PutAll(const Range& entries) {
    for (const auto& [key, value] : entries) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, std::optional<V>>) {
        SPILLWAY_RETURN_IF_ERROR(value ? Put(key, *value) : PutNull(key));
      } else {
        SPILLWAY_RETURN_IF_ERROR(Put(key, value));
      }
    }
    return {};
  }
  // Whether there was something to remove.
  Result<bool> Remove(const K& key) {
    std::string scratch;
    plugin::Error err;
    const spw_code code = state().MapRemove(NamespaceArgument(), plugin::ToBytes(BytesOf(key, &scratch)), err);
    SPILLWAY_RETURN_IF_ERROR(Check(code, err));
    return code != SPW_ABSENT;
  }
  [[nodiscard]] Result<bool> IsEmpty() const {
    plugin::Error err;
    uint8_t empty = 0;
    SPILLWAY_RETURN_IF_ERROR(Check(state().MapIsEmpty(NamespaceArgument(), &empty, err), err));
    return empty != 0;
  }

  [[nodiscard]] Result<MapIterator<K, V>> Iterate() const {
    MapIterator<K, V> iterator(name());
    plugin::Error err;
    SPILLWAY_RETURN_IF_ERROR(Check(state().MapIterate(NamespaceArgument(), &iterator.iterator_, err), err));
    return iterator;
  }
  // All at once, for small maps.
  [[nodiscard]] Result<std::vector<K>> Keys() const {
    return Gather<K>([](const MapIterator<K, V>& at) { return at.key(); });
  }
  [[nodiscard]] Result<std::vector<std::optional<V>>> Values() const {
    return Gather<std::optional<V>>([](const MapIterator<K, V>& at) { return at.value(); });
  }
  [[nodiscard]] Result<std::vector<Entry>> Entries() const {
    return Gather<Entry>([](const MapIterator<K, V>& at) -> Result<Entry> {
      SPILLWAY_ASSIGN_OR_RETURN(K key, at.key());
      SPILLWAY_ASSIGN_OR_RETURN(std::optional<V> value, at.value());
      return Entry(std::move(key), std::move(value));
    });
  }

 private:
  MapState(std::string name, plugin::State state) : KeyedState(std::move(name), state) {}

  Result<bool> Find(const K& key, spw_view* view) const {
    std::string scratch;
    plugin::Error err;
    const spw_code code = state().MapGet(NamespaceArgument(), plugin::ToBytes(BytesOf(key, &scratch)), view, err);
    SPILLWAY_RETURN_IF_ERROR(Check(code, err));
    return code != SPW_ABSENT;
  }
  Status PutBytes(const K& key, spw_bytes value) {
    std::string scratch;
    plugin::Error err;
    return Check(state().MapPut(NamespaceArgument(), plugin::ToBytes(BytesOf(key, &scratch)), value, err), err);
  }
  template <typename Part, typename Read>
  Result<std::vector<Part>> Gather(Read read) const {
    SPILLWAY_ASSIGN_OR_RETURN(auto iterator, Iterate());
    std::vector<Part> parts;
    for (;;) {
      SPILLWAY_ASSIGN_OR_RETURN(const bool more, iterator.Next());
      if (!more) return parts;
      SPILLWAY_ASSIGN_OR_RETURN(Part part, read(iterator));
      parts.push_back(std::move(part));
    }
  }
};

}  // namespace spillway
