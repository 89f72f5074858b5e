// The driver finds a wrong backend, and shortens what shows it.
#include "tests/differential/driver.h"

#include <gtest/gtest.h>

#include <memory>

#include "runtime/plugin/loader.h"
#include "spillway/plugin/error.h"

namespace spillway::differential {
namespace {

const spw_backend_api*& Real() {
  static const spw_backend_api* real = nullptr;  // slots are plain functions and find the real table here
  return real;
}

class DriverTest : public testing::Test {
 protected:
  void SetUp() override {
    auto loaded = runtime::LoadPlugin(SPILLWAY_MODEL_PLUGIN, {.debug_proxy = runtime::DebugProxyMode::kOff});
    ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
    plugin_ = *loaded;
    Real() = plugin_->api();
    table_ = *plugin_->api();
  }
  DriverResult Run() {
    const DriverResult result = CompareBackends(plugin_->api(), &table_, {.seed = 1, .cases = 300});
    EXPECT_EQ(plugin_->live_handles(), 0u);
    return result;
  }

  std::shared_ptr<const runtime::Plugin> plugin_;
  spw_backend_api table_{};
};

TEST_F(DriverTest, AgreesWithItself) {
  const DriverResult result = CompareBackends(plugin_->api(), plugin_->api(), {.seed = 1, .cases = 50});
  EXPECT_TRUE(result.agreed) << result.report;
}

TEST_F(DriverTest, FindsAMergeThatForgetsASource) {
  table_.merge_namespaces = [](spw_state* state, spw_bytes target, const spw_bytes* sources, uint64_t count,
                               spw_error* err) {
    return Real()->merge_namespaces(state, target, sources, count > 2 ? 2 : count, err);
  };
  const DriverResult result = Run();
  EXPECT_FALSE(result.agreed);
  EXPECT_LE(result.shortest_failing, 8u) << result.report;
  EXPECT_NE(result.report.find("ListMerge"), std::string::npos) << result.report;
}

TEST_F(DriverTest, FindsAPutThatIsLostForOneSize) {
  table_.map_put = [](spw_state* state, spw_bytes ns, spw_bytes map_key, spw_bytes value, spw_error* err) {
    return value.size >= 200 ? spw_code{SPW_OK} : Real()->map_put(state, ns, map_key, value, err);
  };
  const DriverResult result = Run();
  EXPECT_FALSE(result.agreed);
  EXPECT_LE(result.shortest_failing, 3u) << result.report;
  EXPECT_NE(result.report.find("MapPut"), std::string::npos) << result.report;
}

TEST_F(DriverTest, FindsASnapshotThatMissesARange) {
  table_.restore = [](spw_backend* backend, const spw_restore_source* sources, uint32_t count, spw_error* err) {
    return count == 0 ? spw_code{SPW_OK} : Real()->restore(backend, sources, count - 1, err);
  };
  const DriverResult result = Run();
  EXPECT_FALSE(result.agreed);
  EXPECT_LE(result.shortest_failing, 6u) << result.report;
  EXPECT_NE(result.report.find("Restore"), std::string::npos) << result.report;
}

}  // namespace
}  // namespace spillway::differential
