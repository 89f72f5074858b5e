// ProcessFunction: one record in, any number out, to the main output and to side outputs.
//
// See rich_function.h for life and threads. An error or an exception ends the job, naming operator and subtask.
#pragma once

#include <cstdint>
#include <utility>

#include "spillway/status.h"
#include "spillway/stream/collector.h"
#include "spillway/stream/event_time.h"
#include "spillway/stream/operators/side_outputs.h"
#include "spillway/stream/output_tag.h"
#include "spillway/stream/rich_function.h"

namespace spillway {

// What a function may know and do while it processes one record; valid during that call only.
class ProcessContext {
 public:
  // Of the record; kNoTimestamp when it has none.
  [[nodiscard]] int64_t timestamp() const { return timestamp_; }
  [[nodiscard]] int64_t current_watermark() const { return watermark_; }
  template <typename S>
  void Output(const OutputTag<S>& tag, S value) {
    side_outputs_->Emit<S>(tag.id(), std::move(value), timestamp_);
  }

 protected:
  template <typename Function>
  friend class ProcessOperator;
  explicit ProcessContext(SideOutputs* side_outputs) : side_outputs_(side_outputs) {}

  SideOutputs* side_outputs_;
  int64_t timestamp_ = kNoTimestamp;
  int64_t watermark_ = kWatermarkBeforeAll;
};

template <typename In, typename Out>
class ProcessFunction : public RichFunction {
 public:
  using Input = In;
  using Output = Out;
  virtual Status ProcessElement(const In& record, ProcessContext& context, Collector<Out>& out) = 0;
  // After the last record.
  virtual Status OnEndOfInput(Collector<Out>& out) {
    static_cast<void>(out);
    return {};
  }
};

}  // namespace spillway
