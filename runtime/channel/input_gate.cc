#include "runtime/channel/input_gate.h"

#include <utility>

namespace spillway::runtime {

class InputGate::Channel final : public ChannelSender {
 public:
  Channel(InputGate* gate, size_t index) : gate_(gate), index_(index) {}

  bool Send(StreamElement element) override {
    std::unique_lock lock(gate_->mutex_);
    writable_.wait(lock, [&] { return gate_->cancelled_ || queue_.size() < gate_->capacity_; });
    if (gate_->cancelled_) return false;
    queue_.push_back(std::move(element));
    if (!blocked_) gate_->readable_.notify_one();
    return true;
  }

 private:
  friend class InputGate;
  InputGate* gate_;
  const size_t index_;
  std::condition_variable writable_;
  std::deque<StreamElement> queue_;
  bool blocked_ = false;
};

InputGate::InputGate(size_t channels, size_t capacity) : capacity_(capacity) {
  for (size_t i = 0; i < channels; ++i) channels_.push_back(std::make_unique<Channel>(this, i));
}

InputGate::~InputGate() = default;

ChannelSender* InputGate::sender(size_t channel) const {
  return channels_[channel].get();
}

InputGate::Channel* InputGate::Readable() {
  for (size_t i = 0; i < channels_.size(); ++i) {
    Channel& channel = *channels_[(turn_ + i) % channels_.size()];
    if (!channel.blocked_ && !channel.queue_.empty()) return &channel;
  }
  return nullptr;
}

InputGate::Outcome InputGate::Next(std::optional<std::chrono::milliseconds> timeout, StreamElement* element,
                                   size_t* channel) {
  std::unique_lock lock(mutex_);
  Channel* found = nullptr;
  const auto ready = [&] {
    found = Readable();
    return found != nullptr || woken_ || cancelled_;
  };
  if (timeout) {
    readable_.wait_for(lock, *timeout, ready);
  } else {
    readable_.wait(lock, ready);
  }
  if (cancelled_) return Outcome::kCancelled;
  if (std::exchange(woken_, false) || found == nullptr) return Outcome::kNothing;
  turn_ = (found->index_ + 1) % channels_.size();
  *element = std::move(found->queue_.front());
  found->queue_.pop_front();
  *channel = found->index_;
  found->writable_.notify_one();
  return Outcome::kElement;
}

bool InputGate::WouldWait() {
  const std::lock_guard lock(mutex_);
  return Readable() == nullptr;
}

void InputGate::Block(size_t channel) {
  const std::lock_guard lock(mutex_);
  channels_[channel]->blocked_ = true;
}

void InputGate::UnblockAll() {
  const std::lock_guard lock(mutex_);
  for (const auto& channel : channels_) channel->blocked_ = false;
}

void InputGate::Wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  readable_.notify_one();
}

void InputGate::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  readable_.notify_all();
  for (const auto& channel : channels_) channel->writable_.notify_all();
}

}  // namespace spillway::runtime
