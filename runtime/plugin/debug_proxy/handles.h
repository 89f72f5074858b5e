// The objects behind the proxy's handles. Members without a word on threads belong to the backend's owner thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "runtime/plugin/debug_proxy/copies.h"
#include "runtime/plugin/debug_proxy/core.h"
#include "spillway/plugin/abi.h"

namespace spillway::runtime::debug_proxy {

struct StateProxy : HandleBase {
  StateProxy(BackendProxy* b, spw_state* r) : HandleBase(Kind::kState, b), real(r) {}
  spw_state* const real;
  spw_state_kind state_kind = 0;  // 0 until registered here: found after a restore only
  uint32_t alignment = 0;         // 0 alike

  [[nodiscard]] uint32_t promised_alignment() const { return alignment == 0 ? 1 : alignment; }
  [[nodiscard]] uint32_t shown_alignment() const { return alignment == 0 ? 16 : alignment; }
};

enum class ItemShape { kList, kMap, kKeys, kKeysAndNamespaces, kEntries };

struct IteratorProxy : HandleBase {
  IteratorProxy(StateProxy* s, spw_iterator* r, ItemShape sh, spw_key_group_range g)
      : HandleBase(Kind::kIterator, s->backend), state(s), real(r), shape(sh), key_groups(g) {}
  StateProxy* const state;
  spw_iterator* const real;
  const ItemShape shape;
  const spw_key_group_range key_groups;
  CopyArena items;
};

struct SnapshotProxy : HandleBase {
  SnapshotProxy(BackendProxy* b, spw_snapshot* r) : HandleBase(Kind::kSnapshot, b), real(r) {}
  spw_snapshot* const real;
  std::atomic<bool> running{false};  // a snapshot_run is under way, on any thread
};

struct QueryProxy : HandleBase {
  QueryProxy(BackendProxy* b, const spw_query& q) : HandleBase(Kind::kQuery, b), context(q.context), answer(q.answer) {}
  void* const context;
  void (*const answer)(void*, spw_code, const spw_view*);
  std::atomic<bool> answered{false};
};

struct BackendProxy : HandleBase {
  explicit BackendProxy(Core* c) : HandleBase(Kind::kBackend, this), core(c) {}

  [[nodiscard]] StateProxy* StateFor(spw_state* real_state) {
    std::unique_ptr<StateProxy>& state = states[real_state];
    if (!state) state = std::make_unique<StateProxy>(this, real_state);
    return state.get();
  }
  // The owner's safepoint: every view and item ends.
  void EndViews() {
    shadows.EndAll();
    views.EndAll(&poisoned);
    const std::lock_guard lock(mutex);
    for (IteratorProxy* iterator : iterators) iterator->items.EndAll(&poisoned);
  }

  Core* const core;
  spw_backend* real = nullptr;
  spw_key_group_range key_groups{};
  // Any thread. Default-made id: no owner was bound. Sequentially consistent, as nothing here is hot.
  std::atomic<std::thread::id> owner{};
  std::atomic<bool> closed{false};
  std::atomic<const char*> owner_call{nullptr};  // the owner's slot that is under way

  PoisonedChunks poisoned;
  CopyArena views;
  Shadows shadows;
  std::unordered_map<spw_state*, std::unique_ptr<StateProxy>> states;
  std::unordered_multimap<uint64_t, StateProxy*> pending_tokens;  // of get_async; the host may use one twice

  // Handles of this backend that were not released; they come and go on any thread.
  std::mutex mutex;
  std::unordered_set<IteratorProxy*> iterators;
  std::unordered_set<SnapshotProxy*> snapshots;
  std::unordered_set<QueryProxy*> queries;
};

[[nodiscard]] inline BackendProxy* Proxy(spw_backend* handle) {
  return reinterpret_cast<BackendProxy*>(handle);
}
[[nodiscard]] inline StateProxy* Proxy(spw_state* handle) {
  return reinterpret_cast<StateProxy*>(handle);
}
[[nodiscard]] inline IteratorProxy* Proxy(spw_iterator* handle) {
  return reinterpret_cast<IteratorProxy*>(handle);
}
[[nodiscard]] inline SnapshotProxy* Proxy(spw_snapshot* handle) {
  return reinterpret_cast<SnapshotProxy*>(handle);
}

}  // namespace spillway::runtime::debug_proxy
