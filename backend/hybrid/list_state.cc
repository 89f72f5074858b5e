#include "backend/hybrid/list_state.h"

#include <algorithm>
#include <vector>

#include "backend/hybrid/cold_reader.h"
#include "backend/hybrid/instance.h"
#include "backend/hybrid/piece_builder.h"
#include "backend/hybrid/resident.h"
#include "backend/hybrid/spiller.h"
#include "backend/hybrid/value_state.h"

namespace spillway::hybrid {
namespace {

BytesView ElementOf(const spw_bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data), bytes.size};
}

uint64_t BytesFrom(std::span<const spw_bytes> elements, uint32_t alignment) {
  uint64_t bytes = 0;
  for (const spw_bytes& element : elements) bytes = ElementOffset(bytes, alignment) + element.size;
  return bytes;
}

[[nodiscard]] bool AddAll(PieceBuilder* builder, std::span<const spw_bytes> elements, uint32_t alignment,
                          uint32_t schema_id) {
  uint64_t upcoming = BytesFrom(elements, alignment);
  for (const spw_bytes& element : elements) {
    upcoming -= std::min<uint64_t>(upcoming, element.size);
    if (!builder->Add(ElementOf(element), schema_id, upcoming)) return false;
  }
  return true;
}

void StoreHeader(Node* node, const ListHeader& header) {
  StoreBytes(MutableValueOf(node, alignof(uint64_t)), header);
}

// Whether an append has to go behind what runs hold of a list that is not in memory.
bool MayBeCold(const State& state, const EntryAddress& address) {
  const KeyGroupTable& table = state.table(address.group);
  return !table.resident() && MayBeIn(*table.spilled->runs, KeyInRuns(address.probe));
}

// A list that was cleared, and whose node hides what runs hold, gets the builder's pieces.
spw_code ReviveList(State* state, const EntryAddress& address, Node* node, PieceBuilder* pieces) {
  HashTree tree = state->TreeOf(address.group);
  node = tree.Writable(address.probe, node, Charge::kWithinShare);
  if (node == nullptr) return SPW_OUT_OF_MEMORY;
  const uint32_t created = state->table(address.group).versions.Stamp();
  StoreHeader(node, {reinterpret_cast<uintptr_t>(pieces->Release(nullptr)), created, 0, 0});
  node->sizes &= ~kNodeTombstone;
  state->instance()->CountEntries(1);
  return SPW_OK;
}

// A list that was not in memory, or was cleared, made of what the builder holds; `appends`: behind what runs may hold.
spw_code InsertList(State* state, const EntryAddress& address, Node* hidden, PieceBuilder* pieces, bool appends) {
  if (hidden != nullptr) return ReviveList(state, address, hidden, pieces);
  const bool cold = MayBeCold(*state, address);
  const bool partial = cold && appends;
  HashTree tree = state->TreeOf(address.group);
  const Probe& probe = address.probe;
  Node* node = tree.NewNode({sizeof(ListHeader), static_cast<uint32_t>(probe.key.size()),
                             static_cast<uint32_t>(probe.state_namespace.size()), 0, false, false},
                            probe, Charge::kWithinShare);
  if (node == nullptr) return SPW_OUT_OF_MEMORY;
  // Whole before the table knows it. The pieces stay the builder's until then.
  const uint32_t created = state->table(address.group).versions.Stamp();
  StoreHeader(node, {reinterpret_cast<uintptr_t>(pieces->last()), created, static_cast<uint16_t>(partial ? 1 : 0), 0});
  if (!tree.Insert(probe, node, Charge::kWithinShare)) {
    tree.DropNode(node);
    return SPW_OUT_OF_MEMORY;
  }
  (void)pieces->Release(nullptr);
  state->instance()->CountEntries(1);
  if (cold) state->instance()->spiller()->NoteCold(state->table(address.group).spilled.get(), -1);
  return SPW_OK;
}

// What was flushed is never extended: the file has the piece as it was.
bool IsExtensible(const KeyGroupTable& table, const Piece* last, uint32_t schema_id) {
  return last != nullptr && !table.versions.IsFrozen(last->birth) && last->birth > table.flushed_epoch() &&
         last->clean == 0 && last->schema_id == schema_id;
}

void CopyPieces(const Piece* last, std::vector<const Piece*>* in_order) {
  const size_t begin = in_order->size();
  for (const Piece* piece = last; piece != nullptr; piece = piece->previous) in_order->push_back(piece);
  std::reverse(in_order->begin() + static_cast<std::ptrdiff_t>(begin), in_order->end());
}

}  // namespace

spw_code AppendToList(State* state, const EntryAddress& address, std::span<const spw_bytes> elements) {
  return AppendToListOfSchema(state, address, elements, state->value_schema());
}

