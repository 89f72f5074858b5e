// Timer states.
#include <optional>
#include <span>

#include "backend/hybrid/slots/slot.h"
#include "backend/hybrid/timer_state.h"

namespace spillway::hybrid {
namespace {

template <typename Body>
spw_code OnTimers(spw_state* handle, spw_error* err, Body&& body) noexcept {
  return plugin::Guard(err, [&]() -> spw_code {
    State* state = Behind(handle);
    if (!Serves(*state, SPW_STATE_TIMER)) return Answer(CheckState(*state, SPW_STATE_TIMER), err);
    return body(state);
  });
}

Status CheckTimer(const State& state, const spw_timer& timer) {
  if (!state.instance()->Owns(timer.key_group)) return KeyGroupError(*state.instance(), timer.key_group);
  if (!IsWithin(timer.key, snapshot::kKeyBytesMax)) {
    return CheckBytes(state, timer.key, snapshot::kKeyBytesMax, "timer's key");
  }
  if (!IsWithin(timer.state_namespace, snapshot::kNamespaceBytesMax)) {
    return CheckBytes(state, timer.state_namespace, snapshot::kNamespaceBytesMax, "timer's namespace");
  }
  return {};
}

// Whether the earliest timer is another than it was. The old one's bytes are there until the next safepoint.
bool Differs(const std::optional<spw_timer>& before, const std::optional<spw_timer>& after) {
  if (!before || !after) return before.has_value() != after.has_value();
  return before->timestamp != after->timestamp || before->key_group != after->key_group ||
         plugin::ToStringView(before->key) != plugin::ToStringView(after->key) ||
         plugin::ToStringView(before->state_namespace) != plugin::ToStringView(after->state_namespace);
}

spw_code Add(State* state, const spw_timer* timers, uint64_t count, uint8_t* head_changed, spw_error* err) {
  if (count > 0 && timers == nullptr) {
    return Answer(NamedError(*state, StatusCode::kInvalidArgument, "was given null timers"), err);
  }
  for (const spw_timer& timer : std::span(timers, count)) {
    if (Status status = CheckTimer(*state, timer); !status.ok()) return Answer(status, err);
  }
  const std::optional<spw_timer> before = FirstTimer(state);
  const spw_code code = WithRoom(*state, [&] { return AddTimers(state, {timers, count}); });
  if (code != SPW_OK) return AnswerAccess(*state, code, err);
  *head_changed = Differs(before, FirstTimer(state)) ? 1 : 0;
  return SPW_OK;
}

spw_code Remove(State* state, const spw_timer& timer, uint8_t* head_changed, spw_error* err) {
  if (Status status = CheckTimer(*state, timer); !status.ok()) return Answer(status, err);
  *head_changed = 0;
  const std::optional<spw_timer> before = FirstTimer(state);
  if (RemoveTimer(state, timer) == SPW_ABSENT) return SPW_ABSENT;
  *head_changed = Differs(before, FirstTimer(state)) ? 1 : 0;
  return SPW_OK;
}

}  // namespace

void FillTimerSlots(spw_backend_api* api) {
  api->timer_add = [](spw_state* state, const spw_timer* timers, uint64_t count, uint8_t* head_changed,
                      spw_error* err) noexcept {
    return OnTimers(state, err, [&](State* s) { return Add(s, timers, count, head_changed, err); });
  };
  api->timer_remove = [](spw_state* state, const spw_timer* timer, uint8_t* head_changed, spw_error* err) noexcept {
    return OnTimers(state, err, [&](State* s) { return Remove(s, *timer, head_changed, err); });
  };
  api->timer_peek = [](spw_state* state, spw_timer* out, spw_error* err) noexcept {
    return OnTimers(state, err, [&](State* s) -> spw_code {
      const std::optional<spw_timer> first = FirstTimer(s);
      if (!first) return SPW_ABSENT;
      *out = *first;
      return SPW_OK;
    });
  };
  api->timer_poll_due = [](spw_state* state, int64_t up_to, spw_timer* out, uint32_t capacity, uint32_t* count,
                           spw_error* err) noexcept {
    *count = 0;
    return OnTimers(state, err, [&](State* s) -> spw_code {
      *count = PollDueTimers(s, up_to, {out, capacity});
      return *count == 0 ? SPW_ABSENT : SPW_OK;
    });
  };
}

}  // namespace spillway::hybrid
