#include "runtime/config/job_configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "runtime/config/config_values.h"
#include "runtime/config/spillway_options.h"

namespace spillway::runtime {
namespace {

// The type as a plugin's descriptor writes it: "bytes", …, or "a|b|c".
Result<OptionDescriptor> OptionOfPluginKey(const spw_config_key& key, const Plugin& plugin) {
  OptionDescriptor option{.key = key.name, .default_value = key.default_value, .help = key.help};
  const std::string_view type = key.type;
  if (type == "bytes") {
    option.type = OptionType::kBytes;
  } else if (type == "duration") {
    option.type = OptionType::kDuration;
  } else if (type == "ratio") {
    option.type = OptionType::kRatio;
  } else if (type == "int") {
    option.type = OptionType::kInteger;
  } else if (type == "bool") {
    option.type = OptionType::kBoolean;
  } else if (type == "string") {
    option.type = OptionType::kString;
  } else if (type.find('|') != std::string_view::npos) {
    option.type = OptionType::kWord;
    for (size_t begin = 0; begin <= type.size();) {
      const size_t end = std::min(type.find('|', begin), type.size());
      option.words.emplace_back(type.substr(begin, end - begin));
      begin = end + 1;
    }
  } else {
    return Status::InvalidArgument(fmt::format("the plugin '{}' announces its key '{}' with the unknown type '{}'",
                                               plugin.name(), key.name, type));
  }
  if (!IsValueOf(option, option.default_value)) {
    return Status::InvalidArgument(
        fmt::format("the plugin '{}' announces its key '{}' with the default '{}', which is not {}", plugin.name(),
                    key.name, option.default_value, ExpectedForm(option)));
  }
  return option;
}

Result<std::chrono::milliseconds> Milliseconds(const Configuration& configuration,
                                               const ConfigOption<std::chrono::microseconds>& option) {
  const std::chrono::microseconds value = configuration.Get(option);
  const auto rounded = std::chrono::duration_cast<std::chrono::milliseconds>(value);
  if (rounded != value) {
    return Status::InvalidArgument(fmt::format("'{}' is not a value of '{}'; expected whole milliseconds",
                                               configuration.Text(option.key), option.key));
  }
  return rounded;
}

std::vector<std::filesystem::path> LocalDirectories(const std::string& listed) {
  std::vector<std::filesystem::path> directories;
  for (size_t begin = 0; begin < listed.size();) {
    const size_t end = std::min(listed.find(':', begin), listed.size());
    if (end > begin) directories.emplace_back(listed.substr(begin, end - begin));
    begin = end + 1;
  }
  if (!directories.empty()) return directories;
  std::error_code error;
  std::filesystem::path usual = std::filesystem::temp_directory_path(error);
  if (!error) directories.push_back(std::move(usual));  // else a backend that needs one says so
  return directories;
}

bool TakesSpillwayOptions(const Plugin& plugin) {
  return plugin.name() == kSpillwayBackend;
}

// A value as plugins read it, who need not know percents and all the ways to write a unit.
std::string TextForPlugin(const OptionDescriptor& option, const std::string& text) {
  if (option.type == OptionType::kRatio) return fmt::format("{}", ParseRatio(text).value());
  if (option.type == OptionType::kDuration) return fmt::format("{}us", ParseDuration(text).value().count());
  return text;
}

// The keys of the plugin that were set; spill.dirs is the runtime's to read.
std::vector<std::pair<std::string, std::string>> BackendConfig(const Configuration& configuration,
                                                               const Plugin& plugin) {
  std::vector<std::pair<std::string, std::string>> config;
  const std::span<const spw_config_key> announced = plugin.config_keys();
  for (const OptionDescriptor& option : configuration.options()) {
    if (!configuration.IsSet(option.key)) continue;
    const bool of_plugin =
        TakesSpillwayOptions(plugin) && IsSpillwayOption(option.key)
            ? option.key != kSpillDirs.key
            : std::any_of(announced.begin(), announced.end(), [&](const auto& key) { return option.key == key.name; });
    if (of_plugin) config.emplace_back(option.key, TextForPlugin(option, configuration.Text(option.key)));
  }
  return config;
}

}  // namespace

std::vector<OptionDescriptor> RuntimeOptions() {
  return {OptionDescriptor::Of(kBackendType),       OptionDescriptor::Of(kMemoryBudget),
          OptionDescriptor::Of(kCheckpointDir),     OptionDescriptor::Of(kCheckpointInterval),
          OptionDescriptor::Of(kCheckpointTimeout), OptionDescriptor::Of(kCheckpointsRetained),
          OptionDescriptor::Of(kMaxParallelism),    OptionDescriptor::Of(kDefaultParallelism),
          OptionDescriptor::Of(kTemporaryDirs)};
}

Result<ConfigSetting> ParseAssignment(std::string_view text, std::string_view origin) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Status::InvalidArgument(fmt::format("'{} {}' is not of the form key=value", origin, text));
  }
  return ConfigSetting{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)), std::string(origin)};
}

