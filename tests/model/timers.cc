// Timer states: one ordered set, independent of the current key.
#include <span>

#include "tests/model/backend.h"
#include "tests/model/slot.h"

namespace spillway::model {
namespace {

Result<TimerView> Checked(const spw_state& state, const spw_timer& timer) {
  const Result<PlaceView> place = state.PlaceOf(SPW_STATE_TIMER, timer.key, timer.key_group, timer.state_namespace);
  SPILLWAY_RETURN_IF_ERROR(place.status());
  return TimerView{timer.timestamp, *place};
}

spw_timer Shown(const Timer& timer) {
  return {timer.timestamp, plugin::ToBytes(timer.place.key), plugin::ToBytes(timer.place.state_namespace),
          timer.place.key_group, 0};
}

// Tells whether the first of a set is another than before. The node of the old first is not freed in between.
class HeadWatch {
 public:
  explicit HeadWatch(const spw_state& state) : timers_(state.contents.timers), head_(Head()) {}
  [[nodiscard]] uint8_t changed() const { return Head() != head_ ? 1 : 0; }

 private:
  [[nodiscard]] const Timer* Head() const { return timers_.empty() ? nullptr : &*timers_.begin(); }

  const std::set<Timer, TimerLess>& timers_;
  const Timer* const head_;
};

Answer Add(spw_state* state, const spw_timer* timers, uint64_t count, uint8_t* head_changed) {
  SPILLWAY_RETURN_IF_ERROR(state->Check(SPW_STATE_TIMER));
  std::set<TimerView, TimerLess> added;  // all or nothing
  uint64_t cost = 0;
  for (const spw_timer& timer : std::span(timers, count)) {
    SPILLWAY_ASSIGN_OR_RETURN(const TimerView view, Checked(*state, timer));
    if (state->contents.timers.contains(view) || !added.insert(view).second) continue;
    cost += CostOf(view);
  }
  SPILLWAY_RETURN_IF_ERROR(state->Named(state->backend->account.Take(Purpose::kEntries, cost)));
  const HeadWatch head(*state);
  for (const TimerView& view : added) state->contents.timers.insert(Timer(view));
  *head_changed = head.changed();
  return SPW_OK;
}

// What a view shows of the timer stays until the next safepoint: the node does.
spw_timer Extract(spw_state* state, std::set<Timer, TimerLess>::iterator timer) {
  const spw_timer shown = Shown(*timer);
  const uint64_t cost = CostOf(TimerView(*timer));
  state->backend->Retire(state->contents.timers.extract(timer), cost);
  return shown;
}

Answer Remove(spw_state* state, const spw_timer& timer, uint8_t* head_changed) {
  SPILLWAY_ASSIGN_OR_RETURN(const TimerView view, Checked(*state, timer));
  const auto found = state->contents.timers.find(view);
  if (found == state->contents.timers.end()) return SPW_ABSENT;
  const HeadWatch head(*state);
  Extract(state, found);
  *head_changed = head.changed();
  return SPW_OK;
}

Answer Peek(const spw_state* state, spw_timer* out) {
  SPILLWAY_RETURN_IF_ERROR(state->Check(SPW_STATE_TIMER));
  if (state->contents.timers.empty()) return SPW_ABSENT;
  *out = Shown(*state->contents.timers.begin());
  return SPW_OK;
}

Answer PollDue(spw_state* state, int64_t up_to, spw_timer* out, uint32_t capacity, uint32_t* count) {
  *count = 0;
  SPILLWAY_RETURN_IF_ERROR(state->Check(SPW_STATE_TIMER));
  auto& timers = state->contents.timers;
  while (*count < capacity && !timers.empty() && timers.begin()->timestamp <= up_to) {
    out[(*count)++] = Extract(state, timers.begin());
  }
  return *count == 0 ? SPW_ABSENT : SPW_OK;
}

}  // namespace

void FillTimerSlots(spw_backend_api* api) {
  api->timer_add = [](spw_state* state, const spw_timer* timers, uint64_t count, uint8_t* head_changed,
                      spw_error* err) noexcept {
    return Slot(err, [&] { return Add(state, timers, count, head_changed); });
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

}  // namespace spillway::model
