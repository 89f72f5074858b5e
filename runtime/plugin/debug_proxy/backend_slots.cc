// Life, states' registration, safepoints, memory and metrics.
#include <memory>
#include <string>
#include <utility>

#include "runtime/plugin/debug_proxy/call.h"
#include "runtime/plugin/debug_proxy/slots.h"

namespace spillway::runtime::debug_proxy {
namespace {

constexpr Kind kKind = Kind::kBackend;

const spw_backend_api& Real(spw_backend* handle) {
  return Proxy(handle)->core->real();
}
spw_backend* RealHandle(spw_backend* handle) {
  return Proxy(handle)->real;
}

spw_code BindOwner(spw_backend* handle, spw_error* err) {
  BackendProxy* self = Proxy(handle);
  if (self != nullptr && !self->released.load()) {
    if (const char* under_way = self->owner_call.load()) {
      return Refuse(*self->core, err, SPW_INVALID_STATE, "bind_owner",
                    std::string("was called while '") + under_way + "' of the old owner is under way");
    }
  }
  return Run(
      self, kKind, "bind_owner", Tag::kAnyThread, err,
      [&](spw_error* e) { return Real(handle).bind_owner(RealHandle(handle), e); },
      [&](spw_code) {
        self->owner.store(std::this_thread::get_id());
        return std::string();
      });
}

spw_code Close(spw_backend* handle, uint32_t flags, spw_error* err) {
  BackendProxy* self = Proxy(handle);
  const bool has_owner = self != nullptr && self->owner.load() != std::thread::id();
  return Run(
      self, kKind, "close", has_owner ? Tag::kOwnerSafepoint : Tag::kAnyThread, err,
      [&](spw_error* e) { return Real(handle).close(RealHandle(handle), flags, e); },
      [&](spw_code) {
        self->closed.store(true);
        return std::string();
      });
}

// Ends what the host forgot, in the order that the ABI asks for, and tells what it was.
std::string ReleaseForgotten(BackendProxy* self) {
  std::unordered_set<IteratorProxy*> iterators;
  std::unordered_set<SnapshotProxy*> snapshots;
  {
    const std::lock_guard lock(self->mutex);
    iterators.swap(self->iterators);
    snapshots.swap(self->snapshots);
  }
  if (iterators.empty() && snapshots.empty()) return {};
  Core& core = *self->core;
  if (!self->closed.load()) {
    auto dropped = plugin::Sized<spw_error>();
    (void)core.real().close(self->real, 0, &dropped);
    if (dropped.release != nullptr) dropped.release(&dropped);
  }
  for (IteratorProxy* iterator : iterators) {
    core.real().iterator_release(iterator->real);
    iterator->released.store(true);
    core.counters()->iterators.fetch_sub(1);
    core.Quarantine(std::unique_ptr<HandleBase>(iterator));
  }
  for (SnapshotProxy* snapshot : snapshots) {
    core.real().snapshot_release(snapshot->real);
    snapshot->released.store(true);
    core.counters()->snapshots.fetch_sub(1);
    core.Quarantine(std::unique_ptr<HandleBase>(snapshot));
  }
  return "'release' of a backend finds " + std::to_string(iterators.size()) + " iterators and " +
         std::to_string(snapshots.size()) + " snapshots of it unreleased";
}

// How many queries the plugin never answered. Nothing can answer them after the release of their backend.
size_t DropUnansweredQueries(BackendProxy* self) {
  std::unordered_set<QueryProxy*> queries;
  {
    const std::lock_guard lock(self->mutex);
    queries.swap(self->queries);
  }
  for (QueryProxy* query : queries) {
    self->core->counters()->queries.fetch_sub(1);
    self->core->Quarantine(std::unique_ptr<HandleBase>(query));
  }
  return queries.size();
}

void Release(spw_backend* handle) {
  BackendProxy* self = Proxy(handle);
  if (!EnterVoid({kKind, self, "release", Tag::kAnyThread})) return;
  Core& core = *self->core;
  if (const char* under_way = self->owner_call.load()) {
    core.Report("'release' was called while '" + std::string(under_way) + "' of the owner is under way");
    return;
  }
  if (!self->closed.load()) {
    self->shadows.WriteBack();
    self->EndViews();
  }
  const std::string forgotten = ReleaseForgotten(self);
  core.real().release(self->real);
  self->closed.store(true);
  self->released.store(true);
  for (auto& [real, state] : self->states) state->released.store(true);
  core.counters()->backends.fetch_sub(1);
  const size_t unanswered = DropUnansweredQueries(self);
  core.Quarantine(std::unique_ptr<HandleBase>(self));
  if (!forgotten.empty()) core.Report(forgotten);
  if (unanswered > 0)
    core.Report("plugin " + std::string(core.plugin()->name()) + " left " + std::to_string(unanswered) +
                " queries without an answer");
}

spw_code RegisterState(spw_backend* handle, const spw_state_options* options, spw_state** out, spw_error* err) {
  BackendProxy* self = Proxy(handle);
  spw_state* made = nullptr;
  return Run(
      self, kKind, "register_state", Tag::kOwner, StructFault(options, "spw_state_options"), err,
      [&](spw_error* e) { return Real(handle).register_state(RealHandle(handle), options, &made, e); },
      [&](spw_code code) {
        if (code != SPW_OK || made == nullptr) return std::string("answered OK without a state");
        StateProxy* state = self->StateFor(made);
        state->state_kind = options->kind;
        state->alignment = options->alignment;
        *out = reinterpret_cast<spw_state*>(state);
        return std::string();
      });
}

spw_code FindState(spw_backend* handle, const char* name, spw_state** out, spw_error* err) {
  spw_state* found = nullptr;
  return Run(
      Proxy(handle), kKind, "find_state", Tag::kOwner, err,
      [&](spw_error* e) { return Real(handle).find_state(RealHandle(handle), name, &found, e); },
      [&](spw_code code) {
        if ((code == SPW_OK) != (found != nullptr)) return std::string("gave a state with ABSENT, or none with OK");
        *out = found == nullptr ? nullptr : reinterpret_cast<spw_state*>(Proxy(handle)->StateFor(found));
        return std::string();
      });
}

spw_code SetCurrentKey(spw_backend* handle, spw_bytes key, uint32_t key_group, spw_error* err) {
  return Run(Proxy(handle), kKind, "set_current_key", Tag::kOwner, err,
             [&](spw_error* e) { return Real(handle).set_current_key(RealHandle(handle), key, key_group, e); });
}

void EndRecord(spw_backend* handle) {
  BackendProxy* self = Proxy(handle);
  if (!EnterVoid({kKind, self, "end_record", Tag::kOwnerSafepoint})) return;
  const bool closed = self->closed.load();
  const OwnerCall owner_call(closed ? nullptr : self, "end_record");
  if (!closed) {
    self->shadows.WriteBack();
    self->EndViews();
  }
  Real(handle).end_record(RealHandle(handle));
}

spw_code MemoryUsage(spw_backend* handle, spw_memory_usage* out, spw_error* err) {
  return Run(
      Proxy(handle), kKind, "memory_usage", Tag::kAnyThread, StructFault(out, "spw_memory_usage"), err,
      [&](spw_error* e) { return Real(handle).memory_usage(RealHandle(handle), out, e); },
      [](spw_code) { return std::string(); });
}

spw_code MemorySetShare(spw_backend* handle, uint64_t bytes, spw_error* err) {
  return Run(Proxy(handle), kKind, "memory_set_share", Tag::kAnyThread, err,
             [&](spw_error* e) { return Real(handle).memory_set_share(RealHandle(handle), bytes, e); });
}

spw_code MemoryReclaim(spw_backend* handle, uint64_t bytes, spw_error* err) {
  return Run(Proxy(handle), kKind, "memory_reclaim", Tag::kAnyThread, err,
             [&](spw_error* e) { return Real(handle).memory_reclaim(RealHandle(handle), bytes, e); });
}

spw_code Metrics(spw_backend* handle, spw_metric* out, uint32_t capacity, uint32_t* count, spw_error* err) {
  return Run(
      Proxy(handle), kKind, "metrics", Tag::kAnyThread, err,
      [&](spw_error* e) { return Real(handle).metrics(RealHandle(handle), out, capacity, count, e); },
      [&](spw_code) {
        for (uint32_t i = 0; i < *count && i < capacity; ++i) {
          if (out[i].name == nullptr || out[i].help == nullptr)
            return std::string("gave a metric without name or help");
        }
        return std::string();
      });
}

}  // namespace

spw_code Open(Core* core, const spw_open_options* options, const spw_host* host, spw_backend** out, spw_error* err) {
  auto self = std::make_unique<BackendProxy>(core);
  return Run(
      self.get(), kKind, "open", Tag::kAnyThread, StructFault(options, "spw_open_options"), err,
      [&](spw_error* e) { return core->real().open(options, host, &self->real, e); },
      [&](spw_code code) {
        if (code != SPW_OK || self->real == nullptr) return std::string("answered OK without a backend");
        self->key_groups = options->key_groups;
        core->counters()->backends.fetch_add(1);
        *out = reinterpret_cast<spw_backend*>(self.release());
        return std::string();
      });
}

void FillBackendSlots(spw_backend_api* table) {
  table->bind_owner = &BindOwner;
  table->close = &Close;
  table->release = &Release;
  table->register_state = &RegisterState;
  table->find_state = &FindState;
  table->set_current_key = &SetCurrentKey;
  table->end_record = &EndRecord;
  table->memory_usage = &MemoryUsage;
  table->memory_set_share = &MemorySetShare;
  table->memory_reclaim = &MemoryReclaim;
  table->metrics = &Metrics;
}

}  // namespace spillway::runtime::debug_proxy
