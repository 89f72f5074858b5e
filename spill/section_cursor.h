// SectionCursor: all records of one section, in order, with the next bytes being read while these are looked at.
//
// For compaction, snapshots and restore. Needs no index. Holds two chunks, a block, and the page of a large record if
// there is one, which memory_bytes() counts. For the thread that owns the engine; blocks when it is ahead of the disk.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "spill/aligned_buffer.h"
#include "spill/io_engine.h"
#include "spill/page.h"
#include "spill/record.h"
#include "spill/record_source.h"
#include "spill/run_file.h"
#include "spillway/status.h"

namespace spillway::spill {

inline constexpr uint64_t kCursorChunkBytes = 128 * 1024;

class SectionCursor final : public RecordSource {
 public:
  // The engine outlives the cursor. `chunk_bytes`: of each of the two, at least a unit, at most 512 KiB.
  SectionCursor(IoEngine* engine, std::shared_ptr<const RunFile> run, uint32_t section,
                uint64_t chunk_bytes = kCursorChunkBytes);
  ~SectionCursor() override;

  [[nodiscard]] Result<bool> Next() override;
  [[nodiscard]] const RunRecord& record() const override { return record_; }
  [[nodiscard]] SectionKind kind() const { return run_->sections()[section_].kind; }
  [[nodiscard]] uint64_t memory_bytes() const;

 private:
  struct Chunk {
    AlignedBuffer buffer;
    uint32_t unit = 0;
    uint32_t units = 0;  // 0: empty
    IoRequest read;
  };

  [[nodiscard]] Result<bool> NextChecked();
  [[nodiscard]] Status OpenPage();
  // The page that begins at unit_, all of it.
  [[nodiscard]] Result<BytesView> Page();
  [[nodiscard]] Result<BytesView> LargePage(uint32_t units);
  [[nodiscard]] Chunk* ChunkOf(uint32_t unit);
  [[nodiscard]] Status Read(Chunk* chunk, uint32_t unit);
  void Discard(Chunk* chunk);

  IoEngine* const engine_;
  const std::shared_ptr<const RunFile> run_;
  const uint32_t section_;
  const uint32_t chunk_units_;
  uint32_t unit_;  // of the page behind the current
  std::array<Chunk, 2> chunks_;
  AlignedBuffer large_;
  PageScratch scratch_;
  RecordDecoder decoder_;
  RunRecord record_;
  uint64_t records_ = 0;
  uint64_t order_ = 0;
  Status failed_;
};

}  // namespace spillway::spill
