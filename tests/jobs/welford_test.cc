#include "runtime/jobs/welford.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace spillway::runtime {
namespace {

TEST(Welford, OfNothingAndOfOne) {
  Welford statistics;
  EXPECT_EQ(statistics.StandardDeviation(), 0);
  statistics.Add(-5);
  EXPECT_EQ(statistics.count, 1u);
  EXPECT_EQ(statistics.mean, -5);
  EXPECT_EQ(statistics.StandardDeviation(), 0);
  EXPECT_EQ(statistics.min, -5);
  EXPECT_EQ(statistics.max, -5);
}

TEST(Welford, AgreesWithTwoPassesFarFromZero) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(1e9, 2);
  std::vector<double> values(10'000);
  Welford statistics;
  for (double& value : values) statistics.Add(value = normal(random));
  long double sum = 0;
  for (const double value : values) sum += value;
  const long double mean = sum / static_cast<long double>(values.size());
  long double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  EXPECT_NEAR(statistics.mean, static_cast<double>(mean), 1e-5);
  EXPECT_NEAR(statistics.StandardDeviation(),
              std::sqrt(static_cast<double>(squares / static_cast<long double>(values.size() - 1))), 1e-5);
  EXPECT_EQ(statistics.last, values.back());
  EXPECT_EQ(statistics.min, *std::min_element(values.begin(), values.end()));
  EXPECT_EQ(statistics.max, *std::max_element(values.begin(), values.end()));
}

}  // namespace
}  // namespace spillway::runtime
