// Where a function runs, its counters, and the door to its keyed state.
//
// Handed to RichFunction::Open and valid as long as the function; on the subtask's thread. States exist only in
// functions behind a keyBy. A state is known by its name within its operator: the same name, kind and types give the
// same state, also after a restore; another kind or type is a kStateMigration that names the state. States are opened
// in Open and kept in members (std::optional<ValueState<T>>); they work on the key of the record or timer that is being
// processed.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "spillway/plugin/backend.h"
#include "spillway/state.h"
#include "spillway/status.h"
#include "spillway/stream/counter.h"

namespace spillway {

class RuntimeContext {
 public:
  virtual ~RuntimeContext() = default;

  [[nodiscard]] virtual const std::string& operator_name() const = 0;
  [[nodiscard]] virtual uint32_t subtask() const = 0;
  [[nodiscard]] virtual uint32_t parallelism() const = 0;
  [[nodiscard]] virtual uint32_t max_parallelism() const = 0;
  // The same name gives the same counter; it lives as long as the job. Its sum over subtasks is
  // JobProgress::counters["<operator>.<name>"].
  virtual Counter& GetCounter(const std::string& name) = 0;

  template <typename T>
  Result<ValueState<T>> GetValueState(std::string name) {
    return OpenState<ValueState<T>>(std::move(name));
  }
  template <typename T>
  Result<ListState<T>> GetListState(std::string name) {
    return OpenState<ListState<T>>(std::move(name));
  }
  template <KeyType K, typename V>
  Result<MapState<K, V>> GetMapState(std::string name) {
    return OpenState<MapState<K, V>>(std::move(name));
  }
  // reduce(const T& folded, const T& value) -> T
  template <typename T, typename Reduce>
  Result<ReducingState<T, Reduce>> GetReducingState(std::string name, Reduce reduce) {
    return OpenState<ReducingState<T, Reduce>>(std::move(name), std::move(reduce));
  }
  template <AggregateFunction F>
  Result<AggregatingState<F>> GetAggregatingState(std::string name, F function = {}) {
    return OpenState<AggregatingState<F>>(std::move(name), std::move(function));
  }

 protected:
  // Null where there is no key.
  [[nodiscard]] virtual const plugin::Backend* backend() const = 0;
  [[nodiscard]] virtual const std::string& key_schema() const = 0;
  // Every state that was opened, to be counted and announced.
  virtual void NoteState(const plugin::State& state) = 0;

 private:
  template <typename State, typename... More>
  Result<State> OpenState(std::string name, More... more) {
    if (backend() == nullptr) {
      return Status::InvalidState("state '" + name + "': operator '" + operator_name() +
                                  "' has no keyed state; put a KeyBy in front of it");
    }
    KeyedStateOptions options;
    options.name = std::move(name);
    options.key_schema = key_schema();
    options.namespace_schema = SchemaOf<VoidNamespace>();
    SPILLWAY_ASSIGN_OR_RETURN(State state, State::Open(*backend(), options, std::move(more)...));
    NoteState(state.state());
    return state;
  }
};

}  // namespace spillway
