// The head of a chain that reads a source: split after split, from where a checkpoint left them.
//
// The runtime assigns the splits and calls ReadBatch again and again; between two calls barriers may pass. At most one
// split is open at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "spillway/stream/event_time.h"
#include "spillway/stream/operators/operator.h"
#include "spillway/stream/operators/split_progress.h"
#include "spillway/stream/operators/user_code.h"
#include "spillway/stream/source.h"

namespace spillway {

class SourceOperatorBase : public Operator {
 public:
  enum class ReadOutcome {
    kRecords,
    kNothing,   // nothing at this moment
    kFinished,  // nothing any more
  };

  // Before Open.
  void Assign(SplitAssignment assignment) { assignment_ = std::move(assignment); }
  [[nodiscard]] virtual ReadOutcome ReadBatch(size_t records_max) = 0;
  // Of all that was read in the unit of Source::SplitSize, earlier runs included.
  [[nodiscard]] uint64_t read_size() const { return read_size_; }

  // Marks at the head of the chain.
  void SendWatermark(int64_t watermark) {
    ForEachTarget([&](Input* target) { target->ProcessWatermark(watermark); });
  }
  void SendBatchEnd(bool waiting) {
    ForEachTarget([&](Input* target) { target->ProcessBatchEnd(waiting); });
  }
  void SendEndOfInput() {
    ForEachTarget([](Input* target) { target->ProcessEndOfInput(); });
  }

 protected:
  SplitAssignment assignment_;
  uint64_t read_size_ = 0;
};

template <typename T>
class SourceOperator final : public SourceOperatorBase {
 public:
  explicit SourceOperator(std::shared_ptr<Source<T>> source) : source_(std::move(source)) {}
  [[nodiscard]] OutputPortBase* main_output() override { return &out_; }

  Status Open(OperatorScope& scope) override {
    scope_ = &scope;
    records_ = &scope.records();
    out_.set_stop_flag(scope.stop_flag());
    done_.split_count = assignment_.split_count;
    done_.fingerprint = assignment_.fingerprint;
    done_.finished = assignment_.finished_before;
    done_size_ = read_size_ = assignment_.finished_before_size;
    return {};
  }

  ReadOutcome ReadBatch(size_t records_max) override {
    ReadOutcome outcome = ReadOutcome::kFinished;
    Status status = CallUserCode([&]() -> Status {
      if (reader_ == nullptr) {
        if (next_ == assignment_.splits.size()) return {};
        SPILLWAY_RETURN_IF_ERROR(OpenNext());
      }
      buffer_.clear();
      SPILLWAY_ASSIGN_OR_RETURN(const bool more, reader_->Read(records_max, &buffer_));
      outcome = buffer_.empty() && more ? ReadOutcome::kNothing : ReadOutcome::kRecords;
      read_size_ = done_size_ + reader_->Progress();
      records_->Add(buffer_.size());
      for (T& record : buffer_) {
        if (out_.ShouldStop()) break;
        out_.Emit(std::move(record), kNoTimestamp);
      }
      if (!more) FinishSplit();
      return {};
    });
    if (!status.ok()) scope_->Fail(status.WithContext(CurrentSplit()));
    return outcome;
  }

  Status Snapshot(uint64_t, OperatorCheckpoint* out) override {
    SourceCheckpoint checkpoint = done_;
    Status status = CallUserCode([&]() -> Status {
      if (reader_ != nullptr) checkpoint.started[assignment_.splits[next_].number] = reader_->Position();
      return {};
    });
    // Splits that an earlier run began and this subtask has not come to yet.
    for (size_t i = next_ + (reader_ != nullptr ? 1 : 0); i < assignment_.splits.size(); ++i) {
      const NumberedSplit& waiting = assignment_.splits[i];
      if (!waiting.split.position.empty()) checkpoint.started[waiting.number] = waiting.split.position;
    }
    out->blobs[kSplitsBlob] = EncodeSourceCheckpoint(checkpoint);
    return status;
  }

 private:
  Status OpenNext() {
    SPILLWAY_ASSIGN_OR_RETURN(reader_, source_->OpenSplit(assignment_.splits[next_].split));
    const bool last = next_ + 1 == assignment_.splits.size();
    ForEachTarget([&](Input* target) { target->ProcessSplitStart(last); });
    return {};
  }
  void FinishSplit() {
    // A split of unknown size counts with what its reader says.
    done_size_ += std::max(assignment_.splits[next_].size, reader_->Progress());
    read_size_ = done_size_;
    reader_.reset();
    done_.finished.Add(assignment_.splits[next_].number);
    ++next_;
  }
  [[nodiscard]] std::string CurrentSplit() const {
    return next_ < assignment_.splits.size() ? "split '" + assignment_.splits[next_].split.id + "'"
                                             : "after the last split";
  }

  std::shared_ptr<Source<T>> source_;
  OutputPort<T> out_;
  OperatorScope* scope_ = nullptr;
  Counter* records_ = nullptr;
  SourceCheckpoint done_;
  uint64_t done_size_ = 0;
  size_t next_ = 0;  // in assignment_.splits: the open one, or the one to open
  std::unique_ptr<SplitReader<T>> reader_;
  std::vector<T> buffer_;
};

}  // namespace spillway
