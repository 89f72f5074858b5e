#include "backend/hybrid/spill_options.h"

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace spillway::hybrid {
namespace {

#define SPILLWAY_KEY(name) "state.backend.spillway." name

constexpr std::array<spw_config_key, 7> kKeys = {{
    {SPILLWAY_KEY("spill.start-ratio"), "ratio", "0.8",
     "Part of the memory budget above which cold state is written to disk and evicted"},
    {SPILLWAY_KEY("spill.stop-ratio"), "ratio", "0.7", "Part of the memory budget down to which state is evicted"},
    {SPILLWAY_KEY("spill.stall-timeout"), "duration", "60s",
     "How long a write waits for memory at most before it fails, such as while the disk is full"},
    {SPILLWAY_KEY("io.engine"), "auto|uring|pread", "auto", "How local files are read and written"},
    {SPILLWAY_KEY("io.depth"), "int", "128", "Requests under way at once, 1 to 4096"},
    {SPILLWAY_KEY("compaction.max-runs"), "int", "8",
     "Runs that a key-group of a state has at most before some are merged, 2 to 64"},
    {SPILLWAY_KEY("debug.spill-every"), "int", "0",
     "For tests: everything is written and evicted before each so many operations, more seldom as time goes on; 0: "
     "never"},
}};

template <typename Number>
std::optional<Number> NumberOf(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<uint64_t> MicrosecondsOf(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, uint64_t>, 5> kUnits = {
      {{"us", 1}, {"ms", 1000}, {"s", 1'000'000}, {"min", 60'000'000}, {"h", 3'600'000'000}}};
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  const std::optional<uint64_t> number = NumberOf<uint64_t>(text.substr(0, digits));
  while (digits < text.size() && text[digits] == ' ') ++digits;
  for (const auto& [unit, factor] : kUnits) {
    if (number && *number <= UINT64_MAX / factor && text.substr(digits) == unit) return *number * factor;
  }
  return std::nullopt;
}

Status Refused(std::string_view key, std::string_view value, const char* wanted) {
  return Status::InvalidArgument(std::string(key) + " is '" + std::string(value) + "'; it must be " + wanted);
}

Status SetRatio(std::string_view key, std::string_view value, double* out) {
  const std::optional<double> ratio = NumberOf<double>(value);
  if (!ratio || !(*ratio > 0) || !(*ratio <= 1)) return Refused(key, value, "a number above 0 and up to 1");
  *out = *ratio;
  return {};
}

Status SetNumber(std::string_view key, std::string_view value, uint32_t least, uint32_t most, uint32_t* out) {
  const std::optional<uint32_t> number = NumberOf<uint32_t>(value);
  if (!number || *number < least || *number > most) {
    const std::string wanted = "a number from " + std::to_string(least) + " to " + std::to_string(most);
    return Refused(key, value, wanted.c_str());
  }
  *out = *number;
  return {};
}

Status SetOne(std::string_view key, std::string_view value, SpillOptions* options) {
  if (key == kKeys[0].name) return SetRatio(key, value, &options->start_ratio);
  if (key == kKeys[1].name) return SetRatio(key, value, &options->stop_ratio);
  if (key == kKeys[2].name) {
    const std::optional<uint64_t> time = MicrosecondsOf(value);
    if (!time) return Refused(key, value, "a duration such as 500ms, 60s or 5min");
    options->stall_timeout_us = *time;
    return {};
  }
  if (key == kKeys[3].name) {
    SPILLWAY_ASSIGN_OR_RETURN(options->engine.kind, spill::ParseIoEngineKind(value));
    return {};
  }
  if (key == kKeys[4].name) return SetNumber(key, value, 1, spill::kIoDepthMax, &options->engine.depth);
  if (key == kKeys[5].name) return SetNumber(key, value, 2, 64, &options->max_runs);
  if (key == kKeys[6].name) {
    const std::optional<uint64_t> every = NumberOf<uint64_t>(value);
    if (!every) return Refused(key, value, "a number");
    options->spill_every = *every;
    return {};
  }
  return Status::InvalidArgument("the hybrid backend has no configuration key '" + std::string(key) + "'; remove it");
}

}  // namespace

std::span<const spw_config_key> ConfigKeys() {
  return kKeys;
}

Result<SpillOptions> ParseSpillOptions(std::span<const spw_config_entry> config) {
  SpillOptions options;
  for (const spw_config_entry& entry : config) {
    const std::string_view key = entry.key == nullptr ? "" : entry.key;
    SPILLWAY_RETURN_IF_ERROR(SetOne(key, entry.value == nullptr ? "" : entry.value, &options));
  }
  if (options.stop_ratio > options.start_ratio) {
    return Status::InvalidArgument(std::string(kKeys[1].name) + " is above " + kKeys[0].name +
                                   "; eviction must stop below where it starts");
  }
  return options;
}

}  // namespace spillway::hybrid
