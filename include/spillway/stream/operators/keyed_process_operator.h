// Runs a KeyedProcessFunction.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "spillway/stream/keyed_process_function.h"
#include "spillway/stream/operators/keyed_operator.h"
#include "spillway/stream/operators/stateless_operators.h"

namespace spillway {

template <typename Function>
class KeyedProcessOperator final : public KeyedOperator<typename Function::Input, typename Function::Output> {
  using K = typename Function::Key;
  using In = typename Function::Input;
  using Base = KeyedOperator<In, typename Function::Output>;

 public:
  explicit KeyedProcessOperator(const Function& prototype) : function_(prototype) {}

  Status Open(OperatorScope& scope) override {
    SPILLWAY_RETURN_IF_ERROR(Base::Open(scope));
    context_.emplace(KeyedContext<K>(this->keyed_, &this->side_outputs()));
    return OpenFunction(function_, scope);
  }
  void ProcessEndOfInput() override {
    this->out_.set_timestamp(kNoTimestamp);
    KeyedStateIteration<K> state(this->keyed_, this->stop_);
    this->Guarded([&] { return function_.OnEndOfInput(state, this->out_); });
    Base::ProcessEndOfInput();
  }
  Status Close() override { return CloseFunction(function_); }

 protected:
  Status ProcessKeyed(In&& value, int64_t timestamp) override {
    context_->timestamp_ = timestamp;
    return function_.ProcessElement(value, *context_, this->out_);
  }
  Status FireTimer(int64_t timestamp, BytesView) override {
    context_->timestamp_ = timestamp;
    return function_.OnTimer(timestamp, *context_, this->out_);
  }

 private:
  Function function_;
  std::optional<KeyedContext<K>> context_;
};

}  // namespace spillway
