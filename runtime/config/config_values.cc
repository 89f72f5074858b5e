#include "runtime/config/config_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

namespace spillway::runtime {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

constexpr std::array kSizeUnits{Unit{"", 1},
                                Unit{"b", 1},
                                Unit{"kib", 1u << 10},
                                Unit{"kb", 1u << 10},
                                Unit{"mib", 1u << 20},
                                Unit{"mb", 1u << 20},
                                Unit{"gib", 1u << 30},
                                Unit{"gb", 1u << 30},
                                Unit{"tib", uint64_t{1} << 40},
                                Unit{"tb", uint64_t{1} << 40}};
constexpr std::array kDurationUnits{Unit{"us", 1}, Unit{"ms", 1000}, Unit{"s", 1'000'000}, Unit{"min", 60'000'000},
                                    Unit{"h", 3'600'000'000}};

// Splits "200ms" at its first non-digit and multiplies by the unit of that name.
template <size_t kUnits>
std::optional<uint64_t> ParseWithUnit(std::string_view text, const std::array<Unit, kUnits>& units) {
  const auto digits = static_cast<size_t>(
      std::find_if(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) == 0; }) - text.begin());
  uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + digits, number);
  if (digits == 0 || parsed.ec != std::errc()) return std::nullopt;

  std::string unit_name(text.substr(digits));
  std::transform(unit_name.begin(), unit_name.end(), unit_name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == unit_name; });
  uint64_t product = 0;
  if (unit == units.end() || __builtin_mul_overflow(number, unit->factor, &product)) return std::nullopt;
  return product;
}

}  // namespace

std::optional<MemorySize> ParseMemorySize(std::string_view text) {
  const auto bytes = ParseWithUnit(text, kSizeUnits);
  if (!bytes) return std::nullopt;
  return MemorySize{*bytes};
}

std::optional<std::chrono::microseconds> ParseDuration(std::string_view text) {
  if (text == "0") return std::chrono::microseconds(0);
  const auto micros = ParseWithUnit(text, kDurationUnits);
  if (!micros || *micros > static_cast<uint64_t>(std::chrono::microseconds::max().count())) return std::nullopt;
  return std::chrono::microseconds(static_cast<int64_t>(*micros));
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> ParseRatio(std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  if (percent) number /= 100;
  if (!(number >= 0 && number <= 1)) return std::nullopt;
  return number;
}

std::optional<bool> ParseBoolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

bool IsValueOf(const OptionDescriptor& option, std::string_view text) {
  switch (option.type) {
    case OptionType::kBytes:
      return ParseMemorySize(text).has_value();
    case OptionType::kDuration:
      return ParseDuration(text).has_value();
    case OptionType::kInteger: {
      const auto number = ParseInteger(text);
      return number && *number >= option.least && *number <= option.most;
    }
    case OptionType::kRatio:
      return ParseRatio(text).has_value();
    case OptionType::kBoolean:
      return ParseBoolean(text).has_value();
    case OptionType::kString:
      return true;
    case OptionType::kWord:
      return std::find(option.words.begin(), option.words.end(), text) != option.words.end();
  }
  return false;
}

std::string ExpectedForm(const OptionDescriptor& option) {
  constexpr int64_t kLeastOfAll = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMostOfAll = std::numeric_limits<int64_t>::max();
  switch (option.type) {
    case OptionType::kBytes:
      return "a size such as 24MiB, 1GiB or 4096";
    case OptionType::kDuration:
      return "a duration such as 200ms, 1s or 5min";
    case OptionType::kInteger:
      if (option.least == kLeastOfAll && option.most == kMostOfAll) return "a whole number";
      if (option.most == kMostOfAll) return fmt::format("a whole number, at least {}", option.least);
      return fmt::format("a whole number from {} to {}", option.least, option.most);
    case OptionType::kRatio:
      return "a ratio from 0 to 1 such as 0.85 or 85%";
    case OptionType::kBoolean:
      return "true or false";
    case OptionType::kString:
      return "any text";
    case OptionType::kWord:
      return fmt::format("one of {}", fmt::join(option.words, ", "));
  }
  return "a value";
}

std::string FormatMemorySize(uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kNames{"B", "KiB", "MiB", "GiB", "TiB"};
  auto number = static_cast<double>(bytes);
  size_t unit = 0;
  for (; number >= 1024 && unit + 1 < kNames.size(); ++unit) number /= 1024;
  const bool whole = number == std::floor(number) || number >= 100;
  return fmt::format("{:.{}f} {}", number, whole ? 0 : 1, kNames[unit]);
}

std::string FormatDuration(std::chrono::microseconds duration) {
  const auto micros = static_cast<double>(duration.count());
  const auto with_unit = [](double number, std::string_view unit) {
    return fmt::format("{:.{}f} {}", number, number == std::floor(number) || number >= 100 ? 0 : 1, unit);
  };
  if (micros < 1000) return with_unit(micros, "us");
  if (micros < 1e6) return with_unit(micros / 1e3, "ms");
  if (micros < 120e6) return with_unit(micros / 1e6, "s");
  if (micros < 7200e6) return with_unit(micros / 60e6, "min");
  return with_unit(micros / 3600e6, "h");
}

}  // namespace spillway::runtime
