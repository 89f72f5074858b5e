// Value states.
#include "backend/hybrid/slots/slot.h"
#include "backend/hybrid/value_state.h"

namespace spillway::hybrid {
namespace {

spw_code Get(State* state, const EntryAddress& address, spw_view* out, spw_error* err) {
  return AnswerAccess(*state, GetValue(state, address, out), err);
}

spw_code ForUpdate(State* state, const EntryAddress& address, uint64_t create_size, spw_mut_view* out, spw_error* err) {
  if (create_size > snapshot::kValueBytesMax && create_size != SPW_DO_NOT_CREATE) {
    return Answer(
        CheckBytes(*state, {reinterpret_cast<const uint8_t*>(""), create_size}, snapshot::kValueBytesMax, "value"),
        err);
  }
  return AnswerAccess(*state, WithRoom(*state, [&] { return GetValueForUpdate(state, address, create_size, out); }),
                      err);
}

spw_code Put(State* state, const EntryAddress& address, spw_bytes value, spw_error* err) {
  if (value.data == nullptr) {
    ClearEntry(state, address);
    return SPW_OK;
  }
  if (value.size > snapshot::kValueBytesMax) {
    return Answer(CheckBytes(*state, value, snapshot::kValueBytesMax, "value"), err);
  }
  return AnswerAccess(*state, WithRoom(*state, [&] { return PutValue(state, address, plugin::ToStringView(value)); }),
                      err);
}

}  // namespace

void FillValueSlots(spw_backend_api* api) {
  api->value_get = [](spw_state* state, spw_bytes ns, spw_view* out, spw_error* err) noexcept {
    return OnCurrentKey(state, SPW_STATE_VALUE, ns, err,
                        [&](State* s, const EntryAddress& address) { return Get(s, address, out, err); });
  };
  api->value_get_for_update = [](spw_state* state, spw_bytes ns, uint64_t create_size, spw_mut_view* out,
                                 spw_error* err) noexcept {
    return OnCurrentKey(state, SPW_STATE_VALUE, ns, err, [&](State* s, const EntryAddress& address) {
      return ForUpdate(s, address, create_size, out, err);
    });
  };
  api->value_put = [](spw_state* state, spw_bytes ns, spw_bytes value, spw_error* err) noexcept {
    return OnCurrentKey(state, SPW_STATE_VALUE, ns, err,
                        [&](State* s, const EntryAddress& address) { return Put(s, address, value, err); });
  };
  api->value_get_at = [](spw_state* state, spw_bytes key, uint32_t key_group, spw_bytes ns, spw_view* out,
                         spw_error* err) noexcept {
    return OnKey(state, SPW_STATE_VALUE, key, key_group, ns, err,
                 [&](State* s, const EntryAddress& address) { return Get(s, address, out, err); });
  };
  api->value_get_for_update_at = [](spw_state* state, spw_bytes key, uint32_t key_group, spw_bytes ns,
                                    uint64_t create_size, spw_mut_view* out, spw_error* err) noexcept {
    return OnKey(state, SPW_STATE_VALUE, key, key_group, ns, err,
                 [&](State* s, const EntryAddress& address) { return ForUpdate(s, address, create_size, out, err); });
  };
}

}  // namespace spillway::hybrid
