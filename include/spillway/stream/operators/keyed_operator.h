// What operators behind a keyBy have in common: the current key is set before each record, the record is ended after
// it.
//
// Records come in keyed batches out of a hash exchange. Every new watermark first fires the timers that are due. The
// watermark is part of the checkpoint, so what was late before a restore is late after it; behind a hash exchange all
// subtasks have the same watermark at a barrier, so their least one serves every parallelism.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "spillway/stream/operators/keyed_scope.h"
#include "spillway/stream/operators/one_input_operator.h"

namespace spillway {

inline constexpr const char* kWatermarkBlob = "watermark";

template <typename In, typename Out>
class KeyedOperator : public OneInputOperator<In, Out> {
  using Base = OneInputOperator<In, Out>;

 public:
  Status Open(OperatorScope& scope) override {
    SPILLWAY_RETURN_IF_ERROR(Base::Open(scope));
    keyed_ = scope.keyed();
    int64_t watermark = kWatermarkAfterAll;
    const std::vector<std::string> blobs = scope.RestoredBlobs(kWatermarkBlob);
    for (const std::string& blob : blobs) {
      if (blob.size() != sizeof(int64_t)) return Status::Corruption("the checkpoint's watermark cannot be read");
      watermark = std::min(watermark, LoadBytes<int64_t>(blob.data()));
    }
    if (blobs.empty()) watermark = kWatermarkBeforeAll;
    return keyed_->Open(scope.key_schema(), NamespaceSchema(), watermark);
  }

  void ProcessBatch(RecordBatch& batch) override {
    auto& typed = static_cast<TypedBatch<In>&>(batch);
    this->Guarded([&] { return keyed_->Announce(typed.keys, typed.values.size()); });
    for (size_t i = 0; i < typed.values.size() && !this->stopped(); ++i) {
      const int64_t timestamp = typed.timestamps[i];
      this->out_.set_timestamp(timestamp);
      this->Guarded([&]() -> Status {
        SPILLWAY_RETURN_IF_ERROR(keyed_->SetCurrentKey(typed.keys.Key(i), typed.keys.KeyGroup(i)));
        return ProcessKeyed(std::move(typed.values[i]), timestamp);
      });
      keyed_->EndRecord();
    }
    this->Guarded([&] { return keyed_->Poll(); });
  }
  // Only batches come here.
  void Process(In&&, int64_t) override {}

  void ProcessWatermark(int64_t watermark) override {
    this->Guarded([&] {
      return keyed_->AdvanceWatermark(watermark, [this](int64_t timestamp, BytesView state_namespace) -> Status {
        if (this->stopped()) return {};
        this->out_.set_timestamp(timestamp);
        return CallUserCode([&] { return FireTimer(timestamp, state_namespace); });
      });
    });
    Base::ProcessWatermark(watermark);
  }

  Status Snapshot(uint64_t, OperatorCheckpoint* out) override {
    std::string& blob = out->blobs[kWatermarkBlob];
    ByteWriter(&blob).Fixed(keyed_->current_watermark());
    return {};
  }

 protected:
  [[nodiscard]] virtual std::string NamespaceSchema() const { return ""; }
  virtual Status ProcessKeyed(In&& value, int64_t timestamp) = 0;
  virtual Status FireTimer(int64_t timestamp, BytesView state_namespace) = 0;

  KeyedScope* keyed_ = nullptr;
};

}  // namespace spillway
