#include "runtime/jobs/vm_reading.h"

#include <gtest/gtest.h>

namespace spillway::runtime {
namespace {

constexpr const char* kLine =
    "2023-09-01 00:00:00.740,short/westus2/B8ms/7190,Intel_Memory_Latency_Checker,Test:_Idle_Latency,ns,95.8,5.24";

std::string GroupText(const VmReading& reading) {
  std::string text;
  AppendGroup(reading.Group(), &text);
  return text;
}

const char* ErrorOf(std::string_view line) {
  VmReading reading;
  std::string scratch;
  return ParseVmReading(line, &reading, &scratch);
}

TEST(VmReading, HasKeysThatAreOutputAtOnce) {
  VmReading reading;
  std::string scratch;
  ASSERT_EQ(ParseVmReading(kLine, &reading, &scratch), nullptr);
  EXPECT_EQ(reading.time_ms, 1'693'526'400'740);
  EXPECT_EQ(reading.Series(), "short/westus2/B8ms/7190,Test:_Idle_Latency");
  EXPECT_EQ(reading.Group(), "Test:_Idle_Latency,westus2,B8ms");
  EXPECT_EQ(GroupText(reading), "westus2,B8ms,Test:_Idle_Latency");
  EXPECT_EQ(reading.value, 95.8);
}

TEST(VmReading, QuotedColumnsStayQuotedWhereTheyMust) {
  VmReading reading;
  std::string scratch;
  ASSERT_EQ(ParseVmReading(R"(2023-09-01 00:00:00.740,"a/b ""x""/c,d/1",s,"t",u,"-1e3","2")", &reading, &scratch),
            nullptr);
  EXPECT_EQ(reading.Series(), R"("a/b ""x""/c,d/1",t)");
  EXPECT_EQ(GroupText(reading), R"("b ""x""","c,d",t)");
  EXPECT_EQ(reading.value, -1000);
}

TEST(VmReading, SaysWhatIsWrong) {
  const std::string line = kLine;
  EXPECT_STREQ(ErrorOf(""), "the line does not have 7 columns");
  EXPECT_STREQ(ErrorOf(line.substr(0, 60)), "the line does not have 7 columns");
  EXPECT_STREQ(ErrorOf(line + ",x"), "the line does not have 7 columns");
  EXPECT_STREQ(ErrorOf("\"" + line), "a quote is not closed");
  EXPECT_STREQ(ErrorOf("2023-09-01T00:00:00.740,a/b/c/d,s,t,u,1,2"), "start_time is not YYYY-MM-DD HH:MM:SS.mmm");
  EXPECT_STREQ(ErrorOf("2023-09-01 00:00:00.740,a/b/c,s,t,u,1,2"), "vm is not life/region/type/id");
  EXPECT_STREQ(ErrorOf("2023-09-01 00:00:00.740,a/b/c/d/e,s,t,u,1,2"), "vm is not life/region/type/id");
  EXPECT_STREQ(ErrorOf("2023-09-01 00:00:00.740,a//c/d,s,t,u,1,2"), "vm is not life/region/type/id");
  EXPECT_STREQ(ErrorOf("2023-09-01 00:00:00.740,a/b/c/,s,t,u,1,2"), "vm is not life/region/type/id");
  EXPECT_STREQ(ErrorOf("2023-09-01 00:00:00.740,a/b/c/d,s,,u,1,2"), "test is empty");
  for (const char* value : {"", "x", "1x", "nan", "inf", "1e999", "--1", " 1"}) {
    EXPECT_STREQ(ErrorOf(std::string("2023-09-01 00:00:00.740,a/b/c/d,s,t,u,") + value + ",2"),
                 "value is not a number");
  }
  EXPECT_STREQ(ErrorOf("2023-09-01 00:00:00.740,a/b/c/d,s,t,u,1,"), "runtime_s is not a number");
}

TEST(VmReading, TimesThatDoNotExistAreRefused) {
  int64_t time = 0;
  EXPECT_TRUE(ParseTime("1970-01-01 00:00:00.001", &time));
  EXPECT_EQ(time, 1);
  EXPECT_TRUE(ParseTime("2024-02-29 23:59:59.999", &time));
  for (const char* text :
       {"2023-02-29 00:00:00.000", "2023-13-01 00:00:00.000", "2023-00-01 00:00:00.000", "2023-01-32 00:00:00.000",
        "2023-01-01 24:00:00.000", "2023-01-01 00:60:00.000", "2023-01-01 00:00:60.000", "2023-01-01 00:00:00",
        "2023-01-01 00:00:00.0000", "-023-01-01 00:00:00.000", "2023-01-01 0x:00:00.000", ""}) {
    EXPECT_FALSE(ParseTime(text, &time)) << text;
  }
}

TEST(VmReading, TimesAreWrittenAsTheyAreRead) {
  for (const char* text : {"2023-09-01 00:00:00.740", "1969-12-31 23:59:59.999", "2024-02-29 12:34:56.007"}) {
    int64_t time = 0;
    ASSERT_TRUE(ParseTime(text, &time)) << text;
    std::string line;
    AppendTime(time, &line);
    EXPECT_EQ(line, text);
  }
}

}  // namespace
}  // namespace spillway::runtime
