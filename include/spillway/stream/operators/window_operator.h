// Tumbling windows of event time: gathers records per (key, window) and emits when the watermark reaches the window's
// end.
//
// The window is the namespace of its state and of its timer, which stands at its largest timestamp. A record whose
// window has fired already is late: counted, and emitted under the late tag if somebody reads it. Emit(key, window,
// result, collector).
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "spillway/serializer.h"
#include "spillway/stream/operators/keyed_operator.h"
#include "spillway/stream/operators/stateless_operators.h"
#include "spillway/stream/operators/window_contents.h"
#include "spillway/stream/time_window.h"

namespace spillway {

inline constexpr const char* kLateRecordsCounter = "late_records";

template <typename K, typename Contents, typename Out, typename Emit>
class WindowOperator final : public KeyedOperator<typename Contents::In, Out> {
  using In = typename Contents::In;
  using Base = KeyedOperator<In, Out>;

 public:
  WindowOperator(TumblingEventTimeWindows windows, Contents contents, Emit emit, std::string late_tag)
      : windows_(windows), contents_(std::move(contents)), emit_(std::move(emit)), late_tag_(std::move(late_tag)) {}

  Status Open(OperatorScope& scope) override {
    SPILLWAY_RETURN_IF_ERROR(Base::Open(scope));
    late_records_ = &scope.GetCounter(kLateRecordsCounter);
    KeyedStateOptions options;
    options.name = "window-contents";
    options.key_schema = scope.key_schema();
    options.namespace_schema = NamespaceSchema();
    SPILLWAY_RETURN_IF_ERROR(contents_.Open(*this->keyed_, options));
    return OpenFunction(emit_, scope);
  }
  Status Close() override { return CloseFunction(emit_); }

 protected:
  [[nodiscard]] std::string NamespaceSchema() const override { return SchemaOf<TimeWindow>(); }

  Status ProcessKeyed(In&& value, int64_t timestamp) override {
    if (timestamp == kNoTimestamp) {
      return Status::InvalidState(
          "a record without a timestamp; put AssignTimestampsAndWatermarks in front of the window");
    }
    const TimeWindow window = windows_.WindowOf(timestamp);
    if (window.MaxTimestamp() <= this->keyed_->current_watermark()) {
      late_records_->Add();
      if (!late_tag_.empty()) this->side_outputs().template Emit<In>(late_tag_, std::move(value), timestamp);
      return {};
    }
    contents_.SetWindow(window);
    bool created = false;
    SPILLWAY_RETURN_IF_ERROR(contents_.Add(value, &created));
    if (!created) return {};  // the timer stands already
    std::string scratch;
    return this->keyed_->RegisterTimer(window.MaxTimestamp(), NamespaceBytesOf(window, &scratch));
  }

  Status FireTimer(int64_t, BytesView state_namespace) override {
    TimeWindow window;
    K key{};
    if (!ReadNamespace(state_namespace, &window) || !Serializer<K>::Read(this->keyed_->current_key(), &key)) {
      return Status::Corruption("a window's timer holds a key or a window that cannot be read");
    }
    contents_.SetWindow(window);
    SPILLWAY_RETURN_IF_ERROR(contents_.With([&](auto& result) {
      Collector<Out>& out = this->out_;
      return StatusOfCall([&] { return emit_(std::as_const(key), std::as_const(window), result, out); });
    }));
    return contents_.Clear();
  }

 private:
  TumblingEventTimeWindows windows_;
  Contents contents_;
  Emit emit_;
  std::string late_tag_;
  Counter* late_records_ = nullptr;
};

}  // namespace spillway
