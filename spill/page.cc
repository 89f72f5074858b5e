#include "spill/page.h"

#include <lz4.h>
#include <xxhash.h>

#include <cstring>

namespace spillway::spill {
namespace {

constexpr uint64_t kChecksumBytes = sizeof(uint64_t);
// LZ4 makes of a byte at most 255.
constexpr uint64_t kLz4RatioMax = 255;
static_assert(kRecordBytesMax <= 0x7e00'0000, "LZ4 takes no larger input");

}  // namespace

Status CorruptPage(const PagePlace& place, uint64_t unit, const std::string& what) {
  std::string text = *place.path;
  if (place.in_section) {
    text += ", section (state " + std::to_string(place.state) + ", key group " + std::to_string(place.key_group) + ")";
  }
  return Status::Corruption(text + ", offset " + std::to_string(unit * kUnitBytes) + ": " + what);
}

void SealPage(char* page, uint64_t file_id, uint32_t unit, uint32_t units, PageKind kind, uint16_t blocks,
              uint32_t payload_bytes) {
  const uint64_t size = units * kUnitBytes;
  const uint64_t used = sizeof(PageHeader) + payload_bytes;
  std::memset(page + used, 0, size - used);
  PageHeader header{0, file_id, unit, units, kind, blocks, payload_bytes};
  StoreBytes(page, header);
  header.checksum = XXH3_64bits(page + kChecksumBytes, size - kChecksumBytes);
  StoreBytes(page, header.checksum);
}

Result<uint32_t> PageUnits(const PagePlace& place, uint32_t unit, BytesView first_unit, uint64_t units_max) {
  const auto header = LoadBytes<PageHeader>(first_unit.data());
  if (header.units == 0 || header.units > units_max) {
    return CorruptPage(place, unit,
                       "the page claims " + std::to_string(header.units) + " units, at most " +
                           std::to_string(units_max) + " are possible");
  }
  return header.units;
}

Result<PageHeader> VerifyPage(const PagePlace& place, uint32_t unit, PageKind kind, BytesView page) {
  const auto header = LoadBytes<PageHeader>(page.data());
  if (header.checksum != XXH3_64bits(page.data() + kChecksumBytes, page.size() - kChecksumBytes)) {
    return CorruptPage(place, unit, "the checksum of the page differs");
  }
  if (header.file_id != place.file_id || header.unit != unit || header.units * kUnitBytes != page.size()) {
    return CorruptPage(place, unit,
                       "there is a page of file " + std::to_string(header.file_id) + ", offset " +
                           std::to_string(header.unit * kUnitBytes) + ", " + std::to_string(header.units) +
                           " units, instead of file " + std::to_string(place.file_id) + ", " +
                           std::to_string(page.size() / kUnitBytes) + " units");
  }
  if (header.kind != kind) {
    return CorruptPage(place, unit,
                       "the page is of kind " + std::to_string(static_cast<int>(header.kind)) + ", not " +
                           std::to_string(static_cast<int>(kind)));
  }
  if (header.payload_bytes > page.size() - sizeof(PageHeader)) {
    return CorruptPage(place, unit, "the page claims a payload beyond its end");
  }
  return header;
}

Result<BytesView> OpenBlock(const PagePlace& place, uint32_t unit, BytesView page, PageScratch* scratch) {
  Result<PageHeader> header = VerifyPage(place, unit, PageKind::kRecords, page);
  if (!header.ok()) return header.status();
  ByteReader reader(page.substr(sizeof(PageHeader), header->payload_bytes));
  for (uint16_t i = 0; i < header->blocks; ++i) {
    const BytesView head = reader.Raw(sizeof(BlockHeader));
    if (!reader.ok()) break;
    const auto block = LoadBytes<BlockHeader>(head.data());
    const BytesView stored = reader.Raw(block.stored_bytes);
    if (!reader.ok()) break;
    if (block.state != place.state || block.key_group != place.key_group) continue;
    if (block.used_bytes == 0 || block.used_bytes > block.raw_bytes || block.raw_bytes > kRecordBytesMax ||
        (block.raw_bytes > kBlockRawMax && block.records != 1) ||
        block.raw_bytes > uint64_t{block.stored_bytes} * kLz4RatioMax || block.stored_bytes > block.raw_bytes) {
      return CorruptPage(place, unit, "the sizes of the block make no sense");
    }
    if (block.stored_bytes == block.raw_bytes) return stored.substr(0, block.used_bytes);
    char* raw = scratch->Reserve(block.raw_bytes);
    const int got =
        LZ4_decompress_safe(stored.data(), raw, static_cast<int>(stored.size()), static_cast<int>(block.raw_bytes));
    if (got < 0 || static_cast<uint32_t>(got) != block.raw_bytes) {
      return CorruptPage(place, unit, "the block cannot be decompressed");
    }
    return BytesView(raw, block.used_bytes);
  }
  if (!reader.ok()) return CorruptPage(place, unit, "the blocks of the page are cut short");
  return CorruptPage(place, unit, "the page has no block of the section");
}

}  // namespace spillway::spill
