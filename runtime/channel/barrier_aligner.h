// Aligned barriers: which channels have brought the current one.
//
// Belongs to the reading subtask's thread. The state of a subtask is taken when every channel has brought the barrier,
// and nothing that came behind it in any channel has been processed: the caller blocks a channel as soon as it has.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "spillway/status.h"
#include "spillway/stream/operators/stream_element.h"

namespace spillway::runtime {

class BarrierAligner {
 public:
  explicit BarrierAligner(size_t channels) : arrived_(channels, false) {}

  // The barrier, once it has come through every channel; nullopt while others are missing. kInternal when channels
  // bring different ones: sources inject every barrier in the same order, so this is a bug.
  Result<std::optional<Barrier>> Arrived(size_t channel, const Barrier& barrier);

 private:
  std::vector<bool> arrived_;
  size_t arrived_count_ = 0;
  Barrier current_;
};

}  // namespace spillway::runtime
