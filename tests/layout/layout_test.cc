#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/layout/layout_table.h"
#include "tests/layout/rules.h"
#include "tests/layout/source_tree.h"

namespace spillway::layout {
namespace {

constexpr const char* kTable = R"(
| Folder | May include | CMake targets |
|---|---|---|
| `abi` | | `spillway_abi` |
| `low` | `abi` | `spillway_low` |
| `high` | `low` `abi` | `spillway_high` `spillway_high_*` |
| `high/top` | `high` `low` | `spillway` |
| `tests` | `*` | `*` |

| File | Lines | Why |
|---|---|---|
| `abi/long.h` | 300 | for a test |
)";

LayoutTable Table() {
  return ParseLayoutTable(kTable).value();
}

std::string Lines(size_t count) {
  std::string text = "// What it is.\n#pragma once\n";
  for (size_t i = 2; i < count; ++i) text += "\n";
  return text;
}

std::vector<std::string> Texts(const std::vector<Finding>& findings) {
  std::vector<std::string> texts;
  for (const Finding& finding : findings) texts.push_back(finding.ToString());
  return texts;
}

using Expected = std::vector<std::string>;

TEST(LayoutTest, TheProjectKeepsItsRules) {
  const std::filesystem::path root = SPILLWAY_SOURCE_DIR;
  std::ifstream in(root / "docs" / "layout.md");
  const std::string markdown(std::istreambuf_iterator<char>(in), {});
  Result<LayoutTable> table = ParseLayoutTable(markdown);
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  std::vector<std::string> folders;
  for (const char* folder :
       {"plugin-abi", "include", "spill", "snapshot", "backend", "runtime", "tests", "benchmarks"}) {
    folders.emplace_back(folder);
  }
  const SourceTree tree = SourceTree::Read(root, folders);
  ASSERT_TRUE(tree.Has("plugin-abi/spillway/plugin/abi.h"));
  for (const Finding& finding : CheckAll(tree, *table)) ADD_FAILURE() << finding.ToString();
}

TEST(LayoutTest, AProperTreeHasNoFindings) {
  SourceTree tree;
  tree.Add("abi/abi.h", "/* What it is. */\n#ifndef ABI_H_\n#define ABI_H_\n#include <stdint.h>\n#endif\n");
  tree.Add("low/CMakeLists.txt",
           "add_library(spillway_low STATIC low.cc)\ntarget_link_libraries(spillway_low PUBLIC spillway_abi)\n");
  tree.Add("low/low.h", "// What it is.\n#pragma once\n#include <vector>\n\n#include \"abi/abi.h\"\n");
  tree.Add("low/low.cc", "#include \"low/low.h\"\n");
  tree.Add("tests/low_test.cc", "#include \"low/low.h\"\n");
  tree.Add("tests/CMakeLists.txt", "add_executable(low_test low_test.cc)\n");
  EXPECT_EQ(Texts(CheckAll(tree, Table())), Expected{});
}

TEST(LayoutTest, IncludesGoOnlyWhereTheTableSays) {
  SourceTree tree;
  tree.Add("abi/abi.h", "");
  tree.Add("low/low.h", "\n#include \"high/high.h\"\n");
  tree.Add("high/high.h",
           "#include \"low/low.h\"\n// #include \"high/top/top.h\"\n/*\n#include \"high/top/top.h\"\n*/\n");
  tree.Add("high/up.cc", "  #  include <high/top/top.h>\n");
  tree.Add("high/top/top.h", "#include \"high/high.h\"\n#include \"abi/abi.h\"\n");
  tree.Add("low/relative.cc", "#include \"relative.h\"\n");
  tree.Add("other/other.cc", "");
  EXPECT_EQ(Texts(CheckIncludes(tree, Table())),
            (Expected{"high/top/top.h:2: includes \"abi/abi.h\": high/top may not include abi (docs/layout.md)",
                      "high/up.cc:1: includes \"high/top/top.h\": high may not include high/top (docs/layout.md)",
                      "low/low.h:2: includes \"high/high.h\": low may not include high (docs/layout.md)",
                      "low/relative.cc:1: includes \"relative.h\", which is in no target's root",
                      "other/other.cc: its folder has no row in docs/layout.md"}));
}

TEST(LayoutTest, IncludesFormNoCircle) {
  SourceTree tree;
  tree.Add("low/a.h", "#include \"low/b.h\"\n");
  tree.Add("low/b.h", "\n\n#include \"low/c.h\"\n");
  tree.Add("low/c.h", "#include \"low/a.h\"\n");
  tree.Add("low/d.h", "#include \"low/a.h\"\n");
  EXPECT_EQ(Texts(CheckIncludeCycles(tree)),
            (Expected{"low/c.h:1: closes a circle of includes: low/a.h -> low/b.h -> low/c.h -> low/a.h"}));
}

TEST(LayoutTest, FoldersHaveTheirTargets) {
  SourceTree tree;
  tree.Add("abi/abi.cc", "");
  tree.Add("low/low.cc", "");
  tree.Add(
      "low/CMakeLists.txt",
      "# add_library(comment)\nadd_library(spillway_low\n  STATIC ../abi/abi.cc)\nadd_library(stray STATIC low.cc)\n");
  tree.Add("high/CMakeLists.txt", "spillway_plugin(spillway_high_plugin a.cc)\n");
  EXPECT_EQ(
      Texts(CheckTargets(tree, Table())),
      (Expected{"low/CMakeLists.txt:2: takes source ../abi/abi.cc from another folder",
                "low/CMakeLists.txt:4: defines target stray, which docs/layout.md does not have in the row of low",
                "abi/abi.cc: no CMakeLists.txt of abi defines a target"}));
}

TEST(LayoutTest, TargetsLinkOnlyWhatTheirFolderMayInclude) {
  SourceTree tree;
  tree.Add("low/CMakeLists.txt", "target_link_libraries(spillway_low PRIVATE\n  spillway_abi spillway_high_table z)\n");
  EXPECT_EQ(Texts(CheckLinks(tree, Table())),
            (Expected{"low/CMakeLists.txt:1: links spillway_high_table: low may not include high (docs/layout.md)"}));
}

TEST(LayoutTest, FilesAreNotTooLong) {
  SourceTree tree;
  tree.Add("low/fits.h", Lines(kHeaderLinesMax));
  tree.Add("low/long.h", Lines(kHeaderLinesMax + 1));
  tree.Add("low/fits.cc", Lines(kSourceLinesMax));
  tree.Add("low/long.cc", Lines(kSourceLinesMax + 1));
  tree.Add("abi/long.h", Lines(300));
  EXPECT_EQ(Texts(CheckSizes(tree, Table())),
            (Expected{"low/long.cc:501: has 501 lines, at most 500 are allowed: split it by what its parts are",
                      "low/long.h:251: has 251 lines, at most 250 are allowed: split it by what its parts are"}));
}

TEST(LayoutTest, NamesSaySomething) {
  SourceTree tree;
  tree.Add("low/string_utils.h", "");
  tree.Add("low/common/page.cc", "");
  tree.Add("low/CamelCase.h", "");
  tree.Add("low/commonality.h", "");
  EXPECT_EQ(Texts(CheckNames(tree)), (Expected{"low/CamelCase.h: its name is not snake_case",
                                               "low/common/page.cc: 'common' does not say what it is",
                                               "low/string_utils.h: 'utils' does not say what it is"}));
}

TEST(LayoutTest, HeadersOpenWithACommentAndAreGuarded) {
  SourceTree tree;
  tree.Add("low/bare.h", "#include <string>\n");
  tree.Add("low/using.cc", "// using namespace std;\nusing  namespace std;\nauto s = \"using namespace std\";\n");
  EXPECT_EQ(Texts(CheckCode(tree)),
            (Expected{"low/bare.h:1: does not open with a comment that says what it is",
                      "low/bare.h: has no #pragma once", "low/using.cc:2: says 'using namespace'"}));
}

TEST(LayoutTest, ATableThatFormsACircleIsRefused) {
  const Result<LayoutTable> circle = ParseLayoutTable("| `a` | `b` | |\n| `b` | `c` | |\n| `c` | `a` | |\n");
  ASSERT_FALSE(circle.ok());
  EXPECT_NE(circle.status().message().find("a -> b -> c -> a"), std::string::npos) << circle.status().message();
  EXPECT_FALSE(ParseLayoutTable("| `a` | `nowhere` | |\n").ok());
  EXPECT_FALSE(ParseLayoutTable("no table\n").ok());
}

TEST(LayoutTest, CommentsAndStringsAreBlanked) {
  const std::vector<std::string> code = WithoutComments(
      {"int a = 1'000; // b", "f(\"// not\\\" \", 'x', '\\''); g(); /* c", "d */ h(); /**/ i();", "\"/*\" j();"});
  EXPECT_EQ(code[0].find('b'), std::string::npos);
  EXPECT_NE(code[1].find("g();"), std::string::npos);
  EXPECT_EQ(code[1].find("not"), std::string::npos);
  EXPECT_EQ(code[2].find('d'), std::string::npos);
  EXPECT_NE(code[2].find("h();"), std::string::npos);
  EXPECT_NE(code[2].find("i();"), std::string::npos);
  EXPECT_NE(code[3].find("j();"), std::string::npos);
}

}  // namespace
}  // namespace spillway::layout
