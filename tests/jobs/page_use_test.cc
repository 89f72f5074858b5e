#include "runtime/jobs/page_use.h"

#include <gtest/gtest.h>

namespace spillway::runtime {
namespace {

TEST(PageUse, CountsAndMeasuresDistances) {
  PageUse use;
  use.Add(5);
  EXPECT_EQ(use.accesses, 1u);
  EXPECT_EQ(use.last_request, 5u);
  EXPECT_EQ(use.MeanReuseDistance(), 0);
  use.Add(6);
  EXPECT_EQ(use.MeanReuseDistance(), 1);
  use.Add(10);
  EXPECT_EQ(use.accesses, 3u);
  EXPECT_EQ(use.last_request, 10u);
  EXPECT_EQ(use.MeanReuseDistance(), 2.5);
}

}  // namespace
}  // namespace spillway::runtime
