// A plugin that breaks the ABI's rules: the host gets SPW_INTERNAL and a sentence instead of the wrong answer.
#include <gtest/gtest.h>

#include <functional>
#include <iterator>
#include <optional>
#include <string>

#include "spillway/plugin/guard.h"
#include "tests/debug_proxy/proxy_fixture.h"

namespace spillway::debug_proxy_test {
namespace {

using plugin::Sized;
using plugin::VoidNamespace;

class PluginAnswersTest : public ProxyFixture {
 protected:
  // Every slot answers so, by the code and by what `fill` puts into the error.
  void Answer(spw_code code, std::function<void(spw_error*)> fill) {
    script_.before = [code, fill](std::string_view, spw_error* err) -> std::optional<spw_code> {
      fill(err);
      return code;
    };
  }
  [[nodiscard]] spw_code Clear() { return state_.Clear(VoidNamespace(), err_); }
  [[nodiscard]] spw_code Get() {
    spw_view view{};
    return state_.ValueGet(VoidNamespace(), &view, err_);
  }
  [[nodiscard]] spw_code Update(uint64_t create_size = 16) {
    spw_mut_view view{};
    return state_.ValueGetForUpdate(VoidNamespace(), create_size, &view, err_);
  }
  [[nodiscard]] spw_code Next(uint32_t capacity = 2) {
    const plugin::Iterator iterator = Entries();
    spw_item items[4]{};
    uint32_t count = 0;
    return iterator.Next(items, capacity, &count, err_);
  }
  [[nodiscard]] spw_code PollDue(int64_t up_to) {
    spw_timer timers[2]{};
    uint32_t count = 0;
    return state_.TimerPollDue(up_to, timers, 2, &count, err_);
  }
  [[nodiscard]] spw_code Poll() {
    spw_completion completions[2]{};
    uint32_t count = 0;
    return backend_.Poll(completions, 2, &count, err_);
  }
  static spw_query Ignoring() {
    auto query = Sized<spw_query>();
    query.answer = [](void*, spw_code, const spw_view*) {};
    return query;
  }
};

TEST_F(PluginAnswersTest, CodesAndErrorsMustAgree) {
  Answer(-99, [](spw_error*) {});
  ExpectPluginFault(Clear(), "'state_clear' of plugin scripted answered with the unknown code -99");
  Answer(SPW_IO_ERROR, [](spw_error*) {});
  ExpectPluginFault(Clear(), "answered with error -7 without a message");
  Answer(SPW_IO_ERROR, [](spw_error* err) { err->code = SPW_IO_ERROR, err->message = ""; });
  ExpectPluginFault(Clear(), "answered with error -7 and an empty message");
  Answer(SPW_IO_ERROR, [](spw_error* err) { err->code = SPW_NO_SPACE, err->message = "full"; });
  ExpectPluginFault(Clear(), "answered with error -7, its error struct says -8 (it said: full)");
  Answer(SPW_OK, [](spw_error* err) { (void)plugin::FillError(err, SPW_OK, "all is well"); });
  ExpectPluginFault(Clear(), "filled the error struct although its code 0 is no error");
  EXPECT_EQ(ScriptedPlugin()->live_handles(), 1u) << "the refused error was released";
}

TEST_F(PluginAnswersTest, AProperErrorPassesAsItIs) {
  Answer(SPW_IO_ERROR, [](spw_error* err) { (void)plugin::FillError(err, SPW_IO_ERROR, "cannot write to /x"); });
  EXPECT_EQ(Clear(), SPW_IO_ERROR);
  EXPECT_EQ(err_.code(), SPW_IO_ERROR);
  EXPECT_STREQ(err_.message(), "cannot write to /x");
  EXPECT_EQ(runtime::CountsOfDebugProxy(*plugin_).errors, 1u);
  err_.Clear();
  EXPECT_EQ(runtime::CountsOfDebugProxy(*plugin_).errors, 0u);
  script_.before = nullptr;
  EXPECT_EQ(backend_.Wait(0, err_), SPW_TIMED_OUT) << "the one error that may be silent";
  ExpectNoViolation();
}

TEST_F(PluginAnswersTest, ResultsOtherThanOkMustMeanSomething) {
  Answer(SPW_ABSENT, [](spw_error*) {});
  ExpectPluginFault(Clear(), "answered with SPW_ABSENT, which means nothing here");
  Answer(SPW_PENDING, [](spw_error*) {});
  ExpectPluginFault(Get(), "answered with SPW_PENDING, which means nothing here");
}

TEST_F(PluginAnswersTest, AClosedBackendAnswersClosed) {
  ASSERT_EQ(backend_.Close(0, err_), SPW_OK);
  Answer(SPW_OK, [](spw_error*) {});
  ExpectPluginFault(Clear(), "answered with code 0 after the backend was closed; it must be SPW_CLOSED");
}

TEST_F(PluginAnswersTest, HandlesComeWithOkAndOnlyThen) {
  script_.gives_handles = false;
  spw_backend* backend = nullptr;
  auto options = Sized<spw_open_options>();
  ExpectPluginFault(api_->open(&options, &host_, &backend, err_.out()),
                    "'open' of plugin scripted answered OK without");
  plugin::State state;
  auto state_options = Sized<spw_state_options>();
  ExpectPluginFault(backend_.RegisterState(state_options, &state, err_), "answered OK without a state");
  ExpectPluginFault(backend_.FindState("there", &state, err_), "gave a state with ABSENT, or none with OK");
  EXPECT_EQ(backend_.FindState("elsewhere", &state, err_), SPW_ABSENT);
  plugin::Iterator iterator;
  ExpectPluginFault(state_.Entries({0, 3}, &iterator, err_), "gave an iterator with ABSENT, or none with OK");
  plugin::Snapshot snapshot;
  auto snapshot_options = Sized<spw_snapshot_options>();
  ExpectPluginFault(backend_.SnapshotBegin(snapshot_options, &snapshot, err_), "answered OK without a snapshot");
}

TEST_F(PluginAnswersTest, ViewsComeWithOkAndOnlyThen) {
  script_.code = SPW_ABSENT;
  ExpectPluginFault(Get(), "gave a view although its code 1 is not OK");
  ExpectPluginFault(Update(SPW_DO_NOT_CREATE), "gave a view although its code 1 is not OK");
  ExpectPluginFault(Update(), "answered ABSENT although it was told to create");
  script_.code = SPW_OK;
  script_.view = {};
  script_.mut_view = {};
  ExpectPluginFault(Get(), "answered OK with null bytes and without SPW_VIEW_NULL");
  ExpectPluginFault(Update(), "answered OK with null bytes");
  script_.view.flags = SPW_VIEW_NULL;
  ExpectPluginFault(Get(), "gave a null value outside a map");
  script_.view = {script_.memory, 16, 0, SPW_VIEW_NULL};
  ExpectPluginFault(Get(), "gave bytes together with SPW_VIEW_NULL");
}

TEST_F(PluginAnswersTest, ViewsAreAlignedAsRegistered) {
  Register(SPW_STATE_VALUE, 8);
  script_.view.data += 4;
  script_.mut_view.data += 4;
  ExpectPluginFault(Get(), "'value_get' of plugin scripted gave a view that is not aligned to the registered 8 bytes");
  ExpectPluginFault(Update(), "gave a view that is not aligned to the registered 8 bytes");
  Register(SPW_STATE_VALUE, 4);
  EXPECT_EQ(Get(), SPW_OK) << err_.message();
  ExpectNoViolation();
}

TEST_F(PluginAnswersTest, WhatIsCreatedIsZeroAndOfTheAskedSize) {
  script_.mut_view.created = 2;
  ExpectPluginFault(Update(), "gave 2 in 'created', which is 0 or 1");
  script_.mut_view.created = 1;
  ExpectPluginFault(Update(SPW_DO_NOT_CREATE), "created an entry although it was told not to");
  ExpectPluginFault(Update(17), "created 16 bytes instead of 17");
  ExpectPluginFault(Update(16), "created an entry that is not filled with zeroes");
  std::fill(std::begin(script_.memory), std::end(script_.memory), uint8_t{0});
  EXPECT_EQ(Update(16), SPW_OK) << err_.message();
}

TEST_F(PluginAnswersTest, ItemsAreCompleteAndCounted) {
  script_.count = 3;
  ExpectPluginFault(Next(), "gave 3 items for a capacity of 2");
  script_.count.reset();
  script_.batch_code = SPW_ABSENT;
  ExpectPluginFault(Next(), "answered with code 1 and 2 items");
  script_.batch_code.reset();

  const spw_item good = script_.items[0];
  const auto with = [&](const std::function<void(spw_item&)>& change) {
    script_.items[1] = good;
    change(script_.items[1]);
    return Next();
  };
  ExpectPluginFault(with([](spw_item& item) { item.key = {}; }), "gave an item without a key");
  ExpectPluginFault(with([](spw_item& item) { item.key_group = 3; }), "gave key-group 3, outside 1 to 2");
  ExpectPluginFault(with([](spw_item& item) { item.state_namespace = {}; }), "gave an item without a namespace");
  ExpectPluginFault(with([](spw_item& item) { item.value = {}; }), "gave an item without a value");
  Register(SPW_STATE_MAP, 1);
  ExpectPluginFault(with([](spw_item& item) { item.map_key = {}; }), "gave an item without a map key");
  ExpectPluginFault(with([](spw_item& item) { item.value = {}; }), "gave an item with null bytes and without");
  EXPECT_EQ(with([](spw_item& item) { item.value = {nullptr, 0, 0, SPW_VIEW_NULL}; }), SPW_OK) << err_.message();
  Register(SPW_STATE_MAP, 16);
  ExpectPluginFault(with([](spw_item& item) { item.value.data += 1; }), "is not aligned to the registered 16 bytes");
  ExpectNoViolation();
}

TEST_F(PluginAnswersTest, ItemsOfARangeLieInIt) {
  plugin::Iterator iterator;
  ASSERT_EQ(state_.Entries({2, 2}, &iterator, err_), SPW_OK);
  spw_item items[2]{};
  uint32_t count = 0;
  ExpectPluginFault(iterator.Next(items, 2, &count, err_), "gave key-group 1, outside 2 to 2");
}

TEST_F(PluginAnswersTest, TimersAreDueOrderedCompleteAndCounted) {
  Register(SPW_STATE_TIMER, 1);
  ExpectPluginFault(PollDue(9), "gave a timer of 10, later than 9");
  script_.timers[1].timestamp = 9;
  ExpectPluginFault(PollDue(10), "gave timers that are not in time order");
  script_.timers[0].key = {};
  spw_timer head{};
  ExpectPluginFault(state_.TimerPeek(&head, err_), "gave a timer without a key");
  script_.timers[0].key = plugin::ToBytes("key");
  script_.timers[0].state_namespace = {};
  ExpectPluginFault(state_.TimerPeek(&head, err_), "gave a timer without a namespace");
  script_.timers[0].state_namespace = VoidNamespace();
  script_.timers[0].key_group = 0;
  ExpectPluginFault(state_.TimerPeek(&head, err_), "gave key-group 0, outside 1 to 2");
  script_.count = 3;
  ExpectPluginFault(PollDue(10), "gave 3 timers for a capacity of 2");
  script_.count = 0;
  ExpectPluginFault(PollDue(10), "answered with code 0 and 0 timers");
  script_.timers.clear();
  EXPECT_EQ(state_.TimerPeek(&head, err_), SPW_ABSENT);
  ExpectNoViolation();
}

TEST_F(PluginAnswersTest, FlagsAreZeroOrOne) {
  script_.flag = 2;
  uint8_t flag = 0;
  ExpectPluginFault(state_.MapIsEmpty(VoidNamespace(), &flag, err_), "gave 2, which is neither 0 nor 1");
  ExpectPluginFault(state_.TimerAdd(nullptr, 0, &flag, err_), "gave 2 in head_changed, which is 0 or 1");
  ExpectPluginFault(state_.TimerRemove(spw_timer{}, &flag, err_), "gave 2 in head_changed, which is 0 or 1");
  int32_t descriptor = 0;
  ExpectPluginFault(backend_.EventDescriptor(&descriptor, err_), "gave a negative descriptor");
}

TEST_F(PluginAnswersTest, CompletionsAnswerWhatIsPending) {
  script_.completions = {{4, script_.view, SPW_OK, 0}};
  ExpectPluginFault(Poll(), "completed token 4, which nothing waits for");
  script_.count = 3;
  ExpectPluginFault(Poll(), "gave 3 completions for a capacity of 2");
  script_.count.reset();
  spw_access access{};
  access.state = state_.get();
  spw_view view{};
  const auto complete = [&](const spw_completion& completion) {
    EXPECT_EQ(backend_.GetAsync(access, 4, &view, err_), SPW_PENDING) << err_.message();
    script_.completions = {completion};
    return Poll();
  };
  ExpectPluginFault(complete({4, {}, SPW_PENDING, 0}), "completed token 4 with code 2, which is no answer");
  ExpectPluginFault(complete({4, script_.view, SPW_ABSENT, 0}), "gave a view although its code 1 is not OK");
  EXPECT_EQ(complete({4, {}, SPW_ABSENT, 0}), SPW_OK) << err_.message();
  script_.completions = {{4, script_.view, SPW_OK, 0}};
  ExpectPluginFault(Poll(), "completed token 4, which nothing waits for");
}

TEST_F(PluginAnswersTest, BatchResultsHaveCodesOfTheirOwn) {
  spw_access access{};
  access.state = state_.get();
  const spw_access accesses[] = {access, access};
  spw_access_result results[2]{};
  script_.results[1].code = 17;
  ExpectPluginFault(backend_.GetMany(accesses, 2, results, err_), "gave the unknown code 17 for access 1");
  script_.results[1] = {script_.view, SPW_ABSENT, 0};
  ExpectPluginFault(backend_.GetMany(accesses, 2, results, err_), "gave a view although its code 1 is not OK");
}

TEST_F(PluginAnswersTest, AQueryIsAnsweredOnceByTheOwner) {
  spw_query submitted{};
  script_.query = [&](const spw_query& query) { submitted = query; };
  ASSERT_EQ(backend_.QuerySubmit(Ignoring(), err_), SPW_OK);
  submitted.answer(submitted.context, SPW_ABSENT, nullptr);
  ExpectNoViolation();
  submitted.answer(submitted.context, SPW_ABSENT, nullptr);
  ExpectViolation("'query_submit' was answered twice for one query");

  ASSERT_EQ(backend_.QuerySubmit(Ignoring(), err_), SPW_OK);
  OnOtherThread([&] { submitted.answer(submitted.context, SPW_ABSENT, nullptr); });
  ExpectViolation("'query_submit' was answered on another thread than the owner's");

  auto query = Ignoring();
  spw_code answered = SPW_OK;
  query.context = &answered;
  query.answer = [](void* context, spw_code code, const spw_view*) { *static_cast<spw_code*>(context) = code; };
  ASSERT_EQ(backend_.QuerySubmit(query, err_), SPW_OK);
  submitted.answer(submitted.context, SPW_OK, nullptr);
  ExpectViolation("'query_submit' was answered OK without a value");
  EXPECT_EQ(answered, SPW_INTERNAL);
  ASSERT_EQ(backend_.QuerySubmit(query, err_), SPW_OK);
  submitted.answer(submitted.context, 5, nullptr);
  ExpectViolation("'query_submit' was answered with code 5, which is no answer");
}

TEST_F(PluginAnswersTest, AQueryThatFailedIsNotAnswered) {
  script_.before = [](std::string_view slot, spw_error* err) -> std::optional<spw_code> {
    if (slot != "query_submit") return {};
    return plugin::FillError(err, SPW_NOT_FOUND, "no such state");
  };
  EXPECT_EQ(backend_.QuerySubmit(Ignoring(), err_), SPW_NOT_FOUND);
  EXPECT_EQ(runtime::CountsOfDebugProxy(*plugin_).queries, 0u);
  ExpectNoViolation();
}

TEST_F(PluginAnswersTest, QueriesThatAreNeverAnsweredAreReported) {
  script_.query = [](const spw_query&) {};
  ASSERT_EQ(backend_.QuerySubmit(Ignoring(), err_), SPW_OK);
  backend_.Reset();
  ExpectViolation("plugin scripted left 1 queries without an answer");
}

TEST_F(PluginAnswersTest, SnapshotResultsAreComplete) {
  const plugin::Snapshot snapshot = Begin();
  plugin::SnapshotResult result;
  script_.result.file_count = 1;
  ExpectPluginFault(snapshot.Run(&result, err_), "announced files and gave none");
  const spw_file_ref unnamed{"", 0};
  script_.result.files = &unnamed;
  ExpectPluginFault(snapshot.Run(&result, err_), "gave a file without a name");
  script_.result.file_count = 0;
  script_.result.metadata = {nullptr, 4};
  ExpectPluginFault(snapshot.Run(&result, err_), "announced metadata and gave none");
  EXPECT_EQ(ScriptedPlugin()->live_handles(), 2u) << "backend and snapshot; no refused result";
}

TEST_F(PluginAnswersTest, MetricsAreNamed) {
  script_.metric.help = nullptr;
  spw_metric metric{};
  uint32_t count = 0;
  ExpectPluginFault(backend_.Metrics(&metric, 1, &count, err_), "gave a metric without name or help");
  EXPECT_EQ(backend_.Metrics(nullptr, 0, &count, err_), SPW_OK);
  EXPECT_EQ(count, 1u);
}

}  // namespace
}  // namespace spillway::debug_proxy_test
