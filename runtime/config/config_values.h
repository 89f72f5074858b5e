// How the values of the configuration are written: sizes, durations, numbers, truth values; and written back for
// people.
//
// Pure functions. A parser gives nullopt for anything that is not exactly of its form (no sign where there is none to
// be, no blanks, no overflow); ExpectedForm says the form in words for the error that the caller makes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/configuration.h"

namespace spillway::runtime {

// "24MiB", "1GiB", "64kb", "100b", "4096": whole numbers; kb, mb, gb count in 1024 like KiB, MiB, GiB. Any case.
[[nodiscard]] std::optional<MemorySize> ParseMemorySize(std::string_view text);
// "200ms", "1s", "5min", "2h", "250us", and "0".
[[nodiscard]] std::optional<std::chrono::microseconds> ParseDuration(std::string_view text);
[[nodiscard]] std::optional<int64_t> ParseInteger(std::string_view text);
// A number from 0 to 1, as "0.85" or "85%".
[[nodiscard]] std::optional<double> ParseRatio(std::string_view text);
[[nodiscard]] std::optional<bool> ParseBoolean(std::string_view text);

// Whether `text` is a value of this option, within its bounds.
[[nodiscard]] bool IsValueOf(const OptionDescriptor& option, std::string_view text);
// "a size such as 24MiB, 1GiB or 4096".
[[nodiscard]] std::string ExpectedForm(const OptionDescriptor& option);

// "24 MiB", "1.5 GiB", "512 B".
[[nodiscard]] std::string FormatMemorySize(uint64_t bytes);
// "1 s", "200 ms", "1.5 s", "2 min".
[[nodiscard]] std::string FormatDuration(std::chrono::microseconds duration);

}  // namespace spillway::runtime
