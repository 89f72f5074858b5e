// The engines that every test of files runs on: io_uring, the pool, and one that delays, reorders and cuts short.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "spill/io_engine.h"
#include "tests/support/fault_engine.h"

namespace spillway::spill {

enum class TestEngine { kUring, kPread, kFaulty };

[[nodiscard]] std::string TestEngineName(TestEngine engine);
void PrintTo(TestEngine engine, std::ostream* out);

// Bound to the calling thread; null where the machine has no io_uring and that was asked for. kFaulty does all work,
// over io_uring where there is one.
[[nodiscard]] std::unique_ptr<IoEngine> MakeTestEngine(TestEngine engine, IoEngineOptions options = {});
// Over the pool, for faults of the test's own.
[[nodiscard]] std::unique_ptr<FaultEngine> MakeFaultEngine(const IoFaults& faults);

// A fixture with such an engine; skips where there is none.
class TestOnEngines : public testing::TestWithParam<TestEngine> {
 protected:
  void SetUp() override {
    engine_ = MakeTestEngine(GetParam());
    if (engine_ == nullptr) GTEST_SKIP() << "io_uring is not available here";
  }
  std::unique_ptr<IoEngine> engine_;
};

[[nodiscard]] inline auto AllTestEngines() {
  return testing::Values(TestEngine::kUring, TestEngine::kPread, TestEngine::kFaulty);
}
[[nodiscard]] inline std::string TestEngineParam(const testing::TestParamInfo<TestEngine>& info) {
  return TestEngineName(info.param);
}

}  // namespace spillway::spill
