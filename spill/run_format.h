// The numbers of run files: what FORMAT.md describes, as constants and structs. Nothing here does I/O.
//
// Structs are written and read by memcpy (StoreBytes, LoadBytes); their layout is asserted. Any thread.
#pragma once

#include <cstdint>

#include "spill/aligned_buffer.h"

namespace spillway::spill {

inline constexpr uint32_t kRunFormatVersion = 1;
inline constexpr uint64_t kRunMagic = 0x314e'5552'4c50'5753;  // "SPWLRUN1"
inline constexpr uint64_t kUnitBytes = kIoAlignment;          // pages are multiples of it

// Limits. A file that exceeds one is refused, and so is a record that would make it.
inline constexpr uint64_t kRecordBytesMax = 320 << 20;    // of a record as it is encoded
inline constexpr uint64_t kBlockRawMax = 16 * 1024 - 64;  // of a block of several records, so that it fits four units
inline constexpr uint32_t kPageUnitsShared = 4;           // at most, of a page with several records
inline constexpr uint32_t kSectionsMax = 1 << 20;
inline constexpr uint64_t kMetadataBytesMax = 1 << 20;
inline constexpr uint64_t kRunUnitsMax = UINT32_MAX;

enum class SectionKind : uint8_t { kValue = 1, kList = 2, kMap = 3, kTimer = 4 };  // the numbers of spw_state_kind
enum class PageKind : uint16_t { kRecords = 1, kIndex = 2, kFooter = 3, kTrailer = 4 };

struct PageHeader {
  uint64_t checksum;  // XXH3-64 of all that follows in the page, padding too
  uint64_t file_id;
  uint32_t unit;  // where the page begins
  uint32_t units;
  PageKind kind;
  uint16_t blocks;         // of a page of records
  uint32_t payload_bytes;  // behind this header; zeros follow
};
static_assert(sizeof(PageHeader) == 32);

struct BlockHeader {
  uint32_t state;
  uint32_t key_group;
  uint32_t stored_bytes;  // equal to raw_bytes: as they are, else compressed by LZ4
  uint32_t raw_bytes;
  uint32_t used_bytes;  // whole records; the rest of the raw bytes is the begin of one that did not fit
  uint32_t records;
};
static_assert(sizeof(BlockHeader) == 24);

// In the (order, sub) of its blocks: see FORMAT.md, 'Look-up'.
inline constexpr uint8_t kSectionSubsUnordered = 1;  // sub does not ascend within an order: keys of one hash
inline constexpr uint8_t kSectionBlocksTie = 2;  // a block begins with the (order, sub) that the one before ends with

struct SectionEntry {
  uint32_t state;
  uint32_t key_group;
  SectionKind kind;
  uint8_t flags;
  uint16_t reserved;
  uint32_t blocks;
  uint64_t records;
  uint64_t deletes;
  uint64_t first_order;
  uint64_t last_order;
  uint32_t first_unit;  // its blocks lie in the pages of [first_unit, end_unit), in order
  uint32_t end_unit;
  uint32_t index_unit;  // the page with its index and filter,
  uint32_t index_units;
  uint32_t index_offset;  // and where in the payload they are
  uint32_t index_bytes;
  uint64_t raw_bytes;
  uint64_t stored_bytes;
};
static_assert(sizeof(SectionEntry) == 88);

struct RunTrailer {
  uint64_t magic;
  uint32_t version;
  uint32_t units;  // of the file
  uint32_t footer_unit;
  uint32_t footer_units;
  uint32_t sections;
  uint32_t metadata_bytes;
  uint64_t records;
};
static_assert(sizeof(RunTrailer) == 40);

}  // namespace spillway::spill
