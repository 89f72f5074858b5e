// KeyedProcessFunction: records of one key meet the key's state and its timers.
//
// While ProcessElement or OnTimer runs, every state that Open registered is that of the current key. Timers are a set
// over (timestamp, key): registering one twice fires it once. They fire in time order when the watermark reaches their
// time; one registered for a time already passed fires at the next advance of the watermark (inside OnTimer: in the
// same one). At the end of the input the watermark passes everything, so all timers fire, and then OnEndOfInput is
// called. Timers and states are part of every checkpoint. See rich_function.h for life and threads.
#pragma once

#include <cstdint>
#include <utility>

#include "spillway/bytes.h"
#include "spillway/serializer.h"
#include "spillway/status.h"
#include "spillway/stream/collector.h"
#include "spillway/stream/keyed_state_iteration.h"
#include "spillway/stream/operators/keyed_scope.h"
#include "spillway/stream/operators/side_outputs.h"
#include "spillway/stream/output_tag.h"
#include "spillway/stream/rich_function.h"

namespace spillway {

// For the current key.
class TimerService {
 public:
  [[nodiscard]] int64_t current_watermark() const { return scope_->current_watermark(); }
  Status RegisterEventTimeTimer(int64_t timestamp) { return scope_->RegisterTimer(timestamp, BytesView("", 0)); }
  // One that is not there is fine.
  Status DeleteEventTimeTimer(int64_t timestamp) { return scope_->DeleteTimer(timestamp, BytesView("", 0)); }

 private:
  template <typename K>
  friend class KeyedContext;
  explicit TimerService(KeyedScope* scope) : scope_(scope) {}
  KeyedScope* scope_;
};

// What a function may know and do for the current key; valid during one call only.
template <typename K>
class KeyedContext {
 public:
  // Of the record, or of the timer that fires.
  [[nodiscard]] int64_t timestamp() const { return timestamp_; }
  [[nodiscard]] int64_t current_watermark() const { return scope_->current_watermark(); }
  // Deserialized at the first call for a record.
  [[nodiscard]] const K& current_key() {
    if (key_generation_ != scope_->key_generation()) {
      // The bytes came out of the same serializer, on this side of the exchange or in the run that is restored.
      if (!Serializer<K>::Read(scope_->current_key(), &key_)) key_ = K{};
      key_generation_ = scope_->key_generation();
    }
    return key_;
  }
  [[nodiscard]] TimerService timers() { return TimerService(scope_); }
  template <typename S>
  void Output(const OutputTag<S>& tag, S value) {
    side_outputs_->Emit<S>(tag.id(), std::move(value), timestamp_);
  }

 private:
  template <typename Function>
  friend class KeyedProcessOperator;
  KeyedContext(KeyedScope* scope, SideOutputs* side_outputs) : scope_(scope), side_outputs_(side_outputs) {}

  KeyedScope* scope_;
  SideOutputs* side_outputs_;
  int64_t timestamp_ = 0;
  K key_{};
  uint64_t key_generation_ = 0;
};

template <typename K, typename In, typename Out>
class KeyedProcessFunction : public RichFunction {
 public:
  using Key = K;
  using Input = In;
  using Output = Out;
  virtual Status ProcessElement(const In& record, KeyedContext<K>& context, Collector<Out>& out) = 0;
  virtual Status OnTimer(int64_t timestamp, KeyedContext<K>& context, Collector<Out>& out) {
    static_cast<void>(timestamp);
    static_cast<void>(context);
    static_cast<void>(out);
    return {};
  }
  // After the last record and the last timer. There is no current key; `state` walks over all of the subtask's keys.
  virtual Status OnEndOfInput(KeyedStateIteration<K>& state, Collector<Out>& out) {
    static_cast<void>(state);
    static_cast<void>(out);
    return {};
  }
};

}  // namespace spillway
