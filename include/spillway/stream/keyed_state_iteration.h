// A walk over all keyed state of a subtask, entry by entry, without a copy of it.
//
// Handed to KeyedProcessFunction::OnEndOfInput and valid during that call. Every visit has its key as current key, so
// other states of the key may be read and changed, and the visited entry cleared. `visit` returns nothing or a Status;
// an error ends the walk and the job. Keys come in no particular order; elements of one list in theirs.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "spillway/state.h"
#include "spillway/status.h"
#include "spillway/stream/operators/keyed_scope.h"
#include "spillway/stream/operators/user_code.h"

namespace spillway {

template <KeyType K>
class KeyedStateIteration {
 public:
  KeyedStateIteration(KeyedScope* scope, const std::atomic<bool>* stop) : scope_(scope), stop_(stop) {}

  // visit(const K&, const T&), for every key that has a value.
  template <typename T, typename Visit>
  Status ForEach(const ValueState<T>& state, Visit visit) {
    return Walk(state, [&](const K& key, const spw_item& item) -> Status {
      T value{};
      if (!Serializer<T>::Read(plugin::ToStringView(item.value), &value)) return Unreadable(state, "value");
      return StatusOfCall([&] { return visit(key, std::as_const(value)); });
    });
  }
  // visit(const K&, const T& element), for every element of every list.
  template <typename T, typename Visit>
  Status ForEachElement(const ListState<T>& state, Visit visit) {
    return Walk(state, [&](const K& key, const spw_item& item) -> Status {
      T element{};
      if (!Serializer<T>::Read(plugin::ToStringView(item.value), &element)) return Unreadable(state, "list element");
      return StatusOfCall([&] { return visit(key, std::as_const(element)); });
    });
  }
  // visit(const K&, const M& map_key, const std::optional<V>& value), for every entry of every map.
  template <typename M, typename V, typename Visit>
  Status ForEachEntry(const MapState<M, V>& state, Visit visit) {
    return Walk(state, [&](const K& key, const spw_item& item) -> Status {
      M map_key{};
      if (!Serializer<M>::Read(plugin::ToStringView(item.map_key), &map_key)) return Unreadable(state, "map key");
      std::optional<V> value;
      if ((item.value.flags & SPW_VIEW_NULL) == 0) {
        value.emplace();
        if (!Serializer<V>::Read(plugin::ToStringView(item.value), &*value)) return Unreadable(state, "map value");
      }
      return StatusOfCall([&] { return visit(key, std::as_const(map_key), std::as_const(value)); });
    });
  }

 private:
  static constexpr uint32_t kItemsAtOnceMax = 64;

  static Status Unreadable(const KeyedState& state, const char* what) {
    return Status::Corruption("state '" + state.name() + "' holds a " + what + " that does not fit its type");
  }

  template <typename VisitItem>
  Status Walk(const KeyedState& state, VisitItem visit_item) {
    plugin::Error err;
    plugin::Iterator iterator;
    spw_code code = state.state().Entries(scope_->key_groups(), &iterator, err);
    std::array<spw_item, kItemsAtOnceMax> items;
    K key{};
    while (code == SPW_OK && !stop_->load(std::memory_order_relaxed)) {
      uint32_t count = 0;
      code = iterator.Next(items.data(), kItemsAtOnceMax, &count, err);
      if (code != SPW_OK) break;
      for (uint32_t i = 0; i < count && !stop_->load(std::memory_order_relaxed); ++i) {
        const BytesView bytes = plugin::ToStringView(items[i].key);
        SPILLWAY_RETURN_IF_ERROR(scope_->SetCurrentKey(bytes, items[i].key_group));
        if (!Serializer<K>::Read(bytes, &key)) return Unreadable(state, "key");
        SPILLWAY_RETURN_IF_ERROR(visit_item(std::as_const(key), items[i]));
      }
      // Items are views, so the safepoints come after the last of them.
      scope_->EndRecord();
      SPILLWAY_RETURN_IF_ERROR(scope_->Poll());
    }
    return StatusOf(code, err).WithContext("walking over state '" + state.name() + "'");
  }

  KeyedScope* scope_;
  const std::atomic<bool>* stop_;
};

}  // namespace spillway
