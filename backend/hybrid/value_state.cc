#include "backend/hybrid/value_state.h"

#include <cstring>

#include "backend/hybrid/instance.h"
#include "backend/hybrid/list_state.h"
#include "backend/hybrid/map_state.h"

namespace spillway::hybrid {
namespace {

NodeSizes SizesFor(const Probe& probe, uint64_t value_size, uint32_t schema_id) {
  return {static_cast<uint32_t>(value_size), static_cast<uint32_t>(probe.key.size()),
          static_cast<uint32_t>(probe.state_namespace.size()), schema_id, false};
}

// A new node with the value in it (zeroes when `value` is null) in the table; nullptr when there is no memory.
Node* InsertValue(State* state, HashTree* tree, const EntryAddress& address, const NodeSizes& sizes, const char* value,
                  Charge charge) {
  Node* node = tree->NewNode(sizes, address.probe, charge);
  if (node == nullptr) return nullptr;
  uint8_t* at = MutableValueOf(node, state->node_alignment());
  if (value == nullptr) {
    std::memset(at, 0, sizes.value);
  } else {
    std::memcpy(at, value, sizes.value);
  }
  if (!tree->Insert(address.probe, node, charge)) {
    tree->DropNode(node);
    return nullptr;
  }
  state->instance()->CountEntries(1);
  return node;
}

}  // namespace

spw_view ViewOf(const Node* node, uint32_t alignment) {
  const NodeSizes sizes = SizesOf(node);
  if (sizes.null) return {nullptr, 0, sizes.schema_id, SPW_VIEW_NULL};
  return {BytesOf(node) + ValueOffset(sizes, IsWide(node), alignment), sizes.value, sizes.schema_id, 0};
}

spw_code GetValue(const State& state, const EntryAddress& address, spw_view* out) {
  const Node* node = FindNode(&state.table(address.group).root.word, address.probe);
  if (node == nullptr) return SPW_ABSENT;
  *out = ViewOf(node, state.alignment());
  return SPW_OK;
}

spw_code GetValueForUpdate(State* state, const EntryAddress& address, uint64_t create_size, spw_mut_view* out) {
  HashTree tree = state->TreeOf(address.group);
  Node* node = tree.Find(address.probe);
  uint32_t created = 0;
  if (node != nullptr) {
    node = tree.Writable(address.probe, node, Charge::kWithinShare);
  } else {
    if (create_size == SPW_DO_NOT_CREATE) return SPW_ABSENT;
    node = InsertValue(state, &tree, address, SizesFor(address.probe, create_size, state->value_schema()), nullptr,
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
  if (node == nullptr) {
    return InsertValue(state, &tree, address, wanted, value.data(), charge) == nullptr ? SPW_OUT_OF_MEMORY : SPW_OK;
  }
  const NodeSizes sizes = SizesOf(node);
  if (sizes.value == wanted.value && sizes.schema_id == wanted.schema_id) {
    node = tree.Writable(address.probe, node, charge);
    if (node == nullptr) return SPW_OUT_OF_MEMORY;
    // The value may be a view of this very entry.
    std::memmove(MutableValueOf(node, state->node_alignment()), value.data(), value.size());
    return SPW_OK;
  }
  Node* replacement = tree.NewNode(wanted, address.probe, charge);
  if (replacement == nullptr) return SPW_OUT_OF_MEMORY;
  std::memcpy(MutableValueOf(replacement, state->node_alignment()), value.data(), value.size());
  if (!tree.Replace(address.probe, node, replacement, charge)) {
    tree.DropNode(replacement);
    return SPW_OUT_OF_MEMORY;
  }
  return SPW_OK;
}

void ClearEntry(State* state, const EntryAddress& address) {
  HashTree tree = state->TreeOf(address.group);
  Node* node = tree.Find(address.probe);
  if (node == nullptr) return;
  // The removal may fail for want of the system's memory: only then is what hangs on the node let go.
  ListHeader list{};
  MapHeader map{};
  if (state->kind() == SPW_STATE_LIST) list = ListHeaderOf(node);
  if (state->kind() == SPW_STATE_MAP) map = MapHeaderOf(node);
  tree.Remove(address.probe, node);
  state->instance()->CountEntries(-1);
  if (state->kind() == SPW_STATE_LIST) RetireList(state, address.group, list);
  if (state->kind() == SPW_STATE_MAP) RetireMap(state, address.group, map);
}

}  // namespace spillway::hybrid
