#include "backend/hybrid/arena.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "tests/hybrid/test_instance.h"

namespace spillway::hybrid {
namespace {

TEST(SizeClasses, HoldWhatTheyAreAskedForAndLoseAnEighthAtMost) {
  for (size_t bytes = 1; bytes <= kSmallObjectMax; ++bytes) {
    const size_t size = SizeOfClass(SizeClassOf(bytes));
    ASSERT_GE(size, bytes);
    ASSERT_EQ(size % kObjectAlignment, 0u);
    ASSERT_LT(size - bytes, std::max<size_t>(16, bytes / 8 + 1));
  }
}

TEST(Arena, ObjectsAreApartAlignedAndKeepTheirBytes) {
  MemoryAccount account(0);
  Arena arena(&account);
  std::mt19937_64 random(SeedOf(5));
  struct Object {
    uint8_t* at;
    size_t bytes;
    uint8_t fill;
  };
  std::vector<Object> objects;
  for (int step = 0; step < 20000; ++step) {
    if (objects.size() < 50 || random() % 2 == 0) {
      const size_t bytes = random() % 200 == 0 ? random() % 300000 + 1 : random() % 500 + 1;
      auto* at = static_cast<uint8_t*>(arena.Allocate(bytes, Charge::kWithinShare));
      ASSERT_NE(at, nullptr);
      ASSERT_EQ(reinterpret_cast<uintptr_t>(at) % kObjectAlignment, 0u);
      const auto fill = static_cast<uint8_t>(random());
      std::memset(at, fill, bytes);
      objects.push_back({at, bytes, fill});
    } else {
      const size_t index = random() % objects.size();
      const Object object = objects[index];
      for (size_t i = 0; i < object.bytes; i += 13) ASSERT_EQ(object.at[i], object.fill);
      ASSERT_EQ(object.at[object.bytes - 1], object.fill);
      arena.Free(object.at, object.bytes);
      objects[index] = objects.back();
      objects.pop_back();
    }
  }
  EXPECT_GT(account.used(), 0u);
  arena.FreeAll();
  EXPECT_EQ(account.used(), 0u);
}

TEST(Arena, StaysWithinTheShareAndTakesNothingWhenItRefuses) {
  MemoryAccount account(256 * 1024);
  Arena arena(&account);
  std::vector<void*> objects;
  while (void* object = arena.Allocate(1000, Charge::kWithinShare)) objects.push_back(object);
  EXPECT_LE(account.used(), account.share());
  EXPECT_GT(objects.size(), 200u);
  const uint64_t used = account.used();
  EXPECT_EQ(arena.Allocate(1000, Charge::kWithinShare), nullptr);
  EXPECT_EQ(arena.Allocate(200000, Charge::kWithinShare), nullptr);
  EXPECT_EQ(account.used(), used);
  EXPECT_NE(arena.Allocate(1000, Charge::kOverdraft), nullptr);

  // What is freed can be had again, also by another size once spans are free; beyond the share after giving back.
  for (void* object : objects) arena.Free(object, 1000);
  EXPECT_TRUE(arena.Trim());
  EXPECT_FALSE(arena.Trim());
  EXPECT_LE(account.used(), 80u * 1024);  // of the one object that is left: its span and the chunk's header
  EXPECT_NE(arena.Allocate(5000, Charge::kWithinShare), nullptr);
}

TEST(Arena, FreedSpansGoBackToTheSystem) {
  MemoryAccount account(0);
  Arena arena(&account);
  std::vector<void*> objects;
  for (int i = 0; i < 300000; ++i) objects.push_back(arena.Allocate(200, Charge::kWithinShare));
  const uint64_t full = account.used();
  for (void* object : objects) arena.Free(object, 200);
  EXPECT_LT(account.used(), full / 10);
}

TEST(Arena, TrimFindsAnEmptySpanBehindOthers) {
  MemoryAccount account(0);
  Arena arena(&account);
  std::vector<void*> objects;
  // Two spans of 64 KiB, both full.
  for (int i = 0; i < 2 * 32; ++i) objects.push_back(arena.Allocate(2048, Charge::kWithinShare));
  const uint64_t full = account.used();
  for (int i = 0; i < 32; ++i) arena.Free(objects[i], 2048);  // the only one with room: it stays with its class
  arena.Free(objects[32], 2048);                              // now the other one comes first
  EXPECT_TRUE(arena.Trim());
  EXPECT_EQ(account.used(), full - 64 * 1024);
}

}  // namespace
}  // namespace spillway::hybrid
