#include "spillway/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <set>

#include "runtime/config/config_values.h"

namespace spillway {
namespace {

[[noreturn]] void Abort(std::string_view why, std::string_view key) {
  fmt::print(stderr, "spillway: {} ('{}')\n", why, key);
  std::abort();
}

// How many insertions, removals, replacements and swaps of neighbours lead from a to b (optimal string alignment).
size_t EditDistance(std::string_view a, std::string_view b) {
  const size_t width = b.size() + 1;
  std::vector<size_t> before(width);
  std::vector<size_t> above(width);
  std::vector<size_t> row(width);
  std::iota(above.begin(), above.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

// Longer keys are cut: the distance takes time and memory of the square.
constexpr size_t kKeyComparedMax = 128;

}  // namespace

Configuration::Configuration(std::vector<OptionDescriptor> options) : options_(std::move(options)) {
  std::set<std::string_view> keys;
  for (const OptionDescriptor& option : options_) {
    if (!keys.insert(option.key).second) Abort("a configuration option is declared twice", option.key);
    if (!runtime::IsValueOf(option, option.default_value)) Abort("a default is not a value of its option", option.key);
  }
}

Status Configuration::Set(const ConfigSetting& setting) {
  const OptionDescriptor* option = Find(setting.key);
  if (option == nullptr) {
    const std::string nearest = NearestKey(setting.key);
    return Status::InvalidArgument(fmt::format(
        "unknown configuration key '{}' ({}){}", setting.key, setting.origin,
        nearest.empty() ? "; 'spillway run --help' lists the keys" : fmt::format("; did you mean '{}'?", nearest)));
  }
  if (!runtime::IsValueOf(*option, setting.value)) {
    return Status::InvalidArgument(fmt::format("'{}' is not a value of '{}' ({}); expected {}", setting.value,
                                               setting.key, setting.origin, runtime::ExpectedForm(*option)));
  }
  values_[setting.key] = setting.value;
  return {};
}

Status Configuration::SetAll(const std::vector<ConfigSetting>& settings) {
  for (const ConfigSetting& setting : settings) SPILLWAY_RETURN_IF_ERROR(Set(setting));
  return {};
}

const std::string& Configuration::Text(std::string_view key) const {
  if (const auto value = values_.find(key); value != values_.end()) return value->second;
  const OptionDescriptor* option = Find(key);
  if (option == nullptr) Abort("a configuration was asked for a key that it does not know", key);
  return option->default_value;
}

std::string Configuration::NearestKey(std::string_view key) const {
  if (key.size() > kKeyComparedMax) return {};
  // The end of a key alone ("memory.budget", ".dir") names it well enough.
  for (const OptionDescriptor& option : options_) {
    const std::string_view known = option.key;
    if (!key.empty() && known.ends_with(key) && known.size() > key.size() &&
        (key.front() == '.' || known[known.size() - key.size() - 1] == '.')) {
      return option.key;
    }
  }
  std::string nearest;
  size_t nearest_distance = std::numeric_limits<size_t>::max();
  for (const OptionDescriptor& option : options_) {
    const size_t distance = EditDistance(key, option.key);
    if (distance < nearest_distance) {
      nearest = option.key;
      nearest_distance = distance;
    }
  }
  // What shares less than half of its letters is no help.
  return nearest_distance * 2 <= std::max(key.size(), nearest.size()) ? nearest : std::string();
}

const OptionDescriptor* Configuration::Find(std::string_view key) const {
  const auto option =
      std::find_if(options_.begin(), options_.end(), [&](const OptionDescriptor& o) { return o.key == key; });
  return option == options_.end() ? nullptr : &*option;
}

MemorySize Configuration::Parsed(std::string_view text, MemorySize*) {
  return runtime::ParseMemorySize(text).value();
}
std::chrono::microseconds Configuration::Parsed(std::string_view text, std::chrono::microseconds*) {
  return runtime::ParseDuration(text).value();
}
int64_t Configuration::Parsed(std::string_view text, int64_t*) {
  return runtime::ParseInteger(text).value();
}
double Configuration::Parsed(std::string_view text, double*) {
  return runtime::ParseRatio(text).value();
}
bool Configuration::Parsed(std::string_view text, bool*) {
  return runtime::ParseBoolean(text).value();
}
std::string Configuration::Parsed(std::string_view text, std::string*) {
  return std::string(text);
}

}  // namespace spillway
