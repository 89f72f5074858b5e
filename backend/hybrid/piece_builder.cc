#include "backend/hybrid/piece_builder.h"

#include <algorithm>
#include <cstring>

namespace spillway::hybrid {

PieceBuilder::~PieceBuilder() {
  while (last_ != nullptr) {
    Piece* piece = last_;
    last_ = piece->previous;
    heap_->Free(piece, PieceBytes(piece), Category::kEntries);
  }
}

bool PieceBuilder::Fits(const Piece* piece, uint64_t element_size, uint32_t alignment) {
  return ElementOffset(piece->used, alignment) + element_size <= piece->capacity;
}

void PieceBuilder::Put(Piece* piece, BytesView element, uint32_t alignment) {
  const uint64_t begin = ElementOffset(piece->used, alignment);
  uint8_t* data = PieceData(piece) + begin;
  std::memset(PieceData(piece) + piece->used, 0, begin - piece->used);  // the gap, as it goes into files
  StoreBytes(data - sizeof(uint32_t), static_cast<uint32_t>(element.size()));
  if (!element.empty()) std::memcpy(data, element.data(), element.size());
  piece->used = static_cast<uint32_t>(begin + element.size());
  ++piece->elements;
}

bool PieceBuilder::Add(BytesView element, uint32_t schema_id, uint64_t upcoming) {
  if (last_ == nullptr || last_->schema_id != schema_id || !Fits(last_, element.size(), alignment_)) {
    const uint64_t needed = ElementOffset(0, alignment_) + element.size();
    // What is known to come, or twice the piece before, within bounds; and never less than this element.
    const uint64_t wanted =
        std::max(needed + upcoming, std::min<uint64_t>(2 * uint64_t{capacity_before_}, kPieceBytesMax - sizeof(Piece)));
    const uint64_t least = capacity_before_ == 0 ? 0 : kPieceBytesMin - sizeof(Piece);
    const uint64_t data = std::max({needed, least, std::min<uint64_t>(wanted, kPieceBytesMax - sizeof(Piece))});
    // All of the size class; above the classes no more than what was asked for.
    const uint64_t total = sizeof(Piece) + data;
    const uint64_t bytes = total <= kSmallObjectMax ? AllocatedBytes(total) : total;
    auto* piece = static_cast<Piece*>(heap_->Allocate(bytes, Category::kEntries, Charge::kWithinShare));
    if (piece == nullptr) return false;
    *piece = {last_, versions_->Stamp(), schema_id, 0, 0, static_cast<uint32_t>(bytes - sizeof(Piece)), 0};
    if (first_ == nullptr) first_ = piece;
    last_ = piece;
    capacity_before_ = piece->capacity;
  }
  Put(last_, element, alignment_);
  return true;
}

Piece* PieceBuilder::Release(Piece* before) {
  Piece* last = last_;
  if (first_ == nullptr) return before;
  first_->previous = before;
  first_ = last_ = nullptr;
  return last;
}

}  // namespace spillway::hybrid
