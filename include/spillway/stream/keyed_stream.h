// KeyedStream: a stream divided by key, so that what follows has state per key.
//
// A light value, used to build the graph on one thread. All records of one key meet in one subtask, in the order in
// which one subtask sent them. Each operator behind a KeyBy has a backend instance per subtask; see data_stream.h for
// names and functions.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "spillway/serializer.h"
#include "spillway/stream/data_stream.h"
#include "spillway/stream/operators/keyed_process_operator.h"
#include "spillway/stream/operators/reduce_operator.h"
#include "spillway/stream/stream_graph.h"
#include "spillway/stream/time_window.h"

namespace spillway {

template <typename K, typename T, typename KeyOf>
class WindowedStream;

template <typename K, typename T, typename KeyOf>
class KeyedStream {
  static_assert(KeyType<K>, "a key's equal values must have equal bytes: no floating point, no padding");

 public:
  using Key = K;

  KeyedStream(DataStream<T> stream, KeyOf key_of) : stream_(std::move(stream)), key_of_(std::move(key_of)) {}

  // A KeyedProcessFunction<K, T, Out>.
  template <typename Function>
  DataStream<typename Function::Output> Process(std::string name, Function function) const {
    static_assert(std::is_same_v<typename Function::Key, K>, "the function's key is another type than the stream's");
    static_assert(std::is_same_v<typename Function::Input, T>,
                  "the function's input is another type than the stream's");
    return ThenKeyed<typename Function::Output>(
        std::move(name), [function] { return std::make_unique<KeyedProcessOperator<Function>>(function); });
  }

  // reduce(const T& folded, const T& value) -> T; every record gives the folded value so far.
  template <typename Function>
  DataStream<T> Reduce(std::string name, Function reduce) const {
    return ThenKeyed<T>(std::move(name), [reduce] { return std::make_unique<ReduceOperator<Function, T>>(reduce); });
  }

  [[nodiscard]] WindowedStream<K, T, KeyOf> Window(TumblingEventTimeWindows windows) const {
    return WindowedStream<K, T, KeyOf>(*this, windows);
  }

 private:
  template <typename, typename, typename>
  friend class WindowedStream;

  template <typename Out, typename Make>
  DataStream<Out> ThenKeyed(std::string name, Make make) const {
    StreamNode node;
    node.name = std::move(name);
    node.make_operator = std::move(make);
    node.keyed = true;
    node.key_schema = SchemaOf<K>();
    node.inputs = stream_.EdgesWith(Exchange::kHash,
                                    [key_of = key_of_](ExchangeTargets targets) -> std::unique_ptr<ExchangeWriter> {
                                      return std::make_unique<HashWriter<T, KeyOf, K>>(std::move(targets), key_of);
                                    });
    return DataStream<Out>(stream_.graph_, {{stream_.AddNode(std::move(node)), ""}}, Exchange::kForward);
  }

  void NoteError(Status status) const { stream_.graph_->NoteError(std::move(status)); }

  DataStream<T> stream_;
  KeyOf key_of_;
};

}  // namespace spillway
