// Event time: milliseconds on the clock that the records themselves carry, and its two borders.
//
// Plain constants. A record without a timestamp carries kNoTimestamp until a WatermarkStrategy gives it one.
#pragma once

#include <cstdint>
#include <limits>

namespace spillway {

inline constexpr int64_t kNoTimestamp = std::numeric_limits<int64_t>::min();
// Before the first watermark, and after the end of the input.
inline constexpr int64_t kWatermarkBeforeAll = std::numeric_limits<int64_t>::min();
inline constexpr int64_t kWatermarkAfterAll = std::numeric_limits<int64_t>::max();

}  // namespace spillway
