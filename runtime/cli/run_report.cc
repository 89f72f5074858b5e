#include "runtime/cli/run_report.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "runtime/config/config_values.h"
#include "runtime/sinks/output_file.h"

namespace spillway::cli {
namespace {

namespace fs = std::filesystem;
using runtime::FormatDuration;
using runtime::FormatMemorySize;

constexpr size_t kBarsMax = 60;
constexpr size_t kInputsShownMax = 4;

uint64_t RssPeakBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

double Seconds(std::chrono::milliseconds duration) {
  return static_cast<double>(duration.count()) / 1000;
}

double RecordsPerSecond(const JobProgress& figures) {
  // A run too short to measure counts as a millisecond.
  return static_cast<double>(figures.records_in) / std::max(Seconds(figures.elapsed), 0.001);
}

std::string BudgetText(uint64_t bytes) {
  return bytes == 0 ? "no limit" : FormatMemorySize(bytes);
}

void AddRow(std::string* text, std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(*text), "  {:<12} {}\n", name, value);
}

std::string InputText(const RunBanner& banner) {
  if (banner.generator) {
    return fmt::format("{} generated words out of {}, seed {}", Grouped(banner.generator->records),
                       Grouped(banner.generator->distinct), banner.generator->seed);
  }
  std::string text;
  for (size_t i = 0; i < banner.inputs.size() && i < kInputsShownMax; ++i) {
    text += (i == 0 ? "" : ", ") + banner.inputs[i].string();
  }
  if (banner.inputs.size() > kInputsShownMax) {
    text += fmt::format(" and {} more", banner.inputs.size() - kInputsShownMax);
  }
  return text;
}

std::string CheckpointsText(const CheckpointOptions& checkpoints) {
  if (checkpoints.directory.empty()) return "none (execution.checkpointing.dir is not set)";
  return fmt::format("{}, {}, keeping {}", checkpoints.directory.string(),
                     checkpoints.interval.count() == 0 ? std::string("one at the end")
                                                       : fmt::format("every {}", FormatDuration(checkpoints.interval)),
                     checkpoints.retained_max);
}

fs::path UnfinishedSummary(fs::path path) {
  return path += ".unfinished";
}

std::string_view OutcomeText(JobOutcome outcome) {
  switch (outcome) {
    case JobOutcome::kFinished:
      return "finished";
    case JobOutcome::kStopped:
      return "stopped";
    case JobOutcome::kAlreadyFinished:
      return "had finished already";
  }
  return "ended";
}

std::string_view OutcomeWord(JobOutcome outcome) {
  switch (outcome) {
    case JobOutcome::kFinished:
      return "finished";
    case JobOutcome::kStopped:
      return "stopped";
    case JobOutcome::kAlreadyFinished:
      return "already-finished";
  }
  return "unknown";
}

// What counters that belong to bad luck say: records that came too late, for example.
uint64_t LateRecords(const JobProgress& figures) {
  uint64_t late = 0;
  for (const auto& [name, count] : figures.counters) {
    if (name.ends_with(".late_records")) late += count;
  }
  return late;
}

void AddCheckpointRows(const RunReport& report, std::string* text) {
  const JobProgress& figures = report.result->figures;
  if (report.checkpoints.empty()) {
    AddRow(text, "checkpoints", fmt::format("none, {} failed", figures.checkpoints_failed));
    return;
  }
  AddRow(text, "checkpoints",
         fmt::format("{} completed, {} failed, longest pause {}", Grouped(figures.checkpoints_completed),
                     figures.checkpoints_failed, FormatDuration(figures.checkpoint_pause_max)));
  std::vector<double> durations;
  for (const CheckpointInfo& checkpoint : report.checkpoints) {
    durations.push_back(static_cast<double>(checkpoint.duration.count()));
  }
  const auto [least, most] = std::minmax_element(durations.begin(), durations.end());
  AddRow(
      text, "",
      fmt::format("{}  {:.0f} to {:.0f} ms, the last with {} entries in {}", Bars(durations, kBarsMax), *least, *most,
                  Grouped(report.checkpoints.back().entries), FormatMemorySize(report.checkpoints.back().bytes)));
}

std::string SpillText(const SpillFigures& spill) {
  if (spill.write_bytes == 0 && spill.read_bytes == 0 && spill.entries_spilled == 0) return "nothing";
  std::string text =
      fmt::format("{} written, {} read", FormatMemorySize(spill.write_bytes), FormatMemorySize(spill.read_bytes));
  if (spill.io_engine != kNoIoEngine) text += fmt::format(" ({})", spill.io_engine);
  if (spill.entries_resident > 0 || spill.entries_spilled > 0) {
    text += fmt::format("; {} entries in memory, {} on disk", Grouped(spill.entries_resident),
                        Grouped(spill.entries_spilled));
  }
  if (spill.cold_sync_reads > 0) text += fmt::format(", {} reads waited for", Grouped(spill.cold_sync_reads));
  if (spill.stall_ms > 0) {
    text +=
        fmt::format(", stalled {}", FormatDuration(std::chrono::milliseconds(static_cast<int64_t>(spill.stall_ms))));
  }
  return text;
}

nlohmann::json SummaryJson(const RunReport& report) {
  const JobProgress& figures = report.result->figures;
  nlohmann::json json;
  json["job"] = report.job;
  json["outcome"] = OutcomeWord(report.result->outcome);
  json["backend"] = report.plugin->name();
  json["backend_version"] = report.plugin->version();
  json["parallelism"] = report.options->parallelism;
  json["records_in"] = figures.records_in;
  json["records_out"] = figures.records_out;
  json["bad_input"] = report.bad_input;
  json["late_records"] = LateRecords(figures);
  json["elapsed_s"] = Seconds(figures.elapsed);
  json["records_per_s"] = RecordsPerSecond(figures);
  json["state_entries"] = figures.state.entries;
  json["state_bytes"] = figures.state.bytes;
  json["memory_budget_bytes"] = figures.state.memory_budget;
  json["memory_used_peak_bytes"] = figures.state.memory_used_peak;
  json["rss_peak_bytes"] = RssPeakBytes();
  json["io_engine"] = figures.spill.io_engine;
  json["spilled_write_bytes"] = figures.spill.write_bytes;
  json["spilled_read_bytes"] = figures.spill.read_bytes;
  json["entries_resident"] = figures.spill.entries_resident;
  json["entries_spilled"] = figures.spill.entries_spilled;
  json["cold_sync_reads"] = figures.spill.cold_sync_reads;
  json["stall_ms"] = figures.spill.stall_ms;
  json["checkpoints_completed"] = figures.checkpoints_completed;
  json["checkpoints_failed"] = figures.checkpoints_failed;
  json["checkpoint_pause_us_max"] = figures.checkpoint_pause_max.count();
  json["restored_from"] = figures.restored_from ? nlohmann::json(figures.restored_from->directory.string()) : nullptr;
  json["output_digest"] = report.digest.Hex();
  json["output_lines"] = report.digest.lines;
  return json;
}

}  // namespace

