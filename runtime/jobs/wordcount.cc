#include "runtime/jobs/wordcount.h"

#include <fmt/format.h>

#include <utility>

#include "runtime/jobs/number_format.h"
#include "runtime/jobs/words.h"

namespace spillway::runtime {
namespace {

class SplitWords final : public ProcessFunction<TextLine, std::string> {
 public:
  explicit SplitWords(std::shared_ptr<BadInput> bad_input) : bad_input_(std::move(bad_input)) {}

  Status ProcessElement(const TextLine& line, ProcessContext&, Collector<std::string>& out) override {
    Status status;
    ForEachWord(line.text, [&](std::string_view word) {
      if (word.size() <= kWordBytesMax) {
        out.Collect(std::string(word));
      } else if (status.ok()) {
        status = bad_input_->Report(
            line.file, line.line,
            fmt::format("a word of {} bytes is left out; the longest that counts has {}", word.size(), kWordBytesMax));
      }
    });
    return status;
  }

 private:
  std::shared_ptr<BadInput> bad_input_;
};

class CountWords final : public KeyedProcessFunction<std::string, std::string, std::string> {
 public:
  Status Open(RuntimeContext& context) override {
    SPILLWAY_ASSIGN_OR_RETURN(counts_, context.GetValueState<uint64_t>("count"));
    return {};
  }
  Status ProcessElement(const std::string&, KeyedContext<std::string>&, Collector<std::string>&) override {
    SPILLWAY_ASSIGN_OR_RETURN(uint64_t* const count, counts_->GetOrCreate(0));
    ++*count;
    return {};
  }
  Status OnEndOfInput(KeyedStateIteration<std::string>& state, Collector<std::string>& out) override {
    return state.ForEach(*counts_, [&](const std::string& word, uint64_t count) {
      std::string line = word;
      AppendNumber(count, &line);
      out.Collect(std::move(line));
    });
  }

 private:
  std::optional<ValueState<uint64_t>> counts_;
};

}  // namespace

Status BuildWordcount(const JobParameters& parameters, StreamExecutionEnvironment& environment, BuiltJob* job) {
  const DataStream<std::string> words =
      parameters.generator
          ? environment.FromSource<std::string>("generator", std::make_shared<GeneratorSource>(*parameters.generator))
          : environment.FromSource<TextLine>("lines", job->text_source).Process("words", SplitWords(job->bad_input));
  words.KeyBy([](const std::string& word) -> const std::string& { return word; })
      .Process("count", CountWords())
      .SinkTo("counts-files", AddOutput(parameters, "counts", job));
  return {};
}

}  // namespace spillway::runtime
