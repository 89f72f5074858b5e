#include "spillway/list_state.h"

#include "tests/typed_state/state_fixture.h"

namespace spillway {
namespace {

using Texts = std::vector<std::string>;
using Pairs = std::vector<std::pair<std::string, int>>;

class ListStateTest : public StateFixture {};

TEST_F(ListStateTest, KeepsOrderAndDuplicates) {
  auto list = Open<ListState<std::string>>("list");
  EXPECT_TRUE(Must(list.Get()).empty());
  SPILLWAY_EXPECT_OK(list.Add("b"));
  SPILLWAY_EXPECT_OK(list.Add(""));
  SPILLWAY_EXPECT_OK(list.AddAll(Texts{"a", "b"}));
  EXPECT_EQ(Must(list.Get()), (Texts{"b", "", "a", "b"}));
  EXPECT_EQ(Must(list.Get()), (Texts{"b", "", "a", "b"})) << "reading changes nothing";
  EXPECT_EQ(Must(list.EntryCount()), 1u);
}

TEST_F(ListStateTest, AddingNothingCreatesNothingAndUpdatingWithNothingClears) {
  auto list = Open<ListState<int>>("list");
  SPILLWAY_EXPECT_OK(list.AddAll({}));
  EXPECT_EQ(Must(list.EntryCount()), 0u);
  SPILLWAY_EXPECT_OK(list.Update(std::vector{1, 2}));
  SPILLWAY_EXPECT_OK(list.Update(std::vector{3}));
  EXPECT_EQ(Must(list.Get()), (std::vector{3}));
  SPILLWAY_EXPECT_OK(list.Update({}));
  EXPECT_EQ(Must(list.EntryCount()), 0u);
}

TEST_F(ListStateTest, ElementsOfAnySerializer) {
  auto list = Open<ListState<std::pair<std::string, int>>>("list");
  SPILLWAY_EXPECT_OK(list.AddAll(Pairs{{"a", 1}, {"", 2}}));
  SPILLWAY_EXPECT_OK(list.Add({"c", 3}));
  EXPECT_EQ(Must(list.Get()), (Pairs{{"a", 1}, {"", 2}, {"c", 3}}));
}

TEST_F(ListStateTest, LongListsStream) {
  auto list = Open<ListState<uint64_t>>("list");
  std::vector<uint64_t> all(1000);
  for (uint64_t i = 0; i < all.size(); ++i) all[i] = i * i;
  SPILLWAY_EXPECT_OK(list.AddAll(all));
  auto iterator = list.Iterate();
  ASSERT_TRUE(iterator.ok());
  // As the list was when the iteration began.
  SPILLWAY_EXPECT_OK(list.Add(7));
  uint64_t element = 0;
  for (uint64_t expected : all) {
    ASSERT_TRUE(Must(iterator->Next(&element)));
    ASSERT_EQ(element, expected);
  }
  EXPECT_FALSE(Must(iterator->Next(&element)));
  EXPECT_FALSE(Must(iterator->Next(&element))) << "the end stays the end";
  EXPECT_EQ(Must(list.Get()).size(), 1001u);
}

TEST_F(ListStateTest, MergingGivesTheUnionInOrder) {
  auto list = Open<ListState<int>, std::string>("list");
  const auto bytes_of = [](const std::string& window) {
    std::string scratch;
    return std::string(NamespaceBytesOf(window, &scratch));
  };
  const auto put = [&](const std::string& window, const std::vector<int>& elements) {
    list.SetNamespace(window);
    SPILLWAY_EXPECT_OK(list.Update(elements));
  };
  const auto get = [&](const std::string& window) {
    list.SetNamespace(window);
    return Must(list.Get());
  };
  put("t", {1});
  put("a", {2, 3});
  put("c", {4});
  const std::vector<std::string> sources = {bytes_of("c"), bytes_of("empty"), bytes_of("a")};
  SPILLWAY_EXPECT_OK(list.MergeNamespaces(bytes_of("t"), sources));
  EXPECT_EQ(get("t"), (std::vector{1, 4, 2, 3}));
  EXPECT_TRUE(get("a").empty());
  EXPECT_EQ(Must(list.EntryCount()), 1u);
  SPILLWAY_EXPECT_OK(list.MergeNamespaces(bytes_of("t"), sources));
  EXPECT_EQ(get("t"), (std::vector{1, 4, 2, 3})) << "empty sources change nothing";
  SPILLWAY_EXPECT_OK(list.MergeNamespaces(bytes_of("new"), std::vector{bytes_of("t")}));
  EXPECT_EQ(get("new"), (std::vector{1, 4, 2, 3}));
  for (const auto& wrong : {std::vector{bytes_of("new")}, std::vector{bytes_of("a"), bytes_of("a")}}) {
    EXPECT_EQ(list.MergeNamespaces(bytes_of("new"), wrong).code(), StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(get("new"), (std::vector{1, 4, 2, 3}));
}

}  // namespace
}  // namespace spillway
