#include "runtime/jobs/page_request.h"

#include <gtest/gtest.h>

#include <string>

namespace spillway::runtime {
namespace {

TEST(PageRequest, IsReadFromALine) {
  PageRequest request;
  ASSERT_EQ(ParsePageRequest("3050771 25 0 7", &request), nullptr);
  EXPECT_EQ(request.first_page, 3050771u);
  EXPECT_EQ(request.page_count, 25u);
  ASSERT_EQ(ParsePageRequest("0 65536 9 0", &request), nullptr);
  EXPECT_EQ(request.page_count, kRequestPagesMax);
  ASSERT_EQ(ParsePageRequest("18446744073709551615 1 0 0", &request), nullptr);
  EXPECT_EQ(request.first_page, UINT64_MAX);
}

TEST(PageRequest, AnythingElseIsRefused) {
  PageRequest request{42, 1};
  for (const char* line : {"", " ", "1", "1 1 0", "1 1 0 ", "1 1 0 0 ", " 1 1 0 0", "1 1 0 0 0", "1  1 0 0", "1,1,0,0",
                           "-1 1 0 0", "1 -1 0 0", "1 1.0 0 0", "1 x 0 0", "0x1 1 0 0", "18446744073709551616 1 0 0"}) {
    EXPECT_STREQ(ParsePageRequest(line, &request), "not four whole numbers with a space between them") << line;
  }
  EXPECT_STREQ(ParsePageRequest("1 0 0 0", &request), "a request without pages");
  EXPECT_STREQ(ParsePageRequest("1 65537 0 0", &request), "a request of more than 65536 pages");
  EXPECT_STREQ(ParsePageRequest("18446744073709551615 2 0 0", &request), "a page beyond 2^64");
  EXPECT_STREQ(ParsePageRequest(std::string("1 1 0 0\0", 8), &request),
               "not four whole numbers with a space between them");
  EXPECT_EQ(request.first_page, 42u) << "a refused line changes nothing";
}

}  // namespace
}  // namespace spillway::runtime
