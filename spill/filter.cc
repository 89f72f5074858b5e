#include "spill/filter.h"

#include <algorithm>
#include <tuple>

namespace spillway::spill {
namespace {

constexpr uint32_t kBitsPerLine = kFilterLineBytes * 8;
constexpr int kProbes = 7;
constexpr uint64_t kHeadBytes = 8 + 8 + 4;

uint64_t LineOf(uint64_t hash, uint32_t lines) {
  return ((hash >> 32) * lines) >> 32;
}
// Nine bits for each probe.
uint64_t ProbesOf(uint64_t hash) {
  return hash * 0x9e37'79b9'7f4a'7c15;
}

}  // namespace

void FilterBuilder::Add(uint64_t order, uint64_t sub, uint64_t hash) {
  if (hashes_.size() == kFilterSegmentKeys) CloseSegment();
  if (hashes_.empty()) {
    first_order_ = order;
    first_sub_ = sub;
  } else if (hashes_.back() == hash) {
    return;
  }
  hashes_.push_back(hash);
}

void FilterBuilder::CloseSegment() {
  const auto bits = static_cast<uint32_t>(hashes_.size()) * kFilterBitsPerKey;
  const uint32_t lines = std::max(1u, (bits + kBitsPerLine - 1) / kBitsPerLine);
  ByteWriter head(&heads_);
  head.Fixed(first_order_);
  head.Fixed(first_sub_);
  head.Fixed(lines);
  ++segments_;
  const size_t begin = lines_.size();
  lines_.resize(begin + size_t{lines} * kFilterLineBytes);
  for (const uint64_t hash : hashes_) {
    char* line = lines_.data() + begin + LineOf(hash, lines) * kFilterLineBytes;
    uint64_t probes = ProbesOf(hash);
    for (int i = 0; i < kProbes; ++i, probes >>= 9) {
      const uint64_t bit = probes % kBitsPerLine;
      line[bit / 8] = static_cast<char>(line[bit / 8] | (1 << (bit % 8)));
    }
  }
  hashes_.clear();
}

void FilterBuilder::Finish(std::string* out) {
  if (!hashes_.empty()) CloseSegment();
  ByteWriter writer(out);
  writer.Fixed(segments_);
  writer.Raw(heads_);
  writer.Raw(lines_);
  segments_ = 0;
  heads_.clear();
  lines_.clear();
}

bool Filter::Parse(BytesView bytes) {
  ByteReader reader(bytes);
  const auto count = reader.Fixed<uint32_t>();
  if (!reader.ok() || count > reader.remaining() / kHeadBytes) return false;
  segments_.clear();
  segments_.reserve(count);
  uint64_t lines = 0;
  for (uint32_t i = 0; i < count; ++i) {
    Segment segment{};
    segment.first_order = reader.Fixed<uint64_t>();
    segment.first_sub = reader.Fixed<uint64_t>();
    segment.lines = reader.Fixed<uint32_t>();
    segment.first_line = static_cast<uint32_t>(lines);
    lines += segment.lines;
    if (segment.lines == 0 || lines > UINT32_MAX) return false;
    segments_.push_back(segment);
  }
  if (reader.remaining() != lines * kFilterLineBytes) return false;
  lines_ = reader.Raw(reader.remaining());
  return true;
}

bool Filter::MayHold(uint64_t order, uint64_t sub, uint64_t hash, bool anywhere) const {
  if (anywhere) {
    return std::any_of(segments_.begin(), segments_.end(),
                       [&](const Segment& segment) { return SegmentMayHold(segment, hash); });
  }
  const auto after = std::upper_bound(
      segments_.begin(), segments_.end(), std::tie(order, sub),
      [](const auto& key, const Segment& segment) { return key < std::tie(segment.first_order, segment.first_sub); });
  // Records of one (order, sub) may begin in the segment before the one that begins with it.
  for (auto at = after; at != segments_.begin();) {
    --at;
    if (SegmentMayHold(*at, hash)) return true;
    if (std::tie(at->first_order, at->first_sub) != std::tie(order, sub)) return false;
  }
  return false;
}

bool Filter::SegmentMayHold(const Segment& segment, uint64_t hash) const {
  const char* line = lines_.data() + (segment.first_line + LineOf(hash, segment.lines)) * kFilterLineBytes;
  uint64_t probes = ProbesOf(hash);
  for (int i = 0; i < kProbes; ++i, probes >>= 9) {
    const uint64_t bit = probes % kBitsPerLine;
    if ((line[bit / 8] & (1 << (bit % 8))) == 0) return false;
  }
  return true;
}

}  // namespace spillway::spill
