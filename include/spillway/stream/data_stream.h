// DataStream<T>: a stream of records, and what can be made of it.
//
// A light value that names one output in the job's graph; copies name the same. Building is for one thread and only
// notes what is to be done; StreamExecutionEnvironment::Execute does it. Every operator takes a name, unique in the
// job: messages, counters and checkpoints know it by that name, so a job that is to be restored keeps its names.
//
// Programs include environment.h, which brings the streams that KeyBy and Window lead to.
//
// Functions are copied to every subtask (see rich_function.h): anything callable for Map, Filter and FlatMap, and with
// an Open(RuntimeContext&) if it needs one; a ProcessFunction for Process. All run in chains without a queue between
// them, until a KeyBy, a Rebalance or a Union.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "spillway/stream/operators/sink_operator.h"
#include "spillway/stream/operators/stateless_operators.h"
#include "spillway/stream/operators/watermark_operator.h"
#include "spillway/stream/output_tag.h"
#include "spillway/stream/sink.h"
#include "spillway/stream/stream_graph.h"
#include "spillway/stream/watermark_strategy.h"

namespace spillway {

template <typename K, typename T, typename KeyOf>
class KeyedStream;

template <typename T>
class DataStream {
 public:
  using Type = T;

  // fn(const T&) -> U
  template <typename Function>
  auto Map(std::string name, Function fn) const {
    using U = std::decay_t<std::invoke_result_t<Function&, const T&>>;
    return Then<U>(std::move(name), [fn] { return std::make_unique<MapOperator<Function, T, U>>(fn); });
  }

  // fn(const T&) -> bool; true keeps the record.
  template <typename Function>
  DataStream<T> Filter(std::string name, Function fn) const {
    return Then<T>(std::move(name), [fn] { return std::make_unique<FilterOperator<Function, T>>(fn); });
  }

  // fn(const T&, Collector<U>&) -> void or Status
  template <typename U, typename Function>
  DataStream<U> FlatMap(std::string name, Function fn) const {
    return Then<U>(std::move(name), [fn] { return std::make_unique<FlatMapOperator<Function, T, U>>(fn); });
  }

  // A ProcessFunction<T, Out>.
  template <typename Function>
  DataStream<typename Function::Output> Process(std::string name, Function function) const {
    static_assert(std::is_same_v<typename Function::Input, T>,
                  "the function's input is another type than the stream's");
    return Then<typename Function::Output>(
        std::move(name), [function] { return std::make_unique<ProcessOperator<Function>>(function); });
  }

  DataStream<T> AssignTimestampsAndWatermarks(std::string name, WatermarkStrategy<T> strategy) const {
    return Then<T>(std::move(name), [strategy] { return std::make_unique<WatermarkOperator<T>>(strategy); });
  }

  // key_of(const T&) -> K, a type with a serializer; must depend on the record alone.
  template <typename KeyOf>
  auto KeyBy(KeyOf key_of) const {
    using K = std::decay_t<std::invoke_result_t<KeyOf&, const T&>>;
    return KeyedStream<K, T, KeyOf>(*this, std::move(key_of));
  }

  // What the operator that made this stream emits under `tag`.
  template <typename S>
  DataStream<S> SideOutput(const OutputTag<S>& tag) const {
    return DataStream<S>(graph_, {{outputs_.front().node, tag.id()}}, Exchange::kForward);
  }

  // Records of both, in no particular order between them.
  DataStream<T> Union(const DataStream<T>& other) const {
    DataStream<T> both = *this;
    both.outputs_.insert(both.outputs_.end(), other.outputs_.begin(), other.outputs_.end());
    return both;
  }

  // Spreads the records evenly over the next operator's subtasks; gives up their order.
  DataStream<T> Rebalance() const {
    DataStream<T> spread = *this;
    spread.exchange_ = Exchange::kRebalance;
    return spread;
  }

  void SinkTo(std::string name, std::shared_ptr<Sink<T>> sink) const {
    class Handle final : public SinkHandle {
     public:
      explicit Handle(std::shared_ptr<Sink<T>> typed) : typed_(std::move(typed)) {}
      Status Prepare(std::optional<uint64_t> restored_checkpoint,
                     const std::vector<std::string>& committables) override {
        return typed_->Prepare(restored_checkpoint, committables);
      }
      Status Start(std::optional<uint64_t> restored_checkpoint, const std::vector<std::string>& committables) override {
        return typed_->Start(restored_checkpoint, committables);
      }
      Status Commit(const std::vector<std::string>& committables) override { return typed_->Commit(committables); }

     private:
      std::shared_ptr<Sink<T>> typed_;
    };
    if (sink == nullptr) graph_->NoteError(Status::InvalidArgument("sink '" + name + "' is null"));
    StreamNode node;
    node.name = std::move(name);
    node.make_operator = [sink] { return std::make_unique<SinkOperator<T>>(sink); };
    node.sink = std::make_shared<Handle>(sink);
    node.inputs = Edges();
    AddNode(std::move(node));
  }

 private:
  template <typename>
  friend class DataStream;
  template <typename, typename, typename>
  friend class KeyedStream;
  template <typename, typename, typename>
  friend class WindowedStream;
  friend class StreamExecutionEnvironment;

  struct OutputRef {
    uint32_t node = 0;
    std::string tag;  // empty: the main output
  };

  DataStream(std::shared_ptr<StreamGraph> graph, std::vector<OutputRef> outputs, Exchange exchange)
      : graph_(std::move(graph)), outputs_(std::move(outputs)), exchange_(exchange) {}

  template <typename U, typename Make>
  DataStream<U> Then(std::string name, Make make) const {
    StreamNode node;
    node.name = std::move(name);
    node.make_operator = std::move(make);
    node.inputs = Edges();
    return DataStream<U>(graph_, {{AddNode(std::move(node)), ""}}, Exchange::kForward);
  }

  uint32_t AddNode(StreamNode node) const {
    node.id = static_cast<uint32_t>(graph_->nodes.size());
    graph_->nodes.push_back(std::move(node));
    return graph_->nodes.back().id;
  }

  // One edge for each output that this stream is made of.
  [[nodiscard]] std::vector<StreamEdge> Edges() const {
    return EdgesWith(exchange_, [](ExchangeTargets targets) -> std::unique_ptr<ExchangeWriter> {
      return std::make_unique<RebalanceWriter<T>>(std::move(targets));
    });
  }
  template <typename MakeWriter>
  [[nodiscard]] std::vector<StreamEdge> EdgesWith(Exchange exchange, MakeWriter make_writer) const {
    std::vector<StreamEdge> edges;
    for (const OutputRef& output : outputs_) {
      StreamEdge edge;
      edge.from = output.node;
      edge.exchange = exchange;
      edge.connect = [tag = output.tag](Operator& from, Input* to) {
        auto* typed = static_cast<TypedInput<T>*>(to);
        if (tag.empty()) {
          static_cast<OutputPort<T>*>(from.main_output())->Connect(typed);
        } else {
          from.side_outputs().template Connect<T>(tag, typed);
        }
      };
      edge.make_writer = make_writer;
      edges.push_back(std::move(edge));
    }
    return edges;
  }

  std::shared_ptr<StreamGraph> graph_;
  std::vector<OutputRef> outputs_;
  Exchange exchange_;
};

}  // namespace spillway
