#include "runtime/sources/generator_source.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace spillway::runtime {
namespace {

std::vector<std::string> ReadAll(GeneratorSource& source, const SourceSplit& split, size_t batch) {
  auto reader = source.OpenSplit(split);
  EXPECT_TRUE(reader.ok()) << reader.status().ToString();
  std::vector<std::string> words;
  for (;;) {
    const auto more = (*reader)->Read(batch, &words);
    EXPECT_TRUE(more.ok());
    if (!*more) return words;
  }
}

std::map<std::string, uint64_t> CountAll(const GeneratorOptions& options) {
  GeneratorSource source(options);
  std::map<std::string, uint64_t> counts;
  const auto splits = source.DiscoverSplits();
  for (const SourceSplit& split : *splits) {
    for (const std::string& word : ReadAll(source, split, 100)) ++counts[word];
  }
  return counts;
}

TEST(GeneratorSource, MakesTheRecordsOfItsVocabularyEvenly) {
  const auto counts = CountAll({.records = 100'003, .distinct = 100, .seed = 7});
  uint64_t records = 0;
  for (const auto& [word, count] : counts) {
    EXPECT_EQ(word.size(), kGeneratedWordBytes);
    EXPECT_GT(count, 800u) << word;
    EXPECT_LT(count, 1200u) << word;
    records += count;
  }
  EXPECT_EQ(records, 100'003u);
  EXPECT_EQ(counts.size(), 100u);
  EXPECT_EQ(counts, CountAll({.records = 100'003, .distinct = 100, .seed = 7}));
  EXPECT_NE(counts, CountAll({.records = 100'003, .distinct = 100, .seed = 8}));
}

TEST(GeneratorSource, AllWordsAreDistinct) {
  std::set<std::string> words;
  for (uint64_t i = 0; i < 200'000; ++i) words.insert(GeneratedWord(1, i));
  EXPECT_EQ(words.size(), 200'000u);
}

TEST(GeneratorSource, ResumesAtItsPosition) {
  GeneratorSource source({.records = 1000, .distinct = 50, .seed = 3});
  const SourceSplit split = (*source.DiscoverSplits())[5];
  const auto all = ReadAll(source, split, 64);
  EXPECT_EQ(source.SplitSize(split), all.size());
  auto reader = source.OpenSplit(split);
  std::vector<std::string> words;
  ASSERT_TRUE(*(*reader)->Read(17, &words));
  const auto rest = ReadAll(source, {split.id, (*reader)->Position()}, 10);
  words.insert(words.end(), rest.begin(), rest.end());
  EXPECT_EQ(words, all);
}

TEST(GeneratorSource, SplitsOfOtherWordsHaveOtherIds) {
  const auto id = [](GeneratorOptions options) { return (*GeneratorSource(options).DiscoverSplits())[0].id; };
  const std::string one = id({.records = 1000, .distinct = 50, .seed = 3});
  EXPECT_NE(one, id({.records = 1001, .distinct = 50, .seed = 3}));
  EXPECT_NE(one, id({.records = 1000, .distinct = 51, .seed = 3}));
  EXPECT_NE(one, id({.records = 1000, .distinct = 50, .seed = 4}));
}

TEST(GeneratorSource, PositionsThatDoNotFitAreRefused) {
  GeneratorSource large({.records = 100'000, .distinct = 1});
  auto reader = large.OpenSplit((*large.DiscoverSplits())[0]);
  std::vector<std::string> words;
  ASSERT_TRUE(*(*reader)->Read(5000, &words));
  GeneratorSource small({.records = 100, .distinct = 1});
  const std::string id = (*small.DiscoverSplits())[0].id;
  EXPECT_EQ(small.OpenSplit({id, (*reader)->Position()}).status().code(), StatusCode::kCorruption);
  EXPECT_EQ(small.OpenSplit({id, "\x02\x01"}).status().code(), StatusCode::kCorruption);
  EXPECT_EQ(small.OpenSplit((*large.DiscoverSplits())[0]).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(small.OpenSplit({"generator-99", {}}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(small.OpenSplit({"/etc/passwd", {}}).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace spillway::runtime
