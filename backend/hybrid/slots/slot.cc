#include "backend/hybrid/slots/slot.h"

#include <string>

#include "backend/hybrid/refusal.h"

namespace spillway::hybrid {

spw_code Answer(const Status& status, spw_error* err) {
  if (status.ok()) return SPW_OK;
  return plugin::FillError(err, static_cast<spw_code>(status.code()), status.message());
}

Status ClosedError(const Instance& instance) {
  return Status::Closed("instance '" + instance.name() + "' is closed");
}

Status KeyGroupError(const Instance& instance, uint32_t key_group) {
  return Status::InvalidArgument("key-group " + std::to_string(key_group) + " is not of instance '" + instance.name() +
                                 "', which owns " + std::to_string(instance.key_groups().first) + " to " +
                                 std::to_string(instance.key_groups().last));
}

Status NamedError(const State& state, StatusCode code, const char* what) {
  return {code, "state '" + state.name() + "' " + what};
}

Status CheckState(const State& state, spw_state_kind kind) {
  if (state.instance()->closed()) return ClosedError(*state.instance());
  if (!state.registered()) {
    return NamedError(state, StatusCode::kInvalidState, "was restored and not registered yet: call register_state");
  }
  if (state.kind() != kind) {
    return Status::InvalidArgument("state '" + state.name() + "' is a " + KindName(state.kind()) + " state, not a " +
                                   KindName(kind) + " state");
  }
  return {};
}

Status CheckBytes(const State& state, spw_bytes bytes, uint64_t size_max, const char* what) {
  if (bytes.data == nullptr) {
    return Status::InvalidArgument("state '" + state.name() + "' was given null for a " + what +
                                   "; empty bytes have a non-null address");
  }
  if (bytes.size > size_max) {
    return Status::InvalidArgument("state '" + state.name() + "' was given a " + what + " of " +
                                   std::to_string(bytes.size) + " bytes; the most is " + std::to_string(size_max));
  }
  return {};
}

spw_code AnswerAccess(const State& state, spw_code code, spw_error* err) {
  if (code >= 0) return code;
  const Status failure = state.instance()->TakeFailure();
  return Answer(code == SPW_OUT_OF_MEMORY && failure.ok() ? OverShare(state) : failure, err);
}

spw_code RefuseKeyed(const State& state, spw_state_kind kind, spw_bytes state_namespace, spw_error* err) {
  if (Status status = CheckState(state, kind); !status.ok()) return Answer(status, err);
  if (!state.instance()->has_current_key()) {
    return Answer(NamedError(state, StatusCode::kInvalidState, "needs a current key: call set_current_key"), err);
  }
  return Answer(CheckBytes(state, state_namespace, snapshot::kNamespaceBytesMax, "namespace"), err);
}

spw_code RefuseAt(const State& state, spw_state_kind kind, spw_bytes key, uint32_t key_group, spw_bytes state_namespace,
                  spw_error* err) {
  if (Status status = CheckState(state, kind); !status.ok()) return Answer(status, err);
  if (!state.instance()->Owns(key_group)) return Answer(KeyGroupError(*state.instance(), key_group), err);
  if (Status status = CheckBytes(state, key, snapshot::kKeyBytesMax, "key"); !status.ok()) return Answer(status, err);
  return Answer(CheckBytes(state, state_namespace, snapshot::kNamespaceBytesMax, "namespace"), err);
}

}  // namespace spillway::hybrid
