// OperatorScope as the runtime gives it: one per operator of a subtask's chain.
//
// On the subtask's thread, but for stop_flag. The first failure of any operator in the chain is kept in the SubtaskStop
// that they share.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/checkpoint/restore_plan.h"
#include "runtime/job/job_figures.h"
#include "spillway/stream/operators/keyed_scope.h"
#include "spillway/stream/operators/operator.h"
#include "spillway/stream/stream_graph.h"

namespace spillway::runtime {

// Why a subtask ends early. The flag is set by itself or, from any thread, because the job ends; the rest is its own.
struct SubtaskStop {
  std::atomic<bool> flag{false};
  Status failure;  // OK when only the job ended
  std::string failed_operator;
};

class SubtaskScope final : public OperatorScope {
 public:
  struct Parts {
    const StreamNode* node = nullptr;
    uint32_t subtask = 0;
    uint32_t parallelism = 1;
    uint32_t max_parallelism = 1;
    const RestorePlan* restore = nullptr;  // null for a fresh start
    JobFigures* figures = nullptr;
    SubtaskStop* stop = nullptr;
  };

  explicit SubtaskScope(const Parts& parts);

  // Before the operator is opened.
  void SetKeyed(KeyedScope* keyed) { keyed_ = keyed; }
  [[nodiscard]] const StreamNode& node() const { return *parts_.node; }

  [[nodiscard]] const std::string& operator_name() const override { return parts_.node->name; }
  [[nodiscard]] uint32_t subtask() const override { return parts_.subtask; }
  [[nodiscard]] uint32_t parallelism() const override { return parts_.parallelism; }
  [[nodiscard]] uint32_t max_parallelism() const override { return parts_.max_parallelism; }
  Counter& GetCounter(const std::string& name) override;
  [[nodiscard]] const std::string& key_schema() const override { return parts_.node->key_schema; }

  void Fail(Status status) override;
  [[nodiscard]] const std::atomic<bool>& stop_flag() const override { return parts_.stop->flag; }
  [[nodiscard]] std::vector<std::string> RestoredBlobs(const std::string& name) const override;
  [[nodiscard]] KeyedScope* keyed() override { return keyed_; }
  [[nodiscard]] Counter& records() override { return *records_; }

 protected:
  [[nodiscard]] const plugin::Backend* backend() const override {
    return keyed_ == nullptr ? nullptr : &keyed_->backend();
  }
  void NoteState(const plugin::State& state) override {
    keyed_->NoteState(state);
    keyed_->AnnounceState(state);
  }

 private:
  const Parts parts_;
  Counter* records_;
  Counter unused_records_;  // of operators that are neither source nor sink
  KeyedScope* keyed_ = nullptr;
};

}  // namespace spillway::runtime
