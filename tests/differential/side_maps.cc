// Maps and timers of a side.
#include <algorithm>
#include <set>

#include "spillway/key_groups.h"
#include "tests/differential/side.h"

namespace spillway::differential {

using conformance::ShowCode;
using conformance::TextOf;
using plugin::ToBytes;

// What happens to an item depends on the item alone, since the order is open.
std::string Side::IterateAndChange(const Operation& operation) {
  const spw_bytes ns = ToBytes(Namespace(operation.state_namespace));
  plugin::Error err;
  plugin::Iterator iterator;
  const spw_code made = states_[3].MapIterate(ns, &iterator, err);
  if (made != SPW_OK) return ShowCode(made);
  held_.clear();
  std::vector<spw_item> items(operation.size % 4 + 1);
  std::set<std::string> seen;
  uint32_t count = 0;
  while (iterator.Next(items.data(), static_cast<uint32_t>(items.size()), &count, err) == SPW_OK) {
    for (uint32_t i = 0; i < count; ++i) {
      const std::string map_key = TextOf(items[i].map_key);
      std::string text = map_key + "=" + TextOf(items[i].value);
      const size_t what = (map_key.back() + operation.content) % 3;
      if (what == 0) text += " removed " + ShowCode(iterator.Remove(i, err));
      if (what == 0 && operation.slot % 2 == 0) text += " again " + ShowCode(iterator.Remove(i, err));
      if (what == 1) text += " replaced " + ShowCode(iterator.Replace(i, ToBytes(Content(operation)), err));
      if (!seen.insert(text).second) text += " TWICE";
    }
    if (operation.slot % 3 == 0) backend_.EndRecord();
  }
  std::string all;
  for (const std::string& text : seen) all += text + ";";
  return all;
}

std::string Side::DoMap(const Operation& operation) {
  const plugin::State& state = states_[3];
  const spw_bytes ns = ToBytes(Namespace(operation.state_namespace));
  const std::string map_key = std::to_string(operation.map_key % 8);
  const std::string content = Content(operation);
  plugin::Error err;
  spw_view view{};
  switch (operation.action) {
    case Action::kMapPut:
    case Action::kMapPutNull: {
      Written(MapPlace(operation));
      const bool null = operation.action == Action::kMapPutNull;
      return ShowCode(state.MapPut(ns, ToBytes(map_key), null ? plugin::NullBytes() : ToBytes(content), err));
    }
    case Action::kMapGet: {
      const spw_code code = state.MapGet(ns, ToBytes(map_key), &view, err);
      return ShowCode(code) + ((view.flags & SPW_VIEW_NULL) != 0 ? "null" : TextOf(view));
    }
    case Action::kMapRemove:
      return ShowCode(state.MapRemove(ns, ToBytes(map_key), err));
    case Action::kMapIsEmpty: {
      uint8_t empty = 2;
      const spw_code code = state.MapIsEmpty(ns, &empty, err);
      return ShowCode(code) + (code == SPW_OK ? std::to_string(empty) : "");
    }
    case Action::kMapClear:
      return ShowCode(state.Clear(ns, err));
    case Action::kMapIterateAndChange:
      return IterateAndChange(operation);
    default: {
      plugin::Iterator iterator;
      const spw_code code = state.MapIterate(ns, &iterator, err);
      return ShowCode(code) + (iterator ? Drain(iterator, false, operation.size % 5 + 1) : "");
    }
  }
}

// Whether the head changed is told where it is determined: with other timers of the head's time it is not.
std::string Side::AddTimers(const Operation& operation) {
  std::vector<std::string> keys;
  for (uint64_t i = 0; i < operation.slot % 3 + 1u; ++i) keys.push_back(Key(operation.key + i * 3));
  std::vector<spw_timer> timers;
  for (size_t i = 0; i < keys.size(); ++i) {
    timers.push_back({static_cast<int64_t>((operation.content + i * 7) % 40), ToBytes(keys[i]),
                      ToBytes(Namespace(operation.state_namespace)), KeyGroupOf(keys[i], 128), 0});
  }
  plugin::Error err;
  spw_timer head{};
  const bool had_head = states_[4].TimerPeek(&head, err) == SPW_OK;
  const bool open = had_head && std::any_of(timers.begin(), timers.end(),
                                            [&](const spw_timer& timer) { return timer.timestamp == head.timestamp; });
  uint8_t changed = 0;
  const spw_code code = states_[4].TimerAdd(timers.data(), timers.size(), &changed, err);
  return ShowCode(code) + (code != SPW_OK || open ? "" : std::to_string(changed));
}

std::string Side::DoTimer(const Operation& operation) {
  const plugin::State& state = states_[4];
  const std::string key = Key(operation.key);
  const auto time = static_cast<int64_t>(operation.content % 40);
  plugin::Error err;
  switch (operation.action) {
    case Action::kTimerAdd:
      return AddTimers(operation);
    case Action::kTimerRemove: {
      uint8_t changed = 0;
      const spw_timer timer{time, ToBytes(key), ToBytes(Namespace(operation.state_namespace)), KeyGroupOf(key, 128), 0};
      return ShowCode(state.TimerRemove(timer, &changed, err));
    }
    case Action::kTimerPeek: {
      spw_timer timer{};
      const spw_code code = state.TimerPeek(&timer, err);
      return ShowCode(code) + std::to_string(timer.timestamp);
    }
    default: {
      // All that are due: of those of one time any may come first.
      std::vector<spw_timer> timers(2000);
      uint32_t count = 0;
      std::string text = ShowCode(state.TimerPollDue(time, timers.data(), 2000, &count, err));
      std::set<std::string> all;
      for (uint32_t i = 0; i < count; ++i) {
        if (i > 0 && timers[i].timestamp < timers[i - 1].timestamp) text += " OUT OF ORDER";
        all.insert(std::to_string(timers[i].timestamp) + "|" + TextOf(timers[i].key) + "|" +
                   TextOf(timers[i].state_namespace));
      }
      for (const std::string& timer : all) text += timer + ";";
      return text;
    }
  }
}

}  // namespace spillway::differential
