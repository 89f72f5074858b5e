// The plugin ABI for hosts in C++: owners for its handles, and its slots as member functions.
//
// Every function calls exactly one slot of the backend table it was made with, so the thread tags, lifetimes and codes
// of abi.h hold unchanged: code returned, text in `err`. The table must be a complete one, as the loader makes it (no
// NULL slots), and must outlive all that is made from it. Backend, Iterator, Snapshot and SnapshotResult own what they
// hold and release it at their end; State is a plain reference, valid as long as its backend. Iterators and snapshots
// must end before their backend does: declare them after it. Nothing here throws or allocates.
#pragma once

#include <utility>

#include "spillway/plugin/abi.h"
#include "spillway/plugin/error.h"

namespace spillway::plugin {

// One owned handle of type H, with the table it lives by; Release is the slot that ends it.
template <typename H, void (*spw_backend_api::*Release)(H*)>
class Handle {
 public:
  Handle() noexcept = default;
  Handle(const spw_backend_api* api, H* handle) noexcept : api_(api), handle_(handle) {}
  ~Handle() { Reset(); }
  Handle(Handle&& other) noexcept : api_(other.api_), handle_(std::exchange(other.handle_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      Reset();
      api_ = other.api_;
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  [[nodiscard]] explicit operator bool() const noexcept { return handle_ != nullptr; }
  [[nodiscard]] H* get() const noexcept { return handle_; }
  [[nodiscard]] const spw_backend_api* api() const noexcept { return api_; }
  void Reset() noexcept {
    if (H* handle = std::exchange(handle_, nullptr)) (api_->*Release)(handle);
  }

 protected:
  // Ends what is held and takes over what a slot made, if it made one.
  void Adopt(const spw_backend_api* api, H* handle) noexcept {
    Reset();
    api_ = api;
    handle_ = handle;
  }

 private:
  const spw_backend_api* api_ = nullptr;
  H* handle_ = nullptr;
};

class Iterator : public Handle<spw_iterator, &spw_backend_api::iterator_release> {
 public:
  using Handle::Handle;
  spw_code Next(spw_item* out, uint32_t capacity, uint32_t* count, Error& err) const noexcept {
    return api()->iterator_next(get(), out, capacity, count, err.out());
  }
  spw_code Remove(uint32_t index, Error& err) const noexcept { return api()->iterator_remove(get(), index, err.out()); }
  spw_code Replace(uint32_t index, spw_bytes value, Error& err) const noexcept {
    return api()->iterator_replace(get(), index, value, err.out());
  }

 private:
  friend class State;
};

class State {
 public:
  State() noexcept = default;
  State(const spw_backend_api* api, spw_state* state) noexcept : api_(api), state_(state) {}
  [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }
  [[nodiscard]] spw_state* get() const noexcept { return state_; }

  spw_code Schema(spw_schema_role role, uint32_t schema_id, spw_bytes* out, Error& err) const noexcept {
    return api_->state_schema(state_, role, schema_id, out, err.out());
  }
  spw_code EntryCount(uint64_t* out, Error& err) const noexcept {
    return api_->state_entry_count(state_, out, err.out());
  }
  spw_code Clear(spw_bytes ns, Error& err) const noexcept { return api_->state_clear(state_, ns, err.out()); }

  spw_code ValueGet(spw_bytes ns, spw_view* out, Error& err) const noexcept {
    return api_->value_get(state_, ns, out, err.out());
  }
  spw_code ValueGetForUpdate(spw_bytes ns, uint64_t create_size, spw_mut_view* out, Error& err) const noexcept {
    return api_->value_get_for_update(state_, ns, create_size, out, err.out());
  }
  spw_code ValuePut(spw_bytes ns, spw_bytes value, Error& err) const noexcept {
    return api_->value_put(state_, ns, value, err.out());
  }
  spw_code ValueGetAt(spw_bytes key, uint32_t key_group, spw_bytes ns, spw_view* out, Error& err) const noexcept {
    return api_->value_get_at(state_, key, key_group, ns, out, err.out());
  }
  spw_code ValueGetForUpdateAt(spw_bytes key, uint32_t key_group, spw_bytes ns, uint64_t create_size, spw_mut_view* out,
                               Error& err) const noexcept {
    return api_->value_get_for_update_at(state_, key, key_group, ns, create_size, out, err.out());
  }

  spw_code ListAppend(spw_bytes ns, const spw_bytes* elements, uint64_t count, Error& err) const noexcept {
    return api_->list_append(state_, ns, elements, count, err.out());
  }
  spw_code ListReplace(spw_bytes ns, const spw_bytes* elements, uint64_t count, Error& err) const noexcept {
    return api_->list_replace(state_, ns, elements, count, err.out());
  }
  spw_code ListIterate(spw_bytes ns, Iterator* out, Error& err) const noexcept {
    return Made(out, [&](spw_iterator** made) { return api_->list_iterate(state_, ns, made, err.out()); });
  }
  spw_code MergeNamespaces(spw_bytes target, const spw_bytes* sources, uint64_t count, Error& err) const noexcept {
    return api_->merge_namespaces(state_, target, sources, count, err.out());
  }

  spw_code MapGet(spw_bytes ns, spw_bytes map_key, spw_view* out, Error& err) const noexcept {
    return api_->map_get(state_, ns, map_key, out, err.out());
  }
  spw_code MapPut(spw_bytes ns, spw_bytes map_key, spw_bytes value, Error& err) const noexcept {
    return api_->map_put(state_, ns, map_key, value, err.out());
  }
  spw_code MapRemove(spw_bytes ns, spw_bytes map_key, Error& err) const noexcept {
    return api_->map_remove(state_, ns, map_key, err.out());
  }
  spw_code MapIsEmpty(spw_bytes ns, uint8_t* out, Error& err) const noexcept {
    return api_->map_is_empty(state_, ns, out, err.out());
  }
  spw_code MapIterate(spw_bytes ns, Iterator* out, Error& err) const noexcept {
    return Made(out, [&](spw_iterator** made) { return api_->map_iterate(state_, ns, made, err.out()); });
  }

  spw_code Keys(spw_bytes ns, Iterator* out, Error& err) const noexcept {
    return Made(out, [&](spw_iterator** made) { return api_->keys(state_, ns, made, err.out()); });
  }
  spw_code KeysAndNamespaces(Iterator* out, Error& err) const noexcept {
    return Made(out, [&](spw_iterator** made) { return api_->keys_and_namespaces(state_, made, err.out()); });
  }
  spw_code Entries(spw_key_group_range groups, Iterator* out, Error& err) const noexcept {
    return Made(out, [&](spw_iterator** made) { return api_->entries(state_, groups, made, err.out()); });
  }

  spw_code TimerAdd(const spw_timer* timers, uint64_t count, uint8_t* head_changed, Error& err) const noexcept {
    return api_->timer_add(state_, timers, count, head_changed, err.out());
  }
  spw_code TimerRemove(const spw_timer& timer, uint8_t* head_changed, Error& err) const noexcept {
    return api_->timer_remove(state_, &timer, head_changed, err.out());
  }
  spw_code TimerPeek(spw_timer* out, Error& err) const noexcept { return api_->timer_peek(state_, out, err.out()); }
  spw_code TimerPollDue(int64_t up_to, spw_timer* out, uint32_t capacity, uint32_t* count, Error& err) const noexcept {
    return api_->timer_poll_due(state_, up_to, out, capacity, count, err.out());
  }

 private:
  template <typename Call>
  spw_code Made(Iterator* out, Call call) const noexcept {
    spw_iterator* made = nullptr;
    const spw_code code = call(&made);
    out->Adopt(api_, code == SPW_OK ? made : nullptr);
    return code;
  }

  const spw_backend_api* api_ = nullptr;
  spw_state* state_ = nullptr;
};

}  // namespace spillway::plugin
