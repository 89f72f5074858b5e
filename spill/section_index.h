// The index of a section: where each of its blocks begins, in (order, sub) and in the file; and the section's filter.
//
// Built by a SectionIndexBuilder while the section is written; a SectionIndex is immutable, for any thread, and holds
// some twelve bytes a block and ten bits a key, which memory_bytes() counts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "spill/filter.h"
#include "spill/page.h"
#include "spill/run_format.h"
#include "spillway/status.h"

namespace spillway::spill {

class SectionIndexBuilder {
 public:
  FilterBuilder& filter() { return filter_; }
  // A block begins with this record in the page at `unit`; `tied`: with the order that the one before ended with.
  void AddBlock(uint64_t order, uint64_t sub, uint32_t unit, bool tied);
  // Appends the bytes and begins anew. Units are stored relative to `first_unit`.
  void Finish(uint32_t first_unit, std::string* out);
  [[nodiscard]] uint32_t blocks() const { return static_cast<uint32_t>(orders_.size()); }
  [[nodiscard]] uint64_t memory_bytes() const;

 private:
  std::vector<uint64_t> orders_;
  std::vector<uint64_t> subs_;
  std::vector<uint32_t> units_;
  bool has_subs_ = false;
  FilterBuilder filter_;
};

class SectionIndex {
 public:
  // `unit` is where the bytes come from, for messages.
  static Result<std::shared_ptr<const SectionIndex>> Parse(const SectionEntry& section, const PagePlace& place,
                                                           uint32_t unit, BytesView bytes);

  [[nodiscard]] uint32_t blocks() const { return static_cast<uint32_t>(orders_.size()); }
  [[nodiscard]] uint32_t unit(uint32_t block) const { return units_[block]; }
  // How many units the page of the block has, as its successor shows; the page of the last may be shared.
  [[nodiscard]] uint32_t units(uint32_t block) const {
    return (block + 1 < units_.size() ? units_[block + 1] : end_unit_) - units_[block];
  }
  [[nodiscard]] uint64_t first_order(uint32_t block) const { return orders_[block]; }
  // The first block that can hold a record with this (order, sub); none when the section begins behind it.
  [[nodiscard]] std::optional<uint32_t> FirstBlockOf(uint64_t order, uint64_t sub) const;
  // Whether records with this (order, sub) may go on in the block.
  [[nodiscard]] bool MayGoOnIn(uint32_t block, uint64_t order, uint64_t sub) const;
  [[nodiscard]] bool MayHold(uint64_t order, uint64_t sub, uint64_t hash) const {
    return filter_.MayHold(order, sub, hash, subs_unordered_);
  }
  [[nodiscard]] uint64_t memory_bytes() const;

 private:
  [[nodiscard]] uint64_t sub(uint32_t block) const { return subs_.empty() ? 0 : subs_[block]; }

  std::vector<uint64_t> orders_;
  std::vector<uint32_t> units_;
  std::vector<uint64_t> subs_;  // empty: no block begins with the order that the one before ended with
  uint32_t end_unit_ = 0;
  bool subs_unordered_ = false;
  bool blocks_tie_ = false;
  Filter filter_;
};

}  // namespace spillway::spill