std::string Banner(const RunBanner& banner) {
  const ExecutionOptions& options = *banner.options;
  std::string text = fmt::format("spillway {}, job {}\n", SPILLWAY_VERSION, banner.job);
  AddRow(&text, "backend",
         fmt::format("{} {}, ABI {}.{}, {}", banner.plugin->name(), banner.plugin->version(),
                     banner.plugin->descriptor().abi_major, banner.plugin->descriptor().abi_minor,
                     banner.plugin->path().string()));
  AddRow(&text, "memory", fmt::format("budget {}", BudgetText(options.memory_budget_bytes)));
  AddRow(&text, "parallelism", fmt::format("{} of at most {}", options.parallelism, options.max_parallelism));
  AddRow(&text, "input", InputText(banner));
  AddRow(&text, "output", banner.output.string());
  AddRow(&text, "checkpoints", CheckpointsText(options.checkpoints));
  text.pop_back();
  return text;
}

std::string ProgressLine(const JobProgress& progress) {
  std::string line = "  ";
  if (progress.source_total && *progress.source_total > 0) {
    const double part = static_cast<double>(progress.source_read) / static_cast<double>(*progress.source_total);
    line += fmt::format("{:3.0f} %  ", std::floor(std::min(part, 1.0) * 100));
  }
  line += fmt::format("{} records, {}/s, state {} entries in {}", Grouped(progress.records_in),
                      Grouped(static_cast<uint64_t>(RecordsPerSecond(progress))), Grouped(progress.state.entries),
                      FormatMemorySize(progress.state.bytes));
  if (progress.checkpoints_completed > 0) line += fmt::format(", {} checkpoints", progress.checkpoints_completed);
  return line;
}

