#include "backend/rocksdb/updates.h"

#include <gtest/gtest.h>

#include <string>

#include "backend/rocksdb/state.h"

namespace spillway::rocks {
namespace {

TEST(UpdatesTest, FewAndManyAreFound) {
  spw_state one, other;
  Updates updates;
  constexpr int kMany = 200;
  for (int i = 0; i < kMany; ++i) {
    Update* added = updates.Add(&one, std::to_string(i), 8);
    for (int j = 0; j <= i; ++j) {
      const Update* found = updates.Find(&one, std::to_string(j));
      ASSERT_NE(found, nullptr) << j << " of " << i;
      EXPECT_EQ(found == added, i == j);
    }
    EXPECT_EQ(updates.Find(&one, std::to_string(i + 1)), nullptr);
    EXPECT_EQ(updates.Find(&other, std::to_string(i)), nullptr);
  }
}

TEST(UpdatesTest, DroppedOnesStayWhereTheyAre) {
  spw_state state;
  Updates updates;
  Update* first = updates.Add(&state, "key", 4);
  char* bytes = first->buffer.get();
  updates.Drop(&state, "key");
  EXPECT_EQ(updates.Find(&state, "key"), nullptr);
  EXPECT_FALSE(updates.empty());  // a safepoint has to end it
  Update* second = updates.Add(&state, "key", 4);
  EXPECT_NE(second->buffer.get(), bytes);
  EXPECT_EQ(first->buffer.get(), bytes);
  int live = 0;
  updates.ForEachLive([&](const Update& update) {
    ++live;
    EXPECT_EQ(&update, second);
  });
  EXPECT_EQ(live, 1);
  updates.Release();
  EXPECT_TRUE(updates.empty());
  EXPECT_EQ(updates.Find(&state, "key"), nullptr);
}

}  // namespace
}  // namespace spillway::rocks
