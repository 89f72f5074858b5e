// Where a job is built and run.
//
//   StreamExecutionEnvironment env(options);
//   env.FromSource("lines", source).Map("parse", parse).KeyBy(word).Process("count", Count()).SinkTo("out", sink);
//   Result<JobResult> result = env.Execute("wordcount");
//
// Built by one thread. Execute may be called once; it checks options, directories, graph and plugin, restores if asked
// to, runs the job and returns when it has ended, with nothing of it left running. An error or exception in any subtask
// ends the job, and Execute returns that first cause, naming operator and subtask. JobControl reaches a running job
// from other threads.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "spillway/status.h"
#include "spillway/stream/data_stream.h"  // IWYU pragma: export
#include "spillway/stream/execution_options.h"
#include "spillway/stream/job_control.h"
#include "spillway/stream/job_result.h"
#include "spillway/stream/keyed_stream.h"  // IWYU pragma: export
#include "spillway/stream/operators/source_operator.h"
#include "spillway/stream/source.h"
#include "spillway/stream/stream_graph.h"
#include "spillway/stream/windowed_stream.h"  // IWYU pragma: export

namespace spillway {

class StreamExecutionEnvironment {
 public:
  explicit StreamExecutionEnvironment(ExecutionOptions options);
  ~StreamExecutionEnvironment();
  StreamExecutionEnvironment(const StreamExecutionEnvironment&) = delete;
  StreamExecutionEnvironment& operator=(const StreamExecutionEnvironment&) = delete;

  template <typename T>
  DataStream<T> FromSource(std::string name, std::shared_ptr<Source<T>> source) {
    class Handle final : public SourceHandle {
     public:
      explicit Handle(std::shared_ptr<Source<T>> typed) : typed_(std::move(typed)) {}
      Result<std::vector<SourceSplit>> DiscoverSplits() override { return typed_->DiscoverSplits(); }
      [[nodiscard]] Status CheckRestored(const SourceSplit& split) override { return typed_->CheckRestored(split); }
      [[nodiscard]] std::optional<uint64_t> SplitSize(const SourceSplit& split) const override {
        return typed_->SplitSize(split);
      }

     private:
      std::shared_ptr<Source<T>> typed_;
    };
    if (source == nullptr) graph_->NoteError(Status::InvalidArgument("source '" + name + "' is null"));
    StreamNode node;
    node.id = static_cast<uint32_t>(graph_->nodes.size());
    node.name = std::move(name);
    node.make_operator = [source] { return std::make_unique<SourceOperator<T>>(source); };
    node.source = std::make_shared<Handle>(source);
    graph_->nodes.push_back(std::move(node));
    return DataStream<T>(graph_, {{graph_->nodes.back().id, ""}}, Exchange::kForward);
  }

  // `control` and `observer` may be null; both belong to the caller and outlive the call. `job_name` ([A-Za-z0-9._-]+)
  // names the folder of the job's checkpoints.
  Result<JobResult> Execute(const std::string& job_name, JobControl* control = nullptr,
                            JobObserver* observer = nullptr);

  [[nodiscard]] const ExecutionOptions& options() const { return options_; }

 private:
  ExecutionOptions options_;
  std::shared_ptr<StreamGraph> graph_;
  bool executed_ = false;
};

}  // namespace spillway
