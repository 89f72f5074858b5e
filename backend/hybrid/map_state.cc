#include "backend/hybrid/map_state.h"

#include <cstring>
#include <new>

#include "backend/hybrid/cold_reader.h"
#include "backend/hybrid/entry_walk.h"
#include "backend/hybrid/instance.h"
#include "backend/hybrid/merged_records.h"
#include "backend/hybrid/resident.h"
#include "backend/hybrid/value_state.h"

namespace spillway::hybrid {
namespace {

MapHeader* WritableHeader(Node* node) {
  return reinterpret_cast<MapHeader*>(MutableValueOf(node, alignof(uint64_t)));
}

HashTree EntriesOf(State* state, uint32_t group, MapHeader* header) {
  return {&header->entries, &state->table(group).versions, &state->instance()->heap(), state->alignment()};
}

NodeSizes EntrySizes(BytesView map_key, const std::optional<BytesView>& value, uint32_t schema_id) {
  return {static_cast<uint32_t>(value ? value->size() : 0),
          static_cast<uint32_t>(map_key.size()),
          0,
          schema_id,
          !value.has_value(),
          false};
}

// Puts the entry into a map that is there and writable.
spw_code PutIntoMap(MapHeader* header, HashTree* entries, uint32_t alignment, const Probe& probe,
                    const NodeSizes& wanted, const std::optional<BytesView>& value, Charge charge) {
  Node* entry = entries->Find(probe);
  const bool hidden = entry != nullptr && IsTombstone(entry);
  if (entry != nullptr && !hidden) {
    const NodeSizes sizes = SizesOf(entry);
    if (sizes.value == wanted.value && sizes.schema_id == wanted.schema_id && sizes.null == wanted.null) {
      entry = entries->Writable(probe, entry, charge);
      if (entry == nullptr) return SPW_OUT_OF_MEMORY;
      if (value) std::memmove(MutableValueOf(entry, alignment), value->data(), value->size());
      return SPW_OK;
    }
  }
  Node* fresh = entries->NewNode(wanted, probe, charge);
  if (fresh == nullptr) return SPW_OUT_OF_MEMORY;
  if (value) std::memcpy(MutableValueOf(fresh, alignment), value->data(), value->size());
  const bool done =
      entry == nullptr ? entries->Insert(probe, fresh, charge) : entries->Replace(probe, entry, fresh, charge);
  if (done) {
    if (hidden) --header->tombstones;
    return SPW_OK;
  }
  entries->DropNode(fresh);
  return SPW_OUT_OF_MEMORY;
}

// A map that was not there, with its first entry.
spw_code InsertMap(State* state, const EntryAddress& address, const Probe& map_probe, const NodeSizes& wanted,
                   const std::optional<BytesView>& value, Charge charge) {
  HashTree tree = state->TreeOf(address.group);
  const Probe& probe = address.probe;
  Node* node = tree.NewNode({sizeof(MapHeader), static_cast<uint32_t>(probe.key.size()),
                             static_cast<uint32_t>(probe.state_namespace.size()), 0, false, false},
                            probe, charge);
  if (node == nullptr) return SPW_OUT_OF_MEMORY;
  MapHeader* header = new (WritableHeader(node))
      MapHeader{{}, state->instance()->NextGeneration(), state->table(address.group).versions.Stamp(), 0, 0, 0};
  HashTree entries = EntriesOf(state, address.group, header);
  const spw_code code = PutIntoMap(header, &entries, state->alignment(), map_probe, wanted, value, charge);
  if (code == SPW_OK && tree.Insert(probe, node, charge)) {
    state->instance()->CountEntries(1);
    return SPW_OK;
  }
  if (code == SPW_OK) entries.DropNode(NodeOf(header->entries.word));  // a chain of one
  tree.DropNode(node);
  return SPW_OUT_OF_MEMORY;
}

// A map that was cleared, and whose node hides what runs hold, gets a first entry.
spw_code ReviveMap(State* state, const EntryAddress& address, Node* node, const Probe& map_probe,
                   const NodeSizes& wanted, const std::optional<BytesView>& value, Charge charge) {
  HashTree tree = state->TreeOf(address.group);
  node = tree.Writable(address.probe, node, charge);
  if (node == nullptr) return SPW_OUT_OF_MEMORY;
  MapHeader header = MapHeaderOf(node);
  header.created = state->table(address.group).versions.Stamp();
  HashTree entries = EntriesOf(state, address.group, &header);
  const spw_code code = PutIntoMap(&header, &entries, state->alignment(), map_probe, wanted, value, charge);
  if (code != SPW_OK) return code;
  StoreBytes(MutableValueOf(node, alignof(uint64_t)), header);
  node->sizes &= ~kNodeTombstone;
  state->instance()->CountEntries(1);
  return SPW_OK;
}

// In the place of an entry that runs may hold, or beside the others when it is not in memory.
void HideMapEntry(MapHeader* header, HashTree* entries, const Probe& map_probe, Node* entry) {
  NodeSizes sizes = EntrySizes(map_probe.key, std::nullopt, 0);
  sizes.tombstone = true;
  Node* node = entries->NewNode(sizes, map_probe, Charge::kOverdraft);
  if (entry == nullptr) {
    (void)entries->Insert(map_probe, node, Charge::kOverdraft);
  } else {
    (void)entries->Replace(map_probe, entry, node, Charge::kOverdraft);
  }
  ++header->tombstones;
}

}  // namespace

spw_code GetMapEntry(State* state, const EntryAddress& address, BytesView map_key, spw_view* out) {
  spw_code code = SPW_OK;
  Node* map = ResidentMap(state, address, &code);
  if (code != SPW_OK) return code;
  Node* entry = ResidentMapEntry(state, address, MapProbe(map_key), &map, &code);
  if (code != SPW_OK) return code;
  if (entry == nullptr || IsTombstone(entry)) return SPW_ABSENT;
  Touch(map);
  state->instance()->NoteShown(entry);
  *out = ViewOf(entry, state->alignment());
  return SPW_OK;
}

spw_code PutMapEntry(State* state, const EntryAddress& address, BytesView map_key, std::optional<BytesView> value) {
  return PutMapEntryOfSchema(state, address, map_key, value, state->value_schema());
}

spw_code PutMapEntryOfSchema(State* state, const EntryAddress& address, BytesView map_key,
                             std::optional<BytesView> value, uint32_t schema_id, Charge charge) {
  const Probe map_probe = MapProbe(map_key);
  const NodeSizes wanted = EntrySizes(map_key, value, schema_id);
  spw_code code = SPW_OK;
  Node* node = ResidentMap(state, address, &code);
  if (code != SPW_OK) return code;
  if (node == nullptr) return InsertMap(state, address, map_probe, wanted, value, charge);
  if (IsTombstone(node)) return ReviveMap(state, address, node, map_probe, wanted, value, charge);
  node = state->TreeOf(address.group).Writable(address.probe, node, charge);
  if (node == nullptr) return SPW_OUT_OF_MEMORY;
  MapHeader* header = WritableHeader(node);
  HashTree entries = EntriesOf(state, address.group, header);
  return PutIntoMap(header, &entries, state->alignment(), map_probe, wanted, value, charge);
}

spw_code RemoveMapEntry(State* state, const EntryAddress& address, BytesView map_key) {
  const Probe map_probe = MapProbe(map_key);
  spw_code code = SPW_OK;
  Node* map = ResidentMap(state, address, &code);
  if (code != SPW_OK) return code;
  Node* entry = ResidentMapEntry(state, address, map_probe, &map, &code);
  if (code != SPW_OK) return code;
  if (entry == nullptr || IsTombstone(entry)) return SPW_ABSENT;
  const MapHeader seen = MapHeaderOf(map);
  if (seen.partial == 0 && seen.entries.count - seen.tombstones == 1) {
    ClearEntry(state, address);
    return SPW_OK;
  }
  const bool hides = IsHidden(state->table(address.group), KeyInRuns(address.probe, map_probe));
  map = state->TreeOf(address.group).Writable(address.probe, map, Charge::kOverdraft);
  MapHeader* header = WritableHeader(map);
  HashTree entries = EntriesOf(state, address.group, header);
  if (hides) {
    HideMapEntry(header, &entries, map_probe, entry);
  } else {
    entries.Remove(map_probe, entry);
  }
  return SPW_OK;
}

Result<bool> IsMapEmpty(const State& state, const EntryAddress& address) {
  const KeyGroupTable& table = state.table(address.group);
  const Node* node = FindNode(&table.root.word, address.probe);
  if (node == nullptr ? table.resident() : IsTombstone(node)) return true;
  if (node != nullptr) {
    const MapHeader header = MapHeaderOf(node);
    if (HasLiveEntries(header)) return false;
    if (header.partial == 0) return true;
  }
  const PinnedRuns runs = table.Pinned();
  const TableSourceOptions memory{SPW_STATE_MAP, state.alignment(), 0, runs.flushed_epoch, false, true};
  EntryWalk walk(SPW_STATE_MAP, state.alignment(),
                 std::make_unique<MergedRecords>(memory, node, address.probe, runs, state.instance()->io()));
  WalkedEntry entry;
  SPILLWAY_ASSIGN_OR_RETURN(const bool any, walk.Next(&entry));
  return !any;
}

void RetireMap(State* state, uint32_t group, const MapHeader& header) {
  state->instance()->heap().RetireNodes(&state->table(group).versions, header.entries.word, header.created,
                                        state->alignment());
}

}  // namespace spillway::hybrid
