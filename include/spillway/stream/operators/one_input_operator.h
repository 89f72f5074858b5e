// What operators with one input and one main output have in common: marks go on as they came.
//
// An operator overrides what it does otherwise. Guarded keeps errors and exceptions of user code in the scope.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "spillway/status.h"
#include "spillway/stream/operators/input.h"
#include "spillway/stream/operators/operator.h"
#include "spillway/stream/operators/output_port.h"
#include "spillway/stream/operators/user_code.h"

namespace spillway {

template <typename In, typename Out>
class OneInputOperator : public Operator, public TypedInput<In> {
 public:
  [[nodiscard]] Input* input() override { return this; }
  [[nodiscard]] OutputPortBase* main_output() override { return &out_; }

  Status Open(OperatorScope& scope) override {
    scope_ = &scope;
    stop_ = &scope.stop_flag();
    out_.set_stop_flag(*stop_);
    return {};
  }

  void ProcessWatermark(int64_t watermark) override {
    this->ForEachTarget([&](Input* target) { target->ProcessWatermark(watermark); });
  }
  void ProcessIdle(bool idle) override {
    this->ForEachTarget([&](Input* target) { target->ProcessIdle(idle); });
  }
  void ProcessSplitStart(bool last) override {
    this->ForEachTarget([&](Input* target) { target->ProcessSplitStart(last); });
  }
  void ProcessBatchEnd(bool waiting) override {
    this->ForEachTarget([&](Input* target) { target->ProcessBatchEnd(waiting); });
  }
  void ProcessEndOfInput() override {
    this->ForEachTarget([](Input* target) { target->ProcessEndOfInput(); });
  }

 protected:
  // Relaxed: the flag orders nothing, a few more records do no harm.
  [[nodiscard]] bool stopped() const { return stop_->load(std::memory_order_relaxed); }

  template <typename Body>
  void Guarded(Body&& body) {
    if (stopped()) return;
    Status status = CallUserCode(std::forward<Body>(body));
    if (status.ok()) status = this->side_outputs().status();
    if (!status.ok()) scope_->Fail(std::move(status));
  }

  OperatorScope* scope_ = nullptr;
  const std::atomic<bool>* stop_ = nullptr;
  OutputPort<Out> out_;
};

}  // namespace spillway
