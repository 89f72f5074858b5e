#include "runtime/jobs/vm_noise.h"

#include <chrono>
#include <cmath>
#include <utility>

#include "runtime/jobs/number_format.h"
#include "runtime/jobs/vm_reading.h"
#include "runtime/jobs/welford.h"

namespace spillway::runtime {
namespace {

constexpr uint64_t kReadingsBeforeAlert = 30;
constexpr double kAlertDeviations = 4;
constexpr std::chrono::minutes kTimeGoesBackMax{1};
constexpr std::chrono::hours kWindow{1};

class ParseReadings final : public ProcessFunction<TextLine, VmReading> {
 public:
  explicit ParseReadings(std::shared_ptr<BadInput> bad_input) : bad_input_(std::move(bad_input)) {}

  Status ProcessElement(const TextLine& line, ProcessContext&, Collector<VmReading>& out) override {
    VmReading reading;
    if (const char* wrong = ParseVmReading(line.text, &reading, &scratch_)) {
      return bad_input_->Report(line.file, line.line, wrong);
    }
    out.Collect(std::move(reading));
    return {};
  }

 private:
  std::shared_ptr<BadInput> bad_input_;
  std::string scratch_;
};

const OutputTag<std::string>& AlertTag() {
  static const OutputTag<std::string> kTag("alerts");
  return kTag;
}

class KeepStatistics final : public KeyedProcessFunction<std::string, VmReading, std::string> {
 public:
  Status Open(RuntimeContext& context) override {
    SPILLWAY_ASSIGN_OR_RETURN(statistics_, context.GetValueState<Welford>("statistics"));
    return {};
  }

  Status ProcessElement(const VmReading& reading, KeyedContext<std::string>& context,
                        Collector<std::string>&) override {
    SPILLWAY_ASSIGN_OR_RETURN(Welford* const statistics, statistics_->GetOrCreate(Welford{}));
    if (statistics->count >= kReadingsBeforeAlert) {
      const double deviation = statistics->StandardDeviation();
      if (std::abs(reading.value - statistics->mean) > kAlertDeviations * deviation) {
        context.Output(AlertTag(), AlertLine(reading, *statistics, deviation));
      }
    }
    statistics->Add(reading.value);
    return {};
  }

  Status OnEndOfInput(KeyedStateIteration<std::string>& state, Collector<std::string>& out) override {
    return state.ForEach(*statistics_, [&](const std::string& series, const Welford& statistics) {
      std::string line = series;
      AppendNumber(statistics.count, &line);
      AppendNumber(statistics.mean, &line);
      AppendNumber(statistics.StandardDeviation(), &line);
      AppendNumber(statistics.min, &line);
      AppendNumber(statistics.max, &line);
      AppendNumber(statistics.last, &line);
      out.Collect(std::move(line));
    });
  }

 private:
  static std::string AlertLine(const VmReading& reading, const Welford& before, double deviation) {
    std::string line;
    AppendTime(reading.time_ms, &line);
    line.push_back(',');
    line.append(reading.Series());
    AppendNumber(reading.value, &line);
    AppendNumber(before.mean, &line);
    AppendNumber(deviation, &line);
    AppendNumber(before.count, &line);
    return line;
  }

  std::optional<ValueState<Welford>> statistics_;
};

// What a window keeps of its readings.
struct Average {
  using In = VmReading;
  struct Acc {
    static constexpr std::string_view kSchema = "vm-noise-average-v1";
    uint64_t count = 0;
    double sum = 0;
  };
  using Out = Acc;

  Acc CreateAccumulator() const { return {}; }
  void Add(const VmReading& reading, Acc* acc) const {
    ++acc->count;
    acc->sum += reading.value;
  }
  Out GetResult(const Acc& acc) const { return acc; }
};

std::string WindowLine(const std::string& group, const TimeWindow& window, const Average::Acc& acc) {
  std::string line;
  AppendTime(window.start, &line);
  line.push_back(',');
  AppendGroup(group, &line);
  AppendNumber(acc.count, &line);
  AppendNumber(acc.sum / static_cast<double>(acc.count), &line);
  return line;
}

}  // namespace

Status BuildVmNoise(const JobParameters& parameters, StreamExecutionEnvironment& environment, BuiltJob* job) {
  const DataStream<VmReading> readings =
      environment.FromSource<TextLine>("lines", job->text_source)
          .Process("parse", ParseReadings(job->bad_input))
          .AssignTimestampsAndWatermarks(
              "time", WatermarkStrategy<VmReading>::ForBoundedOutOfOrderness(
                          kTimeGoesBackMax, [](const VmReading& reading) { return reading.time_ms; }));

  const DataStream<std::string> statistics =
      readings.KeyBy([](const VmReading& reading) { return std::string(reading.Series()); })
          .Process("statistics", KeepStatistics());
  const DataStream<std::string> averages =
      readings.KeyBy([](const VmReading& reading) { return std::string(reading.Group()); })
          .Window(TumblingEventTimeWindows::Of(kWindow))
          .Aggregate("window-averages", Average(), WindowLine);

  statistics.SinkTo("statistics-files", AddOutput(parameters, "statistics", job));
  statistics.SideOutput(AlertTag()).SinkTo("alerts-files", AddOutput(parameters, "alerts", job));
  averages.SinkTo("window-averages-files", AddOutput(parameters, "window-averages", job));
  return {};
}

}  // namespace spillway::runtime
