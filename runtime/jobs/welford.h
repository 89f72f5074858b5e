// Count, mean, spread, extremes and the last of a series of numbers, kept up to date number by number by Welford's
// method.
//
// A flat value: it lives in keyed state and is changed there. kSchema names its layout; a change of the layout needs
// another one.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace spillway::runtime {

struct Welford {
  static constexpr std::string_view kSchema = "welford-v1";

  uint64_t count = 0;
  double mean = 0;
  double squares = 0;  // sum of the squared distances from the mean
  double min = 0;
  double max = 0;
  double last = 0;

  void Add(double value) {
    ++count;
    const double before = value - mean;
    mean += before / static_cast<double>(count);
    squares += before * (value - mean);
    min = count == 1 ? value : std::min(min, value);
    max = count == 1 ? value : std::max(max, value);
    last = value;
  }

  // Of a sample; 0 for fewer than two numbers.
  [[nodiscard]] double StandardDeviation() const {
    return count < 2 ? 0 : std::sqrt(squares / static_cast<double>(count - 1));
  }
};
static_assert(std::is_trivially_copyable_v<Welford> && sizeof(Welford) == 48, "what kSchema names");

}  // namespace spillway::runtime
