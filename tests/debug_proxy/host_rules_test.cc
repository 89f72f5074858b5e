// A host that breaks the ABI's rules: wrong threads, dead handles, calls from inside calls, unready structs.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "tests/debug_proxy/proxy_fixture.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace spillway::debug_proxy_test {
namespace {

// What is leaked on purpose is no finding of the leak sanitizer.
class LeaksOnPurpose {
 public:
#if defined(__SANITIZE_ADDRESS__)
  LeaksOnPurpose() {
    __lsan_disable();
  }
  ~LeaksOnPurpose() {
    __lsan_enable();
  }
#else
  LeaksOnPurpose() {}
#endif
  LeaksOnPurpose(const LeaksOnPurpose&) = delete;
  LeaksOnPurpose& operator=(const LeaksOnPurpose&) = delete;
};

using plugin::Sized;
using plugin::VoidNamespace;

class HostRulesTest : public ProxyFixture {};

TEST_F(HostRulesTest, AnOwnersSlotOnAnotherThreadIsRefused) {
  OnOtherThread([&] {
    spw_view view{};
    ExpectRefused(state_.ValueGet(VoidNamespace(), &view, err_), SPW_WRONG_THREAD, "'value_get' is for the owner");
  });
  const plugin::Iterator iterator = Entries();
  OnOtherThread([&] {
    spw_item item{};
    uint32_t count = 0;
    ExpectRefused(iterator.Next(&item, 1, &count, err_), SPW_WRONG_THREAD, "'iterator_next' is for the owner");
    ExpectRefused(backend_.Close(0, err_), SPW_WRONG_THREAD, "'close' is for the owner");
    backend_.EndRecord();
    ExpectViolation("'end_record' is for the owner");
    api_->iterator_release(iterator.get());
    ExpectViolation("'iterator_release' is for the owner");
  });
}

TEST_F(HostRulesTest, SlotsForAnyThreadMayBeCalledOnAnother) {
  const plugin::Snapshot snapshot = Begin();
  OnOtherThread([&] {
    auto usage = Sized<spw_memory_usage>();
    EXPECT_EQ(backend_.MemoryUsage(&usage, err_), SPW_OK);
    EXPECT_EQ(backend_.MemorySetShare(1, err_), SPW_OK);
    plugin::SnapshotResult result;
    EXPECT_EQ(snapshot.Run(&result, err_), SPW_OK) << err_.message();
    snapshot.Cancel();
  });
  ExpectNoViolation();
}

TEST_F(HostRulesTest, WithoutAnOwnerNoOwnersSlotMayBeCalled) {
  plugin::Backend other;
  auto options = Sized<spw_open_options>();
  options.max_parallelism = 4;
  options.key_groups = {1, 2};
  ASSERT_EQ(plugin::Backend::Open(api_, options, &host_, &other, err_), SPW_OK);
  ExpectRefused(other.SetCurrentKey(plugin::ToBytes("k"), 1, err_), SPW_WRONG_THREAD, "no owner was bound");
  OnOtherThread([&] { EXPECT_EQ(other.Close(0, err_), SPW_OK) << err_.message(); });
  ExpectNoViolation();
}

TEST_F(HostRulesTest, ABackendChangesItsOwnerByBinding) {
  OnOtherThread([&] {
    ASSERT_EQ(backend_.BindOwner(err_), SPW_OK);
    EXPECT_EQ(Value(), "abcdefghijklmnop");
  });
  spw_view view{};
  ExpectRefused(state_.ValueGet(VoidNamespace(), &view, err_), SPW_WRONG_THREAD, "is for the owner thread");
  ASSERT_EQ(backend_.BindOwner(err_), SPW_OK);
  EXPECT_EQ(Value(), "abcdefghijklmnop");
}

TEST_F(HostRulesTest, NobodyBindsWhileACallOfTheOwnerIsUnderWay) {
  script_.before = [&](std::string_view slot, spw_error*) -> std::optional<spw_code> {
    if (slot == "state_clear") {
      OnOtherThread([&] {
        plugin::Error err;
        EXPECT_EQ(backend_.BindOwner(err), SPW_INVALID_STATE);
      });
    }
    return {};
  };
  EXPECT_EQ(state_.Clear(VoidNamespace(), err_), SPW_OK);
  ExpectViolation("'bind_owner' was called while 'state_clear' of the old owner is under way");
}

TEST_F(HostRulesTest, NobodyCallsBackFromInsideACall) {
  script_.before = [&](std::string_view slot, spw_error*) -> std::optional<spw_code> {
    if (slot != "poll") return {};
    plugin::Error err;
    spw_view view{};
    EXPECT_EQ(state_.ValueGet(VoidNamespace(), &view, err), SPW_INVALID_STATE);
    return {};
  };
  uint32_t count = 0;
  EXPECT_EQ(backend_.Poll(nullptr, 0, &count, err_), SPW_OK);
  ExpectViolation("'value_get' was called from inside 'poll'");

  script_.before = [&](std::string_view slot, spw_error*) -> std::optional<spw_code> {
    if (slot == "end_record") api_->release(backend_.get());
    return {};
  };
  backend_.EndRecord();
  ExpectViolation("'release' was called while 'end_record' of the owner is under way");
}

TEST_F(HostRulesTest, AnIteratorIsDeadAfterItsRelease) {
  plugin::Iterator iterator = Entries();
  spw_iterator* dead = iterator.get();
  iterator.Reset();
  spw_item item{};
  uint32_t count = 0;
  ExpectRefused(api_->iterator_next(dead, &item, 1, &count, err_.out()), SPW_CLOSED,
                "'iterator_next' was called on an iterator after its release");
  api_->iterator_release(dead);
  ExpectViolation("'iterator_release' was called on an iterator after its release");
}

TEST_F(HostRulesTest, ASnapshotIsDeadAfterItsRelease) {
  plugin::Snapshot snapshot = Begin();
  spw_snapshot* dead = snapshot.get();
  snapshot.Reset();
  auto result = Sized<spw_snapshot_result>();
  ExpectRefused(api_->snapshot_run(dead, &result, err_.out()), SPW_CLOSED, "on a snapshot after its release");
  api_->snapshot_cancel(dead);
  ExpectViolation("'snapshot_cancel' was called on a snapshot after its release");
  api_->snapshot_release(dead);
  ExpectViolation("'snapshot_release' was called on a snapshot after its release");
}

TEST_F(HostRulesTest, ABackendAndItsStatesAreDeadAfterItsRelease) {
  spw_backend* dead = backend_.get();
  backend_.Reset();
  ExpectRefused(api_->bind_owner(dead, err_.out()), SPW_CLOSED, "'bind_owner' was called on a backend after");
  ExpectRefused(state_.Clear(VoidNamespace(), err_), SPW_CLOSED, "'state_clear' was called on a state after");
  auto query = Sized<spw_query>();
  query.answer = [](void*, spw_code, const spw_view*) { FAIL() << "a refused query was answered"; };
  ExpectRefused(api_->query_submit(dead, &query, err_.out()), SPW_CLOSED, "'query_submit' was called on a backend");
  api_->end_record(dead);
  ExpectViolation("'end_record' was called on a backend after its release");
  api_->release(dead);
  ExpectViolation("'release' was called on a backend after its release");
}

TEST_F(HostRulesTest, AHandleOfAnotherKindIsRefused) {
  auto* as_state = reinterpret_cast<spw_state*>(backend_.get());
  ExpectRefused(api_->state_clear(as_state, VoidNamespace(), err_.out()), SPW_INVALID_ARGUMENT,
                "'state_clear' was called with a backend instead of a state");
  auto* as_backend = reinterpret_cast<spw_backend*>(state_.get());
  api_->end_record(as_backend);
  ExpectViolation("'end_record' was called with a state instead of a backend");
}

TEST_F(HostRulesTest, ANullHandleIsAnInvalidArgument) {
  EXPECT_EQ(api_->state_clear(nullptr, VoidNamespace(), err_.out()), SPW_INVALID_ARGUMENT);
  EXPECT_STREQ(err_.message(), "debug proxy: a slot was called with a NULL handle");
  EXPECT_EQ(api_->state_clear(nullptr, VoidNamespace(), nullptr), SPW_INVALID_ARGUMENT);
  auto query = Sized<spw_query>();
  EXPECT_EQ(api_->query_submit(nullptr, &query, err_.out()), SPW_INVALID_ARGUMENT);
  api_->iterator_release(nullptr);
  ExpectNoViolation();
}

TEST_F(HostRulesTest, TheErrorStructMustBeReady) {
  EXPECT_EQ(api_->state_clear(state_.get(), VoidNamespace(), nullptr), SPW_INVALID_ARGUMENT);
  ExpectViolation("'state_clear' cannot report: its error struct is NULL");

  spw_error raw{};
  EXPECT_EQ(api_->state_clear(state_.get(), VoidNamespace(), &raw), SPW_INVALID_ARGUMENT);
  ExpectViolation("its error struct is not initialised: struct_size is 0");

  raw = Sized<spw_error>();
  raw.message = "of an earlier call";
  EXPECT_EQ(api_->state_clear(state_.get(), VoidNamespace(), &raw), SPW_INVALID_ARGUMENT);
  ExpectViolation("its error struct still holds a message");
}

TEST_F(HostRulesTest, StructsThatMayGrowMustSayTheirSize) {
  spw_state* state = nullptr;
  spw_state_options options{};
  ExpectRefused(api_->register_state(backend_.get(), &options, &state, err_.out()), SPW_INVALID_ARGUMENT,
                "'register_state' was called with a spw_state_options whose struct_size is 0");
  ExpectRefused(api_->register_state(backend_.get(), nullptr, &state, err_.out()), SPW_INVALID_ARGUMENT,
                "with a NULL spw_state_options");
  spw_backend* backend = nullptr;
  spw_open_options open_options{};
  ExpectRefused(api_->open(&open_options, &host_, &backend, err_.out()), SPW_INVALID_ARGUMENT, "spw_open_options");
  spw_snapshot* made = nullptr;
  spw_snapshot_options snapshot_options{};
  ExpectRefused(api_->snapshot_begin(backend_.get(), &snapshot_options, &made, err_.out()), SPW_INVALID_ARGUMENT,
                "spw_snapshot_options");
  const plugin::Snapshot snapshot = Begin();
  spw_snapshot_result result{};
  ExpectRefused(api_->snapshot_run(snapshot.get(), &result, err_.out()), SPW_INVALID_ARGUMENT, "spw_snapshot_result");
  spw_memory_usage usage{};
  ExpectRefused(api_->memory_usage(backend_.get(), &usage, err_.out()), SPW_INVALID_ARGUMENT, "spw_memory_usage");
  spw_query query{};
  ExpectRefused(api_->query_submit(backend_.get(), &query, err_.out()), SPW_INVALID_ARGUMENT, "spw_query");
  const spw_restore_source source{};
  ExpectRefused(api_->restore(backend_.get(), &source, 1, err_.out()), SPW_INVALID_ARGUMENT, "spw_restore_source");
}

TEST_F(HostRulesTest, ASnapshotIsRunByOneThreadAtATimeAndReleasedByNoneMeanwhile) {
  const plugin::Snapshot snapshot = Begin();
  script_.run = [&] {
    OnOtherThread([&] {
      plugin::Error err;
      plugin::SnapshotResult second;
      EXPECT_EQ(snapshot.Run(&second, err), SPW_INVALID_STATE);
    });
    ExpectViolation("'snapshot_run' is under way on another thread");
    api_->snapshot_release(snapshot.get());
    ExpectViolation("'snapshot_release' was called while 'snapshot_run' is under way");
  };
  plugin::SnapshotResult result;
  EXPECT_EQ(snapshot.Run(&result, err_), SPW_OK) << err_.message();
  EXPECT_EQ(runtime::CountsOfDebugProxy(*plugin_).snapshots, 1u);
}

TEST_F(HostRulesTest, ABatchTakesStatesOfItsOwnBackendOnly) {
  spw_access access{};
  access.state = state_.get();
  access.key = plugin::ToBytes("key");
  access.state_namespace = VoidNamespace();
  access.key_group = 1;
  EXPECT_EQ(backend_.Prefetch(&access, 1, err_), SPW_OK) << err_.message();

  plugin::Backend other;
  auto options = Sized<spw_open_options>();
  options.max_parallelism = 4;
  options.key_groups = {1, 2};
  ASSERT_EQ(plugin::Backend::Open(api_, options, &host_, &other, err_), SPW_OK);
  ASSERT_EQ(other.BindOwner(err_), SPW_OK);
  ExpectRefused(other.Prefetch(&access, 1, err_), SPW_INVALID_ARGUMENT, "with a state of another backend");
  spw_access_result result{};
  ExpectRefused(other.GetMany(&access, 1, &result, err_), SPW_INVALID_ARGUMENT, "with a state of another backend");
  access.state = nullptr;
  spw_view view{};
  ExpectRefused(backend_.GetAsync(access, 1, &view, err_), SPW_INVALID_ARGUMENT, "with a NULL state");
}

TEST_F(HostRulesTest, WhatTheHostForgotIsReportedAndReleased) {
  plugin::Iterator iterator = Entries();
  plugin::Snapshot snapshot = Begin();
  spw_iterator* dead = iterator.get();
  backend_.Reset();
  ExpectViolation("'release' of a backend finds 1 iterators and 1 snapshots of it unreleased");
  spw_item item{};
  uint32_t count = 0;
  ExpectRefused(api_->iterator_next(dead, &item, 1, &count, err_.out()), SPW_CLOSED, "after its release");
  iterator.Reset();
  snapshot.Reset();
  EXPECT_EQ(TakeViolations().size(), 2u);  // both releases come too late
}

TEST_F(HostRulesTest, APluginThatIsDroppedWithLiveBackendsIsReported) {
  auto wrapped = runtime::WrapWithDebugProxy(plugin_, {[this](const std::string& violation) {
                                               const std::lock_guard lock(mutex_);
                                               violations_.push_back(violation);
                                             }});
  ASSERT_TRUE(wrapped.ok());
  spw_backend* opened = nullptr;
  auto options = Sized<spw_open_options>();
  options.max_parallelism = 4;
  options.key_groups = {1, 2};
  {
    const LeaksOnPurpose of_the_proxy;
    ASSERT_EQ((*wrapped)->api()->open(&options, &host_, &opened, err_.out()), SPW_OK);
  }
  EXPECT_EQ(runtime::CountsOfDebugProxy(**wrapped).ToString(), "1 backend");
  *wrapped = nullptr;
  ExpectViolation("plugin scripted is dropped by its host while these live: 1 backend");
  ScriptedPlugin()->api->release(script_.last_opened);  // nobody else can any more
}

using HostRulesDeathTest = HostRulesTest;

TEST_F(HostRulesDeathTest, WhatNoAnswerCanTellAbortsByDefault) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  auto wrapped = runtime::WrapWithDebugProxy(plugin_);
  ASSERT_TRUE(wrapped.ok());
  plugin::Backend backend;
  auto options = Sized<spw_open_options>();
  options.max_parallelism = 4;
  options.key_groups = {1, 2};
  ASSERT_EQ(plugin::Backend::Open((*wrapped)->api(), options, &host_, &backend, err_), SPW_OK);
  EXPECT_DEATH(backend.EndRecord(), "debug proxy: 'end_record' is for the owner thread only, and no owner was bound");
}

