// Expectations of the kit's cases.
//
// An expectation that does not hold throws a Failure, which ends the case: everything that a case holds is an owner, so
// nothing is left behind. The runner catches it; no Failure leaves the kit. Threads of a case pass theirs on through
// Parallel (parallel.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spillway/plugin/abi.h"
#include "spillway/plugin/error.h"

namespace spillway::conformance {

using Location = std::source_location;

struct Failure {
  std::string message;
  Location where;
};

// How values look in messages: text in quotes, other bytes in hexadecimal, long ones shortened.
[[nodiscard]] std::string Show(std::string_view bytes);
[[nodiscard]] std::string ShowCode(spw_code code);  // "SPW_ABSENT (1)"
[[nodiscard]] inline std::string Show(const std::string& bytes) {
  return Show(std::string_view(bytes));
}
[[nodiscard]] inline std::string Show(const char* text) {
  return Show(std::string_view(text));
}
[[nodiscard]] inline std::string Show(bool value) {
  return value ? "true" : "false";
}
template <typename T>
requires std::is_integral_v<T>
[[nodiscard]] std::string Show(T value) {
  return std::to_string(value);
}
template <typename A, typename B>
[[nodiscard]] std::string Show(const std::pair<A, B>& value);
template <typename T>
[[nodiscard]] std::string Show(const std::optional<T>& value) {
  return value ? Show(*value) : "nothing";
}
template <typename T>
requires requires(const T& t) {
  t.begin();
  t.end();
  t.size();
}
[[nodiscard]] std::string Show(const T& values) {
  constexpr size_t kShownMax = 12;
  std::string text = std::to_string(values.size()) + " {";
  size_t shown = 0;
  for (const auto& value : values) {
    if (shown > 0) text += ", ";
    if (shown++ == kShownMax) return text + "…}";
    text += Show(value);
  }
  return text + "}";
}
template <typename A, typename B>
std::string Show(const std::pair<A, B>& value) {
  return Show(value.first) + ": " + Show(value.second);
}

[[noreturn]] inline void Fail(std::string message, Location where = Location::current()) {
  throw Failure{std::move(message), where};
}

inline void Expect(bool condition, std::string_view what, Location where = Location::current()) {
  if (!condition) Fail("expected that " + std::string(what), where);
}

template <typename A, typename B>
void ExpectEqual(const A& actual, const B& expected, std::string_view what, Location where = Location::current()) {
  if (actual == expected) return;
  Fail(std::string(what) + ": expected " + Show(expected) + ", got " + Show(actual), where);
}

// The code of a call, with the text of its error in the message.
inline void ExpectCode(spw_code actual, spw_code expected, std::string_view what, const plugin::Error& err,
                       Location where = Location::current()) {
  if (actual == expected) return;
  std::string message = std::string(what) + ": expected " + ShowCode(expected) + ", got " + ShowCode(actual);
  if (*err.message() != '\0') message += std::string(", saying \"") + err.message() + "\"";
  Fail(std::move(message), where);
}

// The code, an error, and a message that names `named`.
inline void ExpectError(spw_code actual, spw_code expected, std::string_view what, const plugin::Error& err,
                        std::string_view named = "", Location where = Location::current()) {
  ExpectCode(actual, expected, what, err, where);
  Expect(*err.message() != '\0', std::string(what) + " gives a message with its error", where);
  if (std::string_view(err.message()).find(named) == std::string_view::npos) {
    Fail(std::string(what) + ": expected that the message names " + Show(named) + ", got " + Show(err.message()),
         where);
  }
}

}  // namespace spillway::conformance
