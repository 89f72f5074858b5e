#include "tests/conformance/instance.h"

#include <algorithm>

namespace spillway::conformance {

spw_state_options StateSpec::options() const {
  auto made = plugin::Sized<spw_state_options>();
  made.kind = kind;
  made.name = name.c_str();
  made.alignment = alignment;
  made.key_schema = plugin::ToBytes(key_schema);
  made.namespace_schema = plugin::ToBytes(namespace_schema);
  made.value_schema = plugin::ToBytes(value_schema);
  made.map_key_schema = plugin::ToBytes(map_key_schema);
  return made;
}

RestoreSources::RestoreSources(const std::vector<TakenSnapshot>& snapshots) {
  for (const TakenSnapshot& snapshot : snapshots) {
    std::vector<spw_file_ref>& files = files_.emplace_back();
    for (const auto& [name, size] : snapshot.files) files.push_back({name.c_str(), size});
    auto source = plugin::Sized<spw_restore_source>();
    source.file_count = static_cast<uint32_t>(files.size());
    source.key_groups = snapshot.key_groups;
    source.metadata = plugin::ToBytes(snapshot.metadata);
    source.files = files.data();
    sources_.push_back(source);
  }
}

Instance::Instance(Run& run, InstanceOptions options, Location where) : run_(run), options_(std::move(options)) {
  Open(where);
}

void Instance::Open(Location where) {
  auto made = std::make_unique<MemoryHost>(&run_.storage(), options_.compatibility);
  const Subject& subject = run_.subject();
  std::vector<spw_config_entry> configuration;
  for (const auto& [key, value] : subject.configuration) configuration.push_back({key.c_str(), value.c_str()});
  const std::string name = "instance-" + std::to_string(run_.NextNumber());
  const std::string directory = subject.local_directory.string();
  const char* const directories[] = {directory.c_str()};
  auto open = plugin::Sized<spw_open_options>();
  open.max_parallelism = options_.max_parallelism;
  open.key_groups = options_.key_groups;
  open.key_group_function = options_.key_group_function.c_str();
  open.instance = name.c_str();
  open.local_dirs = directories;
  open.local_dir_count = directory.empty() ? 0 : 1;
  open.config = configuration.data();
  open.config_count = static_cast<uint32_t>(configuration.size());
  open.memory_share_bytes = options_.memory_share_bytes;
  plugin::Error err;
  plugin::Backend opened;
  ExpectCode(plugin::Backend::Open(subject.api, open, made->table(), &opened, err), SPW_OK, "open", err, where);
  backend_ = std::move(opened);  // releases the one before, which needs its host until then
  host_ = std::move(made);
  ExpectCode(backend_.BindOwner(err), SPW_OK, "bind_owner", err, where);
}

void Instance::RegisterIn(size_t index, Location where) {
  plugin::Error err;
  ExpectCode(backend_.RegisterState(specs_[index].options(), &states_[index], err), SPW_OK,
             "register_state '" + specs_[index].name + "'", err, where);
}

TestState Instance::Register(StateSpec spec, Location where) {
  specs_.push_back(std::move(spec));
  states_.emplace_back();
  RegisterIn(specs_.size() - 1, where);
  return {this, specs_.size() - 1};
}

TestState Instance::Value(std::string name, Location where) {
  return Register({.name = std::move(name), .kind = SPW_STATE_VALUE}, where);
}
TestState Instance::List(std::string name, Location where) {
  return Register({.name = std::move(name), .kind = SPW_STATE_LIST}, where);
}
TestState Instance::Map(std::string name, Location where) {
  return Register({.name = std::move(name), .kind = SPW_STATE_MAP}, where);
}
TestState Instance::Timers(std::string name, Location where) {
  return Register({.name = std::move(name), .kind = SPW_STATE_TIMER}, where);
}

void Instance::SetKeyBytes(std::string_view key, Location where) {
  plugin::Error err;
  ExpectCode(backend_.SetCurrentKey(plugin::ToBytes(key), KeyGroup(key), err), SPW_OK, "set_current_key", err, where);
}

void Instance::Poll(Location where) {
  plugin::Error err;
  uint32_t count = 0;
  ExpectCode(backend_.Poll(nullptr, 0, &count, err), SPW_OK, "poll", err, where);
}

StateContents Instance::Contents(const std::string& state_name, Location where) {
  return Contents(state_name, options_.key_groups, where);
}

StateContents Instance::Contents(const std::string& state_name, spw_key_group_range key_groups, Location where) {
  plugin::Error err;
  plugin::State state;
  const spw_code found = backend_.FindState(state_name.c_str(), &state, err);
  if (found == SPW_ABSENT) return {};
  ExpectCode(found, SPW_OK, "find_state '" + state_name + "'", err, where);
  plugin::Iterator iterator;
  ExpectCode(state.Entries(key_groups, &iterator, err), SPW_OK, "entries", err, where);
  StateContents contents;
  ForEachItem(iterator, 7, where, [&](const spw_item& item) {
    const std::string key = TextOf(item.key);
    ExpectEqual(item.key_group, KeyGroup(key), "the key-group of an item with key " + Show(key), where);
    std::string text;
    if (item.map_key.data != nullptr) text = Show(TextOf(item.map_key)) + " -> ";
    if ((item.value.flags & SPW_VIEW_NULL) != 0) text += "null";
    if (item.value.data != nullptr) text += Show(TextOf(item.value));
    if (item.timestamp != 0) text += "at " + std::to_string(item.timestamp);
    contents[{key, TextOf(item.state_namespace)}].push_back(text);
  });
  for (auto& [place, texts] : contents) {
    // Entries of a map and timers come in any order; elements of a list do not begin with a map key or a time.
    if (texts.front().find(" -> ") != std::string::npos || texts.front().starts_with("at ")) {
      std::sort(texts.begin(), texts.end());
    }
  }
  return contents;
}

plugin::Snapshot Instance::BeginSnapshot(Location where) {
  auto options = plugin::Sized<spw_snapshot_options>();
  const uint64_t checkpoint_id = run_.NextNumber();
  const std::string prefix = "chk-" + std::to_string(checkpoint_id) + "/state-";
  options.kind = SPW_SNAPSHOT_FULL;
  options.checkpoint_id = checkpoint_id;
  options.name_prefix = prefix.c_str();
  plugin::Error err;
  plugin::Snapshot snapshot;
  ExpectCode(backend_.SnapshotBegin(options, &snapshot, err), SPW_OK, "snapshot_begin", err, where);
  return snapshot;
}

TakenSnapshot Instance::RunSnapshot(const plugin::Snapshot& snapshot, Location where) {
  plugin::Error err;
  plugin::SnapshotResult result;
  ExpectCode(snapshot.Run(&result, err), SPW_OK, "snapshot_run", err, where);
  return Keep(result);
}

TakenSnapshot Instance::Keep(const plugin::SnapshotResult& result) const {
  TakenSnapshot taken;
  taken.key_groups = options_.key_groups;
  taken.metadata = TextOf(result->metadata);
  taken.entries = result->entries;
  for (uint32_t i = 0; i < result->file_count; ++i) {
    taken.files.emplace_back(result->files[i].name, result->files[i].size);
  }
  return taken;
}

TakenSnapshot Instance::TakeSnapshot(Location where) {
  return RunSnapshot(BeginSnapshot(where), where);
}

void Instance::Restore(const std::vector<TakenSnapshot>& snapshots, Location where) {
  const RestoreSources sources(snapshots);
  plugin::Error err;
  ExpectCode(backend_.Restore(sources.data(), sources.count(), err), SPW_OK, "restore", err, where);
}

void Instance::ReplaceBy(const std::vector<TakenSnapshot>& snapshots, bool register_again, Location where) {
  backend_.Reset();
  Open(where);
  Restore(snapshots, where);
  if (!register_again) return;
  for (size_t i = 0; i < specs_.size(); ++i) RegisterIn(i, where);
}

void Instance::RoundTrip(Location where) {
  if (run_.restored()) ReplaceBy({TakeSnapshot(where)}, true, where);
}

void Instance::Close(uint32_t flags, Location where) {
  plugin::Error err;
  ExpectCode(backend_.Close(flags, err), SPW_OK, "close", err, where);
}

std::vector<spw_bytes> BytesOf(const std::vector<std::string>& texts) {
  std::vector<spw_bytes> bytes;
  for (const std::string& text : texts) bytes.push_back(plugin::ToBytes(text));
  return bytes;
}

}  // namespace spillway::conformance
