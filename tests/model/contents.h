// What a state holds: the maps of the model.
//
// Plain containers, copyable as a whole, which is how the model snapshots. Everything is ordered by key-group first, so
// that key-groups can be written and read one after the other. Only the container of the state's kind is used. A list
// or map without elements is not there at all. Not thread-safe: the owner's, or a snapshot's own copy.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "spillway/plugin/abi.h"
#include "tests/model/stored_bytes.h"

namespace spillway::model {

// Where something lies: key-group, key, namespace.
struct PlaceView {
  uint32_t key_group;
  std::string_view key;
  std::string_view state_namespace;
};
struct Place {
  explicit Place(const PlaceView& view)
      : key_group(view.key_group), key(view.key), state_namespace(view.state_namespace) {}
  operator PlaceView() const { return {key_group, key, state_namespace}; }  // NOLINT(google-explicit-constructor)

  uint32_t key_group;
  std::string key;
  std::string state_namespace;
};
struct PlaceLess {
  using is_transparent = void;
  bool operator()(const PlaceView& a, const PlaceView& b) const {
    return std::tie(a.key_group, a.key, a.state_namespace) < std::tie(b.key_group, b.key, b.state_namespace);
  }
};

struct TimerView {
  int64_t timestamp;
  PlaceView place;
};
struct Timer {
  explicit Timer(const TimerView& view) : timestamp(view.timestamp), place(view.place) {}
  operator TimerView() const { return {timestamp, place}; }  // NOLINT(google-explicit-constructor)

  int64_t timestamp;
  Place place;
};
struct TimerLess {
  using is_transparent = void;
  bool operator()(const TimerView& a, const TimerView& b) const {
    return a.timestamp != b.timestamp ? a.timestamp < b.timestamp : PlaceLess()(a.place, b.place);
  }
};

using List = std::vector<Stored>;
using MapEntries = std::map<std::string, Stored, std::less<>>;

struct Contents {
  std::map<Place, Stored, PlaceLess> values;
  std::map<Place, List, PlaceLess> lists;
  std::map<Place, MapEntries, PlaceLess> maps;
  std::set<Timer, TimerLess> timers;
};

// What things cost: the bytes themselves, the nodes of the containers and what malloc puts around them. An estimate,
// and a function of the contents alone, so that what was taken is given back.
inline constexpr uint64_t kAllocationBytes = 16;
inline constexpr uint64_t kNodeBytes = 32 + kAllocationBytes;  // the links and colour of a tree's node

[[nodiscard]] inline uint64_t CostOf(std::string_view text) {
  return text.size() + sizeof(std::string) + kAllocationBytes;
}
[[nodiscard]] inline uint64_t CostOf(const PlaceView& place) {
  return kNodeBytes + sizeof(uint64_t) + CostOf(place.key) + CostOf(place.state_namespace);
}
[[nodiscard]] inline uint64_t CostOfBytes(uint64_t size) {
  return size + sizeof(Stored) + kAllocationBytes;
}
[[nodiscard]] inline uint64_t CostOf(const Stored& stored) {
  return CostOfBytes(stored.bytes.size());
}
[[nodiscard]] inline uint64_t CostOfMapEntry(std::string_view map_key, uint64_t value_size) {
  return kNodeBytes + CostOf(map_key) + CostOfBytes(value_size);
}
[[nodiscard]] inline uint64_t CostOf(const TimerView& timer) {
  return sizeof(int64_t) + CostOf(timer.place);
}
[[nodiscard]] inline uint64_t CostOf(const List& list) {
  uint64_t cost = 0;
  for (const Stored& element : list) cost += CostOf(element);
  return cost;
}
[[nodiscard]] inline uint64_t CostOf(const MapEntries& entries) {
  uint64_t cost = 0;
  for (const auto& [key, value] : entries) cost += CostOfMapEntry(key, value.bytes.size());
  return cost;
}

}  // namespace spillway::model
