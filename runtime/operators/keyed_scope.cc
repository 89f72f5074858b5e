#include "spillway/stream/operators/keyed_scope.h"

#include <array>
#include <utility>

#include "spillway/plugin/error.h"
#include "spillway/plugin_status.h"

namespace spillway {

namespace {

constexpr const char* kTimerStateName = "spillway.event-timers";
constexpr uint32_t kTimersAtOnceMax = 64;
constexpr uint32_t kCompletionsAtOnceMax = 16;

bool SameBytes(spw_bytes a, spw_bytes b) {
  return plugin::ToStringView(a) == plugin::ToStringView(b);
}

}  // namespace

Status KeyedScope::Open(BytesView key_schema, BytesView namespace_schema, int64_t watermark) {
  watermark_ = watermark;
  auto options = plugin::Sized<spw_state_options>();
  options.kind = SPW_STATE_TIMER;
  options.name = kTimerStateName;
  options.alignment = 1;
  options.key_schema = plugin::ToBytes(key_schema);
  options.namespace_schema = plugin::ToBytes(namespace_schema);
  plugin::Error err;
  SPILLWAY_RETURN_IF_ERROR(StatusOf(backend_->RegisterState(options, &timers_, err), err));
  NoteState(timers_);
  return {};
}

void KeyedScope::NoteState(const plugin::State& state) {
  for (const plugin::State& noted : states_) {
    if (noted.get() == state.get()) return;
  }
  states_.push_back(state);
}

Result<uint64_t> KeyedScope::EntryCount() const {
  uint64_t sum = 0;
  for (const plugin::State& state : states_) {
    plugin::Error err;
    uint64_t count = 0;
    SPILLWAY_RETURN_IF_ERROR(StatusOf(state.EntryCount(&count, err), err));
    sum += count;
  }
  return sum;
}

Status KeyedScope::SetCurrentKey(BytesView key, uint32_t key_group) {
  plugin::Error err;
  const spw_code code = backend_->SetCurrentKey(plugin::ToBytes(key), key_group, err);
  if (plugin::IsError(code)) return StatusOf(code, err);
  key_ = key;
  key_group_ = key_group;
  ++key_generation_;
  return {};
}

Status KeyedScope::Announce(const KeyColumn& keys, size_t count) {
  if (announced_.empty() || !prefetches_) return {};
  accesses_.clear();
  spw_access access{};
  access.state_namespace = plugin::ToBytes("");
  for (size_t i = 0; i < count; ++i) {
    access.key = plugin::ToBytes(keys.Key(i));
    access.key_group = keys.KeyGroup(i);
    for (const plugin::State& state : announced_) {
      access.state = state.get();
      accesses_.push_back(access);
    }
  }
  plugin::Error err;
  const spw_code code = backend_->Prefetch(accesses_.data(), static_cast<uint32_t>(accesses_.size()), err);
  if (code != SPW_UNSUPPORTED) return StatusOf(code, err).WithContext("announcing a batch");
  prefetches_ = false;
  return {};
}

Status KeyedScope::Poll() {
  plugin::Error err;
  std::array<spw_completion, kCompletionsAtOnceMax> completions;
  uint32_t count = 0;
  return StatusOf(backend_->Poll(completions.data(), kCompletionsAtOnceMax, &count, err), err);
}

spw_timer KeyedScope::TimerOfCurrentKey(int64_t timestamp, BytesView state_namespace) const {
  spw_timer timer{};
  timer.timestamp = timestamp;
  timer.key = plugin::ToBytes(key_);
  timer.state_namespace = plugin::ToBytes(state_namespace);
  timer.key_group = key_group_;
  return timer;
}

KeyedScope::TakenTimer* KeyedScope::FindTaken(const spw_timer& timer) {
  for (size_t i = fired_; i < taken_.size(); ++i) {
    const spw_timer& taken = taken_[i].timer;
    if (taken.timestamp == timer.timestamp && SameBytes(taken.key, timer.key) &&
        SameBytes(taken.state_namespace, timer.state_namespace)) {
      return &taken_[i];
    }
  }
  return nullptr;
}

Status KeyedScope::RegisterTimer(int64_t timestamp, BytesView state_namespace) {
  const spw_timer timer = TimerOfCurrentKey(timestamp, state_namespace);
  if (fired_ < taken_.size()) {
    if (TakenTimer* taken = FindTaken(timer)) {
      taken->deleted = false;
      return {};
    }
    if (timestamp < taken_[fired_].timer.timestamp) put_back_needed_ = true;
  }
  plugin::Error err;
  uint8_t head_changed = 0;
  return StatusOf(timers_.TimerAdd(&timer, 1, &head_changed, err), err).WithContext("registering a timer");
}

Status KeyedScope::DeleteTimer(int64_t timestamp, BytesView state_namespace) {
  const spw_timer timer = TimerOfCurrentKey(timestamp, state_namespace);
  if (TakenTimer* taken = FindTaken(timer)) {
    taken->deleted = true;
    return {};
  }
  plugin::Error err;
  uint8_t head_changed = 0;
  return StatusOf(timers_.TimerRemove(timer, &head_changed, err), err).WithContext("deleting a timer");
}

Status KeyedScope::AdvanceWatermark(int64_t watermark, const FireTimer& fire) {
  if (watermark <= watermark_) return {};
  watermark_ = watermark;
  std::array<spw_timer, kTimersAtOnceMax> due;
  while (true) {
    plugin::Error err;
    uint32_t count = 0;
    const spw_code code = timers_.TimerPollDue(watermark, due.data(), kTimersAtOnceMax, &count, err);
    if (plugin::IsError(code)) return StatusOf(code, err).WithContext("taking the timers that are due");
    if (code == SPW_ABSENT || count == 0) return {};
    taken_.clear();
    for (uint32_t i = 0; i < count; ++i) taken_.push_back({due[i], false});
    fired_ = 0;
    const Status status = FireTaken(fire);
    taken_.clear();
    fired_ = 0;
    SPILLWAY_RETURN_IF_ERROR(status);
    // The one safepoint of the batch: until here the taken timers were views.
    EndRecord();
    SPILLWAY_RETURN_IF_ERROR(Poll());
  }
}

Status KeyedScope::FireTaken(const FireTimer& fire) {
  put_back_needed_ = false;
  while (fired_ < taken_.size()) {
    const TakenTimer next = taken_[fired_++];
    if (next.deleted) continue;
    SPILLWAY_RETURN_IF_ERROR(SetCurrentKey(plugin::ToStringView(next.timer.key), next.timer.key_group));
    SPILLWAY_RETURN_IF_ERROR(fire(next.timer.timestamp, plugin::ToStringView(next.timer.state_namespace)));
    if (std::exchange(put_back_needed_, false)) return PutBackTaken();
  }
  return {};
}

Status KeyedScope::PutBackTaken() {
  std::vector<spw_timer> rest;
  for (size_t i = fired_; i < taken_.size(); ++i) {
    if (!taken_[i].deleted) rest.push_back(taken_[i].timer);
  }
  if (rest.empty()) return {};
  plugin::Error err;
  uint8_t head_changed = 0;
  return StatusOf(timers_.TimerAdd(rest.data(), rest.size(), &head_changed, err), err)
      .WithContext("putting timers back");
}

}  // namespace spillway
