// The conformance kit: what every keyed state backend must do, checked through the plugin ABI.
//
// A Case is one behaviour. It runs in several variants: with keys of several kinds, live and after a snapshot was
// restored. RunKit runs the variants one after the other on the calling thread (cases start and join threads of their
// own) and tells the listener of each. Nothing escapes it: a failed expectation is a result, with a sentence that says
// what was expected, what came, and where the case stands in the kit's source. The kit knows a backend by its complete
// table (no NULL slots) and needs nothing else of a host: storage, clock and log are its own, in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spillway/plugin/abi.h"

namespace spillway::conformance {

// The backend under test. `api` must outlive the run.
struct Subject {
  const spw_backend_api* api = nullptr;
  uint64_t capabilities = 0;
  std::string name;
  std::function<uint64_t()> live_handles;
  // Handed to every open.
  std::vector<std::pair<std::string, std::string>> configuration;
  // An existing, empty directory below which instances may keep local files; empty: they get none.
  std::filesystem::path local_directory;
};

enum class KeyType { kUint64, kShortString, kLongString, kEmptyString };
enum class Mode {
  kLive,
  kRestored,  // where the case says so, the instance is replaced by one that is restored from its snapshot
};

class Run;

struct Case {
  const char* theme;
  const char* name;
  uint64_t capabilities;  // without all of them it is skipped
  bool each_key_type;     // else once, with short strings
  bool also_restored;     // whether it has places for Mode::kRestored
  void (*function)(Run& run);
};

// All cases, theme by theme.
[[nodiscard]] std::span<const Case> Cases();

enum class Outcome { kPassed, kFailed, kSkipped };

struct CaseResult {
  std::string_view theme;
  std::string_view name;
  std::string variant;  // "u64, restored"
  Outcome outcome = Outcome::kPassed;
  std::string message;  // why it failed, or the capabilities that are missing
};

struct KitOptions {
  std::string theme;  // empty: all
  std::string name;   // empty: all; else exactly this case
  std::vector<KeyType> key_types = {KeyType::kUint64, KeyType::kShortString, KeyType::kLongString,
                                    KeyType::kEmptyString};
};

struct KitSummary {
  uint64_t passed = 0;
  uint64_t failed = 0;
  uint64_t skipped = 0;
};

// Counts variants. The listener may be empty.
[[nodiscard]] KitSummary RunKit(const Subject& subject, const KitOptions& options,
                                const std::function<void(const CaseResult&)>& listener);

}  // namespace spillway::conformance
