// What `spillway run` shows: the banner before, the line of progress meanwhile, the summary after, and its JSON file.
//
// Plain values in, text out; any thread. Pointers borrow for the call.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/plugin/plugin.h"
#include "runtime/sinks/output_digest.h"
#include "runtime/sources/generator_source.h"
#include "spillway/status.h"
#include "spillway/stream/execution_options.h"
#include "spillway/stream/job_result.h"

namespace spillway::cli {

struct RunBanner {
  std::string_view job;
  const runtime::Plugin* plugin = nullptr;
  const ExecutionOptions* options = nullptr;
  std::vector<std::filesystem::path> inputs;
  std::optional<runtime::GeneratorOptions> generator;
  std::filesystem::path output;
};

struct RunReport {
  std::string_view job;
  const runtime::Plugin* plugin = nullptr;
  const ExecutionOptions* options = nullptr;
  const JobResult* result = nullptr;
  std::vector<CheckpointInfo> checkpoints;  // of this run, completed
  uint64_t bad_input = 0;
  runtime::OutputDigest digest;
  std::filesystem::path output;
};

[[nodiscard]] std::string Banner(const RunBanner& banner);
[[nodiscard]] std::string ProgressLine(const JobProgress& progress);
[[nodiscard]] std::string SummaryText(const RunReport& report);

// A new file, or one that takes the place of a regular file; refuses all else that may lie there, and does not open it.
[[nodiscard]] Status CheckSummaryPlace(const std::filesystem::path& path);
// In full or not at all, after the same check.
[[nodiscard]] Status WriteSummary(const RunReport& report, const std::filesystem::path& path);

// "1,503,709".
[[nodiscard]] std::string Grouped(uint64_t number);
// One character of eight heights for each number, scaled to the largest; at most `width`, each then the largest of
// several.
[[nodiscard]] std::string Bars(const std::vector<double>& numbers, size_t width);

}  // namespace spillway::cli
