// All that passes through a channel, in order: batches, and the marks between them.
//
// A value that is moved from thread to thread.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "spillway/stream/operators/record_batch.h"

namespace spillway {

enum class BarrierKind {
  kPeriodic,
  kFinal,  // follows the end of the input; nothing comes after it
  kStop,   // nothing comes after it, though the input has not ended
};

struct Barrier {
  uint64_t checkpoint_id = 0;
  BarrierKind kind = BarrierKind::kPeriodic;
  [[nodiscard]] bool ends_job() const { return kind != BarrierKind::kPeriodic; }
};

struct StreamElement {
  enum class Kind { kBatch, kWatermark, kIdle, kActive, kBarrier, kEndOfInput };

  static StreamElement OfBatch(std::unique_ptr<RecordBatch> records) {
    StreamElement element;
    element.kind = Kind::kBatch;
    element.batch = std::move(records);
    return element;
  }
  static StreamElement OfWatermark(int64_t watermark) {
    StreamElement element;
    element.kind = Kind::kWatermark;
    element.watermark = watermark;
    return element;
  }
  static StreamElement OfIdle(bool idle) {
    StreamElement element;
    element.kind = idle ? Kind::kIdle : Kind::kActive;
    return element;
  }
  static StreamElement OfBarrier(Barrier barrier) {
    StreamElement element;
    element.kind = Kind::kBarrier;
    element.barrier = barrier;
    return element;
  }
  static StreamElement OfEndOfInput() { return {}; }

  Kind kind = Kind::kEndOfInput;
  std::unique_ptr<RecordBatch> batch;
  int64_t watermark = 0;
  Barrier barrier;
};

// The writing end of one bounded channel.
class ChannelSender {
 public:
  virtual ~ChannelSender() = default;
  // Waits while the channel is full. False: the job is ending early, and the element was dropped.
  virtual bool Send(StreamElement element) = 0;
};

}  // namespace spillway
