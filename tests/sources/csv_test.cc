#include "runtime/sources/csv.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace spillway::runtime {
namespace {

std::vector<std::string> FieldsOf(std::string_view line) {
  std::array<std::string_view, 8> fields;
  std::string unquoted = "left from before";
  const CsvSplit split = SplitCsvLine(line, fields, &unquoted);
  EXPECT_EQ(split.error, nullptr) << line;
  return {fields.begin(), fields.begin() + static_cast<ptrdiff_t>(std::min(split.fields, fields.size()))};
}

std::string ErrorOf(std::string_view line) {
  std::array<std::string_view, 8> fields;
  std::string unquoted;
  const CsvSplit split = SplitCsvLine(line, fields, &unquoted);
  return split.error == nullptr ? "" : split.error;
}

using Fields = std::vector<std::string>;

TEST(Csv, PlainFields) {
  EXPECT_EQ(FieldsOf("a,b,c"), (Fields{"a", "b", "c"}));
  EXPECT_EQ(FieldsOf(""), (Fields{""}));
  EXPECT_EQ(FieldsOf(","), (Fields{"", ""}));
  EXPECT_EQ(FieldsOf("a,,c,"), (Fields{"a", "", "c", ""}));
  EXPECT_EQ(FieldsOf(" a , b "), (Fields{" a ", " b "}));
}

TEST(Csv, QuotedFields) {
  EXPECT_EQ(FieldsOf(R"("a,b",c)"), (Fields{"a,b", "c"}));
  EXPECT_EQ(FieldsOf(R"("say ""hi""","""",x)"), (Fields{R"(say "hi")", "\"", "x"}));
  EXPECT_EQ(FieldsOf(R"("","")"), (Fields{"", ""}));
  EXPECT_EQ(FieldsOf(R"(a,"b""c""d","e""f")"), (Fields{"a", R"(b"c"d)", R"(e"f)"}));
}

TEST(Csv, WhatIsNotCsvIsRefused) {
  EXPECT_EQ(ErrorOf(R"("a)"), "a quote is not closed");
  EXPECT_EQ(ErrorOf(R"("a"")"), "a quote is not closed");
  EXPECT_EQ(ErrorOf(R"("a"b,c)"), "text follows a closing quote");
  EXPECT_EQ(ErrorOf(R"(a"b,c)"), "a quote stands inside a field that is not quoted");
}

TEST(Csv, FieldsBeyondTheOnesAskedForAreCounted) {
  std::array<std::string_view, 2> fields;
  std::string unquoted;
  EXPECT_EQ(SplitCsvLine("a,b,c,d", fields, &unquoted).fields, 4u);
  EXPECT_EQ(fields[1], "b");
}

TEST(Csv, WhatIsWrittenReadsBackTheSame) {
  const Fields fields{"plain", "with,comma", "with\"quote", "", "\"", ",", "end"};
  std::string line;
  for (const std::string& field : fields) {
    if (&field != &fields.front()) line += ',';
    AppendCsvField(field, &line);
  }
  EXPECT_EQ(FieldsOf(line), fields);
}

}  // namespace
}  // namespace spillway::runtime
