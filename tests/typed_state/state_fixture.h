// An open backend for the tests of typed state: a plugin behind the debug proxy, this thread its owner.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "runtime/plugin/debug_proxy/debug_proxy.h"
#include "runtime/plugin/loader.h"
#include "spillway/key_groups.h"
#include "spillway/state.h"
#include "tests/conformance/memory_host.h"
#include "tests/conformance/memory_storage.h"

namespace spillway {

class StateFixture : public testing::Test {
 protected:
  static constexpr uint32_t kMaxParallelism = 128;

  void SetUp() override {
    auto plugin = runtime::LoadPlugin(SPILLWAY_TYPED_STATE_PLUGIN,
                                      {.directories = {}, .debug_proxy = runtime::DebugProxyMode::kOn});
    ASSERT_TRUE(plugin.ok()) << plugin.status().ToString();
    plugin_ = *plugin;
    auto options = plugin::Sized<spw_open_options>();
    options.max_parallelism = kMaxParallelism;
    options.key_groups = {0, kMaxParallelism - 1};
    options.key_group_function = kKeyGroupFunction.data();
    options.instance = "typed-state-test";
    plugin::Error err;
    ASSERT_EQ(plugin::Backend::Open(plugin_->api(), options, host_.table(), &backend_, err), SPW_OK) << err.message();
    ASSERT_EQ(backend_.BindOwner(err), SPW_OK) << err.message();
    SetKey(std::string("key"));
  }
  void TearDown() override {
    backend_.Reset();
    EXPECT_EQ(runtime::CountsOfDebugProxy(*plugin_).total(), 0u) << runtime::CountsOfDebugProxy(*plugin_).ToString();
    EXPECT_EQ(plugin_->live_handles(), 0u);
  }

  template <typename K>
  void SetKey(const K& key) {
    std::string scratch;
    const BytesView bytes = BytesOf(key, &scratch);
    plugin::Error err;
    ASSERT_EQ(backend_.SetCurrentKey(plugin::ToBytes(bytes), KeyGroupOf(bytes, kMaxParallelism), err), SPW_OK)
        << err.message();
  }
  // A safepoint: with the proxy in front, whoever still holds a view then reads poison.
  void EndRecord() { backend_.EndRecord(); }

  template <typename State, typename N = VoidNamespace>
  State Open(std::string name) {
    auto state = State::Open(backend_, StateOptionsFor<std::string, N>(std::move(name)));
    EXPECT_TRUE(state.ok()) << state.status().ToString();
    return *state;
  }

  std::shared_ptr<const runtime::Plugin> plugin_;
  conformance::MemoryStorage storage_;
  conformance::MemoryHost host_{&storage_};
  plugin::Backend backend_;
};

// The value of a Result; a failure and a T{} for an error.
template <typename T>
T Must(Result<T> result) {
  EXPECT_TRUE(result.ok()) << result.status().ToString();
  return result.ok() ? std::move(result).value() : T{};
}

#define SPILLWAY_EXPECT_OK(expression)                                           \
  do {                                                                           \
    const ::spillway::Status spillway_expected_ok_ = (expression);               \
    EXPECT_TRUE(spillway_expected_ok_.ok()) << spillway_expected_ok_.ToString(); \
  } while (false)

}  // namespace spillway
