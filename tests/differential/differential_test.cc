// The plugin under test against the model, bare and behind the debug proxy.
//
// SPILLWAY_DIFFERENTIAL_SEED repeats a run. Without it the seed is the one compiled in, or, where that is 0, another
// each time; it is printed.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "runtime/plugin/debug_proxy/debug_proxy.h"
#include "runtime/plugin/loader.h"
#include "tests/differential/driver.h"

namespace spillway::differential {
namespace {

uint64_t Seed() {
  if (const char* text = std::getenv("SPILLWAY_DIFFERENTIAL_SEED")) return std::strtoull(text, nullptr, 10);
  constexpr uint64_t kFixed = SPILLWAY_DIFFERENTIAL_FIXED_SEED;
  return kFixed != 0 ? kFixed : std::random_device()();
}

std::shared_ptr<const runtime::Plugin> Load(const char* path, runtime::DebugProxyMode debug_proxy) {
  auto loaded = runtime::LoadPlugin(path, {.debug_proxy = debug_proxy});
  EXPECT_TRUE(loaded.ok()) << loaded.status().ToString();
  return loaded.ok() ? *loaded : nullptr;
}

// "key=value,key=value"
std::vector<std::pair<std::string, std::string>> Configuration() {
  std::vector<std::pair<std::string, std::string>> all;
  std::istringstream entries(SPILLWAY_DIFFERENTIAL_CONFIGURATION);
  for (std::string entry; std::getline(entries, entry, ',');) {
    const size_t equals = entry.find('=');
    all.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return all;
}

// A local directory for backends that are configured to use one.
class LocalDirectory {
 public:
  LocalDirectory() {
    if (Configuration().empty()) return;
    path_ = std::filesystem::path(testing::TempDir()) / ("spillway-differential-" + std::to_string(getpid()));
    std::filesystem::create_directories(path_);
  }
  ~LocalDirectory() { std::filesystem::remove_all(path_); }
  LocalDirectory(const LocalDirectory&) = delete;
  LocalDirectory& operator=(const LocalDirectory&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

void Compare(runtime::DebugProxyMode debug_proxy) {
  const auto model = Load(SPILLWAY_MODEL_PLUGIN, runtime::DebugProxyMode::kOff);
  const auto tested = Load(SPILLWAY_TESTED_PLUGIN, debug_proxy);
  ASSERT_TRUE(model && tested);
  const LocalDirectory local_directory;
  const DriverOptions options{
      .seed = Seed(), .cases = SPILLWAY_DIFFERENTIAL_CASES, .actual = {Configuration(), local_directory.path()}};
  std::cout << "SPILLWAY_DIFFERENTIAL_SEED=" << options.seed << ", " << options.cases << " sequences" << std::endl;
  const DriverResult result = CompareBackends(model->api(), tested->api(), options);
  EXPECT_TRUE(result.agreed) << result.report;
  EXPECT_EQ(model->live_handles(), 0u);
  EXPECT_EQ(tested->live_handles(), 0u);
}

TEST(Differential, TellsWhatTheModelTells) {
  Compare(runtime::DebugProxyMode::kOff);
}

TEST(Differential, TellsWhatTheModelTellsBehindTheProxy) {
  Compare(runtime::DebugProxyMode::kOn);
}

}  // namespace
}  // namespace spillway::differential
