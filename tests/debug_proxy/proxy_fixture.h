// A scripted plugin behind the debug proxy, with one open backend and one state. The thread of the test is the owner.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/plugin/debug_proxy/debug_proxy.h"
#include "runtime/plugin/plugin.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/backend.h"
#include "spillway/plugin/error.h"
#include "tests/debug_proxy/scripted_plugin.h"

namespace spillway::debug_proxy_test {

class ProxyFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    auto bare = runtime::Plugin::FromDescriptor(ScriptedPlugin(), "scripted");
    ASSERT_TRUE(bare.ok()) << bare.status().ToString();
    runtime::DebugProxyOptions options;
    options.on_violation = [this](const std::string& violation) {
      const std::lock_guard lock(mutex_);
      violations_.push_back(violation);
    };
    auto wrapped = runtime::WrapWithDebugProxy(*bare, options);
    ASSERT_TRUE(wrapped.ok()) << wrapped.status().ToString();
    plugin_ = *wrapped;
    api_ = plugin_->api();
    Open();
    Register(SPW_STATE_VALUE, 1);
  }

  // Whatever a test did, nothing may be left behind.
  void TearDown() override {
    script_.before = nullptr;
    backend_.Reset();
    err_.Clear();
    if (plugin_ != nullptr) {
      EXPECT_EQ(runtime::CountsOfDebugProxy(*plugin_).ToString(), "nothing");
    }
    EXPECT_EQ(ScriptedPlugin()->live_handles(), 0u);
  }

  void Open() {
    host_ = plugin::Sized<spw_host>();
    host_.context = &script_;
    auto options = plugin::Sized<spw_open_options>();
    options.max_parallelism = 4;
    options.key_groups = {1, 2};
    ASSERT_EQ(plugin::Backend::Open(api_, options, &host_, &backend_, err_), SPW_OK) << err_.message();
    ASSERT_EQ(backend_.BindOwner(err_), SPW_OK) << err_.message();
  }

  void Register(spw_state_kind kind, uint32_t alignment) {
    auto options = plugin::Sized<spw_state_options>();
    options.kind = kind;
    options.name = "there";
    options.alignment = alignment;
    ASSERT_EQ(backend_.RegisterState(options, &state_, err_), SPW_OK) << err_.message();
  }

  [[nodiscard]] plugin::Iterator Entries() {
    plugin::Iterator iterator;
    EXPECT_EQ(state_.Entries({0, 3}, &iterator, err_), SPW_OK) << err_.message();
    return iterator;
  }
  [[nodiscard]] plugin::Snapshot Begin() {
    auto options = plugin::Sized<spw_snapshot_options>();
    options.kind = SPW_SNAPSHOT_FULL;
    plugin::Snapshot snapshot;
    EXPECT_EQ(backend_.SnapshotBegin(options, &snapshot, err_), SPW_OK) << err_.message();
    return snapshot;
  }
  [[nodiscard]] std::string_view Value() {
    spw_view view{};
    EXPECT_EQ(state_.ValueGet(plugin::VoidNamespace(), &view, err_), SPW_OK) << err_.message();
    return plugin::ToStringView(view);
  }

  static void OnOtherThread(const std::function<void()>& work) {
    std::thread other(work);
    other.join();
  }

  // The call was answered with `code`, and one violation that has `text` in it was noted and told in the error.
  void ExpectRefused(spw_code answered, spw_code code, std::string_view text) {
    EXPECT_EQ(answered, code) << err_.message();
    EXPECT_NE(std::string_view(err_.message()).find(text), std::string_view::npos) << err_.message();
    EXPECT_TRUE(std::string_view(err_.message()).starts_with("debug proxy: ")) << err_.message();
    EXPECT_EQ(err_.code(), code);
    ExpectViolation(text);
  }
  void ExpectPluginFault(spw_code answered, std::string_view text) { ExpectRefused(answered, SPW_INTERNAL, text); }

  // One violation since the last look, with `text` in it.
  void ExpectViolation(std::string_view text) {
    const std::vector<std::string> seen = TakeViolations();
    ASSERT_EQ(seen.size(), 1u) << "looking for: " << text << (seen.empty() ? "" : "; first: " + seen[0]);
    EXPECT_NE(seen[0].find(text), std::string::npos) << seen[0];
  }
  void ExpectNoViolation() {
    for (const std::string& violation : TakeViolations()) ADD_FAILURE() << violation;
  }
  std::vector<std::string> TakeViolations() {
    const std::lock_guard lock(mutex_);
    return std::exchange(violations_, {});
  }

  Script script_;
  std::mutex mutex_;
  std::vector<std::string> violations_;  // guarded by mutex_
  spw_host host_{};
  std::shared_ptr<const runtime::Plugin> plugin_;
  const spw_backend_api* api_ = nullptr;
  plugin::Error err_;
  plugin::Backend backend_;
  plugin::State state_;
};

}  // namespace spillway::debug_proxy_test