spw_code AppendToListOfSchema(State* state, const EntryAddress& address, std::span<const spw_bytes> elements,
                              uint32_t schema_id) {
  if (elements.empty()) return SPW_OK;
  const uint32_t alignment = state->alignment();
  Heap& heap = state->instance()->heap();
  KeyGroupTable& table = state->table(address.group);
  Versions& versions = table.versions;
  HashTree tree = state->TreeOf(address.group);
  Node* node = tree.Find(address.probe);
  if (node == nullptr || IsTombstone(node)) {
    PieceBuilder pieces(&heap, &versions, alignment, 0);
    if (!AddAll(&pieces, elements, alignment, schema_id)) return SPW_OUT_OF_MEMORY;
    return InsertList(state, address, node, &pieces, true);
  }
  node = tree.Writable(address.probe, node, Charge::kWithinShare);
  if (node == nullptr) return SPW_OUT_OF_MEMORY;
  ListHeader header = ListHeaderOf(node);
  auto* last = reinterpret_cast<Piece*>(header.last);

  // As many as fit the last piece, if it may be written; the rest into new pieces, which must be had first.
  size_t fitting = 0;
  if (IsExtensible(table, last, schema_id)) {
    uint64_t used = last->used;
    while (fitting < elements.size()) {
      const uint64_t end = ElementOffset(used, alignment) + elements[fitting].size;
      if (end > last->capacity) break;
      used = end;
      ++fitting;
    }
  }
  PieceBuilder pieces(&heap, &versions, alignment, last == nullptr ? 0 : last->capacity);
  if (!AddAll(&pieces, elements.subspan(fitting), alignment, schema_id)) return SPW_OUT_OF_MEMORY;
  for (const spw_bytes& element : elements.first(fitting)) {
    PieceBuilder::Put(last, ElementOf(element), alignment);
  }
  header.last = reinterpret_cast<uintptr_t>(pieces.Release(last));
  StoreHeader(node, header);
  return SPW_OK;
}

spw_code ReplaceList(State* state, const EntryAddress& address, std::span<const spw_bytes> elements) {
  if (elements.empty()) {
    ClearEntry(state, address);
    return SPW_OK;
  }
  Heap& heap = state->instance()->heap();
  Versions& versions = state->table(address.group).versions;
  PieceBuilder pieces(&heap, &versions, state->alignment(), 0);
  if (!AddAll(&pieces, elements, state->alignment(), state->value_schema())) return SPW_OUT_OF_MEMORY;
  HashTree tree = state->TreeOf(address.group);
  Node* node = tree.Find(address.probe);
  if (node == nullptr || IsTombstone(node)) return InsertList(state, address, node, &pieces, false);
  node = tree.Writable(address.probe, node, Charge::kWithinShare);
  if (node == nullptr) return SPW_OUT_OF_MEMORY;
  const ListHeader replaced = ListHeaderOf(node);
  Piece* last = pieces.Release(nullptr);
  StoreHeader(node, {reinterpret_cast<uintptr_t>(last), versions.Stamp(), 0, 0});
  RetireList(state, address.group, replaced);
  return SPW_OK;
}

void RetireList(State* state, uint32_t group, const ListHeader& header) {
  state->instance()->heap().RetirePieces(&state->table(group).versions, reinterpret_cast<void*>(header.last),
                                         header.created);
}

spw_code MergeLists(State* state, const EntryAddress& target, std::span<const EntryAddress> sources) {
  const uint32_t alignment = state->alignment();
  Heap& heap = state->instance()->heap();
  Versions& versions = state->table(target.group).versions;
  HashTree tree = state->TreeOf(target.group);

  std::vector<const Piece*> moved;
  for (const EntryAddress& source : sources) {
    spw_code code = SPW_OK;
    Node* node = ResidentList(state, source, &code);
    if (code != SPW_OK) return code;
    if (node != nullptr) state->instance()->NoteShownCollection(node);  // so that it stays while the next ones come in
  }
  for (const EntryAddress& source : sources) {
    const Node* node = tree.Find(source.probe);
    if (node != nullptr && !IsTombstone(node)) CopyPieces(LastPieceOf(ListHeaderOf(node)), &moved);
  }
  if (moved.empty()) return SPW_OK;
  Node* node = tree.Find(target.probe);
  const bool is_there = node != nullptr && !IsTombstone(node);
  if (is_there) {
    node = tree.Writable(target.probe, node, Charge::kWithinShare);
    if (node == nullptr) return SPW_OUT_OF_MEMORY;
  }
  ListHeader header = is_there ? ListHeaderOf(node) : ListHeader{};
  auto* last = reinterpret_cast<Piece*>(header.last);
  uint64_t upcoming = 0;
  for (const Piece* piece : moved) upcoming += piece->used;
  PieceBuilder pieces(&heap, &versions, alignment, last == nullptr ? 0 : last->capacity);
  for (const Piece* piece : moved) {
    PieceReader reader(piece, alignment);
    BytesView element;
    while (reader.Next(&element)) {
      upcoming -= std::min<uint64_t>(upcoming, element.size());
      if (!pieces.Add(element, piece->schema_id, upcoming)) return SPW_OUT_OF_MEMORY;
    }
  }
  if (!is_there) {
    if (const spw_code code = InsertList(state, target, node, &pieces, true); code != SPW_OK) return code;
  } else {
    header.last = reinterpret_cast<uintptr_t>(pieces.Release(last));
    StoreHeader(node, header);
  }
  for (const EntryAddress& source : sources) ClearEntry(state, source);
  return SPW_OK;
}

}  // namespace spillway::hybrid
