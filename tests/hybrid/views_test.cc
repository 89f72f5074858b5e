// Several overlapping views over states of every kind, begun and ended in random order while the owner changes things:
// each must show what there was when it began, for as long as it lives, and all memory must come back.
#include <algorithm>
#include <memory>
#include <vector>

#include "backend/hybrid/snapshot.h"
#include "tests/hybrid/reference.h"

namespace spillway::hybrid {
namespace {

// Views of all tables, begun together, and what they must show.
struct PinnedContents {
  PinSet* pins;
  std::vector<uint64_t> roots;
  Contents expected;
};

PinnedContents PinAll(TestInstance* instance, const Reference& reference) {
  const std::vector<uint64_t> roots = reference.Roots();
  auto* pins = new PinSet(&instance->account(), roots.size());
  size_t next = 0;
  for (State* state : reference.states()) {
    for (KeyGroupTable& table : state->tables()) {
      View& view = pins->pins()[next++].view;
      view.pins = pins;
      EXPECT_TRUE(instance->heap().BeginView(&table.versions, &view, table.root.word));
    }
  }
  return {pins, roots, reference.contents()};
}

// As the owner does it, or as another thread hands them over, or a mixture.
void Release(TestInstance* instance, PinnedContents* pinned, std::mt19937_64* random) {
  std::vector<View*> views;
  for (PinSet::Pin& pin : pinned->pins->pins()) views.push_back(&pin.view);
  std::shuffle(views.begin(), views.end(), *random);
  for (View* view : views) {
    if ((*random)() % 2 == 0) {
      instance->heap().EndView(view);
      PinSet::Ended(view);
    } else {
      instance->heap().HandBack(view);
    }
  }
}

class Views : public ::testing::TestWithParam<uint64_t> {};

TEST_P(Views, ShowWhatThereWasUntilTheyEnd) {
  const uint64_t seed = SeedOf(GetParam());
  SCOPED_TRACE("SPILLWAY_SEED=" + std::to_string(seed));
  TestInstance instance(2);
  Reference reference(&instance, seed);
  const uint64_t empty_index = instance.account().of(Category::kIndex);
  std::vector<PinnedContents> pinned;
  std::mt19937_64& random = reference.random();
  const uint32_t keys = seed % 2 == 0 ? 6000 : 60;
  for (int step = 0; step < 12000 && !::testing::Test::HasFailure(); ++step) {
    reference.Step(keys);
    if (random() % 3 == 0) instance->Safepoint(random() % 20);
    if (random() % 400 == 0 && pinned.size() < 6) pinned.push_back(PinAll(&instance, reference));
    if (random() % 500 == 0 && !pinned.empty()) {
      const size_t index = random() % pinned.size();
      reference.ExpectHolds(pinned[index].roots, pinned[index].expected);
      Release(&instance, &pinned[index], &random);
      pinned.erase(pinned.begin() + static_cast<std::ptrdiff_t>(index));
    }
    ExpectBooksBalance(instance.account());
  }
  reference.ExpectHolds(reference.Roots(), reference.contents());
  reference.ClearAll();
  for (PinnedContents& each : pinned) reference.ExpectHolds(each.roots, each.expected);
  while (!pinned.empty()) {
    Release(&instance, &pinned.back(), &random);
    pinned.pop_back();
    instance->Safepoint(100);
    for (PinnedContents& each : pinned) reference.ExpectHolds(each.roots, each.expected);
  }
  instance.ReclaimAll();
  EXPECT_EQ(instance.heap().waiting(), 0u);
  EXPECT_EQ(instance.account().of(Category::kEntries), 0u);
  EXPECT_EQ(instance.account().of(Category::kRetired), 0u);
  EXPECT_EQ(instance.account().of(Category::kIndex), empty_index);
  EXPECT_EQ(instance.account().io(), 0u);
  EXPECT_EQ(instance->entries(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Views, ::testing::Range<uint64_t>(1, 9));

TEST(ViewsLife, ClosingGivesEverythingBack) {
  TestInstance instance(3);
  Reference reference(&instance, SeedOf(77));
  for (int step = 0; step < 3000; ++step) reference.Step(500);
  EXPECT_GT(instance.account().used(), 0u);
  EXPECT_TRUE(instance->Close());
  EXPECT_EQ(instance.account().used(), 0u);
  EXPECT_FALSE(instance->Close());
}

TEST(ViewsLife, ViewsWithoutWritesCostNoEpochs) {
  TestInstance instance(1);
  State* state = instance.Register("value", SPW_STATE_VALUE);
  Versions& versions = state->table(0).versions;
  const uint32_t before = versions.epoch();
  for (int i = 0; i < 1000; ++i) {
    View view;
    ASSERT_TRUE(instance.heap().BeginView(&versions, &view, state->table(0).root.word));
    instance.heap().EndView(&view);
  }
  EXPECT_EQ(versions.epoch(), before);
}

}  // namespace
}  // namespace spillway::hybrid