TEST_F(HostRulesTest, AClosedBackendAnswersAnyThreadAndSeveralAtOnce) {
  const plugin::Iterator iterator = Entries();
  ASSERT_EQ(backend_.Close(0, err_), SPW_OK);
  // Two calls are inside the plugin at once: each waits for the other.
  std::mutex mutex;
  std::condition_variable arrived;
  int inside = 0;
  script_.before = [&](std::string_view, spw_error*) -> std::optional<spw_code> {
    std::unique_lock lock(mutex);
    ++inside;
    arrived.notify_all();
    arrived.wait(lock, [&] { return inside >= 2; });
    return {};
  };
  const auto call = [&] {
    plugin::Error err;
    EXPECT_EQ(state_.Clear(VoidNamespace(), err), SPW_CLOSED);
    EXPECT_STREQ(err.message(), "the scripted backend is closed");
  };
  std::thread first(call);
  std::thread second(call);
  first.join();
  second.join();
  OnOtherThread([&] {
    spw_item item{};
    uint32_t count = 0;
    EXPECT_EQ(iterator.Next(&item, 1, &count, err_), SPW_CLOSED);
    EXPECT_EQ(backend_.Close(0, err_), SPW_CLOSED);
    EXPECT_EQ(backend_.MemoryReclaim(1, err_), SPW_UNSUPPORTED) << "no such slot: no instance is asked";
    backend_.EndRecord();
  });
  ExpectNoViolation();
}

}  // namespace
}  // namespace spillway::debug_proxy_test
