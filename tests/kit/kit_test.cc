// Runs the conformance kit on one plugin, a gtest case for each case of the kit, bare and behind the debug proxy.
//
// Bare as well, because the proxy shows copies of views: whether a backend keeps its own bytes in place is seen only
// without it. The plugin's path is compiled in (SPILLWAY_KIT_PLUGIN), and the backend's configuration.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "runtime/plugin/debug_proxy/debug_proxy.h"
#include "runtime/plugin/loader.h"
#include "tests/conformance/conformance.h"

namespace spillway::conformance {
namespace {

struct KitCase {
  const Case* one;
  bool behind_proxy;
};

void PrintTo(const KitCase& kit_case, std::ostream* out) {
  *out << kit_case.one->theme << "." << kit_case.one->name;
}

std::vector<KitCase> AllCases() {
  std::vector<KitCase> all;
  for (const bool behind_proxy : {true, false}) {
    for (const Case& one : Cases()) all.push_back({&one, behind_proxy});
  }
  return all;
}

// "key=value,key=value"
std::vector<std::pair<std::string, std::string>> Configuration() {
  std::vector<std::pair<std::string, std::string>> all;
  std::istringstream entries(SPILLWAY_KIT_CONFIGURATION);
  for (std::string entry; std::getline(entries, entry, ',');) {
    const size_t equals = entry.find('=');
    all.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return all;
}

class Kit : public testing::TestWithParam<KitCase> {};

TEST_P(Kit, Holds) {
  const KitCase& kit_case = GetParam();
  auto loaded = runtime::LoadPlugin(
      SPILLWAY_KIT_PLUGIN,
      {.debug_proxy = kit_case.behind_proxy ? runtime::DebugProxyMode::kOn : runtime::DebugProxyMode::kOff});
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  const std::shared_ptr<const runtime::Plugin> plugin = *loaded;
  const std::filesystem::path local_directory =
      std::filesystem::path(testing::TempDir()) /
      ("spillway-kit-" + std::to_string(getpid()) + "-" + std::string(kit_case.one->name));
  std::filesystem::create_directories(local_directory);
  const Subject subject{
      plugin->api(),   plugin->capabilities(), std::string(plugin->name()), [&] { return plugin->live_handles(); },
      Configuration(), local_directory};
  std::string skipped;
  const KitSummary summary =
      RunKit(subject, {.theme = kit_case.one->theme, .name = kit_case.one->name}, [&](const CaseResult& result) {
        if (result.outcome == Outcome::kFailed) {
          ADD_FAILURE() << result.variant << ": " << result.message;
        }
        if (result.outcome == Outcome::kSkipped) skipped = result.variant + ": " + result.message;
      });
  std::filesystem::remove_all(local_directory);
  EXPECT_EQ(plugin->live_handles(), 0u);
  EXPECT_EQ(runtime::CountsOfDebugProxy(*plugin).total(), 0u) << runtime::CountsOfDebugProxy(*plugin).ToString();
  if (summary.passed + summary.failed == 0) GTEST_SKIP() << skipped;
}

INSTANTIATE_TEST_SUITE_P(, Kit, testing::ValuesIn(AllCases()), [](const testing::TestParamInfo<KitCase>& of) {
  return std::string(of.param.one->theme) + "_" + of.param.one->name + (of.param.behind_proxy ? "_behind_proxy" : "");
});

}  // namespace
}  // namespace spillway::conformance
