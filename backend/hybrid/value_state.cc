#include "backend/hybrid/value_state.h"

#include <cstring>

#include "backend/hybrid/cold_reader.h"
#include "backend/hybrid/instance.h"
#include "backend/hybrid/list_state.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/resident.h"
#include "backend/hybrid/spiller.h"

namespace spillway::hybrid {
namespace {

NodeSizes SizesFor(const Probe& probe, uint64_t value_size, uint32_t schema_id) {
  return {static_cast<uint32_t>(value_size),
          static_cast<uint32_t>(probe.key.size()),
          static_cast<uint32_t>(probe.state_namespace.size()),
          schema_id,
          false,
          false};
}

// Puts the value (zeroes when it is null) into the place of `old_node`, of another size or a tombstone, or of none;
// nullptr when there is no memory.
Node* StoreValue(State* state, HashTree* tree, const EntryAddress& address, Node* old_node, const NodeSizes& sizes,
                 const char* value, Charge charge) {
  Node* node = tree->NewNode(sizes, address.probe, charge);
  if (node == nullptr) return nullptr;
  uint8_t* at = MutableValueOf(node, state->node_alignment());
  if (value == nullptr) {
    std::memset(at, 0, sizes.value);
  } else {
    std::memcpy(at, value, sizes.value);
  }
  const bool was_there = old_node != nullptr && !IsTombstone(old_node);
  const bool done = old_node == nullptr ? tree->Insert(address.probe, node, charge)
                                        : tree->Replace(address.probe, old_node, node, charge);
  if (!done) {
    tree->DropNode(node);
    return nullptr;
  }
  if (was_there) return node;
  state->instance()->CountEntries(1);
  KeyGroupTable& table = state->table(address.group);
  if (old_node == nullptr && !table.resident() && table.spilled->cold > 0 &&
      MayBeIn(*table.spilled->runs, KeyInRuns(address.probe))) {
    state->instance()->spiller()->NoteCold(table.spilled.get(), -1);  // it takes the place of one on disk
  }
  return node;
}

// Instead of an entry that runs may hold: a small node that hides it.
void PutTombstone(State* state, HashTree* tree, const EntryAddress& address, Node* old_node) {
  NodeSizes sizes = SizesFor(address.probe, 0, 0);
  sizes.tombstone = true;
  Node* node = tree->NewNode(sizes, address.probe, Charge::kOverdraft);
  if (old_node == nullptr) {
    (void)tree->Insert(address.probe, node, Charge::kOverdraft);
    SpilledTable* spilled = state->table(address.group).spilled.get();
    state->instance()->spiller()->NoteCold(spilled, -1);
  } else {
    (void)tree->Replace(address.probe, old_node, node, Charge::kOverdraft);
  }
}

// A list or map is cleared by its header, whose node stays as a tombstone or is made one.
void HideCollection(State* state, HashTree* tree, const EntryAddress& address, Node* node) {
  const bool is_map = state->kind() == SPW_STATE_MAP;
  const auto header_size = static_cast<uint32_t>(is_map ? sizeof(MapHeader) : sizeof(ListHeader));
  const bool inserted = node == nullptr;
  if (inserted) {
    node = tree->NewNode(SizesFor(address.probe, header_size, 0), address.probe, Charge::kOverdraft);
    (void)tree->Insert(address.probe, node, Charge::kOverdraft);
    state->instance()->spiller()->NoteCold(state->table(address.group).spilled.get(), -1);
  } else {
    node = tree->Writable(address.probe, node, Charge::kOverdraft);
  }
  node->sizes |= kNodeTombstone;
  uint8_t* value = MutableValueOf(node, alignof(uint64_t));
  const uint32_t now = state->table(address.group).versions.Stamp();
  if (is_map) {
    StoreBytes(value, MapHeader{{}, state->instance()->NextGeneration(), now, 0, 0, 0});
  } else {
    StoreBytes(value, ListHeader{0, now, 0, 0});
  }
}

}  // namespace

spw_view ViewOf(const Node* node, uint32_t alignment) {
  const NodeSizes sizes = SizesOf(node);
  if (sizes.null) return {nullptr, 0, sizes.schema_id, SPW_VIEW_NULL};
  return {BytesOf(node) + ValueOffset(sizes, IsWide(node), alignment), sizes.value, sizes.schema_id, 0};
}

spw_code GetValue(State* state, const EntryAddress& address, spw_view* out) {
  spw_code code = SPW_OK;
  Node* node = ResidentValue(state, address, &code);
  if (code != SPW_OK) return code;
  if (node == nullptr || IsTombstone(node)) return SPW_ABSENT;
  state->instance()->NoteShown(node);
  *out = ViewOf(node, state->alignment());
  return SPW_OK;
}

spw_code GetValueForUpdate(State* state, const EntryAddress& address, uint64_t create_size, spw_mut_view* out) {
  spw_code code = SPW_OK;
  Node* node = ResidentValue(state, address, &code);
  if (code != SPW_OK) return code;
  HashTree tree = state->TreeOf(address.group);
  uint32_t created = 0;
  if (node != nullptr && !IsTombstone(node)) {
    node = tree.Writable(address.probe, node, Charge::kWithinShare);
  } else {
    if (create_size == SPW_DO_NOT_CREATE) return SPW_ABSENT;
    node = StoreValue(state, &tree, address, node, SizesFor(address.probe, create_size, state->value_schema()), nullptr,
                      Charge::kWithinShare);
    created = 1;
  }
  if (node == nullptr) return SPW_OUT_OF_MEMORY;
  const NodeSizes sizes = SizesOf(node);
  *out = {MutableValueOf(node, state->node_alignment()), sizes.value, sizes.schema_id, created};
  state->instance()->NoteShown(node);
  return SPW_OK;
}

spw_code PutValue(State* state, const EntryAddress& address, BytesView value) {
  return PutValueOfSchema(state, address, value, state->value_schema());
}

spw_code PutValueOfSchema(State* state, const EntryAddress& address, BytesView value, uint32_t schema_id,
                          Charge charge) {
  HashTree tree = state->TreeOf(address.group);
  Node* node = tree.Find(address.probe);
  const NodeSizes wanted = SizesFor(address.probe, value.size(), schema_id);
  if (node != nullptr && !IsTombstone(node)) {
    const NodeSizes sizes = SizesOf(node);
    if (sizes.value == wanted.value && sizes.schema_id == wanted.schema_id) {
      node = tree.Writable(address.probe, node, charge);
      if (node == nullptr) return SPW_OUT_OF_MEMORY;
      // The value may be a view of this very entry.
      std::memmove(MutableValueOf(node, state->node_alignment()), value.data(), value.size());
      return SPW_OK;
    }
  }
  const char* bytes = value.empty() ? "" : value.data();
  return StoreValue(state, &tree, address, node, wanted, bytes, charge) == nullptr ? SPW_OUT_OF_MEMORY : SPW_OK;
}

void ClearEntry(State* state, const EntryAddress& address) {
  HashTree tree = state->TreeOf(address.group);
  KeyGroupTable& table = state->table(address.group);
  Node* node = tree.Find(address.probe);
  if (node != nullptr && IsTombstone(node)) return;
  const bool is_value = state->kind() == SPW_STATE_VALUE;
  const bool hides = IsHidden(table, KeyInRuns(address.probe));
  if (node == nullptr) {
    // Nothing of it is in memory, so no flush under way has it either.
    if (table.resident() || !MayBeIn(*table.spilled->runs, KeyInRuns(address.probe))) return;
    is_value ? PutTombstone(state, &tree, address, nullptr) : HideCollection(state, &tree, address, nullptr);
    return;
  }
  // The removal may fail for want of the system's memory: only then is what hangs on the node let go.
  ListHeader list{};
  MapHeader map{};
  if (state->kind() == SPW_STATE_LIST) list = ListHeaderOf(node);
  if (state->kind() == SPW_STATE_MAP) map = MapHeaderOf(node);
  if (!hides) {
    tree.Remove(address.probe, node);
  } else if (is_value) {
    PutTombstone(state, &tree, address, node);
  } else {
    HideCollection(state, &tree, address, node);
  }
  state->instance()->CountEntries(-1);
  if (state->kind() == SPW_STATE_LIST) RetireList(state, address.group, list);
  if (state->kind() == SPW_STATE_MAP) RetireMap(state, address.group, map);
}

}  // namespace spillway::hybrid
