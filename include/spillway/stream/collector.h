// Where a function puts its results.
//
// A collector belongs to one operator of one subtask and may be used on that subtask's thread, while the function that
// it was handed to runs. Collect hands the record on at once; a full channel makes it wait (backpressure). When the job
// is failing or cancelled, what is collected is dropped and the subtask ends soon: nothing for the function to check,
// though a long loop may look at ShouldStop.
#pragma once

#include <cstdint>

namespace spillway {

template <typename T>
class Collector {
 public:
  virtual ~Collector() = default;
  // The result carries the timestamp of the record or timer that is being processed.
  virtual void Collect(T value) = 0;
  virtual void CollectWithTimestamp(T value, int64_t timestamp) = 0;
  // True once the subtask failed or was cancelled: no result will be used any more.
  [[nodiscard]] virtual bool ShouldStop() const = 0;
};

}  // namespace spillway
