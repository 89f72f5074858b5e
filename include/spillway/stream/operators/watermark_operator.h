// Gives records their timestamps and makes the stream's watermarks.
//
// A new watermark goes out at the end of a batch of the source, so that it costs little and depends on records alone.
// Watermarks that come in are replaced, but for the one at the end of the input. Splits: see watermark_strategy.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "spillway/stream/event_time.h"
#include "spillway/stream/operators/one_input_operator.h"
#include "spillway/stream/watermark_strategy.h"

namespace spillway {

template <typename T>
class WatermarkOperator final : public OneInputOperator<T, T> {
  using Base = OneInputOperator<T, T>;
  using Clock = std::chrono::steady_clock;

 public:
  explicit WatermarkOperator(const WatermarkStrategy<T>& strategy) : strategy_(strategy) {}

  Status Open(OperatorScope& scope) override {
    last_record_ = Clock::now();
    return Base::Open(scope);
  }

  void Process(T&& value, int64_t) override {
    this->Guarded([&]() -> Status {
      const int64_t timestamp = strategy_.TimestampOf(std::as_const(value));
      if (timestamp == kNoTimestamp)
        return Status::InvalidArgument("the timestamp assigner gave the least number of all");
      if (timestamp > largest_) largest_ = timestamp;
      saw_record_ = true;
      if (idle_) SetIdle(false);
      this->out_.Emit(std::move(value), timestamp);
      return {};
    });
  }
  void ProcessWatermark(int64_t watermark) override {
    if (watermark == kWatermarkAfterAll) Advance(watermark);
  }
  void ProcessIdle(bool) override {}
  void ProcessSplitStart(bool last) override {
    if (strategy_.splits_in_time_order()) return;
    held_ = !last;
    largest_ = kNoTimestamp;  // what earlier splits held says nothing about this one
  }
  void ProcessBatchEnd(bool waiting) override {
    if (!held_ && largest_ != kNoTimestamp) {
      const int64_t back = strategy_.bound().count();
      // One less: a record with the largest timestamp itself may come again.
      if (largest_ > kWatermarkBeforeAll + back + 1) Advance(largest_ - back - 1);
    }
    WatchIdleness();
    Base::ProcessBatchEnd(waiting);
  }

 private:
  void Advance(int64_t watermark) {
    if (watermark <= watermark_) return;
    watermark_ = watermark;
    Base::ProcessWatermark(watermark);
  }
  void WatchIdleness() {
    if (!strategy_.idleness()) return;
    const Clock::time_point now = Clock::now();
    if (std::exchange(saw_record_, false)) {
      last_record_ = now;
    } else if (!idle_ && now - last_record_ >= *strategy_.idleness()) {
      SetIdle(true);
    }
  }
  void SetIdle(bool idle) {
    idle_ = idle;
    Base::ProcessIdle(idle);
  }

  WatermarkStrategy<T> strategy_;
  int64_t largest_ = kNoTimestamp;
  int64_t watermark_ = kWatermarkBeforeAll;
  bool held_ = false;
  bool idle_ = false;
  bool saw_record_ = false;
  Clock::time_point last_record_;
};

}  // namespace spillway
