// What works on one state without an iterator: schemas and counts, values, lists, maps, merging.
#include <string>

#include "runtime/plugin/debug_proxy/call.h"
#include "runtime/plugin/debug_proxy/slots.h"

namespace spillway::runtime::debug_proxy {
namespace {

constexpr Kind kKind = Kind::kState;

const spw_backend_api& Real(spw_state* handle) {
  return Proxy(handle)->backend->core->real();
}
spw_state* RealHandle(spw_state* handle) {
  return Proxy(handle)->real;
}

spw_code StateSchema(spw_state* handle, spw_schema_role role, uint32_t schema_id, spw_bytes* out, spw_error* err) {
  return Run(Proxy(handle), kKind, "state_schema", Tag::kOwner, err,
             [&](spw_error* e) { return Real(handle).state_schema(RealHandle(handle), role, schema_id, out, e); });
}

spw_code StateEntryCount(spw_state* handle, uint64_t* out, spw_error* err) {
  return Run(Proxy(handle), kKind, "state_entry_count", Tag::kOwner, err,
             [&](spw_error* e) { return Real(handle).state_entry_count(RealHandle(handle), out, e); });
}

spw_code StateClear(spw_state* handle, spw_bytes ns, spw_error* err) {
  return Run(Proxy(handle), kKind, "state_clear", Tag::kOwner, err,
             [&](spw_error* e) { return Real(handle).state_clear(RealHandle(handle), ns, e); });
}

// A read of one view: `call` gets the place for the plugin's view and the error.
template <typename Call>
spw_code ReadView(spw_state* handle, const char* slot, spw_view* out, spw_error* err, Call call) {
  StateProxy* self = Proxy(handle);
  spw_view real{};
  return Run(
      self, kKind, slot, Tag::kOwner, err, [&](spw_error* e) { return call(&real, e); },
      [&](spw_code code) { return ShowView(self, &self->backend->views, code, real, out); });
}

std::string ShowMutView(StateProxy* self, spw_code code, uint64_t create_size, const spw_mut_view& real,
                        spw_mut_view* out) {
  *out = spw_mut_view{};
  if (code == SPW_ABSENT && create_size != SPW_DO_NOT_CREATE) return "answered ABSENT although it was told to create";
  if (code != SPW_OK) {
    return real.data == nullptr ? std::string()
                                : "gave a view although its code " + std::to_string(code) + " is not OK";
  }
  if (real.data == nullptr) return "answered OK with null bytes";
  if (real.size > 0 && reinterpret_cast<uintptr_t>(real.data) % self->promised_alignment() != 0) {
    return "gave a view that is not aligned to the registered " + std::to_string(self->promised_alignment()) + " bytes";
  }
  if (real.created > 1) return "gave " + std::to_string(real.created) + " in 'created', which is 0 or 1";
  if (real.created == 1) {
    if (create_size == SPW_DO_NOT_CREATE) return "created an entry although it was told not to";
    if (real.size != create_size) {
      return "created " + std::to_string(real.size) + " bytes instead of " + std::to_string(create_size);
    }
    for (uint64_t i = 0; i < real.size; ++i) {
      if (real.data[i] != 0) return "created an entry that is not filled with zeroes";
    }
  }
  *out = self->backend->shadows.Show(real, self->shown_alignment(), &self->backend->views);
  return {};
}

template <typename Call>
spw_code UpdateView(spw_state* handle, const char* slot, uint64_t create_size, spw_mut_view* out, spw_error* err,
                    Call call) {
  StateProxy* self = Proxy(handle);
  spw_mut_view real{};
  return Run(
      self, kKind, slot, Tag::kOwner, err, [&](spw_error* e) { return call(&real, e); },
      [&](spw_code code) { return ShowMutView(self, code, create_size, real, out); });
}

spw_code ValueGet(spw_state* handle, spw_bytes ns, spw_view* out, spw_error* err) {
  return ReadView(handle, "value_get", out, err, [&](spw_view* view, spw_error* e) {
    return Real(handle).value_get(RealHandle(handle), ns, view, e);
  });
}

spw_code ValueGetForUpdate(spw_state* handle, spw_bytes ns, uint64_t create_size, spw_mut_view* out, spw_error* err) {
  return UpdateView(handle, "value_get_for_update", create_size, out, err, [&](spw_mut_view* view, spw_error* e) {
    return Real(handle).value_get_for_update(RealHandle(handle), ns, create_size, view, e);
  });
}

spw_code ValuePut(spw_state* handle, spw_bytes ns, spw_bytes value, spw_error* err) {
  return Run(Proxy(handle), kKind, "value_put", Tag::kOwner, err,
             [&](spw_error* e) { return Real(handle).value_put(RealHandle(handle), ns, value, e); });
}

spw_code ValueGetAt(spw_state* handle, spw_bytes key, uint32_t key_group, spw_bytes ns, spw_view* out, spw_error* err) {
  return ReadView(handle, "value_get_at", out, err, [&](spw_view* view, spw_error* e) {
    return Real(handle).value_get_at(RealHandle(handle), key, key_group, ns, view, e);
  });
}

spw_code ValueGetForUpdateAt(spw_state* handle, spw_bytes key, uint32_t key_group, spw_bytes ns, uint64_t create_size,
                             spw_mut_view* out, spw_error* err) {
  return UpdateView(handle, "value_get_for_update_at", create_size, out, err, [&](spw_mut_view* view, spw_error* e) {
    return Real(handle).value_get_for_update_at(RealHandle(handle), key, key_group, ns, create_size, view, e);
  });
}

spw_code ListAppend(spw_state* handle, spw_bytes ns, const spw_bytes* elements, uint64_t count, spw_error* err) {
  return Run(Proxy(handle), kKind, "list_append", Tag::kOwner, err,
             [&](spw_error* e) { return Real(handle).list_append(RealHandle(handle), ns, elements, count, e); });
}

spw_code ListReplace(spw_state* handle, spw_bytes ns, const spw_bytes* elements, uint64_t count, spw_error* err) {
  return Run(Proxy(handle), kKind, "list_replace", Tag::kOwner, err,
             [&](spw_error* e) { return Real(handle).list_replace(RealHandle(handle), ns, elements, count, e); });
}

spw_code MapGet(spw_state* handle, spw_bytes ns, spw_bytes map_key, spw_view* out, spw_error* err) {
  return ReadView(handle, "map_get", out, err, [&](spw_view* view, spw_error* e) {
    return Real(handle).map_get(RealHandle(handle), ns, map_key, view, e);
  });
}

spw_code MapPut(spw_state* handle, spw_bytes ns, spw_bytes map_key, spw_bytes value, spw_error* err) {
  return Run(Proxy(handle), kKind, "map_put", Tag::kOwner, err,
             [&](spw_error* e) { return Real(handle).map_put(RealHandle(handle), ns, map_key, value, e); });
}

spw_code MapRemove(spw_state* handle, spw_bytes ns, spw_bytes map_key, spw_error* err) {
  return Run(Proxy(handle), kKind, "map_remove", Tag::kOwner, err,
             [&](spw_error* e) { return Real(handle).map_remove(RealHandle(handle), ns, map_key, e); });
}

spw_code MapIsEmpty(spw_state* handle, spw_bytes ns, uint8_t* out, spw_error* err) {
  return Run(
      Proxy(handle), kKind, "map_is_empty", Tag::kOwner, err,
      [&](spw_error* e) { return Real(handle).map_is_empty(RealHandle(handle), ns, out, e); },
      [&](spw_code) {
        return *out <= 1 ? std::string() : "gave " + std::to_string(*out) + ", which is neither 0 nor 1";
      });
}

spw_code MergeNamespaces(spw_state* handle, spw_bytes target, const spw_bytes* sources, uint64_t count,
                         spw_error* err) {
  return Run(Proxy(handle), kKind, "merge_namespaces", Tag::kOwner, err, [&](spw_error* e) {
    return Real(handle).merge_namespaces(RealHandle(handle), target, sources, count, e);
  });
}

}  // namespace

void FillStateSlots(spw_backend_api* table) {
  table->state_schema = &StateSchema;
  table->state_entry_count = &StateEntryCount;
  table->state_clear = &StateClear;
  table->value_get = &ValueGet;
  table->value_get_for_update = &ValueGetForUpdate;
  table->value_put = &ValuePut;
  table->value_get_at = &ValueGetAt;
  table->value_get_for_update_at = &ValueGetForUpdateAt;
  table->list_append = &ListAppend;
  table->list_replace = &ListReplace;
  table->map_get = &MapGet;
  table->map_put = &MapPut;
  table->map_remove = &MapRemove;
  table->map_is_empty = &MapIsEmpty;
  table->merge_namespaces = &MergeNamespaces;
}

}  // namespace spillway::runtime::debug_proxy
