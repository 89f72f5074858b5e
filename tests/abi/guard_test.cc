#include "spillway/plugin/guard.h"

#include <gtest/gtest.h>

#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "spillway/plugin/error.h"

namespace spillway::plugin {
namespace {

uint64_t Live() {
  return LiveHandles::OfPlugin().count();
}

TEST(GuardTest, ACodePassesAsItIs) {
  Error err;
  EXPECT_EQ(Guard(err.out(), [] { return spw_code{SPW_ABSENT}; }), SPW_ABSENT);
  EXPECT_EQ(err.code(), SPW_OK);
}

TEST(GuardTest, ExceptionsBecomeCodesWithText) {
  Error err;
  EXPECT_EQ(Guard(err.out(), []() -> spw_code { throw std::runtime_error("the index is gone"); }), SPW_INTERNAL);
  EXPECT_STREQ(err.message(), "the index is gone");
  EXPECT_EQ(Guard(err.out(), []() -> spw_code { throw std::bad_alloc(); }), SPW_OUT_OF_MEMORY);
  EXPECT_EQ(err.code(), SPW_OUT_OF_MEMORY);
  EXPECT_NE(std::string_view(err.message()), "");
  EXPECT_EQ(Guard(err.out(), []() -> spw_code { throw 7; }), SPW_INTERNAL);
  EXPECT_NE(std::string_view(err.message()), "");
  static_assert(noexcept(Guard(nullptr, [] { return spw_code{SPW_OK}; })));
}

TEST(GuardTest, WithoutAResultTheCallerIsTold) {
  EXPECT_TRUE(GuardVoid([] {}));
  EXPECT_FALSE(GuardVoid([] { throw std::runtime_error("lost"); }));
}

TEST(GuardTest, AFilledErrorIsALiveHandleUntilItsRelease) {
  const uint64_t before = Live();
  {
    Error err;
    std::string message = "cannot open ";
    message += std::string(300, 'x');
    EXPECT_EQ(FillError(err.out(), SPW_IO_ERROR, message), SPW_IO_ERROR);
    message.assign(message.size(), '-');  // the error has a copy
    EXPECT_EQ(std::string_view(err.message()).substr(0, 15), "cannot open xxx");
    EXPECT_EQ(Live(), before + 1);
    (void)FillError(err.out(), SPW_IO_ERROR, "");
    EXPECT_STREQ(err.message(), "");
    EXPECT_EQ(Live(), before + 1);
  }
  EXPECT_EQ(Live(), before);
}

TEST(GuardTest, WithoutAnErrorStructTheCodeIsAllThereIs) {
  const uint64_t before = Live();
  EXPECT_EQ(FillError(nullptr, SPW_IO_ERROR, "nobody hears"), SPW_IO_ERROR);
  EXPECT_EQ(Live(), before);
}

TEST(GuardTest, HandlesAreCountedFromConstructionToDestructionOnAnyThread) {
  const uint64_t before = Live();
  {
    const HandleCount here;
    EXPECT_EQ(Live(), before + 1);
    std::thread other([&] {
      const HandleCount there;
      EXPECT_EQ(Live(), before + 2);
    });
    other.join();
    EXPECT_EQ(Live(), before + 1);
  }
  EXPECT_EQ(Live(), before);
}

TEST(GuardTest, AHandleWhoseConstructionFailsIsNotCounted) {
  struct Failing {
    HandleCount counted;
    explicit Failing(bool fail) {
      if (fail) throw std::runtime_error("no");
    }
  };
  const uint64_t before = Live();
  EXPECT_THROW(Failing(true), std::runtime_error);
  EXPECT_EQ(Live(), before);
}

}  // namespace
}  // namespace spillway::plugin
