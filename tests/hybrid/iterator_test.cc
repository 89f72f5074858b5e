// Iterators through the slots: what they go on to show while the state changes, and what a change by them may be.
#include <gtest/gtest.h>

#include <new>
#include <string>

#include "backend/hybrid/list_state.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/slots/slot.h"
#include "backend/hybrid/value_state.h"
#include "tests/hybrid/test_instance.h"

namespace spillway::hybrid {
namespace {

class Iterators : public ::testing::Test {
 protected:
  Iterators() { FillIteratorSlots(&api_); }

  [[nodiscard]] static spw_state* Handle(State* state) { return reinterpret_cast<spw_state*>(state); }
  [[nodiscard]] static spw_iterator* Handle(StateIterator* iterator) {
    return reinterpret_cast<spw_iterator*>(iterator);
  }
  spw_item Next(spw_iterator* iterator) {
    spw_item item{};
    uint32_t count = 0;
    EXPECT_EQ(api_.iterator_next(iterator, &item, 1, &count, error_.out()), SPW_OK) << error_.message();
    return item;
  }

  TestInstance instance_{1};
  spw_backend_api api_{};
  plugin::Error error_;
};

TEST_F(Iterators, EntriesAreReadByTheAlignmentTheyWereWrittenWith) {
  State* state = instance_.Register("value", SPW_STATE_VALUE, 1);
  const EntryAddress at = instance_->AddressOf("key", 0, "");
  ASSERT_EQ(PutValue(state, at, "the old value"), SPW_OK);
  spw_iterator* iterator = nullptr;
  ASSERT_EQ(api_.entries(Handle(state), {0, 0}, &iterator, error_.out()), SPW_OK) << error_.message();
  ClearEntry(state, at);
  ASSERT_EQ(instance_.Register("value", SPW_STATE_VALUE, 16), state);
  EXPECT_EQ(plugin::ToStringView(Next(iterator).value), "the old value");
  api_.iterator_release(iterator);
}

TEST_F(Iterators, MapEntriesAreReadByTheAlignmentTheyWereWrittenWith) {
  State* state = instance_.Register("map", SPW_STATE_MAP, 1);
  const EntryAddress at = instance_->AddressOf("key", 0, "");
  ASSERT_EQ(PutMapEntry(state, at, "map key", "the old value"), SPW_OK);
  spw_iterator* iterator = Handle(IterateMap(state, at).value());
  ASSERT_NE(iterator, nullptr);
  ClearEntry(state, at);
  ASSERT_EQ(instance_.Register("map", SPW_STATE_MAP, 16), state);
  EXPECT_EQ(plugin::ToStringView(Next(iterator).value), "the old value");
  api_.iterator_release(iterator);
}

TEST_F(Iterators, AReplacementThatIsTooLargeIsRefused) {
  State* state = instance_.Register("map", SPW_STATE_MAP);
  const EntryAddress at = instance_->AddressOf("key", 0, "");
  ASSERT_EQ(PutMapEntry(state, at, "map key", "value"), SPW_OK);
  spw_iterator* iterator = Handle(IterateMap(state, at).value());
  ASSERT_NE(iterator, nullptr);
  (void)Next(iterator);
  const uint8_t byte = 0;
  const spw_bytes too_large{&byte, snapshot::kValueBytesMax + 1};
  EXPECT_EQ(api_.iterator_replace(iterator, 0, too_large, error_.out()), SPW_INVALID_ARGUMENT);
  spw_view view{};
  ASSERT_EQ(GetMapEntry(state, at, "map key", &view), SPW_OK);
  EXPECT_EQ(plugin::ToStringView(view), "value");
  api_.iterator_release(iterator);
}

TEST_F(Iterators, OneThatCannotBeMadeLeavesNoView) {
  TestInstance instance(2);
  State* state = instance.Register("value", SPW_STATE_VALUE);
  spw_mut_view view{};
  for (uint32_t group = 0; group < 2; ++group) {
    ASSERT_EQ(GetValueForUpdate(state, instance->AddressOf("key", group, ""), 8, &view), SPW_OK);
  }
  // Beginning a view copies what the host may be writing in place: one node in each key-group.
  for (uint64_t granted = 0; granted < 2; ++granted) {
    instance.heap().FailAfter(granted);
    EXPECT_THROW((void)IterateEntries(state, 0, 1), std::bad_alloc);
    instance.heap().FailAfter(Heap::kRefuseNone);
    EXPECT_EQ(instance.heap().counters().views_live.load(), 0u);
    EXPECT_FALSE(state->table(0).versions.HasViews());
    EXPECT_FALSE(state->table(1).versions.HasViews());
  }
}

}  // namespace
}  // namespace spillway::hybrid
