#include "tests/differential/side.h"

#include <algorithm>

#include "spillway/key_groups.h"

namespace spillway::differential {
namespace {

using conformance::ShowCode;
using conformance::TextOf;
using plugin::ToBytes;

constexpr uint32_t kMaxParallelism = 128;
constexpr uint64_t kKeys = 10;

}  // namespace

Side::Side(const spw_backend_api* api, KeyShape key_shape, SideOptions options)
    : api_(api), key_shape_(key_shape), options_(std::move(options)) {
  Open({0, kMaxParallelism - 1});
  Register();
}

Side::~Side() {
  for (SnapshotSlot& slot : snapshots_) {
    if (slot.thread.joinable()) slot.thread.join();
    slot.snapshot.Reset();
  }
  for (IteratorSlot& slot : iterators_) slot.iterator.Reset();
  backend_.Reset();
}

void Side::Open(spw_key_group_range key_groups) {
  auto host = std::make_unique<conformance::MemoryHost>(&storage_);
  auto options = plugin::Sized<spw_open_options>();
  options.max_parallelism = kMaxParallelism;
  options.key_groups = key_groups;
  options.key_group_function = "xxh3-64-mod";
  options.instance = "differential";
  std::vector<spw_config_entry> configuration;
  for (const auto& [key, value] : options_.configuration) configuration.push_back({key.c_str(), value.c_str()});
  const char* const directories[] = {options_.local_directory.c_str()};
  options.local_dirs = directories;
  options.local_dir_count = options_.local_directory.empty() ? 0 : 1;
  options.config = configuration.data();
  options.config_count = static_cast<uint32_t>(configuration.size());
  plugin::Error err;
  plugin::Backend opened;
  if (plugin::Backend::Open(api_, options, host->table(), &opened, err) != SPW_OK || opened.BindOwner(err) != SPW_OK) {
    std::fprintf(stderr, "differential: cannot open the backend: %s\n", err.message());
    std::abort();
  }
  backend_ = std::move(opened);
  host_ = std::move(host);
  key_groups_ = key_groups;
  current_key_.clear();
}

void Side::Register() {
  states_.clear();
  const std::pair<const char*, spw_state_kind> states[] = {{"value-1", SPW_STATE_VALUE},
                                                           {"value-2", SPW_STATE_VALUE},
                                                           {"list", SPW_STATE_LIST},
                                                           {"map", SPW_STATE_MAP},
                                                           {"timers", SPW_STATE_TIMER}};
  for (const auto& [name, kind] : states) {
    const conformance::StateSpec spec{.name = name, .kind = kind, .alignment = 8};
    plugin::Error err;
    plugin::State state;
    if (backend_.RegisterState(spec.options(), &state, err) != SPW_OK) {
      std::fprintf(stderr, "differential: cannot register '%s': %s\n", name, err.message());
      std::abort();
    }
    states_.push_back(state);
  }
}

std::string Side::Key(uint64_t n) const {
  n %= kKeys;
  switch (key_shape_) {
    case KeyShape::kNumber:
      return std::string(reinterpret_cast<const char*>(&n), sizeof(n));
    case KeyShape::kShort:
      return "k" + std::to_string(n);
    case KeyShape::kLong:
      return std::string(200, 'p') + std::to_string(n);
    case KeyShape::kEmpty:
      break;
  }
  return std::string(n, '\0');
}

std::string_view Side::Namespace(uint64_t n) {
  constexpr std::string_view kNamespaces[] = {{"", 0}, "w", "window-2", {"\0", 1}};
  return kNamespaces[n % std::size(kNamespaces)];
}

std::string Side::Content(const Operation& operation) {
  std::string text = std::to_string(operation.content);
  const size_t size = operation.size % 300;
  text.resize(size, '.');
  return text;
}

std::string Side::ValuePlace(const Operation& operation) const {
  return "value-" + std::to_string(operation.state % 2) + "|" + current_key_ + "|" +
         std::string(Namespace(operation.state_namespace));
}

std::string Side::MapPlace(const Operation& operation) const {
  return "map|" + current_key_ + "|" + std::string(Namespace(operation.state_namespace)) + "|" +
         std::to_string(operation.map_key % 8);
}

// Views taken since the last safepoint must show what they showed.
std::string Side::CheckHeld() {
  std::string changed;
  for (const HeldView& held : held_) {
    if (TextOf(held.view) != held.text) changed += " VIEW OF " + held.place + " CHANGED to " + TextOf(held.view);
  }
  return changed;
}

// The host itself writes there: views of it may change.
void Side::Written(const std::string& place) {
  std::erase_if(held_, [&](const HeldView& held) { return held.place == place; });
}

std::string Side::Safepoint(Action action) {
  std::string text = CheckHeld();
  held_.clear();
  if (action == Action::kEndRecord) {
    backend_.EndRecord();
    return text;
  }
  plugin::Error err;
  uint32_t count = 0;
  return text + ShowCode(backend_.Poll(nullptr, 0, &count, err));
}

std::string Side::HoldView(const Operation& operation) {
  plugin::Error err;
  spw_view view{};
  const bool of_map = operation.slot % 2 == 1;
  const spw_bytes ns = ToBytes(Namespace(operation.state_namespace));
  const std::string map_key = std::to_string(operation.map_key % 8);
  const spw_code code =
      of_map ? states_[3].MapGet(ns, ToBytes(map_key), &view, err) : ValueState(operation).ValueGet(ns, &view, err);
  if (code != SPW_OK || view.data == nullptr) return ShowCode(code);
  held_.push_back({of_map ? MapPlace(operation) : ValuePlace(operation), view, TextOf(view)});
  return held_.back().text;
}

std::string Side::Query(const Operation& operation) {
  const std::string key = Key(operation.key);
  std::string answer = "no answer";
  const std::string map_key = std::to_string(operation.map_key % 8);
  constexpr const char* kNames[] = {"value-1", "value-2", "map", "nothing"};
  const size_t which = operation.state % std::size(kNames);
  auto query = plugin::Sized<spw_query>();
  query.state_name = kNames[which];
  query.key = ToBytes(key);
  query.key_group = KeyGroupOf(key, kMaxParallelism);
  query.state_namespace = ToBytes(Namespace(operation.state_namespace));
  query.map_key = which == 2 ? ToBytes(map_key) : plugin::NullBytes();
  query.context = &answer;
  query.answer = [](void* context, spw_code code, const spw_view* value) {
    *static_cast<std::string*>(context) = ShowCode(code) + (code == SPW_OK ? TextOf(*value) : "");
  };
  plugin::Error err;
  const spw_code code = backend_.QuerySubmit(query, err);
  return ShowCode(code) + " " + Safepoint(Action::kPoll) + " " + answer;
}

std::string Side::Refused(const Operation& operation) {
  plugin::Error err;
  spw_view view{};
  uint8_t changed = 0;
  const spw_bytes ns = ToBytes(Namespace(operation.state_namespace));
  const spw_bytes with_null[] = {ToBytes("x"), plugin::NullBytes()};
  const spw_timer foreign{1, ToBytes("k"), ns, kMaxParallelism, 0};
  const conformance::StateSpec other_kind{.name = "list", .kind = SPW_STATE_VALUE};
  plugin::State state;
  switch (operation.content % 8) {
    case 0:
      return ShowCode(ValueState(operation).ValueGet(plugin::NullBytes(), &view, err));
    case 1:
      return ShowCode(states_[2].ListAppend(ns, with_null, 2, err));
    case 2:
      return ShowCode(states_[2].ListReplace(ns, with_null, 2, err));
    case 3:
      return ShowCode(states_[3].MapPut(ns, plugin::NullBytes(), ToBytes("v"), err));
    case 4:
      return ShowCode(states_[4].TimerAdd(&foreign, 1, &changed, err));
    case 5:
      return ShowCode(backend_.RegisterState(other_kind.options(), &state, err));
    case 6:
      return ShowCode(states_[2].MergeNamespaces(ns, &ns, 1, err));
    default:
      return ShowCode(backend_.SetCurrentKey(ToBytes("k"), kMaxParallelism, err));
  }
}

std::string Side::DoKeyed(const Operation& operation) {
  if (operation.action == Action::kSetKey) {
    const std::string key = Key(operation.key);
    plugin::Error err;
    const spw_code code = backend_.SetCurrentKey(ToBytes(key), KeyGroupOf(key, kMaxParallelism), err);
    if (code == SPW_OK) current_key_ = key;
    return ShowCode(code);
  }
  if (operation.action <= Action::kValueClear) return DoValue(operation);
  if (operation.action <= Action::kListMerge) return DoList(operation);
  if (operation.action <= Action::kMapIterateAndChange) return DoMap(operation);
  return DoTimer(operation);
}

std::string Side::Do(const Operation& operation) {
  if (operation.action <= Action::kTimerPollDue) return DoKeyed(operation);
  if (operation.action <= Action::kApplyToAllKeys) return DoIterator(operation);
  switch (operation.action) {
    case Action::kHoldView:
      return HoldView(operation);
    case Action::kQuery:
      return Query(operation);
    case Action::kEndRecord:
    case Action::kPoll:
      return Safepoint(operation.action);
    case Action::kRefused:
      return Refused(operation);
    default:
      return DoSnapshot(operation);
  }
}

std::string Side::Finish() {
  std::string text = Safepoint(Action::kPoll);
  for (SnapshotSlot& slot : snapshots_) text += "\n" + JoinRun(&slot);
  for (const plugin::State& state : states_) {
    plugin::Error err;
    uint64_t count = 0;
    text += "\ncount " + ShowCode(state.EntryCount(&count, err)) + std::to_string(count);
    plugin::Iterator iterator;
    text += "\nentries " + ShowCode(state.Entries(key_groups_, &iterator, err));
    if (iterator) text += Drain(iterator, false, 5);
  }
  plugin::Error err;
  for (IteratorSlot& slot : iterators_) slot.iterator.Reset();
  for (SnapshotSlot& slot : snapshots_) slot.snapshot.Reset();
  return text + "\nclose " + ShowCode(backend_.Close(0, err));
}

}  // namespace spillway::differential
