// Event-time timers over a real backend: the rules of conformance.md, 'Timers'.
#include "spillway/stream/operators/keyed_scope.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "runtime/plugin/loader.h"
#include "runtime/state/keyed_backend.h"
#include "spillway/key_groups.h"

namespace spillway::runtime {
namespace {

using Fired = std::vector<std::pair<int64_t, std::string>>;

class KeyedScopeTest : public testing::Test {
 protected:
  void SetUp() override {
    auto plugin = LoadPlugin(SPILLWAY_TEST_PLUGIN);
    ASSERT_TRUE(plugin.ok()) << plugin.status().ToString();
    KeyedBackendOptions options;
    options.instance = "timers";
    options.max_parallelism = kGroups;
    options.key_groups = {0, kGroups - 1};
    options.logger = spdlog::default_logger();
    auto backend = KeyedBackend::Open(*plugin, options);
    ASSERT_TRUE(backend.ok()) << backend.status().ToString();
    backend_ = std::move(*backend);
    scope_ = std::make_unique<KeyedScope>(&backend_->backend(), options.key_groups);
    ASSERT_TRUE(scope_->Open("string", "", kWatermarkBeforeAll).ok());
  }

  void SetKey(const std::string& key) {
    key_ = key;
    ASSERT_TRUE(scope_->SetCurrentKey(key_, KeyGroupOf(key_, kGroups)).ok());
  }
  void Register(const std::string& key, int64_t timestamp) {
    SetKey(key);
    ASSERT_TRUE(scope_->RegisterTimer(timestamp, kNone).ok());
  }
  // `inside` runs in every callback, after it was noted.
  Fired Advance(int64_t watermark, const std::function<void(int64_t, const std::string&)>& inside = nullptr) {
    Fired fired;
    const Status status = scope_->AdvanceWatermark(watermark, [&](int64_t timestamp, BytesView) -> Status {
      const std::string key(scope_->current_key());
      fired.push_back({timestamp, key});
      if (inside) inside(timestamp, key);
      return {};
    });
    EXPECT_TRUE(status.ok()) << status.ToString();
    return fired;
  }

  static constexpr uint32_t kGroups = 8;
  static constexpr BytesView kNone{"", 0};
  std::unique_ptr<KeyedBackend> backend_;
  std::unique_ptr<KeyedScope> scope_;
  std::string key_;
};

TEST_F(KeyedScopeTest, TimersFireOnceInTimeOrderWhenTheWatermarkReachesThem) {
  Register("b", 30);
  Register("a", 10);
  Register("c", 20);
  Register("a", 10);
  EXPECT_EQ(Advance(9), Fired());
  EXPECT_EQ(Advance(20), (Fired{{10, "a"}, {20, "c"}}));
  EXPECT_EQ(Advance(20), Fired());
  EXPECT_EQ(Advance(kWatermarkAfterAll), (Fired{{30, "b"}}));
  EXPECT_EQ(*scope_->EntryCount(), 0U);
}

TEST_F(KeyedScopeTest, MoreTimersThanABatchHoldsFireInOrder) {
  for (int64_t i = 0; i < 1000; ++i) Register("k" + std::to_string(i % 7), (i * 7919) % 1000);
  const Fired fired = Advance(2000);
  ASSERT_EQ(fired.size(), 1000U);
  for (size_t i = 0; i < fired.size(); ++i) EXPECT_EQ(fired[i].first, static_cast<int64_t>(i));
}

TEST_F(KeyedScopeTest, ADeletedTimerNeverFires) {
  Register("a", 10);
  Register("b", 10);
  SetKey("a");
  ASSERT_TRUE(scope_->DeleteTimer(10, kNone).ok());
  ASSERT_TRUE(scope_->DeleteTimer(11, kNone).ok());
  EXPECT_EQ(Advance(10), (Fired{{10, "b"}}));
}

TEST_F(KeyedScopeTest, ATimerDeletedInsideTheCallbackOfAnEarlierOneDoesNotFire) {
  Register("a", 10);
  Register("a", 20);
  Register("a", 30);
  const Fired fired = Advance(100, [&](int64_t timestamp, const std::string&) {
    if (timestamp == 10) {
      ASSERT_TRUE(scope_->DeleteTimer(20, kNone).ok());
    }
  });
  EXPECT_EQ(fired, (Fired{{10, "a"}, {30, "a"}}));
}

TEST_F(KeyedScopeTest, DeletedAndRegisteredAgainInACallbackFiresOnce) {
  Register("a", 10);
  Register("a", 20);
  const Fired fired = Advance(100, [&](int64_t timestamp, const std::string&) {
    if (timestamp != 10) return;
    ASSERT_TRUE(scope_->DeleteTimer(20, kNone).ok());
    ASSERT_TRUE(scope_->RegisterTimer(20, kNone).ok());
    ASSERT_TRUE(scope_->RegisterTimer(20, kNone).ok());
  });
  EXPECT_EQ(fired, (Fired{{10, "a"}, {20, "a"}}));
}

TEST_F(KeyedScopeTest, OneRegisteredInACallbackForAPassedTimeFiresInTheSameAdvance) {
  Register("a", 10);
  Register("a", 40);
  const Fired fired = Advance(50, [&](int64_t timestamp, const std::string&) {
    if (timestamp != 10) return;
    for (const int64_t time : {5, 20, 45, 60}) ASSERT_TRUE(scope_->RegisterTimer(time, kNone).ok());
  });
  // In time order, though 40 had been taken from the backend before 5 and 20 were there.
  EXPECT_EQ(fired, (Fired{{10, "a"}, {5, "a"}, {20, "a"}, {40, "a"}, {45, "a"}}));
  EXPECT_EQ(Advance(60), (Fired{{60, "a"}}));
}

TEST_F(KeyedScopeTest, AChainOfTimersThatRegisterTheNextEndsWithTheWatermark) {
  Register("a", 1);
  const Fired fired = Advance(500, [&](int64_t timestamp, const std::string&) {
    ASSERT_TRUE(scope_->RegisterTimer(timestamp + 1, kNone).ok());
  });
  EXPECT_EQ(fired.size(), 500U);
  EXPECT_EQ(*scope_->EntryCount(), 1U);
}

TEST_F(KeyedScopeTest, ARegisteredTimerForAPassedTimeFiresAtTheNextAdvance) {
  EXPECT_EQ(Advance(100), Fired());
  Register("a", 50);
  EXPECT_EQ(Advance(100), Fired());
  EXPECT_EQ(Advance(101), (Fired{{50, "a"}}));
}

TEST_F(KeyedScopeTest, NamespacesTellTimersApart) {
  SetKey("a");
  ASSERT_TRUE(scope_->RegisterTimer(10, "w1").ok());
  ASSERT_TRUE(scope_->RegisterTimer(10, "w2").ok());
  ASSERT_TRUE(scope_->DeleteTimer(10, "w1").ok());
  std::vector<std::string> namespaces;
  ASSERT_TRUE(scope_
                  ->AdvanceWatermark(10,
                                     [&](int64_t, BytesView state_namespace) -> Status {
                                       namespaces.emplace_back(state_namespace);
                                       return {};
                                     })
                  .ok());
  EXPECT_EQ(namespaces, std::vector<std::string>{"w2"});
}

TEST_F(KeyedScopeTest, AnErrorInACallbackEndsTheAdvance) {
  Register("a", 10);
  Register("b", 20);
  const Status status = scope_->AdvanceWatermark(30, [](int64_t, BytesView) { return Status::Internal("no"); });
  EXPECT_EQ(status.message(), "no");
}

}  // namespace
}  // namespace spillway::runtime
