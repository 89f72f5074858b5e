// Walks the elements of a pinned list in order. Any thread that holds a view from when the header was read.
//
// Pieces know the one before them, so their addresses are gathered first: eight bytes for each piece.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/hybrid/list_piece.h"
#include "spillway/bytes.h"

namespace spillway::hybrid {

class ListWalk {
 public:
  // Begins a list anew; `last` null: an empty one.
  void Begin(const Piece* last, uint32_t alignment) {
    alignment_ = alignment;
    pieces_.clear();
    for (const Piece* piece = last; piece != nullptr; piece = piece->previous) pieces_.push_back(piece);
    reader_ = PieceReader();
    piece_ = nullptr;
  }
  // False at the end.
  bool Next(BytesView* element, uint32_t* schema_id) {
    while (!reader_.Next(element)) {
      if (pieces_.empty()) return false;
      piece_ = pieces_.back();
      pieces_.pop_back();
      reader_ = PieceReader(piece_, alignment_);
    }
    *schema_id = piece_->schema_id;
    return true;
  }
  [[nodiscard]] uint64_t bytes() const { return pieces_.capacity() * sizeof(const Piece*); }

 private:
  uint32_t alignment_ = 1;
  std::vector<const Piece*> pieces_;  // those to come, the next one last
  const Piece* piece_ = nullptr;
  PieceReader reader_;
};

}  // namespace spillway::hybrid
