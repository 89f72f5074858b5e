// The slots of timer states; the timers themselves are in timer_queue.cc.
#include <span>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/slot.h"

namespace spillway::rocks {
namespace {

// The timer's encoded key, after its checks.
Result<std::string> Encoded(const spw_state& state, const spw_timer& timer) {
  // Checks all but the timestamp, which may be anything.
  SPILLWAY_RETURN_IF_ERROR(state.KeyOf(SPW_STATE_TIMER, timer.key, timer.key_group, timer.state_namespace).status());
  std::string encoded;
  AppendTimer(timer.key_group, timer.timestamp, plugin::ToStringView(timer.key),
              plugin::ToStringView(timer.state_namespace), &encoded);
  return encoded;
}

// The timer as a view, which lives until the next safepoint.
Status Show(spw_state* state, const std::string& encoded, spw_timer* out) {
  DecodedTimer timer;
  if (!DecodeTimer(encoded, &timer)) return state->Damaged();
  ByteArena& arena = state->backend->arena;
  *out = {timer.timestamp, plugin::ToBytes(arena.Copy(timer.key)), plugin::ToBytes(arena.Copy(timer.state_namespace)),
          timer.key_group, 0};
  return {};
}

Answer Add(spw_state* state, std::span<const spw_timer> timers, uint8_t* head_changed) {
  SPILLWAY_RETURN_IF_ERROR(state->Check(SPW_STATE_TIMER));
  std::vector<std::string> encoded;
  encoded.reserve(timers.size());
  for (const spw_timer& timer : timers) {
    SPILLWAY_ASSIGN_OR_RETURN(std::string one, Encoded(*state, timer));
    encoded.push_back(std::move(one));
  }
  bool changed = false;
  SPILLWAY_RETURN_IF_ERROR(state->Named(state->timers->Add(encoded, &changed), "write to"));
  *head_changed = changed ? 1 : 0;
  return SPW_OK;
}

Answer Remove(spw_state* state, const spw_timer& timer, uint8_t* head_changed) {
  SPILLWAY_ASSIGN_OR_RETURN(const std::string encoded, Encoded(*state, timer));
  bool removed = false;
  bool changed = false;
  SPILLWAY_RETURN_IF_ERROR(state->Named(state->timers->Remove(encoded, &removed, &changed), "write to"));
  *head_changed = changed ? 1 : 0;
  return removed ? SPW_OK : SPW_ABSENT;
}

Answer Peek(spw_state* state, spw_timer* out) {
  SPILLWAY_RETURN_IF_ERROR(state->Check(SPW_STATE_TIMER));
  const std::string* first = nullptr;
  SPILLWAY_RETURN_IF_ERROR(state->Named(state->timers->Peek(&first), "read from"));
  if (first == nullptr) return SPW_ABSENT;
  SPILLWAY_RETURN_IF_ERROR(Show(state, *first, out));
  return SPW_OK;
}

Answer PollDue(spw_state* state, int64_t up_to, spw_timer* out, uint32_t capacity, uint32_t* count) {
  *count = 0;
  SPILLWAY_RETURN_IF_ERROR(state->Check(SPW_STATE_TIMER));
  std::vector<std::string> polled;
  SPILLWAY_RETURN_IF_ERROR(state->Named(state->timers->PollDue(up_to, capacity, &polled), "poll timers in"));
  for (const std::string& timer : polled) SPILLWAY_RETURN_IF_ERROR(Show(state, timer, &out[(*count)++]));
  return polled.empty() ? SPW_ABSENT : SPW_OK;
}

}  // namespace

void FillTimerSlots(spw_backend_api* api) {
  api->timer_add = [](spw_state* state, const spw_timer* timers, uint64_t count, uint8_t* head_changed,
                      spw_error* err) noexcept {
    return Slot(err, [&] { return Add(state, {timers, count}, head_changed); });
  };
  api->timer_remove = [](spw_state* state, const spw_timer* timer, uint8_t* head_changed, spw_error* err) noexcept {
    return Slot(err, [&] { return Remove(state, *timer, head_changed); });
  };
  api->timer_peek = [](spw_state* state, spw_timer* out, spw_error* err) noexcept {
    return Slot(err, [&] { return Peek(state, out); });
  };
  api->timer_poll_due = [](spw_state* state, int64_t up_to, spw_timer* out, uint32_t capacity, uint32_t* count,
                           spw_error* err) noexcept {
    return Slot(err, [&] { return PollDue(state, up_to, out, capacity, count); });
  };
}

}  // namespace spillway::rocks
