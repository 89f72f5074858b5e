#include "backend/hybrid/resident.h"

#include <cstring>

#include "backend/hybrid/instance.h"
#include "backend/hybrid/list_loader.h"
#include "backend/hybrid/list_state.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/spiller.h"

namespace spillway::hybrid {
namespace {

// The newest record of the key, if any; nullptr with `code` not SPW_OK after an error.
const spill::RunRecord* FindInRuns(State* state, uint32_t group, const spill::RecordKey& key, spw_code* code) {
  Instance* instance = state->instance();
  instance->spiller()->PrepareLoad();
  const std::shared_ptr<const RunList> runs = state->table(group).spilled->runs;
  Result<const spill::RunRecord*> found = instance->spiller()->reader().Find(*runs, key);
  if (found.ok()) return *found;
  *code = instance->Fail(
      Status(found.status().code(), "state '" + state->name() + "': " + std::string(found.status().message())));
  return nullptr;
}

NodeSizes SizesOf(const spill::RunRecord& record, const Probe& probe) {
  return {static_cast<uint32_t>(record.value.size()),
          static_cast<uint32_t>(probe.key.size()),
          static_cast<uint32_t>(probe.state_namespace.size()),
          record.schema_id,
          record.value_is_null,
          false};
}

// The node of a record that came from a run: clean, and not touched yet.
Node* NewClean(HashTree* tree, const NodeSizes& sizes, const Probe& probe, uint32_t alignment, const void* value) {
  Node* node = tree->NewNode(sizes, probe, Charge::kOverdraft);
  node->value_version = 0;
  if (sizes.value > 0) std::memcpy(MutableValueOf(node, alignment), value, sizes.value);
  (void)tree->Insert(probe, node, Charge::kOverdraft);
  return node;
}

void NoteLoaded(State* state, uint32_t group) {
  Instance* instance = state->instance();
  instance->CountEntries(1);
  instance->spiller()->NoteCold(state->table(group).spilled.get(), -1);
  Counters::Add(instance->spiller()->figures().loaded);
}

}  // namespace

bool IsHidden(const KeyGroupTable& table, const spill::RecordKey& key) {
  if (!table.needs_tombstones()) return false;
  return table.spilled->flushing_epoch != 0 || MayBeIn(*table.spilled->runs, key);
}

void InstallValue(State* state, const EntryAddress& address, const spill::RunRecord& record) {
  HashTree tree = state->TreeOf(address.group);
  if (record.op == spill::RecordOp::kDelete || tree.Find(address.probe) != nullptr) return;
  (void)NewClean(&tree, SizesOf(record, address.probe), address.probe, state->node_alignment(), record.value.data());
  NoteLoaded(state, address.group);
}

void InstallMap(State* state, const EntryAddress& address, const spill::RunRecord& record) {
  HashTree tree = state->TreeOf(address.group);
  if (record.op == spill::RecordOp::kDelete || tree.Find(address.probe) != nullptr) return;
  const Probe& probe = address.probe;
  const MapHeader header{{}, record.generation, state->table(address.group).versions.Stamp(), 0, 1, 0};
  const NodeSizes sizes{sizeof(MapHeader),
                        static_cast<uint32_t>(probe.key.size()),
                        static_cast<uint32_t>(probe.state_namespace.size()),
                        0,
                        false,
                        false};
  (void)NewClean(&tree, sizes, probe, state->node_alignment(), &header);
  NoteLoaded(state, address.group);
}

void InstallMapEntry(State* state, const EntryAddress& address, const Probe& map_probe,
                     const spill::RunRecord& record) {
  HashTree tree = state->TreeOf(address.group);
  Node* map = tree.Find(address.probe);
  if (record.op == spill::RecordOp::kDelete || map == nullptr || IsTombstone(map)) return;
  const MapHeader seen = MapHeaderOf(map);
  if (record.generation < seen.generation || FindNode(&seen.entries.word, map_probe) != nullptr) return;
  map = tree.WritableAsClean(address.probe, map, Charge::kOverdraft);
  auto* header = reinterpret_cast<MapHeader*>(MutableValueOf(map, alignof(uint64_t)));
  HashTree entries(&header->entries, &state->table(address.group).versions, &state->instance()->heap(),
                   state->alignment());
  (void)NewClean(&entries, SizesOf(record, map_probe), map_probe, state->alignment(), record.value.data());
}

Node* ResidentValue(State* state, const EntryAddress& address, spw_code* code) {
  *code = SPW_OK;
  const KeyGroupTable& table = state->table(address.group);
  Node* node = FindNode(&table.root.word, address.probe);
  if (node != nullptr || table.resident()) return node;
  const spill::RunRecord* record = FindInRuns(state, address.group, KeyInRuns(address.probe), code);
  if (record == nullptr) return nullptr;
  InstallValue(state, address, *record);
  return FindNode(&table.root.word, address.probe);
}

Node* ResidentMap(State* state, const EntryAddress& address, spw_code* code) {
  *code = SPW_OK;
  const KeyGroupTable& table = state->table(address.group);
  Node* node = FindNode(&table.root.word, address.probe);
  if (node != nullptr || table.resident()) return node;
  const spill::RunRecord* record = FindInRuns(state, address.group, KeyInRuns(address.probe), code);
  if (record == nullptr) return nullptr;
  InstallMap(state, address, *record);
  return FindNode(&table.root.word, address.probe);
}

Node* ResidentMapEntry(State* state, const EntryAddress& address, const Probe& map_probe, Node** map, spw_code* code) {
  *code = SPW_OK;
  if (*map == nullptr || IsTombstone(*map)) return nullptr;
  const KeyGroupTable& table = state->table(address.group);
  MapHeader header = MapHeaderOf(*map);
  Node* entry = FindNode(&header.entries.word, map_probe);
  if (entry != nullptr || header.partial == 0 || table.resident()) return entry;
  state->instance()->NoteShownCollection(*map);  // so that it stays while room is made
  const spill::RunRecord* record = FindInRuns(state, address.group, KeyInRuns(address.probe, map_probe), code);
  if (record != nullptr) InstallMapEntry(state, address, map_probe, *record);
  *map = FindNode(&table.root.word, address.probe);
  if (record == nullptr) return nullptr;
  header = MapHeaderOf(*map);
  return FindNode(&header.entries.word, map_probe);
}

Node* ResidentList(State* state, const EntryAddress& address, spw_code* code) {
  *code = SPW_OK;
  const KeyGroupTable& table = state->table(address.group);
  Node* node = FindNode(&table.root.word, address.probe);
  const bool all_here = table.resident() || (node != nullptr && (IsTombstone(node) || !IsPartial(node)));
  if (all_here) return node;
  // What is being flushed is in memory and, soon, in a run: only then it can be told apart.
  if (table.spilled->flushing_epoch != 0) state->instance()->spiller()->FinishFlush();
  state->instance()->spiller()->PrepareLoad();
  if (const Status loaded = LoadList(state, address); !loaded.ok()) {
    *code = state->instance()->Fail(loaded);
    return nullptr;
  }
  return FindNode(&table.root.word, address.probe);
}

}  // namespace spillway::hybrid
