#include "runtime/channel/barrier_aligner.h"

#include <string>

namespace spillway::runtime {

Result<std::optional<Barrier>> BarrierAligner::Arrived(size_t channel, const Barrier& barrier) {
  if (arrived_count_ == 0) {
    current_ = barrier;
  } else if (barrier.checkpoint_id != current_.checkpoint_id || arrived_[channel]) {
    return Status::Internal("channel " + std::to_string(channel) + " brought the barrier of checkpoint " +
                            std::to_string(barrier.checkpoint_id) + " while that of checkpoint " +
                            std::to_string(current_.checkpoint_id) + " is being aligned");
  }
  arrived_[channel] = true;
  if (++arrived_count_ < arrived_.size()) return std::optional<Barrier>();
  arrived_.assign(arrived_.size(), false);
  arrived_count_ = 0;
  return std::optional<Barrier>(current_);
}

}  // namespace spillway::runtime
