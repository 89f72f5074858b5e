#include "tests/model/state.h"

#include "tests/model/backend.h"

namespace spillway::model {

const char* KindName(spw_state_kind kind) {
  switch (kind) {
    case SPW_STATE_VALUE:
      return "value";
    case SPW_STATE_LIST:
      return "list";
    case SPW_STATE_MAP:
      return "map";
    case SPW_STATE_TIMER:
      return "timer";
  }
  return "unknown";
}

Status CheckSize(const char* what, uint64_t size, uint64_t limit) {
  if (size <= limit) return {};
  return Status::InvalidArgument(std::string(what) + " has " + std::to_string(size) + " bytes, above the limit of " +
                                 std::to_string(limit));
}

}  // namespace spillway::model

using spillway::Result;
using spillway::Status;
using spillway::model::CheckSize;
using spillway::model::KindName;
using spillway::model::PlaceView;

Status spw_state::Named(const Status& status) const {
  return status.WithContext("state '" + description.name + "'");
}

Status spw_state::Check(spw_state_kind kind) const {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  if (!registered) {
    return Named(Status::InvalidState("was restored and is not registered yet; call register_state first"));
  }
  if (description.kind != kind) {
    return Named(Status::InvalidArgument(std::string("is a ") + KindName(description.kind) + " state, not a " +
                                         KindName(kind) + " state"));
  }
  return {};
}

Status spw_state::CheckKeyed() const {
  if (description.kind == SPW_STATE_TIMER) return Check(SPW_STATE_VALUE);  // says what it is
  return Check(description.kind);
}

Result<PlaceView> spw_state::CurrentPlace(spw_state_kind kind, spw_bytes ns) const {
  SPILLWAY_RETURN_IF_ERROR(Check(kind));
  if (!backend->current) return Named(Status::InvalidState("has no current key; call set_current_key first"));
  if (ns.data == nullptr) return Named(Status::InvalidArgument("needs a namespace; the void namespace is empty bytes"));
  SPILLWAY_RETURN_IF_ERROR(Named(CheckSize("the namespace", ns.size, spillway::snapshot::kNamespaceBytesMax)));
  return PlaceView{backend->current->key_group, backend->current->key, spillway::plugin::ToStringView(ns)};
}

Result<PlaceView> spw_state::PlaceOf(spw_state_kind kind, spw_bytes key, uint32_t key_group, spw_bytes ns) const {
  SPILLWAY_RETURN_IF_ERROR(Check(kind));
  SPILLWAY_RETURN_IF_ERROR(Named(backend->CheckKeyGroup(key_group)));
  if (key.data == nullptr) return Named(Status::InvalidArgument("needs a key, and null was given"));
  if (ns.data == nullptr) return Named(Status::InvalidArgument("needs a namespace; the void namespace is empty bytes"));
  SPILLWAY_RETURN_IF_ERROR(Named(CheckSize("the key", key.size, spillway::snapshot::kKeyBytesMax)));
  SPILLWAY_RETURN_IF_ERROR(Named(CheckSize("the namespace", ns.size, spillway::snapshot::kNamespaceBytesMax)));
  return PlaceView{key_group, spillway::plugin::ToStringView(key), spillway::plugin::ToStringView(ns)};
}
