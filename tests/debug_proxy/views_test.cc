// Views through the proxy: copies with the registered alignment, poisoned at safepoints; writes carried over in time.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>

#include "tests/debug_proxy/proxy_fixture.h"

namespace spillway::debug_proxy_test {
namespace {

using plugin::Sized;
using plugin::VoidNamespace;

class ViewsTest : public ProxyFixture {
 protected:
  [[nodiscard]] spw_view Get() {
    spw_view view{};
    EXPECT_EQ(state_.ValueGet(VoidNamespace(), &view, err_), SPW_OK) << err_.message();
    return view;
  }
  [[nodiscard]] spw_mut_view GetForUpdate() {
    spw_mut_view view{};
    EXPECT_EQ(state_.ValueGetForUpdate(VoidNamespace(), 16, &view, err_), SPW_OK) << err_.message();
    return view;
  }
  static bool IsPoison(const uint8_t* data, size_t size) {
    return std::all_of(data, data + size, [](uint8_t byte) { return byte == runtime::kPoisonByte; });
  }
  [[nodiscard]] std::string Memory(size_t size) const { return {reinterpret_cast<const char*>(script_.memory), size}; }

  struct Safepoint {
    const char* name;
    std::function<void()> call;
  };
  // `close` is the last, for there is nothing after it.
  [[nodiscard]] std::vector<Safepoint> Safepoints() {
    return {
        {"end_record", [this] { backend_.EndRecord(); }},
        {"poll",
         [this] {
           uint32_t count = 0;
           EXPECT_EQ(backend_.Poll(nullptr, 0, &count, err_), SPW_OK) << err_.message();
         }},
        {"prefetch", [this] { EXPECT_EQ(backend_.Prefetch(nullptr, 0, err_), SPW_OK) << err_.message(); }},
        {"snapshot_begin", [this] { EXPECT_TRUE(Begin()); }},
        {"restore", [this] { EXPECT_EQ(backend_.Restore(nullptr, 0, err_), SPW_OK) << err_.message(); }},
        {"close", [this] { EXPECT_EQ(backend_.Close(0, err_), SPW_OK) << err_.message(); }},
    };
  }
};

TEST_F(ViewsTest, AViewReadsPoisonAfterEverySafepoint) {
  for (const Safepoint& safepoint : Safepoints()) {
    const spw_view view = Get();
    EXPECT_EQ(plugin::ToStringView(view), "abcdefghijklmnop");
    safepoint.call();
    EXPECT_TRUE(IsPoison(view.data, view.size)) << safepoint.name;
  }
  ExpectNoViolation();
}

TEST_F(ViewsTest, AViewLivesUntilThenWhateverIsCalled) {
  const spw_view first = Get();
  EXPECT_EQ(backend_.SetCurrentKey(plugin::ToBytes("other"), 1, err_), SPW_OK);
  EXPECT_EQ(state_.ValuePut(VoidNamespace(), plugin::ToBytes("else"), err_), SPW_OK);
  EXPECT_EQ(state_.Clear(VoidNamespace(), err_), SPW_OK);
  std::vector<spw_view> more;
  for (int i = 0; i < 1000; ++i) more.push_back(Get());  // more than one chunk of copies
  EXPECT_EQ(plugin::ToStringView(first), "abcdefghijklmnop");
  for (const spw_view& view : more) EXPECT_EQ(plugin::ToStringView(view), "abcdefghijklmnop");
}

TEST_F(ViewsTest, ACopyIsAlignedAsRegisteredAndNoMore) {
  for (const uint32_t alignment : {1u, 2u, 4u, 8u, 16u}) {
    backend_.EndRecord();  // else the writable view of the last round is shown again
    Register(SPW_STATE_VALUE, alignment);
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(reinterpret_cast<uintptr_t>(Get().data) % (2 * alignment), alignment);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(GetForUpdate().data) % (2 * alignment), alignment);
    }
  }
}

TEST_F(ViewsTest, EmptyAndNullBytesStayWhatTheyAre) {
  script_.view.size = 0;
  const spw_view empty = Get();
  EXPECT_NE(empty.data, nullptr);
  EXPECT_EQ(empty.size, 0u);

  Register(SPW_STATE_MAP, 1);
  script_.view = {nullptr, 0, 7, SPW_VIEW_NULL};
  const spw_view null = Get();
  EXPECT_EQ(null.data, nullptr);
  EXPECT_EQ(null.flags, SPW_VIEW_NULL);
  EXPECT_EQ(null.schema_id, 7u);
}

TEST_F(ViewsTest, AWriteIsThereBeforeTheNextCallDoesItsWork) {
  const spw_mut_view view = GetForUpdate();
  std::memcpy(view.data, "0123", 4);
  EXPECT_EQ(Memory(5), "abcde") << "nothing was called yet";
  std::string seen;
  script_.before = [&](std::string_view slot, spw_error*) -> std::optional<spw_code> {
    if (slot == "state_entry_count") seen = Memory(5);
    return {};
  };
  uint64_t count = 0;
  EXPECT_EQ(state_.EntryCount(&count, err_), SPW_OK);
  EXPECT_EQ(seen, "0123e");
}

