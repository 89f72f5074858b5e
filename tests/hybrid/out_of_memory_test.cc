// A write that gets no memory, at whichever of its allocations, says so and changes nothing; removals always work.
#include <functional>
#include <new>
#include <set>
#include <string>
#include <vector>

#include "backend/hybrid/entry_walk.h"
#include "backend/hybrid/list_state.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/timer_state.h"
#include "backend/hybrid/value_state.h"
#include "tests/hybrid/reference.h"

namespace spillway::hybrid {
namespace {

using Operation = std::function<spw_code()>;

spw_bytes BytesOfText(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

class OutOfMemory : public ::testing::Test {
 protected:
  // What all tables hold, gathered as text that can be compared.
  [[nodiscard]] std::string Dump() const {
    std::string text;
    for (const State* state : reference_.states()) {
      for (const KeyGroupTable& table : state->tables()) {
        EntryWalk walk(state->kind(), state->alignment(), table.root.word, {}, nullptr);
        WalkedEntry entry;
        std::multiset<std::string> entries;
        std::string order;
        while (walk.Next(&entry).value()) {
          std::string one = std::string(entry.key) + '|' + std::string(entry.state_namespace) + '|' +
                            std::string(entry.map_key) + '|' + std::string(entry.value) + '|' +
                            std::to_string(entry.timestamp) + (entry.null ? "null" : "");
          if (state->kind() == SPW_STATE_LIST) order = std::to_string(std::hash<std::string>()(order + one));
          entries.insert(std::move(one));
        }
        for (const std::string& one : entries) text += one + '\n';
        text += std::to_string(table.root.count) + '\n';
      }
    }
    return text + std::to_string(instance_->entries());
  }

  // Tries with no allocation granted, then one, and so on, until it succeeds; under a view each time, so that there is
  // the most to copy.
  void ExpectAllOrNothing(const char* what, const Operation& operation) {
    SCOPED_TRACE(what);
    const std::string before = Dump();
    for (uint64_t granted = 0;; ++granted) {
      ASSERT_LT(granted, 100u);
      std::vector<View> views(reference_.Roots().size());
      size_t next = 0;
      for (State* state : reference_.states()) {
        for (KeyGroupTable& table : state->tables()) {
          ASSERT_TRUE(instance_.heap().BeginView(&table.versions, &views[next++], table.root.word));
        }
      }
      instance_.heap().RefuseAfter(granted);
      const spw_code code = operation();
      instance_.heap().RefuseAfter(Heap::kRefuseNone);
      for (View& view : views) instance_.heap().EndView(&view);
      instance_.ReclaimAll();
      if (code == SPW_OK) break;
      ASSERT_EQ(code, SPW_OUT_OF_MEMORY);
      ASSERT_EQ(Dump(), before) << "after " << granted << " allocations";
    }
  }

  // Whether the operation was done; else the system had no memory after so many allocations.
  bool DoneWith(uint64_t allocations, const std::function<void()>& operation) {
    instance_.heap().FailAfter(allocations);
    bool done = true;
    try {
      operation();
    } catch (const std::bad_alloc&) {
      done = false;
    }
    instance_.heap().FailAfter(Heap::kRefuseNone);
    return done;
  }

  TestInstance instance_{1};
  Reference reference_{&instance_, SeedOf(21)};
};

TEST_F(OutOfMemory, EveryWriteIsAllOrNothing) {
  for (int i = 0; i < 3000; ++i) reference_.Step(900);
  State* values = reference_.states()[0];
  State* lists = reference_.states()[1];
  State* maps = reference_.states()[2];
  State* timers = reference_.states()[3];
  const EntryAddress fresh = instance_->AddressOf("fresh", 0, "");
  const EntryAddress other = instance_->AddressOf("fresh", 0, "other");
  const std::string large(70000, 'l');
  std::vector<spw_bytes> elements;
  for (int i = 0; i < 5; ++i) elements.push_back(BytesOfText(large));
  spw_mut_view view{};

  ExpectAllOrNothing("put of a new value", [&] { return PutValue(values, fresh, "value"); });
  ExpectAllOrNothing("put of the same size", [&] { return PutValue(values, fresh, "VALUE"); });
  ExpectAllOrNothing("put of another size", [&] { return PutValue(values, fresh, large); });
  ExpectAllOrNothing("get for update", [&] { return GetValueForUpdate(values, fresh, 8, &view); });
  ExpectAllOrNothing("get for update of a new one", [&] { return GetValueForUpdate(values, other, 8, &view); });
  ExpectAllOrNothing("append to a new list", [&] { return AppendToList(lists, fresh, elements); });
  ExpectAllOrNothing("append", [&] { return AppendToList(lists, fresh, elements); });
  ExpectAllOrNothing("replace", [&] { return ReplaceList(lists, fresh, elements); });
  ExpectAllOrNothing("replace of none", [&] { return ReplaceList(lists, other, elements); });
  ExpectAllOrNothing("merge", [&] { return MergeLists(lists, fresh, {&other, 1}); });
  ExpectAllOrNothing("merge into a new one", [&] { return MergeLists(lists, other, {&fresh, 1}); });
  for (int i = 0; i < 40; ++i) {
    const std::string map_key = "map key " + std::to_string(i);
    ExpectAllOrNothing("put into a map", [&] { return PutMapEntry(maps, fresh, map_key, "value"); });
  }
  ExpectAllOrNothing("put of null", [&] { return PutMapEntry(maps, fresh, "map key 7", std::nullopt); });
  std::vector<std::string> keys;
  for (int i = 0; i < 60; ++i) keys.push_back("timer" + std::to_string(i));
  std::vector<spw_timer> batch;
  for (const std::string& key : keys) batch.push_back({5, BytesOfText(key), plugin::VoidNamespace(), 0, 0});
  ExpectAllOrNothing("a batch of timers", [&] { return AddTimers(timers, {batch.data(), 3}); });
  for (const spw_timer& timer : batch) {
    ExpectAllOrNothing("a timer", [&] { return AddTimers(timers, {&timer, 1}); });
  }
}

TEST_F(OutOfMemory, TablesGrowLaterWhenTheyCouldNot) {
  State* values = reference_.states()[0];
  for (int i = 0; i < 4000; ++i) {
    // The node gets its memory, growth does not.
    instance_.heap().RefuseAfter(i % 3 == 0 ? Heap::kRefuseNone : 1);
    ASSERT_EQ(PutValue(values, instance_->AddressOf("key" + std::to_string(i), 0, ""), "value"), SPW_OK);
  }
  instance_.heap().RefuseAfter(Heap::kRefuseNone);
  spw_view view{};
  for (int i = 0; i < 4000; ++i) {
    ASSERT_EQ(GetValue(values, instance_->AddressOf("key" + std::to_string(i), 0, ""), &view), SPW_OK);
  }
  EXPECT_EQ(values->EntryCount().value(), 4000u);
}

TEST(MemoryShare, IsKeptAndRemovalsWorkBeyondIt) {
  TestInstance instance(2, 1 << 20);
  State* values = instance.Register("value", SPW_STATE_VALUE);
  int count = 0;
  while (PutValue(values, instance->AddressOf(std::to_string(count), 0, ""), std::string(100, 'v')) == SPW_OK) ++count;
  EXPECT_GT(count, 5000);
  EXPECT_LE(instance.account().used(), instance.account().share());
  // Under a view, and with no share at all, every removal works, though it must copy.
  std::vector<View> views(2);
  for (uint32_t i = 0; i < 2; ++i) {
    ASSERT_TRUE(instance.heap().BeginView(&values->table(i).versions, &views[i], values->table(i).root.word));
  }
  instance.account().set_share(1);
  for (int i = 0; i < count; i += 2) ClearEntry(values, instance->AddressOf(std::to_string(i), 0, ""));
  EXPECT_EQ(values->EntryCount().value(), static_cast<uint64_t>(count / 2));
  for (View& view : views) instance.heap().EndView(&view);
  for (int i = 1; i < count; i += 2) ClearEntry(values, instance->AddressOf(std::to_string(i), 0, ""));
  EXPECT_EQ(values->EntryCount().value(), 0u);
  instance.account().set_share(1 << 20);
  instance->Safepoint(0);  // nothing freed yet; the write frees what it needs
  EXPECT_EQ(PutValue(values, instance->AddressOf("again", 0, ""), std::string(100000, 'v')), SPW_OK);
}

// The system refuses by an exception, also where the table only wants to grow after the list is in it.
TEST_F(OutOfMemory, ANewListIsThereWholeOrNotAtAll) {
  State* lists = reference_.states()[1];
  const std::string text = "element";
  const spw_bytes element = BytesOfText(text);
  for (int i = 0; i < 200; ++i) {
    const std::string key = "key" + std::to_string(i);
    const std::string before = Dump();
    uint64_t granted = 0;
    while (!DoneWith(granted, [&] {
      ASSERT_EQ(AppendToList(lists, instance_->AddressOf(key, 0, ""), {&element, 1}), SPW_OK);
    })) {
      ASSERT_EQ(Dump(), before) << key << " after " << granted << " allocations";
      ++granted;
    }
    ASSERT_EQ(lists->EntryCount().value(), static_cast<uint64_t>(i) + 1);
  }
}

TEST_F(OutOfMemory, AListAndAMapThatCannotBeClearedStay) {
  State* lists = reference_.states()[1];
  State* maps = reference_.states()[2];
  const std::string text = "element";
  const spw_bytes element = BytesOfText(text);
  const EntryAddress at = instance_->AddressOf("key", 0, "");
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(AppendToList(lists, at, {&element, 1}), SPW_OK);
    ASSERT_EQ(PutMapEntry(maps, at, std::to_string(i), "value"), SPW_OK);
    // Neighbours, so that the entries are in chains that a view pins.
    const std::string other_key = "key" + std::to_string(i);
    const EntryAddress other = instance_->AddressOf(other_key, 0, "");
    ASSERT_EQ(AppendToList(lists, other, {&element, 1}), SPW_OK);
    ASSERT_EQ(PutMapEntry(maps, other, "map key", "value"), SPW_OK);
  }
  const std::string before = Dump();
  for (State* state : {lists, maps}) {
    View view;
    ASSERT_TRUE(instance_.heap().BeginView(&state->table(0).versions, &view, state->table(0).root.word));
    ASSERT_FALSE(DoneWith(0, [&] { ClearEntry(state, at); }));
    instance_.heap().EndView(&view);
    instance_.ReclaimAll();
    ASSERT_EQ(Dump(), before);
  }
}

TEST(OutOfMemoryOfTimers, ThoseTakenUntilThenAreReturned) {
  constexpr uint32_t kGroups = 4;
  constexpr uint32_t kTimers = 24;
  bool some_were = false;
  for (uint64_t granted = 0;; ++granted) {
    ASSERT_LT(granted, 200u);
    TestInstance instance(kGroups);
    State* state = instance.Register("timer", SPW_STATE_TIMER);
    for (uint32_t i = 0; i < kTimers; ++i) {
      const std::string key = std::to_string(i);
      const spw_timer timer{i, BytesOfText(key), plugin::VoidNamespace(), i % kGroups, 0};
      ASSERT_EQ(AddTimers(state, {&timer, 1}), SPW_OK);
    }
    std::vector<View> views(kGroups);  // so that taking one out of any key-group has to copy first
    for (uint32_t group = 0; group < kGroups; ++group) {
      KeyGroupTable& table = state->table(group);
      ASSERT_TRUE(instance.heap().BeginView(&table.versions, &views[group], table.root.word));
    }
    std::vector<spw_timer> taken(kTimers);
    uint32_t count = 0;
    instance.heap().FailAfter(granted);
    try {
      count = PollDueTimers(state, kTimers, taken);
    } catch (const std::bad_alloc&) {
      count = 0;
    }
    instance.heap().FailAfter(Heap::kRefuseNone);
    ASSERT_EQ(state->EntryCount().value(), kTimers - count) << "after " << granted << " allocations";
    for (uint32_t i = 0; i < count; ++i) ASSERT_EQ(taken[i].timestamp, i);
    some_were = some_were || (count > 0 && count < kTimers);
    for (View& view : views) instance.heap().EndView(&view);
    if (count == kTimers) break;
  }
  EXPECT_TRUE(some_were);
}

}  // namespace
}  // namespace spillway::hybrid
