#include "tests/hybrid/reference.h"

#include <algorithm>

#include "backend/hybrid/list_state.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/timer_state.h"
#include "backend/hybrid/value_state.h"

namespace spillway::hybrid {
namespace {

spw_bytes BytesOfText(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

void Gather(EntryWalk walk, const State& state, uint32_t group, Contents* found) {
  const spw_state_kind kind = state.kind();
  WalkedEntry entry;
  std::optional<int64_t> last_time;
  std::optional<Place> last_list;
  while (walk.Next(&entry).value()) {
    const Place place{group, std::string(entry.key), std::string(entry.state_namespace)};
    if (!entry.value.empty() && !walk.merged()) {
      EXPECT_EQ(reinterpret_cast<uintptr_t>(entry.value.data()) % state.alignment(), 0u);
    }
    if (kind == SPW_STATE_VALUE) {
      EXPECT_TRUE(found->values.emplace(place, entry.value).second);
    } else if (kind == SPW_STATE_LIST) {
      EXPECT_TRUE(last_list == place || !found->lists.contains(place));
      last_list = place;
      found->lists[place].emplace_back(entry.value);
    } else if (kind == SPW_STATE_MAP) {
      std::optional<std::string> value;
      if (!entry.null) value = entry.value;
      EXPECT_TRUE(found->maps[place].emplace(entry.map_key, value).second);
    } else {
      EXPECT_TRUE(!last_time || *last_time <= entry.timestamp);
      last_time = entry.timestamp;
      EXPECT_TRUE(found->timers[group].emplace(entry.timestamp, entry.key, entry.state_namespace).second);
    }
  }
}

void ExpectSame(const Contents& found, const Contents& expected) {
  Contents wanted = expected;
  std::erase_if(wanted.timers, [](const auto& timers) { return timers.second.empty(); });
  EXPECT_TRUE(found.values == wanted.values) << found.values.size() << " values, expected " << wanted.values.size();
  EXPECT_TRUE(found.lists == wanted.lists) << found.lists.size() << " lists, expected " << wanted.lists.size();
  EXPECT_TRUE(found.maps == wanted.maps) << found.maps.size() << " maps, expected " << wanted.maps.size();
  EXPECT_TRUE(found.timers == wanted.timers);
}

Reference::Reference(TestInstance* instance, uint64_t seed)
    : instance_(instance),
      random_(seed),
      states_{instance->Register("value", SPW_STATE_VALUE, 8), instance->Register("list", SPW_STATE_LIST, 4),
              instance->Register("map", SPW_STATE_MAP, 16), instance->Register("timer", SPW_STATE_TIMER)} {}

std::string Reference::Bytes(uint64_t size_max) {
  std::string bytes(Below(size_max + 1), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random_());
  return bytes;
}

EntryAddress Reference::AddressOf(const Place& place) const {
  return (*instance_)->AddressOf(std::get<1>(place), std::get<0>(place), std::get<2>(place));
}

void Reference::Step(uint32_t keys) {
  const uint64_t number = Below(keys);
  const auto group = static_cast<uint32_t>(number % (*instance_)->group_count());
  std::string key = "key" + std::to_string(number);
  if (number % 7 == 0) key += std::string(140, 'x');  // too long for a narrow node
  const std::string state_namespace = Below(4) == 0 ? "w" + std::to_string(Below(3)) : "";
  const Place place{group, key, state_namespace};
  switch (Below(4)) {
    case 0:
      StepValue(place);
      break;
    case 1:
      StepList({group, key.substr(0, 4), state_namespace});
      break;
    case 2:
      StepMap({group, key.substr(0, 4), state_namespace});
      break;
    default:
      StepTimer(group, key);
      break;
  }
}

void Reference::StepValue(const Place& place) {
  const EntryAddress address = AddressOf(place);
  const auto found = contents_.values.find(place);
  spw_view view{};
  const spw_code code = GetValue(states_[0], address, &view);
  ASSERT_EQ(code, found == contents_.values.end() ? SPW_ABSENT : SPW_OK);
  if (code == SPW_OK) {
    ASSERT_EQ(plugin::ToStringView(view), found->second);
  }
  switch (Below(5)) {
    case 0:
      ClearEntry(states_[0], address);
      contents_.values.erase(place);
      return;
    case 1: {
      spw_mut_view written{};
      ASSERT_EQ(GetValueForUpdate(states_[0], address, 24, &written), SPW_OK);
      std::string& expected = contents_.values[place];
      ASSERT_EQ(written.created == 1, found == contents_.values.end());
      if (written.created == 1) expected.assign(24, '\0');
      ASSERT_EQ(written.size, expected.size());
      for (uint64_t i = 0; i < written.size; ++i) written.data[i] = static_cast<uint8_t>(random_());
      expected.assign(reinterpret_cast<const char*>(written.data), written.size);
      return;
    }
    default: {
      const std::string value = Below(50) == 0 ? Bytes(20000) : Bytes(60);
      ASSERT_EQ(PutValue(states_[0], address, value), SPW_OK);
      contents_.values[place] = value;
    }
  }
}

void Reference::StepList(const Place& place) {
  const EntryAddress address = AddressOf(place);
  const uint64_t choice = Below(10);
  if (choice == 0) {
    ClearEntry(states_[1], address);
    contents_.lists.erase(place);
    return;
  }
  if (choice == 1) {  // merge another namespace into this one
    const Place source{std::get<0>(place), std::get<1>(place), std::get<2>(place) + "-source"};
    const EntryAddress from = AddressOf(source);
    ASSERT_EQ(MergeLists(states_[1], address, {&from, 1}), SPW_OK);
    if (const auto found = contents_.lists.find(source); found != contents_.lists.end()) {
      std::vector<std::string>& list = contents_.lists[place];
      list.insert(list.end(), found->second.begin(), found->second.end());
      contents_.lists.erase(source);
    }
    return;
  }
  std::vector<std::string> texts;
  for (uint64_t i = Below(4) + 1; i > 0; --i) texts.push_back(Below(40) == 0 ? Bytes(70000) : Bytes(20));
  std::vector<spw_bytes> elements;
  for (const std::string& text : texts) elements.push_back(BytesOfText(text));
  if (choice == 2) {
    ASSERT_EQ(ReplaceList(states_[1], address, elements), SPW_OK);
    contents_.lists[place] = texts;
    return;
  }
  Place to = place;
  if (choice == 3) std::get<2>(to) += "-source";
  ASSERT_EQ(AppendToList(states_[1], AddressOf(to), elements), SPW_OK);
  std::vector<std::string>& list = contents_.lists[to];
  list.insert(list.end(), texts.begin(), texts.end());
}

void Reference::StepMap(const Place& place) {
  const EntryAddress address = AddressOf(place);
  const std::string map_key = "m" + std::to_string(Below(600));
  const auto map = contents_.maps.find(place);
  ASSERT_EQ(IsMapEmpty(*states_[2], address).value(), map == contents_.maps.end());
  const uint64_t choice = Below(400);
  if (choice == 0) {
    ClearEntry(states_[2], address);
    contents_.maps.erase(place);
    return;
  }
  if (choice < 80) {
    const bool there = map != contents_.maps.end() && map->second.contains(map_key);
    ASSERT_EQ(RemoveMapEntry(states_[2], address, map_key), there ? SPW_OK : SPW_ABSENT);
    if (there && map->second.erase(map_key) > 0 && map->second.empty()) contents_.maps.erase(map);
    return;
  }
  std::optional<std::string> value;
  if (choice % 10 != 0) value = Bytes(30);
  ASSERT_EQ(PutMapEntry(states_[2], address, map_key, value), SPW_OK);
  contents_.maps[place][map_key] = value;
  spw_view view{};
  ASSERT_EQ(GetMapEntry(states_[2], address, map_key, &view), SPW_OK);
  ASSERT_EQ((view.flags & SPW_VIEW_NULL) != 0, !value.has_value());
}

void Reference::StepTimer(uint32_t group, const std::string& key) {
  const std::string state_namespace = "t";
  const spw_timer timer{static_cast<int64_t>(Below(200)) - 100, BytesOfText(key), BytesOfText(state_namespace), group,
                        0};
  std::set<TimerKey>& timers = contents_.timers[group];
  const TimerKey timer_key{timer.timestamp, key, state_namespace};
  switch (Below(8)) {
    case 0:
    case 1:
      ASSERT_EQ(RemoveTimer(states_[3], timer), timers.erase(timer_key) > 0 ? SPW_OK : SPW_ABSENT);
      return;
    case 2: {
      if (Below(10) != 0) return;
      std::vector<spw_timer> due(Below(5) + 1);
      const int64_t up_to = timer.timestamp - 60;
      const uint32_t count = PollDueTimers(states_[3], up_to, due);
      for (uint32_t i = 0; i < count; ++i) {
        ASSERT_TRUE(i == 0 || due[i - 1].timestamp <= due[i].timestamp);
        for (const auto& [other, others] : contents_.timers) {
          ASSERT_TRUE(others.empty() || std::get<0>(*others.begin()) >= due[i].timestamp) << "of group " << other;
        }
        ASSERT_EQ(
            contents_.timers[due[i].key_group].erase({due[i].timestamp, std::string(plugin::ToStringView(due[i].key)),
                                                      std::string(plugin::ToStringView(due[i].state_namespace))}),
            1u);
      }
      return;
    }
    default:
      ASSERT_EQ(AddTimers(states_[3], {&timer, 1}), SPW_OK);
      timers.insert(timer_key);
  }
}

void Reference::ClearAll() {
  for (const auto& [place, value] : contents_.values) ClearEntry(states_[0], AddressOf(place));
  for (const auto& [place, list] : contents_.lists) ClearEntry(states_[1], AddressOf(place));
  for (const auto& [place, map] : contents_.maps) ClearEntry(states_[2], AddressOf(place));
  std::vector<spw_timer> due(100);
  while (PollDueTimers(states_[3], INT64_MAX, due) > 0) (*instance_)->Safepoint(10);
  contents_ = {};
}

std::vector<uint64_t> Reference::Roots() const {
  std::vector<uint64_t> roots;
  for (const State* state : states_) {
    for (const KeyGroupTable& table : state->tables()) roots.push_back(table.root.word);
  }
  return roots;
}

void Reference::ExpectHolds(const std::vector<uint64_t>& roots, const Contents& expected) const {
  Contents found;
  size_t next = 0;
  for (const State* state : states_) {
    for (uint32_t group = 0; group < (*instance_)->group_count(); ++group) {
      Gather(EntryWalk(state->kind(), state->alignment(), roots[next++], {}, nullptr), *state, group, &found);
    }
  }
  ExpectSame(found, expected);
}

}  // namespace spillway::hybrid