TEST_F(ViewsTest, AWriteIsThereBeforeASafepointDoesItsWork) {
  for (const Safepoint& safepoint : Safepoints()) {
    std::memcpy(script_.memory, "abcdefgh", 8);
    const spw_mut_view view = GetForUpdate();
    std::memcpy(view.data, safepoint.name, 4);
    std::string seen;
    script_.before = [&](std::string_view slot, spw_error*) -> std::optional<spw_code> {
      if (slot == safepoint.name) seen = Memory(5);
      return {};
    };
    safepoint.call();
    EXPECT_EQ(seen, std::string(safepoint.name, 4) + "e") << safepoint.name;
  }
}

TEST_F(ViewsTest, AWriteAfterASafepointGoesNowhere) {
  const spw_mut_view view = GetForUpdate();
  backend_.EndRecord();
  EXPECT_TRUE(IsPoison(view.data, view.size));
  std::memcpy(view.data, "0123", 4);
  uint64_t count = 0;
  EXPECT_EQ(state_.EntryCount(&count, err_), SPW_OK);
  backend_.EndRecord();
  EXPECT_EQ(Memory(4), "abcd");
}

TEST_F(ViewsTest, TwoWritableViewsOfOneEntryAreOnePlace) {
  const spw_mut_view first = GetForUpdate();
  first.data[0] = '0';
  const spw_mut_view second = GetForUpdate();
  EXPECT_EQ(first.data, second.data);
  EXPECT_EQ(second.data[0], '0');
  second.data[1] = '1';
  EXPECT_EQ(plugin::ToStringView(Get()).substr(0, 3), "01c");
}

// A put of the same size between: the plugin writes it into the entry that the view shows.
TEST_F(ViewsTest, APutBetweenIsNotOverwrittenByAWriteBesideIt) {
  script_.before = [&](std::string_view slot, spw_error*) -> std::optional<spw_code> {
    if (slot == "value_put") std::memcpy(script_.memory, "ABCDEFGHIJKLMNOP", 16);
    return {};
  };
  const spw_mut_view view = GetForUpdate();
  view.data[0] = '0';
  EXPECT_EQ(state_.ValuePut(VoidNamespace(), plugin::ToBytes("ABCDEFGHIJKLMNOP"), err_), SPW_OK);
  EXPECT_EQ(plugin::ToStringView(Get()), "ABCDEFGHIJKLMNOP");
  EXPECT_EQ((std::string{reinterpret_cast<const char*>(view.data), 16}), "ABCDEFGHIJKLMNOP");
  view.data[1] = '1';
  EXPECT_EQ(plugin::ToStringView(Get()), "A1CDEFGHIJKLMNOP");
  backend_.EndRecord();
  EXPECT_EQ(Memory(16), "A1CDEFGHIJKLMNOP");
}

// Written by nobody's call, as from a background thread of a faulty plugin: still only the host's bytes are carried.
TEST_F(ViewsTest, OnlyTheBytesThatTheHostWroteAreCarriedOver) {
  const spw_mut_view view = GetForUpdate();
  std::memcpy(script_.memory, "ABCDEFGH", 8);
  view.data[2] = '2';
  EXPECT_EQ(plugin::ToStringView(Get()), "AB2DEFGHijklmnop");
  EXPECT_EQ((std::string{reinterpret_cast<const char*>(view.data), 16}), "AB2DEFGHijklmnop");
}

TEST_F(ViewsTest, WhatTheHostDidNotWriteIsNotCarriedOver) {
  const spw_mut_view view = GetForUpdate();
  std::memcpy(script_.memory, "in place by a put", 16);
  backend_.EndRecord();
  EXPECT_EQ(Memory(16), "in place by a pu");
  (void)view;
}

TEST_F(ViewsTest, ItemsLiveUntilTheNextBatchOrSafepoint) {
  const plugin::Iterator iterator = Entries();
  spw_item items[2]{};
  uint32_t count = 0;
  ASSERT_EQ(iterator.Next(items, 2, &count, err_), SPW_OK) << err_.message();
  ASSERT_EQ(count, 2u);
  EXPECT_EQ(plugin::ToStringView(items[1].key), "key");
  EXPECT_EQ(plugin::ToStringView(items[1].map_key), "map key");
  EXPECT_EQ(plugin::ToStringView(items[1].value), "abcdefghijklmnop");
  EXPECT_NE(items[1].state_namespace.data, nullptr);
  EXPECT_EQ(Value(), "abcdefghijklmnop");  // another call does not end them
  EXPECT_EQ(plugin::ToStringView(items[0].key), "key");
  spw_item more[1]{};
  ASSERT_EQ(iterator.Next(more, 1, &count, err_), SPW_ABSENT);
  EXPECT_TRUE(IsPoison(items[1].key.data, items[1].key.size));
  EXPECT_TRUE(IsPoison(items[0].value.data, items[0].value.size));
}

