// The inputs of one subtask: a bounded channel from each sender, and one reader that waits for them all.
//
// Senders: one thread per channel, through sender(). Next, Block and UnblockAll belong to the reading subtask's thread;
// Wake and Cancel are for any thread. A channel keeps its order; between channels the reader takes turns. A sender
// waits while its channel is full; what is in a channel never exceeds the capacity, so a slow reader slows its senders
// down and memory stays bounded. A blocked channel (its barrier has come, those of the others have not) is not read
// until all are unblocked.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "spillway/stream/operators/stream_element.h"

namespace spillway::runtime {

class InputGate {
 public:
  enum class Outcome {
    kElement,
    kNothing,    // woken, or the time is over
    kCancelled,  // for good
  };

  InputGate(size_t channels, size_t capacity);
  InputGate(const InputGate&) = delete;
  InputGate& operator=(const InputGate&) = delete;
  ~InputGate();

  [[nodiscard]] size_t channels() const { return channels_.size(); }
  // Lives as long as the gate.
  [[nodiscard]] ChannelSender* sender(size_t channel) const;

  // Waits for an element of a channel that is not blocked; without `timeout`, as long as it takes.
  Outcome Next(std::optional<std::chrono::milliseconds> timeout, StreamElement* element, size_t* channel);
  // Whether Next would have to wait.
  [[nodiscard]] bool WouldWait();
  void Block(size_t channel);
  void UnblockAll();

  // Lets a waiting (or the next) Next return kNothing.
  void Wake();
  // Lets senders and the reader return at once, from now on.
  void Cancel();

 private:
  class Channel;
  [[nodiscard]] Channel* Readable();  // with mutex_ held

  std::mutex mutex_;  // guards everything in the channels and below
  std::condition_variable readable_;
  std::vector<std::unique_ptr<Channel>> channels_;
  const size_t capacity_;
  size_t turn_ = 0;
  bool woken_ = false;
  bool cancelled_ = false;
};

}  // namespace spillway::runtime
