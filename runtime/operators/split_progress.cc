#include "spillway/stream/operators/split_progress.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace spillway {

namespace {

constexpr uint8_t kSplitsFormatVersion = 1;

}  // namespace

void SplitNumberSet::AddRun(uint64_t first, uint64_t end) {
  auto next = runs_.upper_bound(first);
  if (next != runs_.begin()) {
    if (auto before = std::prev(next); before->second >= first) {
      first = before->first;
      end = std::max(end, before->second);
      runs_.erase(before);
    }
  }
  while (next != runs_.end() && next->first <= end) {
    end = std::max(end, next->second);
    next = runs_.erase(next);
  }
  runs_[first] = end;
}

void SplitNumberSet::Add(uint64_t number) {
  AddRun(number, number + 1);
}

void SplitNumberSet::AddAll(const SplitNumberSet& other) {
  for (const auto& [first, end] : other.runs_) AddRun(first, end);
}

bool SplitNumberSet::Contains(uint64_t number) const {
  auto next = runs_.upper_bound(number);
  return next != runs_.begin() && std::prev(next)->second > number;
}

uint64_t SplitNumberSet::count() const {
  uint64_t sum = 0;
  for (const auto& [first, end] : runs_) sum += end - first;
  return sum;
}

void SplitNumberSet::Encode(ByteWriter& out) const {
  out.Varint(runs_.size());
  uint64_t position = 0;
  for (const auto& [first, end] : runs_) {
    out.Varint(first - position);
    out.Varint(end - first);
    position = end;
  }
}

bool SplitNumberSet::Decode(ByteReader& in, uint64_t limit) {
  runs_.clear();
  const uint64_t count = in.Varint();
  uint64_t position = 0;
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    const uint64_t gap = in.Varint();
    const uint64_t length = in.Varint();
    if (gap > limit - position || length > limit - position - gap || length == 0) return false;
    AddRun(position + gap, position + gap + length);
    position += gap + length;
  }
  return in.ok();
}

// version u8 | split count u64 | fingerprint u64 | finished set | number of started, each: number, framed position
std::string EncodeSourceCheckpoint(const SourceCheckpoint& checkpoint) {
  std::string blob;
  ByteWriter out(&blob);
  out.Fixed(kSplitsFormatVersion);
  out.Fixed(checkpoint.split_count);
  out.Fixed(checkpoint.fingerprint);
  checkpoint.finished.Encode(out);
  out.Varint(checkpoint.started.size());
  for (const auto& [number, position] : checkpoint.started) {
    out.Varint(number);
    out.Framed(position);
  }
  return blob;
}

Status DecodeSourceCheckpoint(BytesView blob, SourceCheckpoint* into) {
  ByteReader in(blob);
  const auto version = in.Fixed<uint8_t>();
  if (in.ok() && version != kSplitsFormatVersion) {
    return Status::VersionMismatch("the split positions have format " + std::to_string(version) +
                                   ", this program reads " + std::to_string(kSplitsFormatVersion));
  }
  SourceCheckpoint part;
  part.split_count = in.Fixed<uint64_t>();
  part.fingerprint = in.Fixed<uint64_t>();
  bool good = in.ok() && part.finished.Decode(in, part.split_count);
  const uint64_t started = in.Varint();
  for (uint64_t i = 0; good && i < started; ++i) {
    const uint64_t number = in.Varint();
    std::string position(in.Framed());
    good = in.ok() && number < part.split_count;
    part.started[number] = std::move(position);
  }
  if (!good || !in.ok() || !in.AtEnd()) return Status::Corruption("the split positions of a source cannot be read");
  if (into->split_count == 0 && into->fingerprint == 0) {
    into->split_count = part.split_count;
    into->fingerprint = part.fingerprint;
  } else if (into->split_count != part.split_count || into->fingerprint != part.fingerprint) {
    return Status::Corruption("the subtasks of a source speak of different inputs");
  }
  into->finished.AddAll(part.finished);
  for (auto& [number, position] : part.started) into->started[number] = std::move(position);
  return {};
}

}  // namespace spillway
