#include "runtime/cli/plugin_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include "runtime/cli/console.h"
#include "runtime/cli/exit_codes.h"
#include "runtime/jobs/job.h"
#include "runtime/plugin/backend_table.h"
#include "runtime/plugin/loader.h"
#include "spillway/plugin/capabilities.h"
#include "tests/conformance/conformance.h"

namespace spillway::cli {
namespace {

namespace fs = std::filesystem;
using runtime::Plugin;

constexpr size_t kLineWidth = 100;

// Whether the plugin's own table has the slot; a table shorter than ours ends before it.
bool Exports(const spw_backend_api& table, const runtime::BackendSlot& slot) {
  if (slot.offset + sizeof(void*) > table.struct_size) return false;
  const void* function = nullptr;
  memcpy(&function, reinterpret_cast<const char*>(&table) + slot.offset, sizeof(function));
  return function != nullptr;
}

void PrintWrapped(Console* console, std::string_view head, const std::vector<std::string>& words) {
  std::string line(head);
  for (const std::string& word : words) {
    if (line.size() + 1 + word.size() > kLineWidth) {
      console->Print(line);
      line = std::string(head.size(), ' ');
    }
    line += " " + word;
  }
  console->Print(line);
}

// A directory for the kit's instances, gone with this object.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::error_code error;
    std::string pattern = (fs::temp_directory_path(error) / "spillway-verify-XXXXXX").string();
    if (!error && mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// What a run of the kit came to, theme by theme, in the kit's order.
class VerifyReport {
 public:
  explicit VerifyReport(Console* console) : console_(console) {}

  void Take(const conformance::CaseResult& result) {
    if (result.theme != theme_) {
      PrintTheme();
      theme_ = result.theme;
    }
    if (result.outcome == conformance::Outcome::kPassed) ++passed_;
    if (result.outcome == conformance::Outcome::kFailed) {
      failures_.push_back(fmt::format("    FAILED {} ({}): {}", result.name, result.variant, result.message));
    }
    if (result.outcome == conformance::Outcome::kSkipped) skipped_[result.message].insert(std::string(result.name));
  }

  void PrintTheme() {
    if (theme_.empty()) return;
    console_->Print(fmt::format("  {:<16} {} passed, {} failed", theme_, passed_, failures_.size()));
    for (const std::string& failure : failures_) console_->Print(failure);
    for (const auto& [why, names] : skipped_) {
      PrintWrapped(console_, fmt::format("    skipped ({}):", why), {names.begin(), names.end()});
    }
    passed_ = 0;
    failures_.clear();
    skipped_.clear();
  }

 private:
  Console* console_;
  std::string theme_;
  uint64_t passed_ = 0;
  std::vector<std::string> failures_;
  std::map<std::string, std::set<std::string>> skipped_;  // names by the reason
};

void PrintHead(Console* console, const Plugin& plugin) {
  console->Print(fmt::format("{} {}: {}", plugin.name(), plugin.version(), plugin.description()));
  console->Print(fmt::format("  library      {}", plugin.path().string()));
  console->Print(fmt::format("  ABI          {}.{} (this program: {}.{})", plugin.descriptor().abi_major,
                             plugin.descriptor().abi_minor, SPW_ABI_MAJOR, SPW_ABI_MINOR));
}

void RunKitOn(const Plugin& plugin, std::string_view how, const std::string& theme, Console* console,
              conformance::KitSummary* sum) {
  const ScratchFolder scratch;
  conformance::Subject subject;
  subject.api = plugin.api();
  subject.capabilities = plugin.capabilities();
  subject.name = std::string(plugin.name());
  subject.live_handles = [&] { return plugin.live_handles(); };
  subject.local_directory = scratch.path();

  console->Print(std::string(how));
  VerifyReport report(console);
  const conformance::KitSummary summary = conformance::RunKit(
      subject, {.theme = theme}, [&](const conformance::CaseResult& result) { report.Take(result); });
  report.PrintTheme();
  sum->passed += summary.passed;
  sum->failed += summary.failed;
  sum->skipped += summary.skipped;
}

}  // namespace

int PluginInfoCommand(const std::string& name) {
  Console console;
  const auto plugin = runtime::LoadPlugin(name, {.debug_proxy = runtime::DebugProxyMode::kOff});
  if (!plugin.ok()) {
    console.Error(plugin.status());
    return kBadUsage;
  }
  PrintHead(&console, **plugin);
  console.Print("  capabilities " + plugin::CapabilityNames((*plugin)->capabilities()));

  const auto keys = (*plugin)->config_keys();
  console.Print(keys.empty() ? "  config keys  none" : "  config keys");
  for (const spw_config_key& key : keys) {
    console.Print(fmt::format("    {} ({}, default {}): {}", key.name, key.type, key.default_value, key.help));
  }

  std::vector<std::string> exported;
  std::vector<std::string> absent;
  for (const runtime::BackendSlot& slot : runtime::BackendSlots()) {
    (Exports(*(*plugin)->descriptor().api, slot) ? exported : absent).emplace_back(slot.name);
  }
  PrintWrapped(&console, fmt::format("  slots        {} exported:", exported.size()), exported);
  if (!absent.empty()) PrintWrapped(&console, fmt::format("               {} absent:", absent.size()), absent);
  return kDone;
}

int PluginVerifyCommand(const std::string& name, const std::string& theme) {
  Console console;
  const auto cases = conformance::Cases();
  if (!theme.empty() && std::none_of(cases.begin(), cases.end(), [&](const auto& c) { return c.theme == theme; })) {
    std::set<std::string> themes;
    for (const conformance::Case& c : cases) themes.insert(c.theme);
    console.Error(
        Status::InvalidArgument(fmt::format("the kit has no theme '{}'; it has {}", theme, fmt::join(themes, ", "))));
    return kBadUsage;
  }
  // The proxy sees what the kit cannot: calls from the wrong thread, views used beyond their safepoint, leaked handles.
  const auto behind_proxy = runtime::LoadPlugin(name, {.debug_proxy = runtime::DebugProxyMode::kOn});
  const auto bare = runtime::LoadPlugin(name, {.debug_proxy = runtime::DebugProxyMode::kOff});
  for (const auto* loaded : {&behind_proxy, &bare}) {
    if (loaded->ok()) continue;
    console.Error(loaded->status());
    return kBadUsage;
  }
  PrintHead(&console, **bare);
  conformance::KitSummary sum;
  // The proxy first: what it reports says more than a crash.
  RunKitOn(**behind_proxy, "behind the debug proxy", theme, &console, &sum);
  // The proxy hands out copies, so it hides views that move.
  RunKitOn(**bare, "bare", theme, &console, &sum);
  if (sum.skipped > 0) console.Print(fmt::format("{} skipped: capabilities that are not claimed", sum.skipped));
  console.Print(fmt::format("{} passed, {} failed", sum.passed, sum.failed));
  return sum.failed == 0 ? kDone : kFailed;
}

int JobsCommand() {
  Console console;
  for (const runtime::JobDefinition& job : runtime::Jobs()) {
    console.Print(fmt::format("{}: {}", job.name, job.summary));
    std::string description = "  " + std::string(job.description);
    for (size_t at = 0; (at = description.find('\n', at)) != std::string::npos; ++at) description.insert(at + 1, "  ");
    console.Print(description);
  }
  return kDone;
}

}  // namespace spillway::cli
