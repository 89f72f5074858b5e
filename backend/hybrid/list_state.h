// Operations on list states. Owner thread only; answers as in value_state.h.
//
// The node of a list holds a ListHeader. Appending is all or nothing: new pieces are complete before the header knows
// them. Replacing and clearing are one write of the header; the old pieces are retired as one.
#pragma once

#include <cstdint>
#include <span>

#include "backend/hybrid/list_piece.h"
#include "backend/hybrid/state.h"
#include "spillway/plugin/abi.h"

namespace spillway::hybrid {

[[nodiscard]] inline ListHeader ListHeaderOf(const Node* node) {
  return LoadBytes<ListHeader>(ValueOf(node, alignof(uint64_t)).data());
}
[[nodiscard]] inline const Piece* LastPieceOf(const ListHeader& header) {
  return reinterpret_cast<const Piece*>(header.last);
}

// Whether it stands behind pieces that are not in memory.
[[nodiscard]] inline bool IsPartial(const Node* node) {
  return ListHeaderOf(node).partial != 0;
}

[[nodiscard]] spw_code AppendToList(State* state, const EntryAddress& address, std::span<const spw_bytes> elements);
// With the schema that they were written with, for restoring.
[[nodiscard]] spw_code AppendToListOfSchema(State* state, const EntryAddress& address,
                                            std::span<const spw_bytes> elements, uint32_t schema_id);
[[nodiscard]] spw_code ReplaceList(State* state, const EntryAddress& address, std::span<const spw_bytes> elements);
// Appends the lists of `sources` to that of `target`, in order, and removes them. All are of one key-group and differ.
[[nodiscard]] spw_code MergeLists(State* state, const EntryAddress& target, std::span<const EntryAddress> sources);

// Retires the pieces of a list that is no longer in the table.
void RetireList(State* state, uint32_t group, const ListHeader& header);

}  // namespace spillway::hybrid
