// Where records and marks enter an operator or an exchange: the links of a chain.
//
// Operators that are chained call each other directly, record by record, on their subtask's thread; between chains the
// same calls come out of a channel. Marks keep their place among the records. Nothing here returns an error: the first
// one is kept in the subtask's scope (OperatorScope::Fail), after which records are dropped.
#pragma once

#include <cstdint>
#include <utility>

#include "spillway/stream/operators/record_batch.h"

namespace spillway {

class Input {
 public:
  virtual ~Input() = default;

  virtual void ProcessBatch(RecordBatch& batch) = 0;
  // Never goes back; kWatermarkAfterAll at the end of the input.
  virtual void ProcessWatermark(int64_t watermark) = 0;
  // Whether this input holds the watermark back no longer (idle), or does so again.
  virtual void ProcessIdle(bool idle) = 0;
  // A source begins to read another split; `last`: none follows.
  virtual void ProcessSplitStart(bool last) = 0;
  // After every batch; `waiting`: there is nothing more at this moment, so what is held back should go on.
  virtual void ProcessBatchEnd(bool waiting) = 0;
  // No record comes any more; the watermark has passed everything.
  virtual void ProcessEndOfInput() = 0;
};

template <typename T>
class TypedInput : public Input {
 public:
  virtual void Process(T&& value, int64_t timestamp) = 0;

  void ProcessBatch(RecordBatch& batch) override {
    auto& typed = static_cast<TypedBatch<T>&>(batch);
    for (size_t i = 0; i < typed.values.size(); ++i) Process(std::move(typed.values[i]), typed.timestamps[i]);
  }
};

}  // namespace spillway
