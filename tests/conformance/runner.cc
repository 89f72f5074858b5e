// Runs the cases and watches what they leave behind.
#include <exception>
#include <filesystem>

#include "spillway/plugin/capabilities.h"
#include "tests/conformance/cases.h"
#include "tests/conformance/check.h"
#include "tests/conformance/run.h"

namespace spillway::conformance {
namespace {

// The file's name alone: where the kit was built is of no interest.
std::string Describe(const Failure& failure) {
  return failure.message + " [" + std::filesystem::path(failure.where.file_name()).filename().string() + ":" +
         std::to_string(failure.where.line()) + "]";
}

// Empty when the case left nothing; else what it left.
std::string LeftBehind(const Subject& subject, uint64_t handles_before, Run& run) {
  const uint64_t handles = subject.live_handles ? subject.live_handles() : 0;
  if (handles != handles_before) {
    return "the plugin's live handles went from " + std::to_string(handles_before) + " to " + std::to_string(handles) +
           " although everything was released";
  }
  if (const std::string open = run.storage().OpenHandles(); !open.empty()) return "the plugin left " + open;
  if (subject.local_directory.empty()) return {};
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(subject.local_directory, error)) {
    return "the closed instance left local files: " + entry.path().string();
  }
  return {};
}

CaseResult RunVariant(const Subject& subject, const Case& one, KeyType key_type, Mode mode) {
  CaseResult result{one.theme, one.name, KeyTypeName(key_type), Outcome::kPassed, {}};
  if (mode == Mode::kRestored) result.variant += ", restored";
  const uint64_t wanted = one.capabilities | (mode == Mode::kRestored ? SPW_CAP_SNAPSHOT_FULL : 0);
  if (std::string missing = plugin::CapabilityNames(wanted & ~subject.capabilities); !missing.empty()) {
    result.outcome = Outcome::kSkipped;
    result.message = subject.name + " does not claim: " + missing;
    return result;
  }
  const uint64_t handles_before = subject.live_handles ? subject.live_handles() : 0;
  Run run(subject, key_type, mode);
  try {
    one.function(run);
    result.message = LeftBehind(subject, handles_before, run);
  } catch (const Failure& failure) {
    result.message = Describe(failure);
  } catch (const std::exception& error) {
    result.message = std::string("the case ended with an exception: ") + error.what();
  }
  if (!result.message.empty()) result.outcome = Outcome::kFailed;
  return result;
}

}  // namespace

KitSummary RunKit(const Subject& subject, const KitOptions& options,
                  const std::function<void(const CaseResult&)>& listener) {
  KitSummary summary;
  const auto run = [&](const Case& one, KeyType key_type, Mode mode) {
    const CaseResult result = RunVariant(subject, one, key_type, mode);
    if (result.outcome == Outcome::kPassed) ++summary.passed;
    if (result.outcome == Outcome::kFailed) ++summary.failed;
    if (result.outcome == Outcome::kSkipped) ++summary.skipped;
    if (listener) listener(result);
  };
  for (const Case& one : Cases()) {
    if (!options.theme.empty() && options.theme != one.theme) continue;
    if (!options.name.empty() && options.name != one.name) continue;
    const std::vector<KeyType> key_types =
        one.each_key_type ? options.key_types : std::vector<KeyType>{KeyType::kShortString};
    for (const KeyType key_type : key_types) {
      run(one, key_type, Mode::kLive);
      if (one.also_restored) run(one, key_type, Mode::kRestored);
    }
  }
  return summary;
}

}  // namespace spillway::conformance
