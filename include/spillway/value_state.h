// ValueState<T>: one T per key and namespace. Rules and ownership as in keyed_state.h.
//
// For flat T nothing is converted: Get copies the entry's bytes, GetForUpdate and GetOrCreate point into the entry,
// good for reading and writing until the next safepoint of the backend (the end of the record at the latest).
#pragma once

#include <concepts>
#include <optional>
#include <utility>

#include "spillway/keyed_state.h"

namespace spillway {

template <typename T>
class ValueState : public KeyedState {
 public:
  [[nodiscard]] static Result<ValueState> Open(const plugin::Backend& backend, const KeyedStateOptions& options) {
    SPILLWAY_ASSIGN_OR_RETURN(plugin::State state,
                              Register(backend, options, SPW_STATE_VALUE, StateAlignmentOf<T>(), SchemaOf<T>(), {}));
    return ValueState(options.name, state);
  }

  [[nodiscard]] Result<std::optional<T>> Get() const {
    plugin::Error err;
    spw_view view{};
    const spw_code code = state().ValueGet(NamespaceArgument(), &view, err);
    if (code == SPW_ABSENT) return std::optional<T>();
    SPILLWAY_RETURN_IF_ERROR(Check(code, err));
    std::optional<T> value(std::in_place);
    if (!Serializer<T>::Read(plugin::ToStringView(view), &*value)) {
      return Unreadable("value", view.size, SchemaOf<T>());
    }
    return value;
  }
  [[nodiscard]] Result<T> GetOr(T absent) const {
    SPILLWAY_ASSIGN_OR_RETURN(std::optional<T> value, Get());
    return value ? std::move(*value) : std::move(absent);
  }

  Status Update(const T& value) {
    std::string scratch;
    return Put(BytesOf(value, &scratch));
  }
  // No value clears; the serializer never sees it.
  Status Update(std::nullopt_t) { return Clear(); }
  template <std::same_as<std::optional<T>> Optional>
  Status Update(const Optional& value) {
    return value ? Update(*value) : Clear();
  }

  // The value to be read and changed in place; null when absent. It counts as written.
  [[nodiscard]] Result<T*> GetForUpdate() const requires FlatType<T> {
    SPILLWAY_ASSIGN_OR_RETURN(spw_mut_view view, View(SPW_DO_NOT_CREATE));
    return reinterpret_cast<T*>(view.data);
  }
  // The same, made from `initial` when absent; never null.
  [[nodiscard]] Result<T*> GetOrCreate(const T& initial) const requires FlatType<T> {
    SPILLWAY_ASSIGN_OR_RETURN(spw_mut_view view, View(sizeof(T)));
    auto* value = reinterpret_cast<T*>(view.data);
    if (view.created != 0) StoreBytes(value, initial);
    return value;
  }

 private:
  ValueState(std::string name, plugin::State state) : KeyedState(std::move(name), state) {}

  Status Put(BytesView bytes) {
    plugin::Error err;
    return Check(state().ValuePut(NamespaceArgument(), plugin::ToBytes(bytes), err), err);
  }
  // Without data when absent.
  Result<spw_mut_view> View(uint64_t create_size) const {
    plugin::Error err;
    spw_mut_view view{};
    const spw_code code = state().ValueGetForUpdate(NamespaceArgument(), create_size, &view, err);
    if (code == SPW_ABSENT) return spw_mut_view{};
    SPILLWAY_RETURN_IF_ERROR(Check(code, err));
    if (view.size != sizeof(T)) return Unreadable("value", view.size, SchemaOf<T>());
    return view;
  }
};

}  // namespace spillway
