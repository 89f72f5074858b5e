// The filter of a section: tells of most absent keys that they are, without a read.
//
// Blocked Bloom filters: every key sets seven bits of one line of 64 bytes, so a test touches one line. Keys come in
// the order of the section, so that the filter is built in passing: after kFilterSegmentKeys of them a segment is
// closed at its exact size of about ten bits a key, and the builder holds the hashes of one segment only. A test looks
// at the segment where the key would be. Wrong answers: never for a key that is there, about 1 % for others.
//
// A Filter is immutable and for any thread; a FilterBuilder for one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spillway/bytes.h"

namespace spillway::spill {

inline constexpr uint32_t kFilterSegmentKeys = 1 << 16;
inline constexpr uint32_t kFilterBitsPerKey = 10;
inline constexpr uint32_t kFilterLineBytes = 64;

class FilterBuilder {
 public:
  // By ascending (order, sub). The same hash twice in a row counts once.
  void Add(uint64_t order, uint64_t sub, uint64_t hash);
  // Appends the filter's bytes and begins anew.
  void Finish(std::string* out);
  [[nodiscard]] uint64_t memory_bytes() const { return hashes_.capacity() * 8 + lines_.capacity() + heads_.capacity(); }

 private:
  void CloseSegment();

  std::vector<uint64_t> hashes_;  // of the open segment
  uint64_t first_order_ = 0;      // of the open segment
  uint64_t first_sub_ = 0;
  uint32_t segments_ = 0;
  std::string heads_;
  std::string lines_;
};

class Filter {
 public:
  // False when the bytes are not those of a filter.
  bool Parse(BytesView bytes);
  // `anywhere`: the subs of the section are not in order, so look at all segments.
  [[nodiscard]] bool MayHold(uint64_t order, uint64_t sub, uint64_t hash, bool anywhere) const;
  [[nodiscard]] uint64_t memory_bytes() const { return segments_.capacity() * sizeof(Segment) + lines_.capacity(); }

 private:
  struct Segment {
    uint64_t first_order;
    uint64_t first_sub;
    uint32_t first_line;
    uint32_t lines;
  };
  [[nodiscard]] bool SegmentMayHold(const Segment& segment, uint64_t hash) const;

  std::vector<Segment> segments_;
  std::string lines_;
};

}  // namespace spillway::spill
