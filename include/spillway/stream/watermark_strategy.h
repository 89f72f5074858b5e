// How records get their timestamps, and how far event time has come.
//
// A strategy is a plain value, copied to every subtask. The watermark W of a stream says: no record with a timestamp
// <= W is expected any more. Each subtask's watermark follows the largest timestamp that it has seen; downstream, the
// least one of all inputs counts. As in Flink, what a strategy has seen is not in checkpoints: after a restore its
// watermark begins at the least time; keyed operators keep theirs, so what was late for them before is late after it.
//
// A source subtask reads its splits one after the other. Unless the strategy says that splits lie in the order of time,
// several files may cover the same time, so the watermark stays back until the subtask reads its last split, and no
// record is late only because its file was read later. A subtask without splits holds nobody back.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

namespace spillway {

template <typename T>
class WatermarkStrategy {
 public:
  // Milliseconds of a record; must depend on the record alone.
  using TimestampAssigner = std::function<int64_t(const T&)>;

  // Timestamps never go back within a split.
  static WatermarkStrategy ForMonotonousTimestamps(TimestampAssigner timestamp_of) {
    return WatermarkStrategy(std::chrono::milliseconds(0), std::move(timestamp_of));
  }
  // Timestamps go back by at most `bound`; records further back are late.
  static WatermarkStrategy ForBoundedOutOfOrderness(std::chrono::milliseconds bound, TimestampAssigner timestamp_of) {
    return WatermarkStrategy(bound, std::move(timestamp_of));
  }

  // After `timeout` (of the wall clock) without a record a subtask no longer holds the others back, until its next one.
  WatermarkStrategy WithIdleness(std::chrono::milliseconds timeout) && {
    idleness_ = timeout;
    return std::move(*this);
  }
  // A later split never holds records older than an earlier one does (logs by day): the watermark follows every split.
  WatermarkStrategy WithSplitsInTimeOrder() && {
    splits_in_time_order_ = true;
    return std::move(*this);
  }

  [[nodiscard]] int64_t TimestampOf(const T& record) const { return timestamp_of_(record); }
  [[nodiscard]] std::chrono::milliseconds bound() const { return bound_; }
  [[nodiscard]] std::optional<std::chrono::milliseconds> idleness() const { return idleness_; }
  [[nodiscard]] bool splits_in_time_order() const { return splits_in_time_order_; }

 private:
  WatermarkStrategy(std::chrono::milliseconds bound, TimestampAssigner timestamp_of)
      : bound_(bound), timestamp_of_(std::move(timestamp_of)) {}

  std::chrono::milliseconds bound_;
  TimestampAssigner timestamp_of_;
  std::optional<std::chrono::milliseconds> idleness_;
  bool splits_in_time_order_ = false;
};

}  // namespace spillway
