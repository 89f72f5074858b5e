// Tumbling windows of event time.
//
// Plain values. A window holds the timestamps start <= t < end; it fires when the watermark reaches end - 1. The
// assigner cuts time at whole multiples of the size, moved by the offset (a size of an hour without offset: full hours
// of UTC).
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace spillway {

struct TimeWindow {
  static constexpr std::string_view kSchema = "time-window-v1";

  int64_t start = 0;  // inclusive, milliseconds
  int64_t end = 0;    // exclusive
  [[nodiscard]] int64_t MaxTimestamp() const { return end - 1; }
  bool operator==(const TimeWindow&) const = default;
};

class TumblingEventTimeWindows {
 public:
  // size > 0; checked when the job is built.
  static TumblingEventTimeWindows Of(std::chrono::milliseconds size,
                                     std::chrono::milliseconds offset = std::chrono::milliseconds(0)) {
    return {size.count(), offset.count()};
  }

  [[nodiscard]] TimeWindow WindowOf(int64_t timestamp) const {
    int64_t into = (timestamp - offset_) % size_;
    if (into < 0) into += size_;
    return {timestamp - into, timestamp - into + size_};
  }
  [[nodiscard]] int64_t size() const { return size_; }

 private:
  TumblingEventTimeWindows(int64_t size, int64_t offset) : size_(size), offset_(offset) {}

  int64_t size_;
  int64_t offset_;
};

}  // namespace spillway
