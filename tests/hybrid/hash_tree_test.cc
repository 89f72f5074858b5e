#include "backend/hybrid/hash_tree.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <unordered_map>

#include "backend/hybrid/hash_tree_cursor.h"
#include "backend/hybrid/hashing.h"
#include "tests/hybrid/test_instance.h"

namespace spillway::hybrid {
namespace {

class TreeTest : public ::testing::Test {
 protected:
  // `hash`: by which a key is placed, perhaps a bad one.
  void Put(const std::string& key, uint64_t hash) {
    HashTree tree(&root_, &versions_, &heap_, 1);
    const Probe probe{hash, key, {}};
    Node* node = tree.Find(probe);
    if (node != nullptr) return;
    node = tree.NewNode({0, static_cast<uint32_t>(key.size()), 0, 0, false}, probe, Charge::kWithinShare);
    ASSERT_NE(node, nullptr);
    ASSERT_TRUE(tree.Insert(probe, node, Charge::kWithinShare));
  }
  void Remove(const std::string& key, uint64_t hash) {
    HashTree tree(&root_, &versions_, &heap_, 1);
    const Probe probe{hash, key, {}};
    Node* node = tree.Find(probe);
    ASSERT_NE(node, nullptr);
    tree.Remove(probe, node);
  }
  [[nodiscard]] bool Has(const std::string& key, uint64_t hash) const {
    return FindNode(&root_.word, Probe{hash, key, {}}) != nullptr;
  }
  // Every key once, by ascending bucket; the count.
  [[nodiscard]] uint64_t Walk() const {
    uint64_t count = 0;
    HashTreeCursor cursor(root_.word);
    while (cursor.Next() != nullptr) ++count;
    return count;
  }

  Heap heap_{0};
  Versions versions_;
  TreeRoot root_;
};

TEST_F(TreeTest, GrowsFromAChainToADirectoryAndBackToNothing) {
  constexpr int kKeys = 100000;
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = std::to_string(i);
    Put(key, HashOfBytes(key));
    if (i == 5 || i == 30 || i == 450 || i == 1000) {
      ASSERT_EQ(Walk(), static_cast<uint64_t>(i) + 1);
    }
  }
  EXPECT_EQ(RootKindOf(root_.word), RootKind::kDirectory);
  EXPECT_EQ(Walk(), static_cast<uint64_t>(kKeys));
  // 8 bytes of bucket for an entry at the mean load of 0.65 are 12; a directory adds little.
  EXPECT_LT(heap_.account().of(Category::kIndex), kKeys * 18u);
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = std::to_string(i);
    ASSERT_TRUE(Has(key, HashOfBytes(key)));
    Remove(key, HashOfBytes(key));
    ASSERT_FALSE(Has(key, HashOfBytes(key)));
  }
  EXPECT_EQ(root_.word, 0u);
  heap_.Safepoint([](View*) {});
  heap_.Reclaim(UINT64_MAX);
  EXPECT_EQ(heap_.account().of(Category::kIndex), 0u);
  EXPECT_EQ(heap_.account().of(Category::kEntries), 0u);
}

TEST_F(TreeTest, BucketOrderIsHashOrder) {
  std::mt19937_64 random(SeedOf(3));
  for (int i = 0; i < 20000; ++i) Put(std::to_string(i), random());
  HashTreeCursor cursor(root_.word);
  // Within a bucket any order: compare by the part of the hash that chooses it, which 22 bits contain here.
  uint32_t last = 0;
  uint64_t disorder = 0;
  while (const Node* node = cursor.Next()) {
    if (node->hash < last && last - node->hash > (1u << 18)) ++disorder;
    last = node->hash;
  }
  EXPECT_EQ(disorder, 0u);
}

TEST_F(TreeTest, HashesThatDoNotSpreadCostTimeButNoMemoryAndNoKeys) {
  for (int i = 0; i < 3000; ++i) Put(std::to_string(i), i % 2 == 0 ? 42 : ~uint64_t{0});
  EXPECT_EQ(Walk(), 3000u);
  EXPECT_LT(heap_.account().of(Category::kIndex), 300000u);
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(Has(std::to_string(i), i % 2 == 0 ? 42 : ~uint64_t{0}));
}

TEST_F(TreeTest, WritingUnderAViewCopiesOnlyWhatItMust) {
  for (int i = 0; i < 50000; ++i) Put(std::to_string(i), HashOfBytes(std::to_string(i)));
  View view;
  ASSERT_TRUE(heap_.BeginView(&versions_, &view, root_.word));
  const std::string key = "12345";
  const Probe probe{HashOfBytes(key), key, {}};
  HashTree tree(&root_, &versions_, &heap_, 1);
  Node* original = tree.Find(probe);
  Node* writable = tree.Writable(probe, original, Charge::kWithinShare);
  ASSERT_NE(writable, original);
  EXPECT_EQ(heap_.counters().segments_copied.load(), 1u);
  EXPECT_LE(heap_.counters().nodes_copied.load(), 8u);
  EXPECT_EQ(FindNode(&view.root, probe), original);
  EXPECT_EQ(tree.Find(probe), writable);
  // The second write finds it private.
  EXPECT_EQ(tree.Writable(probe, writable, Charge::kWithinShare), writable);
  EXPECT_EQ(heap_.counters().segments_copied.load(), 1u);
  heap_.EndView(&view);
  heap_.Safepoint([](View*) {});
  heap_.Reclaim(UINT64_MAX);
  EXPECT_EQ(heap_.account().of(Category::kRetired), 0u);
}

TEST(Node, SizesSurviveNarrowAndWide) {
  alignas(16) uint8_t memory[1024];
  auto* node = reinterpret_cast<Node*>(memory);
  const std::string key(200, 'k');
  for (const NodeSizes& sizes :
       {NodeSizes{8191, 127, 31, 15, true}, NodeSizes{8192, 0, 0, 0, false}, NodeSizes{0, 128, 0, 0, false},
        NodeSizes{0, 0, 32, 0, true}, NodeSizes{0, 0, 0, 16, false}, NodeSizes{}}) {
    InitializeNode(node, sizes, 7, BytesView(key).substr(0, sizes.key),
                   BytesView(key).substr(0, sizes.state_namespace));
    const NodeSizes read = SizesOf(node);
    EXPECT_EQ(read.value, sizes.value);
    EXPECT_EQ(read.key, sizes.key);
    EXPECT_EQ(read.state_namespace, sizes.state_namespace);
    EXPECT_EQ(read.schema_id, sizes.schema_id);
    EXPECT_EQ(read.null, sizes.null);
    EXPECT_EQ(KeyOf(node), BytesView(key).substr(0, sizes.key));
  }
}

}  // namespace
}  // namespace spillway::hybrid
