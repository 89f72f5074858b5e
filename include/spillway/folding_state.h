// ReducingState and AggregatingState: values folded as they come, kept in a ValueState. Rules as in keyed_state.h.
//
// Both are absent until the first Add. What is folded is read, changed by the user's function and written back; flat
// accumulators are changed in their entry. User functions must not touch state.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "spillway/value_state.h"

namespace spillway {

// What AggregatingState and the windows are given. An implementation names three types, In, Acc and Out, and has
//   Acc CreateAccumulator() const;
//   void Add(const In&, Acc*) const;          or  Acc Add(const In&, const Acc&) const;
//   void Merge(const Acc& from, Acc*) const;  or  Acc Merge(const Acc& from, const Acc& into) const;
//   Out GetResult(const Acc&) const;
// Merge is only needed where namespaces are merged.
template <typename F>
concept AggregateFunction = requires(const F& f, const typename F::In& in, typename F::Acc& acc,
                                     const typename F::Acc& read) {
  { f.CreateAccumulator() } -> std::convertible_to<typename F::Acc>;
  { f.GetResult(read) } -> std::convertible_to<typename F::Out>;
  requires requires {
    f.Add(in, &acc);
  } || requires {
    acc = f.Add(in, read);
  };
};

// Adds to an accumulator, whichever form the function has.
template <AggregateFunction F>
void AddToAccumulator(const F& function, const typename F::In& in, typename F::Acc* acc) {
  if constexpr (requires { function.Add(in, acc); }) {
    function.Add(in, acc);
  } else {
    *acc = function.Add(in, *acc);
  }
}
template <AggregateFunction F>
void MergeAccumulators(const F& function, const typename F::Acc& from, typename F::Acc* into) {
  if constexpr (requires { function.Merge(from, into); }) {
    function.Merge(from, into);
  } else {
    *into = function.Merge(from, *into);
  }
}

// One Acc per key and namespace; what ReducingState and AggregatingState are made of.
template <typename Acc>
class FoldedState : public ValueState<Acc> {
 protected:
  explicit FoldedState(ValueState<Acc> state) : ValueState<Acc>(std::move(state)) {}

  // Stores first() when absent, else lets change(Acc*) change what is there. `created`, unless null: which it was.
  template <typename First, typename Change>
  Status Fold(First first, Change change, bool* created) {
    if constexpr (FlatType<Acc>) {
      SPILLWAY_ASSIGN_OR_RETURN(Acc * acc, this->GetForUpdate());
      if (created != nullptr) *created = acc == nullptr;
      if (acc == nullptr) return this->Update(first());
      change(acc);
      return {};
    } else {
      SPILLWAY_ASSIGN_OR_RETURN(std::optional<Acc> acc, this->Get());
      if (created != nullptr) *created = !acc;
      if (!acc) return this->Update(first());
      change(&*acc);
      return this->Update(*acc);
    }
  }

  // merge(const Acc& from, Acc* into), over the target and then the sources in their order; the sources vanish.
  template <typename Merge>
  Status MergeFolded(BytesView target, std::span<const std::string> sources, Merge merge) {
    SPILLWAY_RETURN_IF_ERROR(this->CheckMerge(target, sources));
    ValueState<Acc> at = *this;
    at.SetNamespaceBytes(target);
    SPILLWAY_ASSIGN_OR_RETURN(std::optional<Acc> merged, at.Get());
    bool changed = false;
    for (const std::string& source : sources) {
      at.SetNamespaceBytes(source);
      SPILLWAY_ASSIGN_OR_RETURN(std::optional<Acc> from, at.Get());
      if (!from) continue;
      changed = true;
      if (merged) {
        merge(*from, &*merged);
      } else {
        merged = std::move(from);
      }
    }
    if (!changed) return {};
    // The target first: an error then leaves the sources as they were.
    at.SetNamespaceBytes(target);
    SPILLWAY_RETURN_IF_ERROR(at.Update(*merged));
    for (const std::string& source : sources) {
      at.SetNamespaceBytes(source);
      SPILLWAY_RETURN_IF_ERROR(at.Clear());
    }
    return {};
  }
};

// Reduce: T(const T& folded, const T& value).
template <typename T, typename Reduce>
class ReducingState : private FoldedState<T> {
 public:
  [[nodiscard]] static Result<ReducingState> Open(const plugin::Backend& backend, const KeyedStateOptions& options,
                                                  Reduce reduce) {
    SPILLWAY_ASSIGN_OR_RETURN(ValueState<T> state, ValueState<T>::Open(backend, options));
    return ReducingState(std::move(state), std::move(reduce));
  }

  using KeyedState::Clear;
  using KeyedState::EntryCount;
  using KeyedState::name;
  using KeyedState::namespace_bytes;
  using KeyedState::SetNamespace;
  using KeyedState::SetNamespaceBytes;
  using KeyedState::state;
  using ValueState<T>::Get;

  // `created`, unless null: whether the value is the first.
  Status Add(const T& value, bool* created = nullptr) {
    return this->Fold([&]() -> const T& { return value; }, [&](T* folded) { *folded = reduce_(*folded, value); },
                      created);
  }
  Status MergeNamespaces(BytesView target, std::span<const std::string> sources) {
    return this->MergeFolded(target, sources, [&](const T& from, T* into) { *into = reduce_(*into, from); });
  }

 private:
  ReducingState(ValueState<T> folded, Reduce reduce) : FoldedState<T>(std::move(folded)), reduce_(std::move(reduce)) {}

  Reduce reduce_;
};

template <AggregateFunction F>
class AggregatingState : private FoldedState<typename F::Acc> {
 public:
  using In = typename F::In;
  using Acc = typename F::Acc;
  using Out = typename F::Out;

  [[nodiscard]] static Result<AggregatingState> Open(const plugin::Backend& backend, const KeyedStateOptions& options,
                                                     F function = {}) {
    SPILLWAY_ASSIGN_OR_RETURN(ValueState<Acc> state, ValueState<Acc>::Open(backend, options));
    return AggregatingState(std::move(state), std::move(function));
  }

  using KeyedState::Clear;
  using KeyedState::EntryCount;
  using KeyedState::name;
  using KeyedState::namespace_bytes;
  using KeyedState::SetNamespace;
  using KeyedState::SetNamespaceBytes;
  using KeyedState::state;

  [[nodiscard]] Result<std::optional<Out>> Get() const {
    SPILLWAY_ASSIGN_OR_RETURN(std::optional<Acc> acc, ValueState<Acc>::Get());
    return acc ? std::optional<Out>(function_.GetResult(*acc)) : std::optional<Out>();
  }
  // `created`, unless null: whether the value is the first.
  Status Add(const In& value, bool* created = nullptr) {
    return this->Fold(
        [&] {
          Acc acc = function_.CreateAccumulator();
          AddToAccumulator(function_, value, &acc);
          return acc;
        },
        [&](Acc* acc) { AddToAccumulator(function_, value, acc); }, created);
  }
  Status MergeNamespaces(BytesView target, std::span<const std::string> sources) {
    return this->MergeFolded(target, sources,
                             [&](const Acc& from, Acc* into) { MergeAccumulators(function_, from, into); });
  }

 private:
  AggregatingState(ValueState<Acc> folded, F function)
      : FoldedState<Acc>(std::move(folded)), function_(std::move(function)) {}

  F function_;
};

}  // namespace spillway
