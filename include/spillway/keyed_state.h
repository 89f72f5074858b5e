// What the typed states have in common: a registered state, its current namespace, and how its errors read.
//
// Typed states belong to the owner thread of their backend and work on the backend's current key (set by whoever runs
// the record) and on a namespace of their own, void until SetNamespace. They are values that refer to a state: copies
// share the state and not the namespace. The backend must outlive them. "Absent" is a result; an error changes nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "spillway/bytes.h"
#include "spillway/plugin/backend.h"
#include "spillway/plugin_status.h"
#include "spillway/serializer.h"
#include "spillway/status.h"

namespace spillway {

// How a state is registered. Schemas of values and map keys come from its type.
struct KeyedStateOptions {
  std::string name;
  std::string key_schema;
  std::string namespace_schema;
  spw_ttl_update ttl_update = SPW_TTL_DISABLED;
  spw_ttl_visibility ttl_visibility = SPW_TTL_NEVER_RETURN_EXPIRED;
  int64_t ttl_ms = 0;
};

template <KeyType K, KeyType N = VoidNamespace>
[[nodiscard]] KeyedStateOptions StateOptionsFor(std::string_view name) {
  return {.name = std::string(name), .key_schema = SchemaOf<K>(), .namespace_schema = SchemaOf<N>()};
}

class KeyedState {
 public:
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const plugin::State& state() const { return state_; }

  template <KeyType N>
  void SetNamespace(const N& state_namespace) {
    std::string scratch;
    namespace_.assign(NamespaceBytesOf(state_namespace, &scratch));
  }
  void SetNamespaceBytes(BytesView state_namespace) { namespace_.assign(state_namespace); }
  [[nodiscard]] BytesView namespace_bytes() const { return namespace_; }

  // Removes what the state holds for the current key and namespace; nothing there is fine.
  Status Clear() const {
    plugin::Error err;
    return Check(state_.Clear(NamespaceArgument(), err), err);
  }
  // (key, namespace) pairs in the whole state.
  [[nodiscard]] Result<uint64_t> EntryCount() const {
    plugin::Error err;
    uint64_t count = 0;
    SPILLWAY_RETURN_IF_ERROR(Check(state_.EntryCount(&count, err), err));
    return count;
  }

 protected:
  KeyedState(std::string name, plugin::State state) : name_(std::move(name)), state_(state) {}

  static Result<plugin::State> Register(const plugin::Backend& backend, const KeyedStateOptions& options,
                                        spw_state_kind kind, uint32_t alignment, std::string_view value_schema,
                                        std::string_view map_key_schema) {
    auto raw = plugin::Sized<spw_state_options>();
    raw.kind = kind;
    raw.name = options.name.c_str();
    raw.alignment = alignment;
    raw.ttl_update = options.ttl_update;
    raw.ttl_visibility = options.ttl_visibility;
    raw.ttl_ms = options.ttl_ms;
    raw.key_schema = plugin::ToBytes(options.key_schema);
    raw.namespace_schema = plugin::ToBytes(options.namespace_schema);
    raw.value_schema = plugin::ToBytes(value_schema);
    raw.map_key_schema = plugin::ToBytes(map_key_schema);
    plugin::Error err;
    plugin::State state;
    SPILLWAY_RETURN_IF_ERROR(StatusOf(backend.RegisterState(raw, &state, err), err));
    if (!state) return Status::Internal("the backend registered state '" + options.name + "' without a handle");
    return state;
  }

  [[nodiscard]] spw_bytes NamespaceArgument() const { return plugin::ToBytes(namespace_); }
  [[nodiscard]] Status Check(spw_code code, const plugin::Error& err) const {
    if (!plugin::IsError(code)) return {};
    return StatusOf(code, err).WithContext("state '" + name_ + "'");
  }
  // The stored bytes do not fit the type, although the schema did.
  [[nodiscard]] Status Unreadable(std::string_view what, uint64_t bytes, std::string_view schema) const {
    return Status::Corruption("state '" + name_ + "' holds a " + std::string(what) + " of " + std::to_string(bytes) +
                              " bytes that is no '" + std::string(schema) +
                              "'; restore from an earlier checkpoint, or give the changed type another kSchema");
  }
  // The target among the sources, or a source twice, would count elements twice.
  [[nodiscard]] Status CheckMerge(BytesView target, std::span<const std::string> sources) const {
    for (size_t i = 0; i < sources.size(); ++i) {
      bool twice = sources[i] == target;
      for (size_t k = 0; k < i; ++k) twice = twice || sources[i] == sources[k];
      if (twice) {
        return Status::InvalidArgument(
            "state '" + name_ +
            "': a merge names one namespace twice; every source must be another one and none "
            "the target");
      }
    }
    return {};
  }

 private:
  std::string name_;
  plugin::State state_;
  std::string namespace_;
};

// The alignment at which values of type T lie in the backend.
template <typename T>
[[nodiscard]] constexpr uint32_t StateAlignmentOf() {
  if constexpr (Serializer<T>::kFlat) {
    return alignof(T);
  } else {
    return 1;
  }
}

}  // namespace spillway
