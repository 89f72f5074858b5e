// Iterators: how they come to be, their items, their end.
#include <algorithm>
#include <memory>
#include <string>

#include "runtime/plugin/debug_proxy/call.h"
#include "runtime/plugin/debug_proxy/slots.h"

namespace spillway::runtime::debug_proxy {
namespace {

const spw_backend_api& Real(spw_state* handle) {
  return Proxy(handle)->backend->core->real();
}
spw_state* RealHandle(spw_state* handle) {
  return Proxy(handle)->real;
}
const spw_backend_api& Real(spw_iterator* handle) {
  return Proxy(handle)->backend->core->real();
}
spw_iterator* RealHandle(spw_iterator* handle) {
  return Proxy(handle)->real;
}

// `call` gets the place for the plugin's iterator and the error.
template <typename Call>
spw_code Iterate(spw_state* handle, const char* slot, ItemShape shape, spw_key_group_range range, spw_iterator** out,
                 spw_error* err, Call call) {
  StateProxy* self = Proxy(handle);
  spw_iterator* made = nullptr;
  return Run(
      self, Kind::kState, slot, Tag::kOwner, err, [&](spw_error* e) { return call(&made, e); },
      [&](spw_code code) {
        if ((code == SPW_OK) != (made != nullptr)) return std::string("gave an iterator with ABSENT, or none with OK");
        *out = nullptr;
        if (made == nullptr) return std::string();
        auto* iterator = new IteratorProxy(self, made, shape, range);
        self->backend->core->counters()->iterators.fetch_add(1);
        const std::lock_guard lock(self->backend->mutex);
        self->backend->iterators.insert(iterator);
        *out = reinterpret_cast<spw_iterator*>(iterator);
        return std::string();
      });
}

// Every item lies in the instance's key-groups, and for `entries` in the requested ones besides.
spw_key_group_range Owned(spw_state* handle) {
  return handle == nullptr ? spw_key_group_range{} : Proxy(handle)->backend->key_groups;
}

spw_code ListIterate(spw_state* handle, spw_bytes ns, spw_iterator** out, spw_error* err) {
  return Iterate(
      handle, "list_iterate", ItemShape::kList, Owned(handle), out, err,
      [&](spw_iterator** made, spw_error* e) { return Real(handle).list_iterate(RealHandle(handle), ns, made, e); });
}

spw_code MapIterate(spw_state* handle, spw_bytes ns, spw_iterator** out, spw_error* err) {
  return Iterate(
      handle, "map_iterate", ItemShape::kMap, Owned(handle), out, err,
      [&](spw_iterator** made, spw_error* e) { return Real(handle).map_iterate(RealHandle(handle), ns, made, e); });
}

spw_code Keys(spw_state* handle, spw_bytes ns, spw_iterator** out, spw_error* err) {
  return Iterate(handle, "keys", ItemShape::kKeys, Owned(handle), out, err,
                 [&](spw_iterator** made, spw_error* e) { return Real(handle).keys(RealHandle(handle), ns, made, e); });
}

spw_code KeysAndNamespaces(spw_state* handle, spw_iterator** out, spw_error* err) {
  return Iterate(
      handle, "keys_and_namespaces", ItemShape::kKeysAndNamespaces, Owned(handle), out, err,
      [&](spw_iterator** made, spw_error* e) { return Real(handle).keys_and_namespaces(RealHandle(handle), made, e); });
}

spw_code Entries(spw_state* handle, spw_key_group_range groups, spw_iterator** out, spw_error* err) {
  const spw_key_group_range owned = Owned(handle);
  const spw_key_group_range both{std::max(owned.first, groups.first), std::min(owned.last, groups.last)};
  return Iterate(handle, "entries", ItemShape::kEntries, both, out, err, [&](spw_iterator** made, spw_error* e) {
    return Real(handle).entries(RealHandle(handle), groups, made, e);
  });
}

// What is missing in an item of this shape; empty when it is complete.
std::string ItemFault(const IteratorProxy& iterator, const spw_item& item) {
  const ItemShape shape = iterator.shape;
  const spw_state_kind kind = iterator.state->state_kind;
  const bool has_key = shape >= ItemShape::kKeys;
  if (has_key && item.key.data == nullptr) return "gave an item without a key";
  if (has_key) {
    if (std::string fault = KeyGroupFault(item.key_group, iterator.key_groups); !fault.empty()) return fault;
  }
  if (shape >= ItemShape::kKeysAndNamespaces && item.state_namespace.data == nullptr) {
    return "gave an item without a namespace";
  }
  const bool of_map = shape == ItemShape::kMap || (shape == ItemShape::kEntries && kind == SPW_STATE_MAP);
  if (of_map && item.map_key.data == nullptr) return "gave an item without a map key";
  const bool has_value = shape == ItemShape::kList ||
                         (shape == ItemShape::kEntries && (kind == SPW_STATE_VALUE || kind == SPW_STATE_LIST));
  const bool is_null = (item.value.flags & SPW_VIEW_NULL) != 0;
  if (has_value && item.value.data == nullptr) return "gave an item without a value";
  if (of_map && item.value.data == nullptr && !is_null) return "gave an item with null bytes and without SPW_VIEW_NULL";
  return {};
}

std::string ShowItems(IteratorProxy* self, spw_code code, uint32_t capacity, uint32_t count, spw_item* out) {
  if (count > capacity) return "gave " + std::to_string(count) + " items for a capacity of " + std::to_string(capacity);
  if ((code == SPW_ABSENT) != (count == 0) && capacity > 0) {
    return "answered with code " + std::to_string(code) + " and " + std::to_string(count) + " items";
  }
  for (uint32_t i = 0; i < count; ++i) {
    spw_item item = out[i];
    if (std::string fault = ItemFault(*self, item); !fault.empty()) return fault;
    item.key = self->items.Copy(item.key);
    item.state_namespace = self->items.Copy(item.state_namespace);
    item.map_key = self->items.Copy(item.map_key);
    if (item.value.data != nullptr) {
      const spw_view real = item.value;
      if (std::string fault = ShowView(self->state, &self->items, SPW_OK, real, &item.value); !fault.empty())
        return fault;
    }
    out[i] = item;
  }
  return {};
}

spw_code IteratorNext(spw_iterator* handle, spw_item* out, uint32_t capacity, uint32_t* count, spw_error* err) {
  IteratorProxy* self = Proxy(handle);
  return Run(
      self, Kind::kIterator, "iterator_next", Tag::kOwner, err,
      [&](spw_error* e) {
        if (!self->backend->closed.load()) self->items.EndAll(&self->backend->poisoned);
        *count = 0;
        return Real(handle).iterator_next(RealHandle(handle), out, capacity, count, e);
      },
      [&](spw_code code) { return ShowItems(self, code, capacity, *count, out); });
}

spw_code IteratorRemove(spw_iterator* handle, uint32_t index, spw_error* err) {
  return Run(Proxy(handle), Kind::kIterator, "iterator_remove", Tag::kOwner, err,
             [&](spw_error* e) { return Real(handle).iterator_remove(RealHandle(handle), index, e); });
}

spw_code IteratorReplace(spw_iterator* handle, uint32_t index, spw_bytes value, spw_error* err) {
  return Run(Proxy(handle), Kind::kIterator, "iterator_replace", Tag::kOwner, err,
             [&](spw_error* e) { return Real(handle).iterator_replace(RealHandle(handle), index, value, e); });
}

void IteratorRelease(spw_iterator* handle) {
  IteratorProxy* self = Proxy(handle);
  if (!EnterVoid({Kind::kIterator, self, "iterator_release", Tag::kOwner})) return;
  BackendProxy* backend = self->backend;
  // After close any thread may release, and several at once: items and the poisoned chunks need the lock then.
  {
    const std::lock_guard lock(backend->mutex);
    if (!backend->closed.load()) backend->shadows.WriteBack();
    self->items.EndAll(&backend->poisoned);
    backend->iterators.erase(self);
  }
  Real(handle).iterator_release(self->real);
  self->released.store(true);
  backend->core->counters()->iterators.fetch_sub(1);
  backend->core->Quarantine(std::unique_ptr<HandleBase>(self));
}

}  // namespace

void FillIteratorSlots(spw_backend_api* table) {
  table->list_iterate = &ListIterate;
  table->map_iterate = &MapIterate;
  table->keys = &Keys;
  table->keys_and_namespaces = &KeysAndNamespaces;
  table->entries = &Entries;
  table->iterator_next = &IteratorNext;
  table->iterator_remove = &IteratorRemove;
  table->iterator_replace = &IteratorReplace;
  table->iterator_release = &IteratorRelease;
}

}  // namespace spillway::runtime::debug_proxy
