// The jobs that come with Spillway, by name, and how one is built into an environment.
//
// Job definitions are immutable and live as long as the program; building is for one thread. What a built job refers to
// (sources, sinks, the count of bad input) is shared with the environment's graph.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/sinks/line_file_sink.h"
#include "runtime/sources/bad_input.h"
#include "runtime/sources/generator_source.h"
#include "runtime/sources/text_source.h"
#include "spillway/status.h"
#include "spillway/stream/environment.h"

namespace spillway::runtime {

struct JobParameters {
  std::vector<std::filesystem::path> inputs;  // of text, unless there is a generator
  std::optional<GeneratorOptions> generator;  // only for jobs that can do with generated words
  std::filesystem::path output;               // each of the job's outputs has a folder below it
  bool strict = false;                        // bad input ends the job
  std::function<void(const std::string&)> show_bad_input;
};

struct BuiltJob {
  std::shared_ptr<BadInput> bad_input;
  std::shared_ptr<TextSource> text_source;  // null when the words are generated
  std::vector<std::shared_ptr<LineFileSink>> outputs;

  // Of all outputs.
  [[nodiscard]] Result<std::vector<std::filesystem::path>> CommittedFiles() const;
};

struct JobDefinition {
  std::string_view name;
  std::string_view summary;      // one line
  std::string_view description;  // what is read and what is written, exactly
  bool takes_generated_words;
  Status (*build)(const JobParameters& parameters, StreamExecutionEnvironment& environment, BuiltJob* job);
};

[[nodiscard]] std::span<const JobDefinition> Jobs();
// Null when there is none of that name.
[[nodiscard]] const JobDefinition* FindJob(std::string_view name);

// Checks the parameters and builds the job.
[[nodiscard]] Result<BuiltJob> BuildJob(const JobDefinition& definition, const JobParameters& parameters,
                                        StreamExecutionEnvironment& environment);

// For builders: an output of the job, in a folder of its name.
std::shared_ptr<LineFileSink> AddOutput(const JobParameters& parameters, const std::string& name, BuiltJob* job);

}  // namespace spillway::runtime
