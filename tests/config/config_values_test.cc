#include "runtime/config/config_values.h"

#include <gtest/gtest.h>

namespace spillway::runtime {
namespace {

using std::chrono::microseconds;

TEST(ConfigValues, SizesCountIn1024WhateverTheirUnitIsCalled) {
  EXPECT_EQ(ParseMemorySize("24MiB"), (MemorySize{24u << 20}));
  EXPECT_EQ(ParseMemorySize("24mb"), (MemorySize{24u << 20}));
  EXPECT_EQ(ParseMemorySize("3GiB"), (MemorySize{uint64_t{3} << 30}));
  EXPECT_EQ(ParseMemorySize("64kb"), (MemorySize{64 << 10}));
  EXPECT_EQ(ParseMemorySize("64KiB"), (MemorySize{64 << 10}));
  EXPECT_EQ(ParseMemorySize("100b"), (MemorySize{100}));
  EXPECT_EQ(ParseMemorySize("4096"), (MemorySize{4096}));
  EXPECT_EQ(ParseMemorySize("0"), (MemorySize{0}));
}

TEST(ConfigValues, WhatIsNotASizeIsRefused) {
  for (const char* text : {"", "MiB", "-1MiB", "1.5GiB", "24 MiB", "24MiBs", "x", "99999999999999999999", "+1",
                           "18446744073709551615kb", "24Mi\0B"}) {
    EXPECT_EQ(ParseMemorySize(text), std::nullopt) << text;
  }
}

TEST(ConfigValues, DurationsNeedAUnit) {
  EXPECT_EQ(ParseDuration("200ms"), microseconds(200'000));
  EXPECT_EQ(ParseDuration("250us"), microseconds(250));
  EXPECT_EQ(ParseDuration("1s"), microseconds(1'000'000));
  EXPECT_EQ(ParseDuration("5min"), microseconds(300'000'000));
  EXPECT_EQ(ParseDuration("2h"), microseconds(7'200'000'000));
  EXPECT_EQ(ParseDuration("0"), microseconds(0));
  for (const char* text :
       {"", "200", "ms", "-1s", "1.5s", "1 s", "1d", "99999999999999999h", "9223372036854775808us"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

TEST(ConfigValues, RatiosLieBetweenZeroAndOne) {
  EXPECT_EQ(ParseRatio("0.5"), 0.5);
  EXPECT_EQ(ParseRatio("85%"), 0.85);
  EXPECT_EQ(ParseRatio("1"), 1.0);
  for (const char* text : {"", "%", "1.1", "-0.1", "nan", "inf", "101%", "0.5x"})
    EXPECT_EQ(ParseRatio(text), std::nullopt) << text;
}

TEST(ConfigValues, IntegersKeepTheirBounds) {
  const OptionDescriptor option{.key = "k", .type = OptionType::kInteger, .default_value = "1", .least = 1, .most = 8};
  EXPECT_TRUE(IsValueOf(option, "8"));
  EXPECT_FALSE(IsValueOf(option, "9"));
  EXPECT_FALSE(IsValueOf(option, "0"));
  EXPECT_FALSE(IsValueOf(option, "7.5"));
  EXPECT_EQ(ExpectedForm(option), "a whole number from 1 to 8");
}

TEST(ConfigValues, AreShownInTheUnitThatFits) {
  EXPECT_EQ(FormatMemorySize(24u << 20), "24 MiB");
  EXPECT_EQ(FormatMemorySize(1536), "1.5 KiB");
  EXPECT_EQ(FormatMemorySize(12), "12 B");
  EXPECT_EQ(FormatDuration(microseconds(1'000'000)), "1 s");
  EXPECT_EQ(FormatDuration(microseconds(200'000)), "200 ms");
  EXPECT_EQ(FormatDuration(microseconds(42)), "42 us");
  EXPECT_EQ(FormatDuration(microseconds(600'000'000)), "10 min");
}

}  // namespace
}  // namespace spillway::runtime
