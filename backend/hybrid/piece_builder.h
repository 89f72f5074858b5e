// Builds the pieces that an append adds to a list, apart from the list until they are taken. Owner thread only.
//
// Owns the pieces until Release; destroyed before, it frees them.
#pragma once

#include <cstdint>
#include <span>

#include "backend/hybrid/heap.h"
#include "backend/hybrid/list_piece.h"
#include "backend/hybrid/versions.h"
#include "spillway/bytes.h"
#include "spillway/plugin/abi.h"

namespace spillway::hybrid {

class PieceBuilder {
 public:
  // `capacity_before`: of the piece that the new ones will follow, 0 when there is none; sizes grow from it.
  PieceBuilder(Heap* heap, Versions* versions, uint32_t alignment, uint32_t capacity_before)
      : heap_(heap), versions_(versions), alignment_(alignment), capacity_before_(capacity_before) {}
  ~PieceBuilder();
  PieceBuilder(const PieceBuilder&) = delete;
  PieceBuilder& operator=(const PieceBuilder&) = delete;

  // False when there is no memory; the builder may only be destroyed then. `upcoming`: bytes of elements that are
  // known to follow this one.
  [[nodiscard]] bool Add(BytesView element, uint32_t schema_id, uint64_t upcoming);
  [[nodiscard]] bool empty() const { return last_ == nullptr; }
  [[nodiscard]] const Piece* last() const { return last_; }
  // Puts the pieces behind `before` and gives up their ownership; the last one.
  [[nodiscard]] Piece* Release(Piece* before);

  // Whether the element fits the piece, and puts it there.
  [[nodiscard]] static bool Fits(const Piece* piece, uint64_t element_size, uint32_t alignment);
  static void Put(Piece* piece, BytesView element, uint32_t alignment);

 private:
  Heap* const heap_;
  Versions* const versions_;
  const uint32_t alignment_;
  uint32_t capacity_before_;
  Piece* first_ = nullptr;
  Piece* last_ = nullptr;
};

}  // namespace spillway::hybrid
