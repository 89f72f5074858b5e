// How the slots of the ABI open and refuse: handles, the checks that every call makes, and errors.
//
// The checks of a call that is right are a few compares, inline; the reasons of one that is not are found out apart
// (slot.cc). Threads as the slots themselves.
#pragma once

#include <cstdint>
#include <utility>

#include "backend/hybrid/instance.h"
#include "backend/hybrid/iterator.h"
#include "backend/hybrid/snapshot.h"
#include "backend/hybrid/spiller.h"
#include "backend/hybrid/state.h"
#include "backend/hybrid/with_room.h"
#include "snapshot/keyed_state_file.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/error.h"
#include "spillway/plugin/guard.h"
#include "spillway/status.h"

namespace spillway::hybrid {

[[nodiscard]] inline Instance* Behind(spw_backend* handle) {
  return reinterpret_cast<Instance*>(handle);
}
[[nodiscard]] inline State* Behind(spw_state* handle) {
  return reinterpret_cast<State*>(handle);
}
[[nodiscard]] inline StateIterator* Behind(spw_iterator* handle) {
  return reinterpret_cast<StateIterator*>(handle);
}
[[nodiscard]] inline TableSnapshot* Behind(spw_snapshot* handle) {
  return reinterpret_cast<TableSnapshot*>(handle);
}

// The code of the status, with its message in `err` when it is an error.
spw_code Answer(const Status& status, spw_error* err);

[[nodiscard]] Status ClosedError(const Instance& instance);
[[nodiscard]] Status KeyGroupError(const Instance& instance, uint32_t key_group);
[[nodiscard]] Status NamedError(const State& state, StatusCode code, const char* what);
// Why a state cannot serve a call for `kind`; OK when it can.
[[nodiscard]] Status CheckState(const State& state, spw_state_kind kind);
// Why bytes cannot be a key, namespace, map key, value; OK when they can.
[[nodiscard]] Status CheckBytes(const State& state, spw_bytes bytes, uint64_t size_max, const char* what);

// SPW_OK as it is; SPW_ABSENT too; SPW_OUT_OF_MEMORY and failures of reading what is on disk with their message.
spw_code AnswerAccess(const State& state, spw_code code, spw_error* err);

inline void BeforeOperation(const State& state) {
  if (Spiller* spiller = state.instance()->spiller()) spiller->BeforeOperation();
}

[[nodiscard]] inline bool Serves(const State& state, spw_state_kind kind) {
  return state.kind() == kind && state.registered() && !state.instance()->closed();
}
[[nodiscard]] inline bool IsWithin(spw_bytes bytes, uint64_t size_max) {
  return bytes.data != nullptr && bytes.size <= size_max;
}

spw_code RefuseKeyed(const State& state, spw_state_kind kind, spw_bytes state_namespace, spw_error* err);
spw_code RefuseAt(const State& state, spw_state_kind kind, spw_bytes key, uint32_t key_group, spw_bytes state_namespace,
                  spw_error* err);

// Runs `body(const EntryAddress&)` for the current key.
template <typename Body>
[[nodiscard]] spw_code OnCurrentKey(spw_state* handle, spw_state_kind kind, spw_bytes state_namespace, spw_error* err,
                                    Body&& body) noexcept {
  return plugin::Guard(err, [&]() -> spw_code {
    State* state = Behind(handle);
    if (!Serves(*state, kind) || !state->instance()->has_current_key() ||
        !IsWithin(state_namespace, snapshot::kNamespaceBytesMax)) {
      return RefuseKeyed(*state, kind, state_namespace, err);
    }
    BeforeOperation(*state);
    return std::forward<Body>(body)(state, state->instance()->CurrentAddress(plugin::ToStringView(state_namespace)));
  });
}

// The same for a key that comes along.
template <typename Body>
[[nodiscard]] spw_code OnKey(spw_state* handle, spw_state_kind kind, spw_bytes key, uint32_t key_group,
                             spw_bytes state_namespace, spw_error* err, Body&& body) noexcept {
  return plugin::Guard(err, [&]() -> spw_code {
    State* state = Behind(handle);
    if (!Serves(*state, kind) || !state->instance()->Owns(key_group) || !IsWithin(key, snapshot::kKeyBytesMax) ||
        !IsWithin(state_namespace, snapshot::kNamespaceBytesMax)) {
      return RefuseAt(*state, kind, key, key_group, state_namespace, err);
    }
    BeforeOperation(*state);
    return std::forward<Body>(body)(state, state->instance()->AddressOf(plugin::ToStringView(key), key_group,
                                                                        plugin::ToStringView(state_namespace)));
  });
}

// Runs `body(Instance*)` unless the instance is closed.
template <typename Body>
[[nodiscard]] spw_code OnInstance(spw_backend* handle, spw_error* err, Body&& body) noexcept {
  return plugin::Guard(err, [&]() -> spw_code {
    Instance* instance = Behind(handle);
    if (instance->closed()) return Answer(ClosedError(*instance), err);
    return std::forward<Body>(body)(instance);
  });
}

// Each file fills the slots of its idea.
void FillLifeSlots(spw_backend_api* api);
void FillStateSlots(spw_backend_api* api);
void FillValueSlots(spw_backend_api* api);
void FillListSlots(spw_backend_api* api);
void FillMapSlots(spw_backend_api* api);
void FillIteratorSlots(spw_backend_api* api);
void FillTimerSlots(spw_backend_api* api);
void FillBatchSlots(spw_backend_api* api);
void FillQuerySlots(spw_backend_api* api);
void FillSnapshotSlots(spw_backend_api* api);
void FillMemorySlots(spw_backend_api* api);

}  // namespace spillway::hybrid
