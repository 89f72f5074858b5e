// Pages of run files: sealing, verifying, and the blocks of records in them.
//
// A page is a whole number of units; its header tells where it belongs, and its checksum covers all of it, so a page
// that was damaged or is not where it should be is found before anything in it is believed. Any thread; a PageScratch
// is for one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spill/run_format.h"
#include "spillway/bytes.h"
#include "spillway/status.h"

namespace spillway::spill {

// What error messages name: the file, and the section when there is one.
struct PagePlace {
  const std::string* path = nullptr;
  uint64_t file_id = 0;
  bool in_section = false;
  uint32_t state = 0;
  uint32_t key_group = 0;
};

// Corruption, saying where: "/x/7.run, section (state 2, key group 5), offset 8192: <what>".
[[nodiscard]] Status CorruptPage(const PagePlace& place, uint64_t unit, const std::string& what);

// Fills the header of a page whose payload is in place, and zeroes the padding.
void SealPage(char* page, uint64_t file_id, uint32_t unit, uint32_t units, PageKind kind, uint16_t blocks,
              uint32_t payload_bytes);

// The units that the page says to have, 1 to `units_max`, before it can be verified.
[[nodiscard]] Result<uint32_t> PageUnits(const PagePlace& place, uint32_t unit, BytesView first_unit,
                                         uint64_t units_max);
// `page` is all of it.
[[nodiscard]] Result<PageHeader> VerifyPage(const PagePlace& place, uint32_t unit, PageKind kind, BytesView page);

// Where blocks are decompressed; grows to the largest.
class PageScratch {
 public:
  char* Reserve(uint64_t size) {
    if (bytes_.size() < size) bytes_.resize(size);
    return bytes_.data();
  }
  // Gives back what large records took.
  void Shrink() {
    if (bytes_.size() > kBlockRawMax) bytes_ = std::vector<char>();
  }
  [[nodiscard]] uint64_t memory_bytes() const { return bytes_.capacity(); }

 private:
  std::vector<char> bytes_;
};

// Verifies a page of records and returns the records of the section's block in it, within the page or the scratch.
[[nodiscard]] Result<BytesView> OpenBlock(const PagePlace& place, uint32_t unit, BytesView page, PageScratch* scratch);

}  // namespace spillway::spill
