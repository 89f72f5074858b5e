#include "runtime/jobs/words.h"

#include <gtest/gtest.h>

#include <clocale>
#include <string>
#include <vector>

#include "runtime/jobs/number_format.h"

namespace spillway::runtime {
namespace {

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  ForEachWord(text, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

using Words = std::vector<std::string>;

TEST(Words, AreRunsOfLettersDigitsAndUnderscores) {
  EXPECT_EQ(WordsOf(""), Words{});
  EXPECT_EQ(WordsOf(" \t.,;"), Words{});
  EXPECT_EQ(WordsOf("#include <spillway/bytes.h>"), (Words{"include", "spillway", "bytes", "h"}));
  EXPECT_EQ(WordsOf("a__b2 C-d"), (Words{"a__b2", "C", "d"}));
  EXPECT_EQ(WordsOf("end"), Words{"end"});
}

TEST(Words, AnyBytesWillDo) {
  EXPECT_EQ(WordsOf(std::string_view("a\0b\xff\x80"
                                     "c",
                                     6)),
            (Words{"a", "b", "c"}));
  EXPECT_EQ(WordsOf("gr\xc3\xbc\xc3\x9f dich"), (Words{"gr", "dich"}));
}

std::string Written(double number) {
  std::string line;
  AppendNumber(number, &line);
  return line;
}

TEST(NumberFormat, HasNineSignificantDigitsInEveryLocale) {
  EXPECT_EQ(Written(0), ",0");
  EXPECT_EQ(Written(95.8), ",95.8");
  EXPECT_EQ(Written(-77969.9), ",-77969.9");
  EXPECT_EQ(Written(1.0 / 3), ",0.333333333");
  EXPECT_EQ(Written(1234567890123), ",1.23456789e+12");
  EXPECT_EQ(Written(1e-7), ",1e-07");
  std::setlocale(LC_ALL, "de_DE.UTF-8");  // where the machine has it
  EXPECT_EQ(Written(95.8), ",95.8");
  std::setlocale(LC_ALL, "C");
  std::string line = "x";
  AppendNumber(UINT64_MAX, &line);
  EXPECT_EQ(line, "x,18446744073709551615");
}

}  // namespace
}  // namespace spillway::runtime
