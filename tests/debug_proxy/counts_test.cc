// What the proxy counts, and how proxies are put in front of plugins.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/debug_proxy/proxy_fixture.h"

namespace spillway::debug_proxy_test {
namespace {

using plugin::Sized;
using plugin::VoidNamespace;
using runtime::CountsOfDebugProxy;

class CountsTest : public ProxyFixture {
 protected:
  [[nodiscard]] std::string Counts() const { return CountsOfDebugProxy(*plugin_).ToString(); }
};

TEST_F(CountsTest, EveryHandleIsCountedUntilItsRelease) {
  EXPECT_EQ(Counts(), "1 backend");
  plugin::Iterator iterator = Entries();
  plugin::Iterator second = Entries();
  EXPECT_EQ(Counts(), "1 backend, 2 iterators");
  second.Reset();
  plugin::Snapshot snapshot = Begin();
  plugin::SnapshotResult result;
  EXPECT_EQ(snapshot.Run(&result, err_), SPW_OK) << err_.message();
  EXPECT_EQ(Counts(), "1 backend, 1 iterator, 1 snapshot, 1 snapshot result");
  EXPECT_EQ(CountsOfDebugProxy(*plugin_).total(), 4u);
  snapshot.Reset();
  iterator.Reset();
  EXPECT_EQ(Counts(), "1 backend, 1 snapshot result");
  EXPECT_EQ(backend_.MemoryReclaim(1, err_), SPW_UNSUPPORTED);
  EXPECT_EQ(Counts(), "1 backend, 1 snapshot result, 1 error");
  ExpectNoViolation();
  backend_.Reset();
  EXPECT_EQ(Counts(), "1 snapshot result, 1 error");
}

TEST_F(CountsTest, ErrorsAndResultsMayOutliveTheirPlugin) {
  plugin::SnapshotResult result;
  EXPECT_EQ(Begin().Run(&result, err_), SPW_OK) << err_.message();
  EXPECT_EQ(backend_.MemoryReclaim(1, err_), SPW_UNSUPPORTED);
  backend_.Reset();
  plugin_ = nullptr;
  ExpectNoViolation();
  EXPECT_STREQ(err_.message(), "the plugin does not offer 'memory_reclaim'");
  result.Reset();
  err_.Clear();
}

TEST_F(CountsTest, ManyReleasedHandlesDoNotPileUp) {
  for (int i = 0; i < 5000; ++i) {
    const plugin::Iterator iterator = Entries();
    EXPECT_EQ(Value(), "abcdefghijklmnop");
    backend_.EndRecord();
  }
  EXPECT_EQ(Counts(), "1 backend");
  ExpectNoViolation();
}

TEST_F(CountsTest, AProxyInFrontOfAProxyReplacesIt) {
  auto again = runtime::WrapWithDebugProxy(plugin_);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(runtime::HasDebugProxy(**again));
  EXPECT_EQ((*again)->name(), "scripted");
  const uint64_t before = CountsOfDebugProxy(*plugin_).total();
  plugin::Backend other;
  auto options = Sized<spw_open_options>();
  ASSERT_EQ(plugin::Backend::Open((*again)->api(), options, &host_, &other, err_), SPW_OK) << err_.message();
  EXPECT_EQ(CountsOfDebugProxy(**again).backends, 1u);
  EXPECT_EQ(CountsOfDebugProxy(*plugin_).total(), before) << "the first proxy is not in the way";
}

TEST_F(CountsTest, APluginWithoutAProxyCountsNothing) {
  auto bare = runtime::Plugin::FromDescriptor(ScriptedPlugin(), "scripted");
  ASSERT_TRUE(bare.ok());
  EXPECT_FALSE(runtime::HasDebugProxy(**bare));
  EXPECT_EQ(CountsOfDebugProxy(**bare).total(), 0u);
}

TEST_F(CountsTest, TooManyProxiesAtOnceAreRefusedUntilSomeAreDropped) {
  std::vector<std::shared_ptr<const runtime::Plugin>> proxies;
  std::string refusal;
  for (int i = 0; i < 1000 && refusal.empty(); ++i) {
    auto wrapped = runtime::WrapWithDebugProxy(plugin_);
    if (wrapped.ok()) proxies.push_back(*wrapped);
    refusal = wrapped.status().message();
  }
  EXPECT_NE(refusal.find("proxies exist already"), std::string::npos) << refusal;
  proxies.pop_back();
  EXPECT_TRUE(runtime::WrapWithDebugProxy(plugin_).ok());
}

TEST_F(CountsTest, EachProxyOpensBackendsOfItsOwn) {
  auto first = runtime::WrapWithDebugProxy(plugin_);
  auto second = runtime::WrapWithDebugProxy(plugin_);
  ASSERT_TRUE(first.ok() && second.ok());
  auto options = Sized<spw_open_options>();
  plugin::Backend backend;
  ASSERT_EQ(plugin::Backend::Open((*second)->api(), options, &host_, &backend, err_), SPW_OK) << err_.message();
  EXPECT_EQ(CountsOfDebugProxy(**first).backends, 0u);
  EXPECT_EQ(CountsOfDebugProxy(**second).backends, 1u);
}

}  // namespace
}  // namespace spillway::debug_proxy_test
