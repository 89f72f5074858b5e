#include "backend/hybrid/timer_state.h"

#include <new>

#include "backend/hybrid/instance.h"
#include "backend/hybrid/timer_tree.h"
#include "spillway/plugin/error.h"

namespace spillway::hybrid {
namespace {

TimerTree TreeOf(State* state, uint32_t group) {
  KeyGroupTable& table = state->table(group);
  return {&table.root, &table.versions, &state->instance()->heap()};
}

TimerView ViewOf(const spw_timer& timer) {
  const BytesView key = plugin::ToStringView(timer.key);
  const BytesView state_namespace = plugin::ToStringView(timer.state_namespace);
  return {timer.timestamp, CombinedHash(HashOfBytes(key), state_namespace), key, state_namespace};
}

spw_timer Shown(const State& state, const TimerView& timer, uint32_t group) {
  return {timer.timestamp, plugin::ToBytes(timer.key), plugin::ToBytes(timer.state_namespace),
          state.instance()->key_groups().first + group, 0};
}

void UpdateHead(State* state, uint32_t group) {
  const std::optional<TimerView> first = TreeOf(state, group).First();
  state->timer_heads().Set(group, first ? std::optional<int64_t>(first->timestamp) : std::nullopt);
}

void RemoveFrom(State* state, uint32_t group, const TimerView& timer) {
  if (!TreeOf(state, group).Remove(timer)) return;
  state->instance()->CountEntries(-1);
  UpdateHead(state, group);
}

}  // namespace

spw_code AddTimers(State* state, std::span<const spw_timer> timers) {
  const uint32_t first_group = state->instance()->key_groups().first;
  // Which of a batch were added, so that they can be taken out again.
  std::vector<bool> added(timers.size() > 1 ? timers.size() : 0);
  for (size_t i = 0; i < timers.size(); ++i) {
    const uint32_t group = timers[i].key_group - first_group;
    const TimerTree::Added outcome = TreeOf(state, group).Add(ViewOf(timers[i]), Charge::kWithinShare);
    if (outcome == TimerTree::Added::kNoMemory) {
      for (size_t j = 0; j < i; ++j) {
        if (added[j]) RemoveFrom(state, timers[j].key_group - first_group, ViewOf(timers[j]));
      }
      return SPW_OUT_OF_MEMORY;
    }
    if (outcome == TimerTree::Added::kWasThere) continue;
    if (!added.empty()) added[i] = true;
    state->instance()->CountEntries(1);
    UpdateHead(state, group);
  }
  return SPW_OK;
}

spw_code RemoveTimer(State* state, const spw_timer& timer) {
  const uint32_t group = timer.key_group - state->instance()->key_groups().first;
  const TimerView view = ViewOf(timer);
  if (!TreeOf(state, group).Contains(view)) return SPW_ABSENT;
  RemoveFrom(state, group, view);
  return SPW_OK;
}

std::optional<spw_timer> FirstTimer(State* state) {
  const std::optional<TimerHeads::Head> head = state->timer_heads().Earliest();
  if (!head) return std::nullopt;
  const std::optional<TimerView> first = TreeOf(state, head->group).First();
  if (!first) return std::nullopt;
  return Shown(*state, *first, head->group);
}

uint32_t PollDueTimers(State* state, int64_t up_to, std::span<spw_timer> out) {
  uint32_t count = 0;
  while (count < out.size()) {
    const std::optional<TimerHeads::Head> head = state->timer_heads().Earliest();
    if (!head || head->timestamp > up_to) break;
    const std::optional<TimerView> first = TreeOf(state, head->group).First();
    try {
      RemoveFrom(state, head->group, *first);
    } catch (const std::bad_alloc&) {
      if (count == 0) throw;
      break;  // those before it are gone from the table and must reach the host
    }
    out[count++] = Shown(*state, *first, head->group);  // its bytes stay until the next safepoint
  }
  return count;
}

}  // namespace spillway::hybrid
