// A seeded generator of words: `records` words out of `distinct` ones, 16 characters each, drawn uniformly.
//
// The words and how often each comes depend on records, distinct and seed alone: the splits are always the same
// sixteen, whatever the parallelism. Record i of the job is word number hash(seed, i) scaled to [0, distinct); word
// number w is 13 letters and digits of a bijection of w, which makes all words distinct, and 3 more of another hash of
// it. A position is the number of records of the split that were read. Threads as spillway/stream/source.h says.
#pragma once

#include <cstdint>
#include <string>

#include "spillway/stream/source.h"

namespace spillway::runtime {

struct GeneratorOptions {
  uint64_t records = 0;
  uint64_t distinct = 1;  // 1 … kGeneratorDistinctMax
  uint64_t seed = 1;
};

inline constexpr uint64_t kGeneratorDistinctMax = uint64_t{1} << 32;
inline constexpr uint32_t kGeneratorSplits = 16;
inline constexpr size_t kGeneratedWordBytes = 16;

// Word number `index` of the vocabulary of `seed`.
[[nodiscard]] std::string GeneratedWord(uint64_t seed, uint64_t index);

class GeneratorSource final : public Source<std::string> {
 public:
  // `distinct` must be within its limits.
  explicit GeneratorSource(GeneratorOptions options) : options_(options) {}

  Result<std::vector<SourceSplit>> DiscoverSplits() override;
  Result<std::unique_ptr<SplitReader<std::string>>> OpenSplit(const SourceSplit& split) override;
  [[nodiscard]] std::optional<uint64_t> SplitSize(const SourceSplit& split) const override;

 private:
  const GeneratorOptions options_;
};

}  // namespace spillway::runtime