TEST_F(ViewsTest, ItemsReadPoisonAfterEverySafepointAndTheIteratorGoesOn) {
  std::vector<Safepoint> safepoints = Safepoints();
  for (const Safepoint& safepoint : safepoints) {
    const plugin::Iterator iterator = Entries();
    spw_item item{};
    uint32_t count = 0;
    ASSERT_EQ(iterator.Next(&item, 1, &count, err_), SPW_OK) << err_.message();
    safepoint.call();
    EXPECT_TRUE(IsPoison(item.key.data, item.key.size)) << safepoint.name;
    const spw_code next = iterator.Next(&item, 1, &count, err_);
    EXPECT_EQ(next, safepoint.name == std::string("close") ? SPW_CLOSED : SPW_ABSENT) << safepoint.name;
  }
  ExpectNoViolation();
}

TEST_F(ViewsTest, TimersAndBatchResultsAreViewsToo) {
  Register(SPW_STATE_TIMER, 1);
  spw_timer timers[2]{};
  uint32_t count = 0;
  ASSERT_EQ(state_.TimerPollDue(10, timers, 2, &count, err_), SPW_OK) << err_.message();
  ASSERT_EQ(count, 2u);
  EXPECT_EQ(plugin::ToStringView(timers[1].key), "key");
  spw_timer head{};
  ASSERT_EQ(state_.TimerPeek(&head, err_), SPW_OK);
  EXPECT_EQ(plugin::ToStringView(head.key), "key");

  Register(SPW_STATE_VALUE, 1);
  spw_access access{};
  access.state = state_.get();
  access.key = plugin::ToBytes("key");
  access.state_namespace = VoidNamespace();
  const spw_access accesses[] = {access, access};
  spw_access_result results[2]{};
  ASSERT_EQ(backend_.GetMany(accesses, 2, results, err_), SPW_OK) << err_.message();
  EXPECT_EQ(plugin::ToStringView(results[0].value), "abcdefghijklmnop");
  EXPECT_EQ(results[1].code, SPW_ABSENT);
  EXPECT_EQ(results[1].value.data, nullptr);

  backend_.EndRecord();
  EXPECT_TRUE(IsPoison(timers[1].key.data, timers[1].key.size));
  EXPECT_TRUE(IsPoison(head.key.data, head.key.size));
  EXPECT_TRUE(IsPoison(results[0].value.data, results[0].value.size));
  ExpectNoViolation();
}

TEST_F(ViewsTest, ACompletionsValueIsAViewFromPollOn) {
  spw_access access{};
  access.state = state_.get();
  spw_view view{};
  ASSERT_EQ(backend_.GetAsync(access, 5, &view, err_), SPW_PENDING) << err_.message();
  ASSERT_EQ(backend_.GetAsync(access, 5, &view, err_), SPW_PENDING) << err_.message();
  const spw_completion done{5, script_.view, SPW_OK, 0};
  script_.completions = {done, done};
  spw_completion completions[2]{};
  uint32_t count = 0;
  ASSERT_EQ(backend_.Poll(completions, 2, &count, err_), SPW_OK) << err_.message();
  ASSERT_EQ(count, 2u);
  EXPECT_EQ(plugin::ToStringView(completions[1].value), "abcdefghijklmnop");
  backend_.EndRecord();
  EXPECT_TRUE(IsPoison(completions[1].value.data, 16));
}

TEST_F(ViewsTest, AQuerysValueIsLentForItsAnswerOnly) {
  struct Seen {
    spw_view view{};
    std::string text;
  } seen;
  auto query = Sized<spw_query>();
  query.context = &seen;
  query.answer = [](void* context, spw_code code, const spw_view* value) {
    ASSERT_EQ(code, SPW_OK);
    *static_cast<Seen*>(context) = {*value, std::string(plugin::ToStringView(*value))};
  };
  OnOtherThread([&] { ASSERT_EQ(backend_.QuerySubmit(query, err_), SPW_OK) << err_.message(); });
  EXPECT_EQ(runtime::CountsOfDebugProxy(*plugin_).queries, 1u);
  uint32_t count = 0;
  ASSERT_EQ(backend_.Poll(nullptr, 0, &count, err_), SPW_OK);
  EXPECT_EQ(seen.text, "abcdefghijklmnop");
  EXPECT_TRUE(IsPoison(seen.view.data, seen.view.size));
  EXPECT_EQ(runtime::CountsOfDebugProxy(*plugin_).queries, 0u);
  ExpectNoViolation();
}

}  // namespace
}  // namespace spillway::debug_proxy_test
