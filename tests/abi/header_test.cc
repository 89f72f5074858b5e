// What abi.h says of itself: frozen structs, growing structs, thread tags, capabilities, the types it may use.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "runtime/plugin/backend_table.h"
#include "spillway/plugin/capabilities.h"
#include "tests/abi/frozen_structs.h"
#include "tests/abi/header_text.h"

extern "C" const uint64_t c_sizes[];

namespace spillway::abi_test {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream in(std::string(SPILLWAY_SOURCE_DIR) + "/" + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

class HeaderTest : public ::testing::Test {
 protected:
  const HeaderText header_ = ParseHeader(ReadFile("plugin-abi/spillway/plugin/abi.h"));

  [[nodiscard]] std::vector<Slot> SlotsOf(const std::string& structure) const {
    std::vector<Slot> slots;
    std::copy_if(header_.slots.begin(), header_.slots.end(), std::back_inserter(slots),
                 [&](const Slot& slot) { return slot.structure == structure; });
    return slots;
  }
};

TEST_F(HeaderTest, CAndCppAgreeOnItsStructs) {
  const uint64_t sizes[] = {sizeof(spw_error),
                            sizeof(spw_host),
                            sizeof(spw_open_options),
                            sizeof(spw_state_options),
                            sizeof(spw_query),
                            sizeof(spw_snapshot_options),
                            sizeof(spw_snapshot_result),
                            sizeof(spw_restore_source),
                            sizeof(spw_memory_usage),
                            sizeof(spw_backend_api),
                            sizeof(spw_plugin_descriptor)};
  for (size_t i = 0; i < std::size(sizes); ++i) EXPECT_EQ(sizes[i], c_sizes[i]) << i;
}

TEST_F(HeaderTest, EveryStructIsFrozenOrSaysItsSizeFirst) {
  ASSERT_GE(header_.structures.size(), 20u);
  const std::string asserted = ReadFile("tests/abi/frozen_structs.h");
  for (const Structure& structure : header_.structures) {
    const bool grows = structure.first_field == "uint32_t struct_size";
    const bool frozen = structure.comment.find("Frozen.") != std::string::npos;
    EXPECT_NE(grows, frozen) << "abi.h:" << structure.line << ": " << structure.name
                             << " either begins with struct_size, or its comment says 'Frozen.'";
    const std::string assertion = frozen ? "FROZEN_SIZE(" : "FROZEN_FIELD(";
    EXPECT_NE(asserted.find(assertion + structure.name + ","), std::string::npos)
        << "tests/abi/frozen_structs.h lacks " << structure.name;
  }
}

TEST_F(HeaderTest, EverySlotHasAThreadTag) {
  const auto host = std::find_if(header_.structures.begin(), header_.structures.end(),
                                 [](const Structure& structure) { return structure.name == "spw_host"; });
  ASSERT_NE(host, header_.structures.end());
  EXPECT_NE(host->comment.find("All slots: [any-thread]"), std::string::npos);
  for (const Slot& slot : header_.slots) {
    if (slot.structure == "spw_host") {
      EXPECT_EQ(slot.thread_tag, "") << "abi.h:" << slot.line << ": " << slot.name << " has the tag of the whole table";
    } else {
      EXPECT_NE(slot.thread_tag, "") << "abi.h:" << slot.line << ": " << slot.structure << "." << slot.name
                                     << " has no thread tag in its comment";
    }
  }
}

TEST_F(HeaderTest, TheLoadersTableSaysWhatTheHeaderSays) {
  const std::vector<Slot> slots = SlotsOf("spw_backend_api");
  const auto table = runtime::BackendSlots();
  ASSERT_EQ(slots.size(), table.size());
  for (size_t i = 0; i < slots.size(); ++i) {
    const std::string where = "abi.h:" + std::to_string(slots[i].line) + ": " + slots[i].name;
    EXPECT_EQ(slots[i].name, table[i].name) << where;
    EXPECT_EQ(slots[i].required, table[i].required) << where;
    std::vector<std::string> names;
    for (std::string name : slots[i].capabilities) {
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
      names.push_back(name);
    }
    std::string joined;
    for (const std::string& name : names) joined += (joined.empty() ? "" : ", ") + name;
    EXPECT_EQ(joined, plugin::CapabilityNames(table[i].capabilities)) << where;
  }
}

TEST_F(HeaderTest, OnlyTypesOfFixedWidthCross) {
  const std::regex forbidden(R"(\b(bool|_Bool|long|short|int|unsigned|size_t|wchar_t|enum \w+)\b|\.\.\.|:\s*\d+\s*;)");
  std::smatch match;
  EXPECT_FALSE(std::regex_search(header_.code, match, forbidden)) << "it uses " << match.str();
}

TEST_F(HeaderTest, ItIncludesTheCLibraryOnly) {
  const std::regex include(R"(#include\s*[<"]([^>"]+)[>"])");
  std::vector<std::string> names;
  for (auto it = std::sregex_iterator(header_.code.begin(), header_.code.end(), include); it != std::sregex_iterator();
       ++it) {
    names.push_back((*it)[1]);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"stddef.h", "stdint.h"}));
}

TEST(HeaderTextTest, TagsAreReadFromCommentsAndSections) {
  const HeaderText header = ParseHeader(R"(
/* A table. Frozen. */
typedef struct table {
  const char *name; /* no tag */
  void (*trailing)(void); /* [any-thread] */
  /* -- Section (required) -- */
  /* [owner-thread; any-thread later] Does [NOTHING]. */
  int (*first)(void);
  /* [snapshot-thread] [CAP] One. */
  int (*second)(int a,
                int b);
  int (*third)(void);
  /* -- Other [X] [Y] -- */
  int (*untagged)(void);
} table;
)");
  ASSERT_EQ(header.structures.size(), 1u);
  EXPECT_EQ(header.structures[0].first_field, "const char *name");
  ASSERT_EQ(header.slots.size(), 5u);
  EXPECT_EQ(header.slots[0].thread_tag, "any-thread");
  EXPECT_EQ(header.slots[1].thread_tag, "owner-thread");
  EXPECT_TRUE(header.slots[1].required);
  EXPECT_EQ(header.slots[1].capabilities, std::vector<std::string>{});
  EXPECT_EQ(header.slots[2].thread_tag, "snapshot-thread");
  EXPECT_EQ(header.slots[2].capabilities, std::vector<std::string>{"CAP"});
  EXPECT_FALSE(header.slots[2].required);
  EXPECT_EQ(header.slots[3].thread_tag, "snapshot-thread") << "slots without a comment share the one before";
  EXPECT_EQ(header.slots[4].thread_tag, "");
  EXPECT_EQ(header.slots[4].capabilities, (std::vector<std::string>{"X", "Y"}));
}

}  // namespace
}  // namespace spillway::abi_test
