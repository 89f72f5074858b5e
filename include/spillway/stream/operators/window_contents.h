// What a window keeps of its records until it fires: one folded value, or all of them.
//
// One object per subtask, over a state of its backend whose namespace is the window; on the subtask's thread, for the
// current key.
#pragma once

#include <optional>
#include <utility>

#include "spillway/state.h"
#include "spillway/status.h"
#include "spillway/stream/operators/keyed_scope.h"
#include "spillway/stream/time_window.h"

namespace spillway {

template <typename T, typename Reduce>
class ReducedContents {
 public:
  using In = T;
  using Result = T;
  explicit ReducedContents(Reduce reduce) : reduce_(std::move(reduce)) {}
  Status Open(KeyedScope& scope, const KeyedStateOptions& options) {
    SPILLWAY_ASSIGN_OR_RETURN(state_, (ReducingState<T, Reduce>::Open(scope.backend(), options, reduce_)));
    scope.NoteState(state_->state());
    return {};
  }
  void SetWindow(const TimeWindow& window) { state_->SetNamespace(window); }
  // `created`: whether the record is the window's first.
  Status Add(const T& value, bool* created) { return state_->Add(value, created); }
  // use(const Result&); not called when there is nothing.
  template <typename Use>
  Status With(Use use) {
    SPILLWAY_ASSIGN_OR_RETURN(const std::optional<T> folded, state_->Get());
    return folded ? use(*folded) : Status();
  }
  Status Clear() { return state_->Clear(); }

 private:
  Reduce reduce_;
  std::optional<ReducingState<T, Reduce>> state_;
};

template <AggregateFunction F>
class AggregatedContents {
 public:
  using In = typename F::In;
  using Result = typename F::Out;
  explicit AggregatedContents(F function) : function_(std::move(function)) {}
  Status Open(KeyedScope& scope, const KeyedStateOptions& options) {
    SPILLWAY_ASSIGN_OR_RETURN(state_, AggregatingState<F>::Open(scope.backend(), options, function_));
    scope.NoteState(state_->state());
    return {};
  }
  void SetWindow(const TimeWindow& window) { state_->SetNamespace(window); }
  Status Add(const In& value, bool* created) { return state_->Add(value, created); }
  template <typename Use>
  Status With(Use use) {
    SPILLWAY_ASSIGN_OR_RETURN(const std::optional<Result> folded, state_->Get());
    return folded ? use(*folded) : Status();
  }
  Status Clear() { return state_->Clear(); }

 private:
  F function_;
  std::optional<AggregatingState<F>> state_;
};

// All records, in their order; Result is the iterator over them.
template <typename T>
class ListedContents {
 public:
  using In = T;
  using Result = ListIterator<T>;
  Status Open(KeyedScope& scope, const KeyedStateOptions& options) {
    SPILLWAY_ASSIGN_OR_RETURN(state_, ListState<T>::Open(scope.backend(), options));
    scope.NoteState(state_->state());
    return {};
  }
  void SetWindow(const TimeWindow& window) { state_->SetNamespace(window); }
  // A list is appended to without being looked at, so any record may be the first.
  Status Add(const T& value, bool* created) {
    *created = true;
    return state_->Add(value);
  }
  template <typename Use>
  Status With(Use use) {
    SPILLWAY_ASSIGN_OR_RETURN(ListIterator<T> elements, state_->Iterate());
    return use(elements);
  }
  Status Clear() { return state_->Clear(); }

 private:
  std::optional<ListState<T>> state_;
};

}  // namespace spillway
