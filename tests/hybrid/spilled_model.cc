#include "tests/hybrid/spilled_model.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "backend/hybrid/hash_tree_cursor.h"
#include "backend/hybrid/list_state.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/piece_builder.h"
#include "backend/hybrid/table_source.h"
#include "spill/merge_cursor.h"
#include "spill/section_cursor.h"

namespace spillway::hybrid {
namespace {

spill::SectionKind SectionKindOf(const State& state) {
  return static_cast<spill::SectionKind>(state.kind());
}

// Adds all records, which must come in strict order.
void WriteAll(spill::RecordSource* source, spill::SectionKind kind, spill::RunWriter* writer) {
  std::string last_bytes;
  std::optional<spill::RecordKey> last;
  for (;;) {
    const Result<bool> next = source->Next();
    ASSERT_TRUE(next.ok()) << next.status().ToString();
    if (!*next) return;
    const spill::RunRecord& record = source->record();
    if (last) {
      ASSERT_LT(spill::CompareKeys(kind, *last, record), 0);
    }
    const Status added = writer->Add(record);
    ASSERT_TRUE(added.ok()) << added.ToString();
    last = record;
    last_bytes = std::string(record.key) + std::string(record.state_namespace) + std::string(record.map_key);
    const BytesView bytes(last_bytes);
    last->key = bytes.substr(0, record.key.size());
    last->state_namespace = bytes.substr(record.key.size(), record.state_namespace.size());
    last->map_key = bytes.substr(record.key.size() + record.state_namespace.size());
  }
}

}  // namespace

SpilledModel::SpilledModel(TestInstance* instance, spill::IoEngine* engine, uint64_t seed, uint32_t keys)
    : instance_(instance),
      engine_(engine),
      keys_(keys),
      random_(seed),
      states_{instance->Register("value", SPW_STATE_VALUE, 8), instance->Register("list", SPW_STATE_LIST, 4),
              instance->Register("map", SPW_STATE_MAP, 16)},
      directory_(spill::Directory::Open(folder_.path().string()).value()) {}

std::string SpilledModel::Bytes(uint64_t size_max) {
  std::string bytes(Below(size_max + 1), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random_());
  return bytes;
}

EntryAddress SpilledModel::AddressOf(const Place& place) const {
  return (*instance_)->AddressOf(std::get<1>(place), std::get<0>(place), std::get<2>(place));
}

uint64_t SpilledModel::runs() const {
  uint64_t most = 0;
  for (const State* state : states_) {
    for (const KeyGroupTable& table : state->tables()) {
      if (table.spilled != nullptr) most = std::max<uint64_t>(most, table.spilled->runs->size());
    }
  }
  return most;
}

Node* SpilledModel::NewNode(State* state, const EntryAddress& address, uint64_t value_size, bool tombstone) {
  const Probe& probe = address.probe;
  const NodeSizes sizes{static_cast<uint32_t>(value_size),
                        static_cast<uint32_t>(probe.key.size()),
                        static_cast<uint32_t>(probe.state_namespace.size()),
                        0,
                        false,
                        tombstone};
  Node* node = state->TreeOf(address.group).NewNode(sizes, probe, Charge::kOverdraft);
  std::memset(MutableValueOf(node, state->node_alignment()), 0, value_size);
  return node;
}

void SpilledModel::RetireWhatHangsOn(State* state, uint32_t group, const Node* node) {
  if (IsTombstone(node)) return;
  if (state->kind() == SPW_STATE_LIST) RetireList(state, group, ListHeaderOf(node));
  if (state->kind() == SPW_STATE_MAP) RetireMap(state, group, MapHeaderOf(node));
}

void SpilledModel::Put(State* state, const EntryAddress& address, Node* node) {
  HashTree tree = state->TreeOf(address.group);
  Node* old_node = tree.Find(address.probe);
  if (old_node == nullptr) {
    ASSERT_TRUE(tree.Insert(address.probe, node, Charge::kOverdraft));
    return;
  }
  RetireWhatHangsOn(state, address.group, old_node);
  ASSERT_TRUE(tree.Replace(address.probe, old_node, node, Charge::kOverdraft));
}

void SpilledModel::TakeOut(State* state, const EntryAddress& address, Node* node) {
  RetireWhatHangsOn(state, address.group, node);
  state->TreeOf(address.group).Remove(address.probe, node);
}

void SpilledModel::Remove(State* state, const EntryAddress& address, uint64_t generation) {
  Node* node = state->TreeOf(address.group).Find(address.probe);
  if (!state->table(address.group).needs_tombstones()) {
    if (node != nullptr) TakeOut(state, address, node);
    return;
  }
  if (node != nullptr && IsTombstone(node)) return;
  const uint64_t size = state->kind() == SPW_STATE_VALUE  ? 0
                        : state->kind() == SPW_STATE_LIST ? sizeof(ListHeader)
                                                          : sizeof(MapHeader);
  Node* tombstone = NewNode(state, address, size, true);
  if (state->kind() == SPW_STATE_MAP) {
    MapHeader header{};
    header.generation = generation;
    StoreBytes(MutableValueOf(tombstone, alignof(uint64_t)), header);
  }
  Put(state, address, tombstone);
}

void SpilledModel::PutValue(const Place& place, const std::string& value) {
  const EntryAddress address = AddressOf(place);
  Node* node = NewNode(states_[0], address, value.size(), false);
  std::memcpy(MutableValueOf(node, states_[0]->alignment()), value.data(), value.size());
  Put(states_[0], address, node);
  contents_.values[place] = value;
}

void SpilledModel::RemoveValue(const Place& place) {
  Remove(states_[0], AddressOf(place), 0);
  contents_.values.erase(place);
}

void SpilledModel::Append(const Place& place, const std::vector<std::string>& elements) {
  State* state = states_[1];
  const EntryAddress address = AddressOf(place);
  KeyGroupTable& table = state->table(address.group);
  HashTree tree = state->TreeOf(address.group);
  PieceBuilder pieces(&instance_->heap(), &table.versions, state->alignment(), 0);
  for (const std::string& element : elements) ASSERT_TRUE(pieces.Add(element, 0, 0));
  Node* node = tree.Find(address.probe);
  if (node != nullptr && !IsTombstone(node)) {
    node = tree.Writable(address.probe, node, Charge::kOverdraft);
    ListHeader header = ListHeaderOf(node);
    header.last = reinterpret_cast<uintptr_t>(pieces.Release(reinterpret_cast<Piece*>(header.last)));
    StoreBytes(MutableValueOf(node, alignof(uint64_t)), header);
  } else {
    const uint16_t partial = node == nullptr && table.needs_tombstones() ? 1 : 0;
    Node* fresh = NewNode(state, address, sizeof(ListHeader), false);
    const ListHeader header{reinterpret_cast<uintptr_t>(pieces.Release(nullptr)), table.versions.Stamp(), partial};
    StoreBytes(MutableValueOf(fresh, alignof(uint64_t)), header);
    Put(state, address, fresh);
  }
  std::vector<std::string>& list = contents_.lists[place];
  list.insert(list.end(), elements.begin(), elements.end());
}

void SpilledModel::ReplaceList(const Place& place, const std::vector<std::string>& elements) {
  State* state = states_[1];
  const EntryAddress address = AddressOf(place);
  Versions& versions = state->table(address.group).versions;
  PieceBuilder pieces(&instance_->heap(), &versions, state->alignment(), 0);
  for (const std::string& element : elements) ASSERT_TRUE(pieces.Add(element, 0, 0));
  Node* fresh = NewNode(state, address, sizeof(ListHeader), false);
  const ListHeader header{reinterpret_cast<uintptr_t>(pieces.Release(nullptr)), versions.Stamp(), 0};
  StoreBytes(MutableValueOf(fresh, alignof(uint64_t)), header);
  Put(state, address, fresh);
  contents_.lists[place] = elements;
}

void SpilledModel::RemoveList(const Place& place) {
  Remove(states_[1], AddressOf(place), 0);
  contents_.lists.erase(place);
}

// A list that is in runs alone comes into memory as it is.
void SpilledModel::LoadList(const Place& place) {
  State* state = states_[1];
  const EntryAddress address = AddressOf(place);
  KeyGroupTable& table = state->table(address.group);
  HashTree tree = state->TreeOf(address.group);
  if (tree.Find(address.probe) != nullptr) return;
  PieceBuilder pieces(&instance_->heap(), &table.versions, state->alignment(), 0);
  for (const std::string& element : contents_.lists[place]) ASSERT_TRUE(pieces.Add(element, 0, 0));
  Piece* last = pieces.Release(nullptr);
  for (Piece* piece = last; piece != nullptr; piece = piece->previous) piece->clean = 1;
  Node* node = NewNode(state, address, sizeof(ListHeader), false);
  StoreBytes(MutableValueOf(node, alignof(uint64_t)), ListHeader{reinterpret_cast<uintptr_t>(last), 1, 0});
  Put(state, address, node);
  node->value_version = 0;
}

void SpilledModel::ChangeEntry(const Place& place, const std::string& map_key, const std::optional<std::string>& value,
                               bool tombstone) {
  State* state = states_[2];
  const EntryAddress address = AddressOf(place);
  KeyGroupTable& table = state->table(address.group);
  HashTree tree = state->TreeOf(address.group);
  Node* node = tree.Find(address.probe);
  if (node == nullptr || IsTombstone(node)) {
    MapHeader header{};
    if (node == nullptr && generations_.contains(place)) {
      header.generation = generations_[place];
      header.partial = 1;
    } else {
      header.generation = generations_[place] = (*instance_)->NextGeneration();
    }
    header.created = table.versions.Stamp();
    Node* fresh = NewNode(state, address, sizeof(MapHeader), false);
    StoreBytes(MutableValueOf(fresh, alignof(uint64_t)), header);
    Put(state, address, fresh);
    node = fresh;
  }
  node = tree.Writable(address.probe, node, Charge::kOverdraft);
  auto* header = reinterpret_cast<MapHeader*>(MutableValueOf(node, alignof(uint64_t)));
  HashTree entries(&header->entries, &table.versions, &instance_->heap(), state->alignment());
  const Probe probe = MapProbe(map_key);
  Node* old_entry = entries.Find(probe);
  if (old_entry != nullptr && IsTombstone(old_entry)) --header->tombstones;
  if (tombstone && !table.needs_tombstones()) {
    if (old_entry != nullptr) entries.Remove(probe, old_entry);
    return;
  }
  Node* entry = entries.NewNode({static_cast<uint32_t>(value ? value->size() : 0),
                                 static_cast<uint32_t>(map_key.size()), 0, 0, !value && !tombstone, tombstone},
                                probe, Charge::kOverdraft);
  if (value) std::memcpy(MutableValueOf(entry, state->alignment()), value->data(), value->size());
  if (tombstone) ++header->tombstones;
  ASSERT_TRUE(old_entry == nullptr ? entries.Insert(probe, entry, Charge::kOverdraft)
                                   : entries.Replace(probe, old_entry, entry, Charge::kOverdraft));
}

void SpilledModel::PutEntry(const Place& place, const std::string& map_key, const std::optional<std::string>& value) {
  ChangeEntry(place, map_key, value, false);
  contents_.maps[place][map_key] = value;
}

void SpilledModel::RemoveEntry(const Place& place, const std::string& map_key) {
  const auto map = contents_.maps.find(place);
  if (map == contents_.maps.end() || map->second.erase(map_key) == 0) return;
  if (!map->second.empty()) return ChangeEntry(place, map_key, std::nullopt, true);
  // The last entry: the map goes, or becomes one of tombstones only where these are needed.
  if (!states_[2]->table(std::get<0>(place)).needs_tombstones() || Below(2) == 0) return RemoveMap(place);
  ChangeEntry(place, map_key, std::nullopt, true);
  contents_.maps.erase(place);
}

void SpilledModel::RemoveMap(const Place& place) {
  Remove(states_[2], AddressOf(place), (*instance_)->NextGeneration());
  contents_.maps.erase(place);
  generations_.erase(place);
}

void SpilledModel::Steps(int count) {
  for (int i = 0; i < count && !::testing::Test::HasFatalFailure(); ++i) {
    const uint64_t number = Below(keys_);
    const auto group = static_cast<uint32_t>(number % (*instance_)->group_count());
    std::string key = "key" + std::to_string(number);
    if (number % 7 == 0) key += std::string(140, 'x');  // too long for a narrow node
    const Place place{group, key, Below(4) == 0 ? "w" + std::to_string(Below(3)) : ""};
    const Place map_place{group, key.substr(0, 4), std::get<2>(place)};
    switch (Below(9)) {
      case 0:
        RemoveValue(place);
        break;
      case 1:
      case 2:
        PutValue(place, Below(50) == 0 ? Bytes(20000) : Bytes(60));
        break;
      case 3:
        if (Below(2) == 0) {
          RemoveList(place);
        } else {
          ReplaceList(place, {Bytes(20), Bytes(20)});
        }
        break;
      case 4:
      case 5: {
        std::vector<std::string> elements{Bytes(20)};
        while (Below(3) == 0) elements.push_back(Below(20) == 0 ? Bytes(70000) : Bytes(20));
        Append(place, elements);
        break;
      }
      case 6:
        if (Below(60) == 0) {
          RemoveMap(map_place);
        } else {
          RemoveEntry(map_place, "m" + std::to_string(Below(200)));
        }
        break;
      default: {
        std::optional<std::string> value;
        if (Below(8) != 0) value = Bytes(30);
        PutEntry(map_place, "m" + std::to_string(Below(200)), value);
      }
    }
    if (i % 16 == 0) (*instance_)->Safepoint(64);
  }
}

void SpilledModel::BeginFlush() {
  flush_ = std::vector<View>(states_.size() * (*instance_)->group_count());
  size_t next = 0;
  for (State* state : states_) {
    for (KeyGroupTable& table : state->tables()) {
      View& view = flush_[next++];
      ASSERT_TRUE(instance_->heap().BeginView(&table.versions, &view, table.root.word));
      if (table.spilled == nullptr) table.spilled = std::make_unique<SpilledTable>();
      table.spilled->flushing_epoch = view.epoch;
    }
  }
}

void SpilledModel::FinishFlush() {
  const std::unique_ptr<spill::RunWriter> writer = NewRun();
  size_t next = 0;
  for (uint32_t index = 0; index < states_.size(); ++index) {
    State* state = states_[index];
    for (uint32_t group = 0; group < (*instance_)->group_count(); ++group) {
      const SpilledTable& spilled = *state->table(group).spilled;
      TableSource source({state->kind(), state->alignment(), flush_[next++].root, spilled.flushed_epoch, true,
                          !spilled.runs->empty()});
      ASSERT_TRUE(writer->BeginSection(index, group, SectionKindOf(*state)).ok());
      WriteAll(&source, SectionKindOf(*state), writer.get());
      ASSERT_TRUE(writer->EndSection().ok());
    }
  }
  ASSERT_TRUE(writer->Finish().ok());
  const std::shared_ptr<const spill::RunFile> run = OpenRun();
  next = 0;
  for (uint32_t index = 0; index < states_.size(); ++index) {
    for (uint32_t group = 0; group < (*instance_)->group_count(); ++group) {
      KeyGroupTable& table = states_[index]->table(group);
      View& view = flush_[next++];
      table.spilled->flushed_epoch = view.epoch;
      table.spilled->flushing_epoch = 0;
      if (const std::optional<uint32_t> section = run->FindSection(index, group)) {
        auto runs = std::make_shared<RunList>(*table.spilled->runs);
        runs->insert(runs->begin(), {run, *section});
        table.spilled->runs = runs;
      }
      table.versions.NoteWrite();  // so that the epoch is not given again
      instance_->heap().EndView(&view);
    }
  }
  flush_.clear();
}

void SpilledModel::Evict() {
  for (State* state : states_) {
    for (uint32_t group = 0; group < (*instance_)->group_count(); ++group) EvictFrom(state, group);
  }
  for (const auto& [place, list] : contents_.lists) {
    if (Below(8) == 0) LoadList(place);
  }
}

void SpilledModel::EvictFrom(State* state, uint32_t group) {
  const KeyGroupTable& table = state->table(group);
  std::vector<Place> places;
  HashTreeCursor cursor(table.root.word);
  while (const Node* node = cursor.Next()) {
    if (Below(2) == 0) places.emplace_back(group, KeyOf(node), NamespaceOf(node));
  }
  for (const Place& place : places) {
    const EntryAddress address = AddressOf(place);
    Node* node = state->TreeOf(group).Find(address.probe);
    if (node->value_version <= table.flushed_epoch()) {
      TakeOut(state, address, node);
    } else if (state->kind() == SPW_STATE_MAP && !IsTombstone(node) && !table.resident()) {
      EvictEntries(address);
    }
  }
}

void SpilledModel::EvictEntries(const EntryAddress& address) {
  State* state = states_[2];
  KeyGroupTable& table = state->table(address.group);
  HashTree tree = state->TreeOf(address.group);
  Node* node = tree.Find(address.probe);
  std::vector<std::string> clean;
  HashTreeCursor cursor(MapHeaderOf(node).entries.word);
  while (const Node* entry = cursor.Next()) {
    if (entry->value_version <= table.flushed_epoch() && Below(2) == 0) clean.emplace_back(KeyOf(entry));
  }
  if (clean.empty()) return;
  node = tree.Writable(address.probe, node, Charge::kOverdraft);
  auto* header = reinterpret_cast<MapHeader*>(MutableValueOf(node, alignof(uint64_t)));
  header->partial = 1;
  HashTree entries(&header->entries, &table.versions, &instance_->heap(), state->alignment());
  for (const std::string& map_key : clean) {
    const Probe probe = MapProbe(map_key);
    Node* entry = entries.Find(probe);
    if (IsTombstone(entry)) --header->tombstones;
    entries.Remove(probe, entry);
  }
}

void SpilledModel::Compact() {
  const std::unique_ptr<spill::RunWriter> writer = NewRun();
  struct Range {
    size_t begin = 0;
    size_t end = 0;
  };
  std::vector<Range> ranges;
  for (uint32_t index = 0; index < states_.size(); ++index) {
    for (uint32_t group = 0; group < (*instance_)->group_count(); ++group) {
      const RunList& runs = *states_[index]->table(group).spilled->runs;
      Range& range = ranges.emplace_back();
      if (runs.size() < 2) continue;
      range.begin = Below(runs.size() - 1);
      range.end = range.begin + 2 + Below(runs.size() - range.begin - 1);
      std::vector<std::unique_ptr<spill::SectionCursor>> cursors;
      std::vector<spill::RecordSource*> newest_first;
      for (size_t i = range.begin; i < range.end; ++i) {
        cursors.push_back(std::make_unique<spill::SectionCursor>(engine_, runs[i].file, runs[i].section));
        newest_first.push_back(cursors.back().get());
      }
      const spill::SectionKind kind = SectionKindOf(*states_[index]);
      spill::MergeCursor merge(kind, newest_first, range.end == runs.size());
      ASSERT_TRUE(writer->BeginSection(index, group, kind).ok());
      WriteAll(&merge, kind, writer.get());
      ASSERT_TRUE(writer->EndSection().ok());
    }
  }
  ASSERT_TRUE(writer->Finish().ok());
  const std::shared_ptr<const spill::RunFile> run = OpenRun();
  size_t next = 0;
  for (uint32_t index = 0; index < states_.size(); ++index) {
    for (uint32_t group = 0; group < (*instance_)->group_count(); ++group) {
      const Range range = ranges[next++];
      if (range.end == 0) continue;
      SpilledTable& spilled = *states_[index]->table(group).spilled;
      auto runs = std::make_shared<RunList>(*spilled.runs);
      const auto at = runs->erase(runs->begin() + static_cast<std::ptrdiff_t>(range.begin),
                                  runs->begin() + static_cast<std::ptrdiff_t>(range.end));
      if (const std::optional<uint32_t> section = run->FindSection(index, group)) runs->insert(at, {run, *section});
      spilled.runs = runs;
    }
  }
}

std::unique_ptr<spill::RunWriter> SpilledModel::NewRun() {
  spill::RunWriterOptions options;
  options.file_id = ++file_id_;
  options.name = std::to_string(file_id_) + ".run";
  options.durable = false;
  return spill::RunWriter::Create(engine_, &directory_, options).value();
}

std::shared_ptr<const spill::RunFile> SpilledModel::OpenRun() {
  return spill::RunFile::Open(engine_, directory_, std::to_string(file_id_) + ".run", file_id_).value();
}

}  // namespace spillway::hybrid
