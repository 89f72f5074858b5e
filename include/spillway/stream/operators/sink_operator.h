// Writes records to a sink, and remembers what it sealed until it is known to be committed.
//
// Committables of a checkpoint that was given up stay pending and go into the next one, so no output is lost. The
// commit itself is the coordinator's, from the completed manifest.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "spillway/stream/operators/one_input_operator.h"
#include "spillway/stream/sink.h"

namespace spillway {

template <typename T>
class SinkOperator final : public OneInputOperator<T, T> {
  using Base = OneInputOperator<T, T>;

 public:
  explicit SinkOperator(std::shared_ptr<Sink<T>> sink) : sink_(std::move(sink)) {}
  [[nodiscard]] OutputPortBase* main_output() override { return nullptr; }

  Status Open(OperatorScope& scope) override {
    SPILLWAY_RETURN_IF_ERROR(Base::Open(scope));
    records_ = &scope.records();
    return CallUserCode([&]() -> Status {
      SPILLWAY_ASSIGN_OR_RETURN(writer_, sink_->CreateWriter(scope.subtask()));
      return {};
    });
  }
  void Process(T&& value, int64_t) override {
    this->Guarded([&] { return writer_->Write(std::as_const(value)); });
    records_->Add();
  }
  Status Snapshot(uint64_t checkpoint_id, OperatorCheckpoint* out) override {
    return CallUserCode([&]() -> Status {
      SPILLWAY_ASSIGN_OR_RETURN(std::vector<std::string> sealed, writer_->PrepareCommit(checkpoint_id));
      for (std::string& committable : sealed) pending_.push_back({checkpoint_id, std::move(committable)});
      for (const Pending& pending : pending_) out->committables.push_back(pending.committable);
      return {};
    });
  }
  void CheckpointCompleted(uint64_t checkpoint_id) override {
    std::erase_if(pending_, [&](const Pending& pending) { return pending.checkpoint_id <= checkpoint_id; });
  }

 private:
  struct Pending {
    uint64_t checkpoint_id;
    std::string committable;
  };
  std::shared_ptr<Sink<T>> sink_;
  std::unique_ptr<SinkWriter<T>> writer_;
  std::vector<Pending> pending_;
  Counter* records_ = nullptr;
};

}  // namespace spillway
