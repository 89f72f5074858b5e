#include "backend/hybrid/evictor.h"

#include <optional>

#include "backend/hybrid/instance.h"
#include "backend/hybrid/list_state.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/spiller.h"

namespace spillway::hybrid {
namespace {

uint64_t FreePieces(Heap* heap, const ListHeader& header) {
  uint64_t freed = 0;
  for (auto* piece = reinterpret_cast<Piece*>(header.last); piece != nullptr;) {
    Piece* previous = piece->previous;
    const uint64_t bytes = PieceBytes(piece);
    freed += AllocatedBytes(bytes);
    heap->Free(piece, bytes, Category::kEntries);
    piece = previous;
  }
  return freed;
}

}  // namespace

void Evictor::NextTable() {
  hand_ = 0;
  const size_t states = instance_->states().size();
  if (!groups_.empty() && ++at_state_ < states) return;
  at_state_ = 0;
  if (!groups_.empty() && ++at_group_ < groups_.size()) return;
  fruitless_ = freed_in_round_ == 0 ? fruitless_ + 1 : 0;
  freed_in_round_ = 0;
  groups_ = heat_->ColdestFirst();
  at_group_ = 0;
}

uint64_t Evictor::Evict(uint64_t bytes, uint64_t segments, When when) {
  uint64_t freed = 0;
  if (instance_->states().empty()) return 0;
  if (groups_.empty()) NextTable();
  std::optional<ShownSet> shown;
  if (when == When::kInOperation) shown.emplace(instance_->shown());
  while (freed < bytes && segments > 0 && !exhausted()) {
    if (at_state_ >= instance_->states().size()) NextTable();
    State* state = instance_->states()[at_state_].get();
    const uint32_t group = groups_[at_group_];
    const KeyGroupTable& table = state->table(group);
    if (state->kind() == SPW_STATE_TIMER || table.root.count == 0 || table.spilled == nullptr ||
        table.versions.HasViews()) {
      NextTable();
      continue;
    }
    --segments;
    const uint64_t freed_here = SweepSegment(state, group, shown ? &*shown : nullptr);
    freed += freed_here;
    freed_in_round_ += freed_here;
    if (hand_ == 0) NextTable();
  }
  return freed;
}

bool Evictor::IsKept(Node* node, uint32_t flushed_epoch, const ShownSet* shown) {
  const bool referenced = (node->structure & kNodeReferenced) != 0;
  node->structure &= kVersionMask;
  return referenced || node->value_version > flushed_epoch || (shown != nullptr && shown->Has(node));
}

uint64_t Evictor::SweepSegment(State* state, uint32_t group, const ShownSet* shown) {
  KeyGroupTable& table = state->table(group);
  const uint32_t flushed_epoch = table.spilled->flushed_epoch;
  const uint32_t alignment = state->node_alignment();
  Heap& heap = instance_->heap();
  uint64_t freed = 0;
  int64_t gone = 0;
  const auto drop = [&](Node* node) {
    const bool kept = IsKept(node, flushed_epoch, shown);
    const bool is_collection = state->kind() != SPW_STATE_VALUE;
    if (is_collection && shown != nullptr && shown->HasCollection(node)) return false;
    if (state->kind() == SPW_STATE_MAP && !IsTombstone(node)) {
      // What is in it first: a map goes when nothing of it is left in memory.
      freed += SweepMap(state, group, node, shown);
      if (kept || MapHeaderOf(node).entries.count != 0) return false;
    } else if (kept) {
      return false;
    }
    if (state->kind() == SPW_STATE_LIST) freed += FreePieces(&heap, ListHeaderOf(node));
    if (!IsTombstone(node)) ++gone;
    freed += AllocatedBytes(NodeBytes(node, alignment));
    return true;
  };
  HashTree tree = state->TreeOf(group);
  (void)tree.Sweep(&hand_, drop);
  if (gone > 0) {
    instance_->CountEntries(-gone);
    instance_->spiller()->NoteCold(table.spilled.get(), gone);
    Counters::Add(instance_->spiller()->figures().evicted, static_cast<uint64_t>(gone));
  }
  return freed;
}

uint64_t Evictor::SweepMap(State* state, uint32_t group, Node* node, const ShownSet* shown) {
  KeyGroupTable& table = state->table(group);
  auto* header = reinterpret_cast<MapHeader*>(MutableValueOf(node, alignof(uint64_t)));
  if (header->entries.count == 0) return 0;
  const uint32_t flushed_epoch = table.spilled->flushed_epoch;
  const uint32_t alignment = state->alignment();
  HashTree entries(&header->entries, &table.versions, &instance_->heap(), alignment);
  uint64_t freed = 0;
  uint32_t hand = 0;
  const auto drop = [&](Node* entry) {
    if (IsKept(entry, flushed_epoch, shown)) return false;
    if (IsTombstone(entry)) --header->tombstones;
    header->partial = 1;
    freed += AllocatedBytes(NodeBytes(entry, alignment));
    return true;
  };
  while (entries.Sweep(&hand, drop)) {
  }
  return freed;
}

}  // namespace spillway::hybrid
