// A rolling reduce: one value per key, folded with every record, the folded value going out each time.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "spillway/state.h"
#include "spillway/stream/operators/keyed_operator.h"
#include "spillway/stream/operators/stateless_operators.h"

namespace spillway {

template <typename Function, typename T>
class ReduceOperator final : public KeyedOperator<T, T> {
  using Base = KeyedOperator<T, T>;

 public:
  explicit ReduceOperator(const Function& prototype) : function_(prototype) {}

  Status Open(OperatorScope& scope) override {
    SPILLWAY_RETURN_IF_ERROR(Base::Open(scope));
    SPILLWAY_RETURN_IF_ERROR(OpenFunction(function_, scope));
    SPILLWAY_ASSIGN_OR_RETURN(folded_, scope.GetValueState<T>("reduced"));
    return {};
  }
  Status Close() override { return CloseFunction(function_); }

 protected:
  Status ProcessKeyed(T&& value, int64_t timestamp) override {
    if constexpr (FlatType<T>) {
      SPILLWAY_ASSIGN_OR_RETURN(T * folded, folded_->GetForUpdate());
      if (folded != nullptr) {
        *folded = function_(std::as_const(*folded), std::as_const(value));
        this->out_.Emit(T(*folded), timestamp);
        return {};
      }
    } else {
      SPILLWAY_ASSIGN_OR_RETURN(std::optional<T> folded, folded_->Get());
      if (folded) value = function_(std::as_const(*folded), std::as_const(value));
    }
    SPILLWAY_RETURN_IF_ERROR(folded_->Update(value));
    this->out_.Emit(std::move(value), timestamp);
    return {};
  }
  Status FireTimer(int64_t, BytesView) override { return {}; }

 private:
  Function function_;
  std::optional<ValueState<T>> folded_;
};

}  // namespace spillway