std::string SummaryText(const RunReport& report) {
  const JobProgress& figures = report.result->figures;
  std::string text =
      fmt::format("\n{} {}: {} records in {}, {} records/s\n", report.job, OutcomeText(report.result->outcome),
                  Grouped(figures.records_in), FormatDuration(figures.elapsed),
                  Grouped(static_cast<uint64_t>(RecordsPerSecond(figures))));
  std::string records = fmt::format("{} in, {} out", Grouped(figures.records_in), Grouped(figures.records_out));
  if (report.bad_input > 0) records += fmt::format(", {} times bad input left out", Grouped(report.bad_input));
  if (const uint64_t late = LateRecords(figures); late > 0) records += fmt::format(", {} too late", Grouped(late));
  AddRow(&text, "records", records);
  AddRow(&text, "state",
         fmt::format("{} entries in {}", Grouped(figures.state.entries), FormatMemorySize(figures.state.bytes)));
  AddRow(&text, "memory",
         fmt::format("{} at most for state (budget {}), {} at most for all",
                     FormatMemorySize(figures.state.memory_used_peak), BudgetText(figures.state.memory_budget),
                     FormatMemorySize(RssPeakBytes())));
  AddRow(&text, "spilled", SpillText(figures.spill));
  AddCheckpointRows(report, &text);
  if (figures.restored_from) {
    AddRow(&text, "resumed from", figures.restored_from->directory.string());
  }
  AddRow(&text, "output",
         fmt::format("{} lines, {}, in {}", Grouped(report.digest.lines), FormatMemorySize(report.digest.bytes),
                     report.output.string()));
  AddRow(&text, "digest", report.digest.Hex());
  text.pop_back();
  return text;
}

Status CheckSummaryPlace(const fs::path& path) {
  const fs::path folder = fs::absolute(path).parent_path();
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return Status::NotFound(fmt::format("the directory {} of --summary is not there; make it first", folder.string()));
  }
  for (const fs::path& file : {path, UnfinishedSummary(path)}) {
    // Of the link itself: a rename would replace it, not what it leads to.
    const fs::file_type type = fs::symlink_status(file, error).type();
    if (type == fs::file_type::regular || type == fs::file_type::not_found) continue;
    return Status::InvalidArgument(
        fmt::format("--summary {} cannot be written: {} is there and is no regular file; name another file",
                    path.string(), file.string()));
  }
  return {};
}

Status WriteSummary(const RunReport& report, const fs::path& path) {
  SPILLWAY_RETURN_IF_ERROR(CheckSummaryPlace(path));
  const fs::path unfinished = UnfinishedSummary(path);
  SPILLWAY_ASSIGN_OR_RETURN(const auto file, runtime::OutputFile::Create(unfinished));
  SPILLWAY_RETURN_IF_ERROR(file->Append(SummaryJson(report).dump(2) + "\n"));
  SPILLWAY_RETURN_IF_ERROR(file->Seal());
  return runtime::RenameFile(unfinished, path);
}

std::string Grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

std::string Bars(const std::vector<double>& numbers, size_t width) {
  constexpr std::array kHeights{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (numbers.empty() || width == 0) return {};
  const double most = *std::max_element(numbers.begin(), numbers.end());
  const size_t bars = std::min(width, numbers.size());
  std::string text;
  for (size_t bar = 0; bar < bars; ++bar) {
    const auto begin = numbers.begin() + static_cast<ptrdiff_t>(bar * numbers.size() / bars);
    const auto end = numbers.begin() + static_cast<ptrdiff_t>((bar + 1) * numbers.size() / bars);
    const double number = *std::max_element(begin, end);
    const double height = most <= 0 ? 0 : std::round(number / most * (kHeights.size() - 1));
    text += kHeights[static_cast<size_t>(height)];
  }
  return text;
}

}  // namespace spillway::cli
