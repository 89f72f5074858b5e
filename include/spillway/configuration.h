// Configuration: a job's settings by key, each with a type, a default and a help text.
//
// An option is a typed constant: ConfigOption<MemorySize>{"state.backend.spillway.memory.budget", "0b", "..."}. The
// type of its value is that of its parameter; values and defaults are written the same way, as text:
//   MemorySize                 24MiB, 1GiB, 64kb, 100b, 4096
//   std::chrono::microseconds  200ms, 1s, 5min (us, ms, s, min, h)
//   int64_t, double, bool, std::string
// Options that are only known at run time (those that a backend plugin announces) are OptionDescriptors.
//
// A Configuration knows its options from the start and takes only settings that are known and well-formed, so what it
// holds is always valid and Get cannot fail. Errors name key, value, where it was given, and what is expected; an
// unknown key is answered with the nearest known one. Not thread-safe while it is being set; immutable use from any
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "spillway/status.h"

namespace spillway {

struct MemorySize {
  uint64_t bytes = 0;
  friend bool operator==(const MemorySize&, const MemorySize&) = default;
};

enum class OptionType { kBytes, kDuration, kInteger, kRatio, kBoolean, kString, kWord };

template <typename T>
[[nodiscard]] constexpr OptionType OptionTypeOf() {
  if constexpr (std::is_same_v<T, MemorySize>) return OptionType::kBytes;
  if constexpr (std::is_same_v<T, std::chrono::microseconds>) return OptionType::kDuration;
  if constexpr (std::is_same_v<T, int64_t>) return OptionType::kInteger;
  if constexpr (std::is_same_v<T, double>) return OptionType::kRatio;
  if constexpr (std::is_same_v<T, bool>) return OptionType::kBoolean;
  if constexpr (std::is_same_v<T, std::string>) return OptionType::kString;
}

template <typename T>
struct ConfigOption {
  const char* key;
  const char* default_value;
  const char* help;
  // Of integers: what is allowed.
  int64_t least = std::numeric_limits<int64_t>::min();
  int64_t most = std::numeric_limits<int64_t>::max();
};

struct OptionDescriptor {
  std::string key;
  OptionType type = OptionType::kString;
  std::string default_value;
  std::string help;
  std::vector<std::string> words;  // kWord: the values that are allowed
  int64_t least = std::numeric_limits<int64_t>::min();
  int64_t most = std::numeric_limits<int64_t>::max();

  template <typename T>
  static OptionDescriptor Of(const ConfigOption<T>& option) {
    return {option.key, OptionTypeOf<T>(), option.default_value, option.help, {}, option.least, option.most};
  }
};

// One setting as somebody gave it. `origin` says where, for messages: "-D", "conf.yaml line 7".
struct ConfigSetting {
  std::string key;
  std::string value;
  std::string origin;
};

class Configuration {
 public:
  // The defaults must be well-formed and the keys distinct; anything else is a bug and aborts.
  explicit Configuration(std::vector<OptionDescriptor> options);

  // Sets what was said; a later setting of the same key takes the place of an earlier one.
  [[nodiscard]] Status Set(const ConfigSetting& setting);
  [[nodiscard]] Status SetAll(const std::vector<ConfigSetting>& settings);

  // The value, or the default when it was not set. The option must be one of this configuration's.
  template <typename T>
  [[nodiscard]] T Get(const ConfigOption<T>& option) const {
    return Parsed(Text(option.key), static_cast<T*>(nullptr));
  }

  [[nodiscard]] bool Knows(std::string_view key) const { return Find(key) != nullptr; }
  [[nodiscard]] bool IsSet(std::string_view key) const { return values_.contains(key); }
  // The value of a known key as text.
  [[nodiscard]] const std::string& Text(std::string_view key) const;
  [[nodiscard]] const std::vector<OptionDescriptor>& options() const { return options_; }
  // Of all known keys, the nearest to a mistyped one; empty when nothing is near.
  [[nodiscard]] std::string NearestKey(std::string_view key) const;

 private:
  static MemorySize Parsed(std::string_view text, MemorySize*);
  static std::chrono::microseconds Parsed(std::string_view text, std::chrono::microseconds*);
  static int64_t Parsed(std::string_view text, int64_t*);
  static double Parsed(std::string_view text, double*);
  static bool Parsed(std::string_view text, bool*);
  static std::string Parsed(std::string_view text, std::string*);

  [[nodiscard]] const OptionDescriptor* Find(std::string_view key) const;

  std::vector<OptionDescriptor> options_;
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace spillway
