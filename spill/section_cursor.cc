#include "spill/section_cursor.h"

#include <algorithm>
#include <string>
#include <utility>

namespace spillway::spill {

SectionCursor::SectionCursor(IoEngine* engine, std::shared_ptr<const RunFile> run, uint32_t section,
                             uint64_t chunk_bytes)
    : engine_(engine),
      run_(std::move(run)),
      section_(section),
      chunk_units_(
          static_cast<uint32_t>(std::clamp<uint64_t>(chunk_bytes / kUnitBytes, 1, kIoPieceBytesMax / kUnitBytes))),
      unit_(run_->sections()[section].first_unit) {
  for (Chunk& chunk : chunks_) chunk.read.set_polled(false);
}

SectionCursor::~SectionCursor() {
  for (Chunk& chunk : chunks_) Discard(&chunk);
}

void SectionCursor::Discard(Chunk* chunk) {
  if (chunk->read.under_way()) {
    engine_->Cancel(&chunk->read);
    [[maybe_unused]] const Status ended = engine_->Await(&chunk->read);
  }
  chunk->units = 0;
}

Result<bool> SectionCursor::Next() {
  SPILLWAY_RETURN_IF_ERROR(failed_);
  Result<bool> next = NextChecked();
  if (!next.ok()) failed_ = next.status();
  return next;
}

Result<bool> SectionCursor::NextChecked() {
  const SectionEntry& entry = run_->sections()[section_];
  while (!decoder_.Next(&record_)) {
    if (!decoder_.ok()) return CorruptPage(run_->PlaceOf(section_), unit_, "a record before there is malformed");
    if (unit_ == entry.end_unit) {
      if (records_ == entry.records) return false;
      return CorruptPage(
          run_->PlaceOf(section_), unit_,
          "the section ends after " + std::to_string(records_) + " of " + std::to_string(entry.records) + " records");
    }
    SPILLWAY_RETURN_IF_ERROR(OpenPage());
  }
  if (record_.order < order_ || ++records_ > entry.records) {
    return CorruptPage(run_->PlaceOf(section_), unit_, "a record before there is out of order");
  }
  order_ = record_.order;
  return true;
}

Status SectionCursor::OpenPage() {
  SPILLWAY_ASSIGN_OR_RETURN(const BytesView page, Page());
  SPILLWAY_ASSIGN_OR_RETURN(const BytesView block, OpenBlock(run_->PlaceOf(section_), unit_, page, &scratch_));
  decoder_ = RecordDecoder(kind(), block);
  unit_ += static_cast<uint32_t>(page.size() / kUnitBytes);
  return {};
}

Result<BytesView> SectionCursor::Page() {
  const uint32_t end_unit = run_->sections()[section_].end_unit;
  Chunk* chunk = ChunkOf(unit_);
  if (chunk == nullptr) {
    for (Chunk& one : chunks_) Discard(&one);
    chunk = &chunks_[0];
    SPILLWAY_RETURN_IF_ERROR(Read(chunk, unit_));
  }
  SPILLWAY_RETURN_IF_ERROR(engine_->Await(&chunk->read));
  Chunk* other = chunk == &chunks_[0] ? &chunks_[1] : &chunks_[0];
  const uint32_t behind = chunk->unit + chunk->units;
  if (behind < end_unit && ChunkOf(behind) == nullptr) {
    Discard(other);
    SPILLWAY_RETURN_IF_ERROR(Read(other, behind));
  }
  const BytesView rest = chunk->buffer.View((unit_ - chunk->unit) * kUnitBytes, (behind - unit_) * kUnitBytes);
  SPILLWAY_ASSIGN_OR_RETURN(const uint32_t units, PageUnits(run_->PlaceOf(section_), unit_, rest, end_unit - unit_));
  if (unit_ + units <= behind) return rest.substr(0, units * kUnitBytes);
  return LargePage(units);
}

// One that does not lie within a chunk.
Result<BytesView> SectionCursor::LargePage(uint32_t units) {
  const uint64_t size = units * kUnitBytes;
  if (large_.size() < size) {
    SPILLWAY_ASSIGN_OR_RETURN(large_, AlignedBuffer::Allocate(size));
  }
  IoRequest request;
  request.Read(run_->file(), unit_ * kUnitBytes, large_.data(), size);
  SPILLWAY_RETURN_IF_ERROR(engine_->Execute(&request));
  return large_.View(0, size);
}

SectionCursor::Chunk* SectionCursor::ChunkOf(uint32_t unit) {
  for (Chunk& chunk : chunks_) {
    if (unit >= chunk.unit && unit - chunk.unit < chunk.units) return &chunk;
  }
  return nullptr;
}

Status SectionCursor::Read(Chunk* chunk, uint32_t unit) {
  if (chunk->buffer.size() == 0) {
    SPILLWAY_ASSIGN_OR_RETURN(chunk->buffer, AlignedBuffer::Allocate(chunk_units_ * kUnitBytes));
  }
  chunk->unit = unit;
  chunk->units = std::min(chunk_units_, run_->sections()[section_].end_unit - unit);
  chunk->read.Read(run_->file(), unit * kUnitBytes, chunk->buffer.data(), chunk->units * kUnitBytes);
  engine_->Submit(&chunk->read);
  engine_->Flush();
  return {};
}

uint64_t SectionCursor::memory_bytes() const {
  return chunks_[0].buffer.size() + chunks_[1].buffer.size() + large_.size() + scratch_.memory_bytes();
}

}  // namespace spillway::spill
