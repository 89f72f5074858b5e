#include "spillway/plugin/error.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <utility>

#include "spillway/plugin_status.h"

namespace spillway::plugin {
namespace {

int released = 0;

void Fill(spw_error* err, spw_code code, const char* message) {
  err->code = code;
  err->message = message;
  err->release = [](spw_error* self) {
    ++released;
    self->message = nullptr;
    self->release = nullptr;
  };
}

class ErrorTest : public ::testing::Test {
 protected:
  void SetUp() override { released = 0; }
};

TEST_F(ErrorTest, ANewOneIsReadyToBeFilled) {
  Error err;
  EXPECT_EQ(err.out()->struct_size, sizeof(spw_error));
  EXPECT_EQ(err.out()->message, nullptr);
  EXPECT_EQ(err.code(), SPW_OK);
  EXPECT_STREQ(err.message(), "");
}

TEST_F(ErrorTest, ItReleasesItsMessageOnceWhateverEndsIt) {
  {
    Error err;
    Fill(err.out(), SPW_IO_ERROR, "first");
    EXPECT_STREQ(err.message(), "first");
    EXPECT_EQ(err.code(), SPW_IO_ERROR);
    Fill(err.out(), SPW_NO_SPACE, "second");  // out() gives up the first
    EXPECT_EQ(released, 1);
    err.Clear();
    EXPECT_EQ(released, 2);
    EXPECT_EQ(err.code(), SPW_OK);
    EXPECT_EQ(err.out()->struct_size, sizeof(spw_error));
    Fill(err.out(), SPW_IO_ERROR, "third");
  }
  EXPECT_EQ(released, 3);
}

TEST_F(ErrorTest, AMessageWithoutReleaseIsForgotten) {
  Error err;
  err.out()->code = SPW_UNSUPPORTED;
  EXPECT_EQ(err.code(), SPW_UNSUPPORTED);
  err.Clear();
  EXPECT_EQ(err.code(), SPW_OK);
  EXPECT_EQ(released, 0);
}

TEST_F(ErrorTest, MovingHandsTheMessageOver) {
  static_assert(!std::is_copy_constructible_v<Error>);
  Error first;
  Fill(first.out(), SPW_IO_ERROR, "moved");
  Error second(std::move(first));
  EXPECT_STREQ(second.message(), "moved");
  Error third;
  Fill(third.out(), SPW_IO_ERROR, "overwritten");
  third = std::move(second);
  EXPECT_EQ(released, 1);
  EXPECT_STREQ(third.message(), "moved");
  third.Clear();
  EXPECT_EQ(released, 2);
}

TEST_F(ErrorTest, CodesThatTheHeaderDoesNotNameAreErrors) {
  for (spw_code code = SPW_INTERNAL; code <= SPW_PENDING; ++code) EXPECT_EQ(KnownCode(code), code);
  EXPECT_EQ(KnownCode(SPW_INTERNAL - 1), SPW_INTERNAL);
  EXPECT_EQ(KnownCode(SPW_PENDING + 1), SPW_INTERNAL);
  EXPECT_FALSE(IsError(SPW_OK));
  EXPECT_FALSE(IsError(SPW_ABSENT));
  EXPECT_FALSE(IsError(SPW_PENDING));
  EXPECT_TRUE(IsError(SPW_PENDING + 1));
  EXPECT_TRUE(IsError(SPW_INVALID_ARGUMENT));
}

TEST_F(ErrorTest, AStatusKeepsCodeAndMessage) {
  Error err;
  Fill(err.out(), SPW_NO_SPACE, "the disk of /x is full");
  const Status status = StatusOf(SPW_NO_SPACE, err);
  EXPECT_EQ(status.code(), StatusCode::kNoSpace);
  EXPECT_EQ(status.message(), "the disk of /x is full");
  EXPECT_TRUE(StatusOf(SPW_ABSENT, err).ok());
  EXPECT_EQ(StatusOf(-99, err).code(), StatusCode::kInternal);
  EXPECT_EQ(StatusOf(99, err).code(), StatusCode::kInternal);
}

TEST_F(ErrorTest, NullEmptyAndOtherBytesAreThreeThings) {
  EXPECT_EQ(NullBytes().data, nullptr);
  EXPECT_EQ(ToBytes({}).data, nullptr);
  EXPECT_NE(EmptyBytes().data, nullptr);
  EXPECT_EQ(EmptyBytes().size, 0u);
  EXPECT_NE(VoidNamespace().data, nullptr);
  EXPECT_NE(ToBytes(std::string()).data, nullptr);
  const std::string with_zero("a\0b", 3);
  EXPECT_EQ(ToStringView(ToBytes(with_zero)), with_zero);
}

}  // namespace
}  // namespace spillway::plugin