std::string BackendOf(std::span<const ConfigSetting> settings) {
  std::string backend = kBackendType.default_value;
  for (const ConfigSetting& setting : settings) {
    if (setting.key == kBackendType.key) backend = setting.value;
  }
  return backend;
}

Result<Configuration> JobConfiguration(std::span<const ConfigSetting> settings, const Plugin& plugin) {
  std::vector<OptionDescriptor> options = RuntimeOptions();
  const bool takes_spillway_options = TakesSpillwayOptions(plugin);
  if (takes_spillway_options) {
    for (OptionDescriptor& option : SpillwayOptions()) options.push_back(std::move(option));
  }
  for (const spw_config_key& key : plugin.config_keys()) {
    SPILLWAY_ASSIGN_OR_RETURN(OptionDescriptor option, OptionOfPluginKey(key, plugin));
    if (takes_spillway_options && IsSpillwayOption(option.key)) continue;  // the runtime checks them more closely
    const auto same = std::find_if(options.begin(), options.end(),
                                   [&](const OptionDescriptor& known) { return known.key == option.key; });
    if (same != options.end()) {
      return Status::InvalidArgument(
          fmt::format("the plugin '{}' announces the key '{}', which is taken", plugin.name(), option.key));
    }
    options.push_back(std::move(option));
  }
  Configuration configuration(std::move(options));
  for (const ConfigSetting& setting : settings) {
    if (IsSpillwayOption(setting.key) && !configuration.Knows(setting.key)) {
      return Status::InvalidArgument(
          fmt::format("'{}' ({}) is a key of the backend '{}', and this job runs on '{}'; remove it", setting.key,
                      setting.origin, kSpillwayBackend, plugin.name()));
    }
    SPILLWAY_RETURN_IF_ERROR(configuration.Set(setting));
  }
  return configuration;
}

Result<ExecutionOptions> ExecutionOptionsOf(const Configuration& configuration, const Plugin& plugin) {
  ExecutionOptions options;
  options.backend = configuration.Get(kBackendType);
  options.memory_budget_bytes = configuration.Get(kMemoryBudget).bytes;
  options.max_parallelism = static_cast<uint32_t>(configuration.Get(kMaxParallelism));
  options.parallelism = static_cast<uint32_t>(configuration.Get(kDefaultParallelism));
  if (options.parallelism > options.max_parallelism) {
    return Status::InvalidArgument(
        fmt::format("the parallelism {} is larger than {} = {}; lower the one or raise the other", options.parallelism,
                    kMaxParallelism.key, options.max_parallelism));
  }
  options.local_directories = LocalDirectories(configuration.Get(kTemporaryDirs));
  if (TakesSpillwayOptions(plugin)) {
    SPILLWAY_RETURN_IF_ERROR(CheckSpillRatios(configuration));
    const std::string dirs = configuration.Get(kSpillDirs);
    if (dirs.find_first_not_of(':') != std::string::npos) options.local_directories = LocalDirectories(dirs);
  }
  options.checkpoints.directory = configuration.Get(kCheckpointDir);
  SPILLWAY_ASSIGN_OR_RETURN(options.checkpoints.interval, Milliseconds(configuration, kCheckpointInterval));
  SPILLWAY_ASSIGN_OR_RETURN(options.checkpoints.timeout, Milliseconds(configuration, kCheckpointTimeout));
  options.checkpoints.retained_max = static_cast<uint32_t>(configuration.Get(kCheckpointsRetained));
  if (options.checkpoints.timeout.count() == 0) {
    return Status::InvalidArgument(fmt::format("{} must be more than 0", kCheckpointTimeout.key));
  }
  if (options.checkpoints.interval.count() > 0 && options.checkpoints.directory.empty()) {
    return Status::InvalidArgument(fmt::format("{} is set without {}; say where the checkpoints shall go",
                                               kCheckpointInterval.key, kCheckpointDir.key));
  }
  options.backend_config = BackendConfig(configuration, plugin);
  return options;
}

}  // namespace spillway::runtime
