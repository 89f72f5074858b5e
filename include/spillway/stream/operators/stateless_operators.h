// map, filter, flatMap and process: operators that keep nothing between two records.
//
// Each holds its own copy of the user's function. A function object with Open(RuntimeContext&) is opened.
#pragma once

#include <cstdint>
#include <utility>

#include "spillway/stream/operators/one_input_operator.h"
#include "spillway/stream/process_function.h"

namespace spillway {

template <typename Function>
Status OpenFunction(Function& function, RuntimeContext& context) {
  if constexpr (requires { function.Open(context); }) {
    return CallUserCode([&]() -> Status { return function.Open(context); });
  } else {
    return {};
  }
}

template <typename Function>
Status CloseFunction(Function& function) {
  if constexpr (requires { function.Close(); }) {
    return CallUserCode([&]() -> Status { return function.Close(); });
  } else {
    return {};
  }
}

template <typename Function, typename In, typename Out>
class FunctionOperator : public OneInputOperator<In, Out> {
 public:
  explicit FunctionOperator(const Function& prototype) : function_(prototype) {}
  Status Open(OperatorScope& scope) override {
    SPILLWAY_RETURN_IF_ERROR((OneInputOperator<In, Out>::Open(scope)));
    return OpenFunction(function_, scope);
  }
  Status Close() override { return CloseFunction(function_); }

 protected:
  Function function_;
};

template <typename Function, typename In, typename Out>
class MapOperator final : public FunctionOperator<Function, In, Out> {
 public:
  using FunctionOperator<Function, In, Out>::FunctionOperator;
  void Process(In&& value, int64_t timestamp) override {
    this->Guarded([&]() -> Status {
      this->out_.Emit(this->function_(std::as_const(value)), timestamp);
      return {};
    });
  }
};

template <typename Function, typename T>
class FilterOperator final : public FunctionOperator<Function, T, T> {
 public:
  using FunctionOperator<Function, T, T>::FunctionOperator;
  void Process(T&& value, int64_t timestamp) override {
    this->Guarded([&]() -> Status {
      if (this->function_(std::as_const(value))) this->out_.Emit(std::move(value), timestamp);
      return {};
    });
  }
};

template <typename Function, typename In, typename Out>
class FlatMapOperator final : public FunctionOperator<Function, In, Out> {
 public:
  using FunctionOperator<Function, In, Out>::FunctionOperator;
  void Process(In&& value, int64_t timestamp) override {
    this->out_.set_timestamp(timestamp);
    this->Guarded([&] {
      Collector<Out>& out = this->out_;
      return StatusOfCall([&] { return this->function_(std::as_const(value), out); });
    });
  }
};

template <typename Function>
class ProcessOperator final : public FunctionOperator<Function, typename Function::Input, typename Function::Output> {
  using In = typename Function::Input;
  using Base = FunctionOperator<Function, In, typename Function::Output>;

 public:
  using Base::Base;
  void Process(In&& value, int64_t timestamp) override {
    this->out_.set_timestamp(timestamp);
    context_.timestamp_ = timestamp;
    this->Guarded([&] { return this->function_.ProcessElement(value, context_, this->out_); });
  }
  void ProcessWatermark(int64_t watermark) override {
    context_.watermark_ = watermark;
    Base::ProcessWatermark(watermark);
  }
  void ProcessEndOfInput() override {
    this->out_.set_timestamp(kNoTimestamp);
    this->Guarded([&] { return this->function_.OnEndOfInput(this->out_); });
    Base::ProcessEndOfInput();
  }

 private:
  ProcessContext context_{&this->side_outputs()};
};

}  // namespace spillway
