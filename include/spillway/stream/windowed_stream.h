// WindowedStream: records of one key, cut into windows of event time.
//
// A light value, used to build the graph on one thread. Each window gives its result once, when the watermark reaches
// its end, with the window's largest timestamp. Nothing waits for late records: they are counted as
// "<name>.late_records", and can be had through a side output. The result functions get key and window; without one,
// the folded value itself is the result.
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "spillway/stream/collector.h"
#include "spillway/stream/data_stream.h"
#include "spillway/stream/keyed_stream.h"
#include "spillway/stream/operators/window_operator.h"
#include "spillway/stream/output_tag.h"
#include "spillway/stream/rich_function.h"
#include "spillway/stream/time_window.h"

namespace spillway {

// Sees all records of a window, in their order.
template <typename K, typename T, typename Out>
class ProcessWindowFunction : public RichFunction {
 public:
  using Output = Out;
  virtual Status Process(const K& key, const TimeWindow& window, ListIterator<T>& elements, Collector<Out>& out) = 0;
};

template <typename K, typename T, typename KeyOf>
class WindowedStream {
 public:
  WindowedStream(KeyedStream<K, T, KeyOf> stream, TumblingEventTimeWindows windows)
      : stream_(std::move(stream)), windows_(windows) {}

  // Late records go to the result stream's SideOutput(tag).
  [[nodiscard]] WindowedStream SideOutputLateData(const OutputTag<T>& tag) const {
    WindowedStream with_tag = *this;
    with_tag.late_tag_ = tag.id();
    return with_tag;
  }

  // reduce(const T& folded, const T& value) -> T
  template <typename Function>
  DataStream<T> Reduce(std::string name, Function reduce) const {
    return Build<T>(std::move(name), ReducedContents<T, Function>(std::move(reduce)), EmitAsIs());
  }
  // result(const K&, const TimeWindow&, const T& folded) -> R
  template <typename Function, typename Result>
  auto Reduce(std::string name, Function reduce, Result result) const {
    using R = std::decay_t<std::invoke_result_t<Result&, const K&, const TimeWindow&, const T&>>;
    return Build<R>(std::move(name), ReducedContents<T, Function>(std::move(reduce)), EmitResult<Result>{result});
  }
  template <AggregateFunction F>
  DataStream<typename F::Out> Aggregate(std::string name, F function) const {
    return Build<typename F::Out>(std::move(name), AggregatedContents<F>(std::move(function)), EmitAsIs());
  }
  // result(const K&, const TimeWindow&, const F::Out&) -> R
  template <AggregateFunction F, typename Result>
  auto Aggregate(std::string name, F function, Result result) const {
    using R = std::decay_t<std::invoke_result_t<Result&, const K&, const TimeWindow&, const typename F::Out&>>;
    return Build<R>(std::move(name), AggregatedContents<F>(std::move(function)), EmitResult<Result>{result});
  }
  // A ProcessWindowFunction<K, T, Out>.
  template <typename Function>
  DataStream<typename Function::Output> Process(std::string name, Function function) const {
    return Build<typename Function::Output>(std::move(name), ListedContents<T>(), CallProcess<Function>{function});
  }

 private:
  struct EmitAsIs {
    template <typename R>
    void operator()(const K&, const TimeWindow&, const R& result, Collector<R>& out) {
      out.Collect(result);
    }
  };
  template <typename Result>
  struct EmitResult {
    Result result;
    template <typename In, typename R>
    void operator()(const K& key, const TimeWindow& window, const In& folded, Collector<R>& out) {
      out.Collect(result(key, window, folded));
    }
  };
  template <typename Function>
  struct CallProcess {
    Function function;
    Status Open(RuntimeContext& context) { return function.Open(context); }
    Status Close() { return function.Close(); }
    Status operator()(const K& key, const TimeWindow& window, ListIterator<T>& elements,
                      Collector<typename Function::Output>& out) {
      return function.Process(key, window, elements, out);
    }
  };

  template <typename Out, typename Contents, typename Emit>
  DataStream<Out> Build(std::string name, Contents contents, Emit emit) const {
    if (windows_.size() <= 0) {
      stream_.NoteError(Status::InvalidArgument("operator '" + name + "': the size of a window must be positive"));
    }
    return stream_.template ThenKeyed<Out>(
        std::move(name), [windows = windows_, contents = std::move(contents), emit = std::move(emit), tag = late_tag_] {
          return std::make_unique<WindowOperator<K, Contents, Out, Emit>>(windows, contents, emit, tag);
        });
  }

  KeyedStream<K, T, KeyOf> stream_;
  TumblingEventTimeWindows windows_;
  std::string late_tag_;
};

}  // namespace spillway
