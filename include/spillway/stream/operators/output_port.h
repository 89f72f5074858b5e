// One output of an operator: the collector that its function sees, in front of everybody who reads it.
//
// Belongs to its operator, used on the subtask's thread. Targets are connected before the subtask runs and outlive it.
// A record is moved to the last target and copied for the others; without a target it is dropped.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "spillway/stream/collector.h"
#include "spillway/stream/event_time.h"
#include "spillway/stream/operators/input.h"

namespace spillway {

class OutputPortBase {
 public:
  virtual ~OutputPortBase() = default;
  [[nodiscard]] const std::vector<Input*>& targets() const { return targets_; }

 protected:
  std::vector<Input*> targets_;
};

template <typename T>
class OutputPort final : public OutputPortBase, public Collector<T> {
 public:
  void Connect(TypedInput<T>* target) {
    typed_targets_.push_back(target);
    targets_.push_back(target);
  }
  // Results get this timestamp until it is set again.
  void set_timestamp(int64_t timestamp) { timestamp_ = timestamp; }
  // See OperatorScope::stop_flag.
  void set_stop_flag(const std::atomic<bool>& stop) { stop_ = &stop; }

  void Emit(T&& value, int64_t timestamp) {
    if (typed_targets_.size() == 1) {
      typed_targets_[0]->Process(std::move(value), timestamp);
      return;
    }
    if (typed_targets_.empty()) return;
    for (size_t i = 0; i + 1 < typed_targets_.size(); ++i) {
      T copy(value);
      typed_targets_[i]->Process(std::move(copy), timestamp);
    }
    typed_targets_.back()->Process(std::move(value), timestamp);
  }

  void Collect(T value) override {
    if (!ShouldStop()) Emit(std::move(value), timestamp_);
  }
  void CollectWithTimestamp(T value, int64_t timestamp) override {
    if (!ShouldStop()) Emit(std::move(value), timestamp);
  }
  [[nodiscard]] bool ShouldStop() const override { return stop_ != nullptr && stop_->load(std::memory_order_relaxed); }

 private:
  std::vector<TypedInput<T>*> typed_targets_;
  int64_t timestamp_ = kNoTimestamp;
  const std::atomic<bool>* stop_ = nullptr;  // null until the operator is opened
};

}  // namespace spillway
