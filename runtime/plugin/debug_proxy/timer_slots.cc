// Timer states.
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

std::string HeadChangedFault(const uint8_t* head_changed) {
  return *head_changed <= 1 ? std::string()
                            : "gave " + std::to_string(*head_changed) + " in head_changed, which is 0 or 1";
}

std::string ShowTimer(StateProxy* self, spw_timer* timer) {
  if (timer->key.data == nullptr) return "gave a timer without a key";
  if (timer->state_namespace.data == nullptr) return "gave a timer without a namespace";
  if (std::string fault = KeyGroupFault(timer->key_group, self->backend->key_groups); !fault.empty()) return fault;
  timer->key = self->backend->views.Copy(timer->key);
  timer->state_namespace = self->backend->views.Copy(timer->state_namespace);
  return {};
}

spw_code TimerAdd(spw_state* handle, const spw_timer* timers, uint64_t count, uint8_t* head_changed, spw_error* err) {
  return Run(
      Proxy(handle), kKind, "timer_add", Tag::kOwner, err,
      [&](spw_error* e) { return Real(handle).timer_add(RealHandle(handle), timers, count, head_changed, e); },
      [&](spw_code) { return HeadChangedFault(head_changed); });
}

spw_code TimerRemove(spw_state* handle, const spw_timer* timer, uint8_t* head_changed, spw_error* err) {
  return Run(
      Proxy(handle), kKind, "timer_remove", Tag::kOwner, err,
      [&](spw_error* e) { return Real(handle).timer_remove(RealHandle(handle), timer, head_changed, e); },
      [&](spw_code code) { return code == SPW_OK ? HeadChangedFault(head_changed) : std::string(); });
}

spw_code TimerPeek(spw_state* handle, spw_timer* out, spw_error* err) {
  spw_timer real{};
  return Run(
      Proxy(handle), kKind, "timer_peek", Tag::kOwner, err,
      [&](spw_error* e) { return Real(handle).timer_peek(RealHandle(handle), &real, e); },
      [&](spw_code code) {
        *out = code == SPW_OK ? real : spw_timer{};
        return code == SPW_OK ? ShowTimer(Proxy(handle), out) : std::string();
      });
}

std::string ShowDueTimers(StateProxy* self, spw_code code, int64_t up_to, spw_timer* out, uint32_t capacity,
                          uint32_t count) {
  if (count > capacity)
    return "gave " + std::to_string(count) + " timers for a capacity of " + std::to_string(capacity);
  if ((code == SPW_ABSENT) != (count == 0) && capacity > 0) {
    return "answered with code " + std::to_string(code) + " and " + std::to_string(count) + " timers";
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (out[i].timestamp > up_to) {
      return "gave a timer of " + std::to_string(out[i].timestamp) + ", later than " + std::to_string(up_to);
    }
    if (i > 0 && out[i].timestamp < out[i - 1].timestamp) return "gave timers that are not in time order";
    if (std::string fault = ShowTimer(self, &out[i]); !fault.empty()) return fault;
  }
  return {};
}

spw_code TimerPollDue(spw_state* handle, int64_t up_to, spw_timer* out, uint32_t capacity, uint32_t* count,
                      spw_error* err) {
  return Run(
      Proxy(handle), kKind, "timer_poll_due", Tag::kOwner, err,
      [&](spw_error* e) {
        *count = 0;
        return Real(handle).timer_poll_due(RealHandle(handle), up_to, out, capacity, count, e);
      },
      [&](spw_code code) { return ShowDueTimers(Proxy(handle), code, up_to, out, capacity, *count); });
}

}  // namespace

void FillTimerSlots(spw_backend_api* table) {
  table->timer_add = &TimerAdd;
  table->timer_remove = &TimerRemove;
  table->timer_peek = &TimerPeek;
  table->timer_poll_due = &TimerPollDue;
}

}  // namespace spillway::runtime::debug_proxy
