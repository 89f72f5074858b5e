// The end of a chain that feeds another chain's subtasks through channels.
//
// Gathers records into a batch per channel and sends it when it is full, when a mark must go on, or when nothing more
// comes at this moment. Marks go to every channel. Used on the sending subtask's thread; the channels outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "spillway/key_groups.h"
#include "spillway/serializer.h"
#include "spillway/status.h"
#include "spillway/stream/operators/input.h"
#include "spillway/stream/operators/operator.h"
#include "spillway/stream/operators/stream_element.h"
#include "spillway/stream/operators/user_code.h"

namespace spillway {

struct ExchangeTargets {
  std::vector<ChannelSender*> channels;  // by the receiving subtask; one only when records go straight on
  size_t batch_records_max = 1;
  uint32_t max_parallelism = 1;
  uint32_t first_target = 0;       // where a rebalance begins
  OperatorScope* scope = nullptr;  // of the operator that feeds it, to whom errors belong
};

class ExchangeWriter {
 public:
  virtual ~ExchangeWriter() = default;
  [[nodiscard]] virtual Input* input() = 0;
  // Between two records: what was gathered, then the barrier.
  virtual void SendBarrier(const Barrier& barrier) = 0;
};

template <typename T>
class BatchingWriter : public ExchangeWriter, public TypedInput<T> {
 public:
  explicit BatchingWriter(ExchangeTargets targets)
      : targets_(std::move(targets)), gathered_(targets_.channels.size()) {}
  [[nodiscard]] Input* input() override { return this; }

  void SendBarrier(const Barrier& barrier) override {
    Broadcast([&] { return StreamElement::OfBarrier(barrier); });
  }
  void ProcessWatermark(int64_t watermark) override {
    Broadcast([&] { return StreamElement::OfWatermark(watermark); });
  }
  void ProcessIdle(bool idle) override {
    Broadcast([&] { return StreamElement::OfIdle(idle); });
  }
  void ProcessSplitStart(bool) override {}
  void ProcessBatchEnd(bool waiting) override {
    if (waiting) FlushAll();
  }
  void ProcessEndOfInput() override {
    Broadcast([] { return StreamElement::OfEndOfInput(); });
  }

 protected:
  // The batch that the next record for this channel goes into.
  TypedBatch<T>& BatchFor(size_t channel) {
    std::unique_ptr<TypedBatch<T>>& batch = gathered_[channel];
    if (batch == nullptr) {
      batch = std::make_unique<TypedBatch<T>>();
      batch->values.reserve(targets_.batch_records_max);
      batch->timestamps.reserve(targets_.batch_records_max);
    }
    return *batch;
  }
  // True when the channel's batch was full and has been sent.
  bool SendIfFull(size_t channel) {
    if (gathered_[channel]->size() < targets_.batch_records_max) return false;
    Flush(channel);
    return true;
  }
  const ExchangeTargets& targets() const { return targets_; }

 private:
  template <typename Make>
  void Broadcast(Make make) {
    FlushAll();
    for (ChannelSender* channel : targets_.channels) Send(channel, make());
  }
  void FlushAll() {
    for (size_t i = 0; i < gathered_.size(); ++i) Flush(i);
  }
  void Flush(size_t channel) {
    if (gathered_[channel] == nullptr) return;
    Send(targets_.channels[channel], StreamElement::OfBatch(std::move(gathered_[channel])));
  }
  void Send(ChannelSender* channel, StreamElement element) {
    if (targets_.scope->stop_flag().load(std::memory_order_relaxed)) return;
    if (!channel->Send(std::move(element))) targets_.scope->Fail(Status::Cancelled("the job is ending"));
  }

  ExchangeTargets targets_;
  std::vector<std::unique_ptr<TypedBatch<T>>> gathered_;  // null where nothing is
};

// Batch by batch to one target after the other; with a single channel: straight on.
template <typename T>
class RebalanceWriter final : public BatchingWriter<T> {
 public:
  explicit RebalanceWriter(ExchangeTargets targets)
      : BatchingWriter<T>(std::move(targets)), next_(this->targets().first_target % this->targets().channels.size()) {}
  void Process(T&& value, int64_t timestamp) override {
    this->BatchFor(next_).Add(std::move(value), timestamp);
    if (this->SendIfFull(next_)) next_ = (next_ + 1) % this->targets().channels.size();
  }

 private:
  size_t next_;
};

// To the subtask that owns the key group of the record's key.
template <typename T, typename KeyOf, typename K>
class HashWriter final : public BatchingWriter<T> {
 public:
  HashWriter(ExchangeTargets targets, KeyOf key_of)
      : BatchingWriter<T>(std::move(targets)), key_of_(std::move(key_of)) {}
  void Process(T&& value, int64_t timestamp) override {
    key_.clear();
    Status status = CallUserCode([&]() -> Status {
      Serializer<K>::Write(key_of_(std::as_const(value)), &key_);
      return {};
    });
    if (!status.ok()) {
      this->targets().scope->Fail(status.WithContext("the key of a record"));
      return;
    }
    const uint32_t max_parallelism = this->targets().max_parallelism;
    const uint32_t key_group = KeyGroupOf(key_, max_parallelism);
    const auto channels = static_cast<uint32_t>(this->targets().channels.size());
    const uint32_t channel = SubtaskOfKeyGroup(key_group, max_parallelism, channels);
    TypedBatch<T>& batch = this->BatchFor(channel);
    batch.Add(std::move(value), timestamp);
    batch.keys.Add(key_, key_group);
    this->SendIfFull(channel);
  }

 private:
  KeyOf key_of_;
  std::string key_;
};

}  // namespace spillway
