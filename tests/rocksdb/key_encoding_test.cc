#include "backend/rocksdb/key_encoding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

namespace spillway::rocks {
namespace {

using std::string_literals::operator""s;

std::string Encoded(uint32_t key_group, BytesView key, BytesView ns, BytesView map_key = "") {
  std::string encoded;
  AppendKey(key_group, key, &encoded);
  AppendFramed(ns, &encoded);
  return encoded.append(map_key);
}

std::string EncodedTimer(uint32_t key_group, int64_t timestamp, BytesView key, BytesView ns) {
  std::string encoded;
  AppendTimer(key_group, timestamp, key, ns, &encoded);
  return encoded;
}

TEST(KeyEncodingTest, KeysComeBackAsTheyWere) {
  const std::vector<std::string> texts = {"", "a", "\0"s, "\xff\xff"s, std::string(127, 'x'), std::string(300, 'y')};
  for (const uint32_t key_group : {0u, 1u, 127u, 128u, 255u, 256u, 32767u}) {
    for (const std::string& key : texts) {
      for (const std::string& ns : texts) {
        for (const std::string& map_key : texts) {
          const std::string encoded = Encoded(key_group, key, ns, map_key);
          DecodedKey decoded;
          ASSERT_TRUE(DecodeKey(encoded, &decoded));
          EXPECT_EQ(decoded.key_group, key_group);
          EXPECT_EQ(decoded.key, key);
          EXPECT_EQ(decoded.state_namespace, ns);
          EXPECT_EQ(decoded.map_key, map_key);
          EXPECT_EQ(encoded.substr(0, decoded.prefix_bytes), Encoded(key_group, key, ns));
        }
      }
    }
  }
}

TEST(KeyEncodingTest, BytesAsTheyAreDocumented) {
  EXPECT_EQ(Encoded(0x1234, "ab", "n", "mk"),
            "\x12\x34\x02"
            "ab"
            "\x01"
            "n"
            "mk"s);
  EXPECT_EQ(EncodedTimer(1, 0, "k", ""), "\x00\x01\x80\x00\x00\x00\x00\x00\x00\x00\x01k\x00"s);
  EXPECT_EQ(EncodedTimer(1, -1, "k", ""), "\x00\x01\x7f\xff\xff\xff\xff\xff\xff\xff\x01k\x00"s);
}

// What AB,C and A,BC would be without frames.
TEST(KeyEncodingTest, NoKeyIsTheBeginningOfAnother) {
  const std::vector<std::string> texts = {"",
                                          "a",
                                          "ab",
                                          "b",
                                          "\x01",
                                          "\x01"
                                          "a",
                                          "\x02"};
  std::vector<std::string> all;
  for (const std::string& key : texts) {
    for (const std::string& ns : texts) all.push_back(Encoded(3, key, ns));
  }
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t j = 0; j < all.size(); ++j) {
      if (i == j) continue;
      EXPECT_FALSE(all[j].starts_with(all[i])) << i << " " << j;
    }
  }
}

TEST(KeyEncodingTest, KeyGroupsAreRanges) {
  for (const uint32_t key_group : {0u, 254u, 255u, 256u, 32767u}) {
    const std::string key = Encoded(key_group, "\xff\xff\xff", "\xff");
    EXPECT_GE(key, KeyGroupBegin(key_group));
    EXPECT_LT(key, KeyGroupBegin(key_group + 1));
    EXPECT_LT(KeyGroupBegin(key_group), KeyGroupBegin(key_group + 1));
  }
}

TEST(KeyEncodingTest, TimersSortByTime) {
  using Limits = std::numeric_limits<int64_t>;
  const std::vector<int64_t> times = {Limits::min(), Limits::min() + 1, -256, -255, -1, 0, 1, 255, 256, Limits::max()};
  std::vector<std::string> encoded;
  for (const int64_t time : times) {
    for (const char* key : {"a", "b"}) encoded.push_back(EncodedTimer(7, time, key, "n"));
  }
  EXPECT_TRUE(std::is_sorted(encoded.begin(), encoded.end()));
  for (size_t i = 0; i < encoded.size(); ++i) {
    DecodedTimer timer;
    ASSERT_TRUE(DecodeTimer(encoded[i], &timer));
    EXPECT_EQ(std::make_tuple(timer.key_group, timer.timestamp, timer.key, timer.state_namespace),
              std::make_tuple(7u, times[i / 2], BytesView(i % 2 == 0 ? "a" : "b"), BytesView("n")));
  }
}

TEST(KeyEncodingTest, AnyPrefixHasAnEnd) {
  EXPECT_EQ(PrefixEnd("ab"), "ac");
  EXPECT_EQ(PrefixEnd("a\xff\xff"), "b");
  const std::string prefix = Encoded(32767, "\xff\xff", "\xff");
  EXPECT_LT(prefix + "\xff\xff\xff\xff", PrefixEnd(prefix));
  EXPECT_LT(PrefixEnd(prefix), Encoded(32767, "\xff\xff\xff", ""));
}

TEST(KeyEncodingTest, BrokenKeysAreRefused) {
  DecodedKey key;
  DecodedTimer timer;
  const std::string encoded = Encoded(1, "key", "ns");
  for (size_t size = 0; size < encoded.size(); ++size) EXPECT_FALSE(DecodeKey(encoded.substr(0, size), &key)) << size;
  const std::string encoded_timer = EncodedTimer(1, 5, "key", "ns");
  for (size_t size = 0; size < encoded_timer.size(); ++size) {
    EXPECT_FALSE(DecodeTimer(encoded_timer.substr(0, size), &timer)) << size;
  }
  EXPECT_FALSE(DecodeTimer(encoded_timer + "x", &timer));
}

}  // namespace
}  // namespace spillway::rocks
