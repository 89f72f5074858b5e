// The plugin under test against the model, bare and behind the debug proxy.
//
// SPILLWAY_DIFFERENTIAL_SEED repeats a run. Without it the seed is the one compiled in, or, where that is 0, another
// each time; it is printed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>

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

void Compare(runtime::DebugProxyMode debug_proxy) {
  const auto model = Load(SPILLWAY_MODEL_PLUGIN, runtime::DebugProxyMode::kOff);
  const auto tested = Load(SPILLWAY_TESTED_PLUGIN, debug_proxy);
  ASSERT_TRUE(model && tested);
  const DriverOptions options{.seed = Seed(), .cases = SPILLWAY_DIFFERENTIAL_CASES};
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
