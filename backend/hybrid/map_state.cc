#include "backend/hybrid/map_state.h"

#include <cstring>
#include <new>

#include "backend/hybrid/entry_walk.h"
#include "backend/hybrid/instance.h"
#include "backend/hybrid/merged_records.h"
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
  return {static_cast<uint32_t>(value ? value->size() : 0), static_cast<uint32_t>(map_key.size()), 0, schema_id,
          !value.has_value()};
}

// Puts the entry into a map that is there and writable.
spw_code PutIntoMap(HashTree* entries, uint32_t alignment, const Probe& probe, const NodeSizes& wanted,
                    const std::optional<BytesView>& value, Charge charge) {
  Node* entry = entries->Find(probe);
  if (entry != nullptr) {
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
  if (done) return SPW_OK;
  entries->DropNode(fresh);
  return SPW_OUT_OF_MEMORY;
}

// A map that was not there, with its first entry.
spw_code InsertMap(State* state, const EntryAddress& address, const Probe& map_probe, const NodeSizes& wanted,
                   const std::optional<BytesView>& value, Charge charge) {
  HashTree tree = state->TreeOf(address.group);
  const Probe& probe = address.probe;
  Node* node = tree.NewNode({sizeof(MapHeader), static_cast<uint32_t>(probe.key.size()),
                             static_cast<uint32_t>(probe.state_namespace.size()), 0, false},
                            probe, charge);
  if (node == nullptr) return SPW_OUT_OF_MEMORY;
  MapHeader* header = new (WritableHeader(node))
      MapHeader{{}, state->instance()->NextGeneration(), state->table(address.group).versions.Stamp(), 0, 0, 0};
  HashTree entries = EntriesOf(state, address.group, header);
  const spw_code code = PutIntoMap(&entries, state->alignment(), map_probe, wanted, value, charge);
  if (code == SPW_OK && tree.Insert(probe, node, charge)) {
    state->instance()->CountEntries(1);
    return SPW_OK;
  }
  if (code == SPW_OK) entries.DropNode(NodeOf(header->entries.word));  // a chain of one
  tree.DropNode(node);
  return SPW_OUT_OF_MEMORY;
}

}  // namespace

spw_code GetMapEntry(const State& state, const EntryAddress& address, BytesView map_key, spw_view* out) {
  const Node* node = FindNode(&state.table(address.group).root.word, address.probe);
  if (node == nullptr) return SPW_ABSENT;
  const MapHeader header = MapHeaderOf(node);
  const Node* entry = FindNode(&header.entries.word, MapProbe(map_key));
  if (entry == nullptr) return SPW_ABSENT;
  *out = ViewOf(entry, state.alignment());
  return SPW_OK;
}

spw_code PutMapEntry(State* state, const EntryAddress& address, BytesView map_key, std::optional<BytesView> value) {
  return PutMapEntryOfSchema(state, address, map_key, value, state->value_schema());
}

spw_code PutMapEntryOfSchema(State* state, const EntryAddress& address, BytesView map_key,
                             std::optional<BytesView> value, uint32_t schema_id, Charge charge) {
  const Probe map_probe = MapProbe(map_key);
  const NodeSizes wanted = EntrySizes(map_key, value, schema_id);
  HashTree tree = state->TreeOf(address.group);
  Node* node = tree.Find(address.probe);
  if (node == nullptr) return InsertMap(state, address, map_probe, wanted, value, charge);
  node = tree.Writable(address.probe, node, charge);
  if (node == nullptr) return SPW_OUT_OF_MEMORY;
  HashTree entries = EntriesOf(state, address.group, WritableHeader(node));
  return PutIntoMap(&entries, state->alignment(), map_probe, wanted, value, charge);
}

spw_code RemoveMapEntry(State* state, const EntryAddress& address, BytesView map_key) {
  HashTree tree = state->TreeOf(address.group);
  Node* node = tree.Find(address.probe);
  if (node == nullptr) return SPW_ABSENT;
  const Probe map_probe = MapProbe(map_key);
  const MapHeader header = MapHeaderOf(node);
  Node* entry = FindNode(&header.entries.word, map_probe);
  if (entry == nullptr) return SPW_ABSENT;
  if (header.entries.count == 1) {
    ClearEntry(state, address);
    return SPW_OK;
  }
  node = tree.Writable(address.probe, node, Charge::kOverdraft);
  EntriesOf(state, address.group, WritableHeader(node)).Remove(map_probe, entry);
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
