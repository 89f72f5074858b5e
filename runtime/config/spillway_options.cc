#include "runtime/config/spillway_options.h"

#include <fmt/format.h>

#include <algorithm>

namespace spillway::runtime {
namespace {

std::string Given(const Configuration& configuration, const ConfigOption<double>& option) {
  return fmt::format("{} = {}{}", option.key, configuration.Text(option.key),
                     configuration.IsSet(option.key) ? "" : " (the default)");
}

}  // namespace

std::vector<OptionDescriptor> SpillwayOptions() {
  OptionDescriptor io_engine = OptionDescriptor::Of(kIoEngine);
  io_engine.type = OptionType::kWord;
  io_engine.words = {"auto", "uring", "pread"};
  return {OptionDescriptor::Of(kSpillStartRatio),
          OptionDescriptor::Of(kSpillStopRatio),
          OptionDescriptor::Of(kSpillDirs),
          OptionDescriptor::Of(kSpillStallTimeout),
          std::move(io_engine),
          OptionDescriptor::Of(kIoDepth),
          OptionDescriptor::Of(kCompactionMaxRuns)};
}

bool IsSpillwayOption(std::string_view key) {
  const std::vector<OptionDescriptor> options = SpillwayOptions();
  return std::any_of(options.begin(), options.end(), [&](const OptionDescriptor& option) { return option.key == key; });
}

Status CheckSpillRatios(const Configuration& configuration) {
  const double start = configuration.Get(kSpillStartRatio);  // a ratio is never above 1
  const double stop = configuration.Get(kSpillStopRatio);
  if (stop <= 0) {
    return Status::InvalidArgument(fmt::format("{} must be more than 0: state cannot leave memory altogether",
                                               Given(configuration, kSpillStopRatio)));
  }
  if (stop > start) {
    return Status::InvalidArgument(fmt::format("{} is above {}; spilling must stop at or below where it starts",
                                               Given(configuration, kSpillStopRatio),
                                               Given(configuration, kSpillStartRatio)));
  }
  return {};
}

}  // namespace spillway::runtime
