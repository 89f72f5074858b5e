#include "runtime/sources/generator_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "spillway/bytes.h"

namespace spillway::runtime {
namespace {

constexpr uint8_t kPositionVersion = 1;
constexpr std::string_view kIdPrefix = "generator-";

// A bijection of 64-bit numbers that scatters them (the finalizer of SplitMix64).
constexpr uint64_t Scatter(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

struct Range {
  uint64_t first = 0;
  uint64_t count = 0;
};

Range RecordsOfSplit(uint64_t records, uint32_t split) {
  const uint64_t each = records / kGeneratorSplits;
  const uint64_t rest = records % kGeneratorSplits;
  return {split * each + std::min<uint64_t>(split, rest), each + (split < rest ? 1 : 0)};
}

// What all ids end with, so that a checkpoint of other words is not taken for one of these.
std::string IdSuffix(const GeneratorOptions& options) {
  return fmt::format(" of {} records, {} words, seed {}", options.records, options.distinct, options.seed);
}

std::optional<uint32_t> SplitNumber(std::string_view id, const GeneratorOptions& options) {
  const std::string suffix = IdSuffix(options);
  if (!id.starts_with(kIdPrefix) || !id.ends_with(suffix)) return std::nullopt;
  id.remove_prefix(kIdPrefix.size());
  id.remove_suffix(suffix.size());
  uint32_t number = 0;
  const auto parsed = std::from_chars(id.data(), id.data() + id.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != id.data() + id.size() || number >= kGeneratorSplits)
    return std::nullopt;
  return number;
}

class GeneratorReader final : public SplitReader<std::string> {
 public:
  GeneratorReader(GeneratorOptions options, Range range, uint64_t done)
      : options_(options), range_(range), done_(done), seed_(Scatter(options.seed)) {}

  Result<bool> Read(size_t records_max, std::vector<std::string>* out) override {
    const uint64_t count = std::min<uint64_t>(records_max, range_.count - done_);
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t drawn = Scatter(seed_ ^ (range_.first + done_ + i));
      const uint64_t index = ((drawn >> 32) * options_.distinct) >> 32;
      out->push_back(GeneratedWord(options_.seed, index));
    }
    done_ += count;
    return count > 0;
  }

  [[nodiscard]] std::string Position() const override {
    std::string bytes;
    ByteWriter writer(&bytes);
    writer.Fixed(kPositionVersion);
    writer.Varint(done_);
    return bytes;
  }
  [[nodiscard]] uint64_t Progress() const override { return done_; }

 private:
  const GeneratorOptions options_;
  const Range range_;
  uint64_t done_;
  const uint64_t seed_;
};

}  // namespace

std::string GeneratedWord(uint64_t seed, uint64_t index) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
  uint64_t bits = Scatter(index ^ Scatter(~seed));
  uint64_t more = Scatter(bits);
  std::string word(kGeneratedWordBytes, '\0');
  size_t at = 0;
  for (; at < 13; ++at, bits >>= 5) word[at] = kLetters[bits & 31];
  for (; at < kGeneratedWordBytes; ++at, more >>= 5) word[at] = kLetters[more & 31];
  return word;
}

Result<std::vector<SourceSplit>> GeneratorSource::DiscoverSplits() {
  std::vector<SourceSplit> splits;
  for (uint32_t split = 0; split < kGeneratorSplits; ++split)
    splits.push_back({fmt::format("{}{:02}{}", kIdPrefix, split, IdSuffix(options_)), {}});
  return splits;
}

Result<std::unique_ptr<SplitReader<std::string>>> GeneratorSource::OpenSplit(const SourceSplit& split) {
  const auto number = SplitNumber(split.id, options_);
  if (!number) return Status::InvalidArgument(fmt::format("'{}' is not a split of this generator", split.id));
  const Range range = RecordsOfSplit(options_.records, *number);
  uint64_t done = 0;
  if (!split.position.empty()) {
    ByteReader reader(split.position);
    const auto version = reader.Fixed<uint8_t>();
    done = reader.Varint();
    if (!reader.ok() || !reader.AtEnd() || version != kPositionVersion || done > range.count) {
      return Status::Corruption(fmt::format(
          "the stored position of {} does not fit; resume with the same --generate, --distinct and --seed", split.id));
    }
  }
  return std::unique_ptr<SplitReader<std::string>>(std::make_unique<GeneratorReader>(options_, range, done));
}

std::optional<uint64_t> GeneratorSource::SplitSize(const SourceSplit& split) const {
  const auto number = SplitNumber(split.id, options_);
  if (!number) return std::nullopt;
  return RecordsOfSplit(options_.records, *number).count;
}

}  // namespace spillway::runtime
