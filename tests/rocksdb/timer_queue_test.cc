#include "backend/rocksdb/timer_queue.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <tuple>

namespace spillway::rocks {
namespace {

// By timestamp, then key-group, then the rest: the order that the queue promises.
struct InOrder {
  static auto Of(const std::string& timer) {
    DecodedTimer decoded;
    EXPECT_TRUE(DecodeTimer(timer, &decoded));
    return std::make_tuple(decoded.timestamp, decoded.key_group);
  }
  bool operator()(const std::string& a, const std::string& b) const {
    return std::make_tuple(Of(a), a) < std::make_tuple(Of(b), b);
  }
};
using Model = std::set<std::string, InOrder>;

std::string Timer(uint32_t key_group, int64_t timestamp, const std::string& key) {
  std::string timer;
  AppendTimer(key_group, timestamp, key, "", &timer);
  return timer;
}

class TimerQueueTest : public testing::Test {
 protected:
  static constexpr spw_key_group_range kRange{3, 6};

  TimerQueueTest() : folder_(std::filesystem::path(testing::TempDir()) / ("timer-queue-" + std::to_string(getpid()))) {
    std::filesystem::remove_all(folder_);
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* database = nullptr;
    EXPECT_TRUE(rocksdb::DB::Open(options, folder_.string(), &database).ok());
    database_.reset(database);
  }
  ~TimerQueueTest() override {
    database_.reset();
    std::filesystem::remove_all(folder_);
  }
  TimerQueue MakeQueue(size_t cache_size, bool may_hold_timers) {
    return TimerQueue(database_.get(), database_->DefaultColumnFamily(), kRange, cache_size, may_hold_timers);
  }
  static std::string FirstOf(TimerQueue* queue) {
    const std::string* first = nullptr;
    EXPECT_TRUE(queue->Peek(&first).ok());
    return first == nullptr ? "" : *first;
  }

  const std::filesystem::path folder_;
  std::unique_ptr<rocksdb::DB> database_;
};

// Random work against a std::set, with caches that are too small for it.
TEST_F(TimerQueueTest, BehavesAsASortedSet) {
  for (const size_t cache_size : {1, 2, 5, 128}) {
    TimerQueue queue = MakeQueue(cache_size, true);
    Model model;
    std::mt19937 random(static_cast<uint32_t>(cache_size));
    const auto timer = [&] {
      return Timer(kRange.first + random() % 4, static_cast<int64_t>(random() % 40) - 20, std::to_string(random() % 3));
    };
    for (int step = 0; step < 3000; ++step) {
      const std::string before = model.empty() ? "" : *model.begin();
      bool changed = false;
      if (const uint32_t what = random() % 10; what < 5) {
        const std::vector<std::string> added = {timer(), timer()};
        ASSERT_TRUE(queue.Add(added, &changed).ok());
        model.insert(added.begin(), added.end());
        EXPECT_EQ(changed, *model.begin() != before);
      } else if (what < 9) {
        const std::string removed = what < 7 || model.empty() ? timer() : *model.begin();
        bool was_there = false;
        ASSERT_TRUE(queue.Remove(removed, &was_there, &changed).ok());
        EXPECT_EQ(was_there, model.erase(removed) == 1);
        EXPECT_EQ(changed, was_there && removed == before);
      } else {
        const int64_t up_to = static_cast<int64_t>(random() % 40) - 20;
        const size_t capacity = random() % 4 + 1;
        std::vector<std::string> polled, expected;
        ASSERT_TRUE(queue.PollDue(up_to, capacity, &polled).ok());
        while (expected.size() < capacity && !model.empty() && std::get<0>(InOrder::Of(*model.begin())) <= up_to) {
          expected.push_back(*model.begin());
          model.erase(model.begin());
        }
        ASSERT_EQ(polled, expected) << step;
      }
      ASSERT_EQ(FirstOf(&queue), model.empty() ? "" : *model.begin()) << "cache of " << cache_size << ", step " << step;
    }
    std::vector<std::string> rest;
    ASSERT_TRUE(queue.PollDue(100, 100000, &rest).ok());
    EXPECT_EQ(rest, std::vector<std::string>(model.begin(), model.end()));
    EXPECT_EQ(queue.cached_bytes(), 0u);
  }
}

TEST_F(TimerQueueTest, WhatIsThereAlreadyIsRead) {
  {
    TimerQueue queue = MakeQueue(2, false);
    bool changed = false;
    ASSERT_TRUE(queue.Add({Timer(4, 5, "a"), Timer(3, 7, "b"), Timer(4, 6, "c"), Timer(4, 8, "d")}, &changed).ok());
  }
  TimerQueue queue = MakeQueue(2, true);
  EXPECT_EQ(FirstOf(&queue), Timer(4, 5, "a"));
  std::vector<std::string> polled;
  ASSERT_TRUE(queue.PollDue(100, 100, &polled).ok());
  EXPECT_EQ(polled, (std::vector<std::string>{Timer(4, 5, "a"), Timer(4, 6, "c"), Timer(3, 7, "b"), Timer(4, 8, "d")}));
}

}  // namespace
}  // namespace spillway::rocks
