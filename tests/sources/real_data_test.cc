#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "runtime/sources/text_source.h"

namespace spillway::runtime {
namespace {

TEST(RealData, TheVmReadingsAreReadAndResumedFromTheMiddle) {
  const char* folder = std::getenv("SPILLWAY_DATA");
  const std::filesystem::path path =
      std::filesystem::path(folder == nullptr ? "../shared/data" : folder) / "azure-vm-noise-2023q4.csv.zst";
  if (!std::filesystem::exists(path))
    GTEST_SKIP() << "no " << path << "; set SPILLWAY_DATA to the folder of the real data";

  const auto bad_input = std::make_shared<BadInput>(true, [](const std::string&) {});
  TextSource source({path}, bad_input);
  const auto splits = source.DiscoverSplits();
  ASSERT_TRUE(splits.ok()) << splits.status().ToString();
  auto reader = source.OpenSplit(splits->front());
  uint64_t lines = 0;
  std::vector<TextLine> batch;
  for (bool more = true; more; batch.clear()) {
    more = *(*reader)->Read(10'000, &batch);
    lines += batch.size();
    if (lines == 750'000) reader = source.OpenSplit({splits->front().id, (*reader)->Position()});
    ASSERT_TRUE(batch.empty() || batch.back().line == lines);
  }
  EXPECT_EQ(lines, 1'503'709u);
  EXPECT_EQ((*reader)->Progress(), source.SplitSize(splits->front()));
}

}  // namespace
}  // namespace spillway::runtime
