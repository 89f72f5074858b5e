// Reading tables of which a part is in runs: walks, iterators, counts and snapshots, against a model.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "backend/hybrid/iterator.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/restore.h"
#include "backend/hybrid/slots/slot.h"
#include "backend/hybrid/snapshot.h"
#include "tests/conformance/memory_host.h"
#include "tests/hybrid/spilled_model.h"
#include "tests/support/io_engines.h"

namespace spillway::hybrid {
namespace {

using Keys = std::set<Place>;

std::string Text(spw_bytes bytes) {
  return std::string(plugin::ToStringView(bytes));
}

class SpilledReading : public ::testing::TestWithParam<uint64_t> {
 protected:
  SpilledReading() { instance_->UseEngine(spill::MakeTestEngine(spill::TestEngine::kFaulty)); }

  void ExpectWalks() {
    Contents found;
    for (size_t i = 0; i < 3; ++i) {
      const State& state = *model_.state(i);
      for (uint32_t group = 0; group < 2; ++group) {
        const KeyGroupTable& table = state.table(group);
        Gather(EntryWalk(state.kind(), state.alignment(), table.root.word, table.Pinned(), instance_->io()), state,
               group, &found);
      }
    }
    ExpectSame(found, model_.contents());
  }

  // All that is left, in batches of any size, as what an iterator over entries should give.
  void GatherItems(StateIterator* iterator, Contents* found) {
    std::vector<spw_item> items(1 + model_.random()() % 50);
    while (const uint32_t count = iterator->Next(items.data(), static_cast<uint32_t>(items.size())).value()) {
      for (uint32_t i = 0; i < count; ++i) {
        const spw_item& item = items[i];
        const Place place{item.key_group, Text(item.key), Text(item.state_namespace)};
        EXPECT_EQ(reinterpret_cast<uintptr_t>(item.value.data) % iterator->state()->alignment(), 0u);
        std::optional<std::string> value;
        if (item.value.data != nullptr) value = plugin::ToStringView(item.value);
        EXPECT_EQ(value.has_value(), (item.value.flags & SPW_VIEW_NULL) == 0);
        switch (iterator->state()->kind()) {
          case SPW_STATE_VALUE:
            EXPECT_TRUE(found->values.emplace(place, value.value()).second);
            break;
          case SPW_STATE_LIST:
            found->lists[place].push_back(value.value());
            break;
          default:
            EXPECT_TRUE(found->maps[place].emplace(Text(item.map_key), value).second);
        }
      }
    }
  }

  void ExpectEntries() {
    Contents found;
    for (size_t i = 0; i < 3; ++i) {
      const std::unique_ptr<StateIterator> iterator(IterateEntries(model_.state(i), 0, 1).value());
      GatherItems(iterator.get(), &found);
    }
    ExpectSame(found, model_.contents());
  }

  [[nodiscard]] Keys KeysOf(size_t state) const {
    Keys keys;
    const Contents& contents = model_.contents();
    if (state == 0) {
      for (const auto& [place, value] : contents.values) keys.insert(place);
    } else if (state == 1) {
      for (const auto& [place, list] : contents.lists) keys.insert(place);
    } else {
      for (const auto& [place, map] : contents.maps) keys.insert(place);
    }
    return keys;
  }

  void ExpectKeys() {
    for (size_t i = 0; i < 3; ++i) {
      const Keys expected = KeysOf(i);
      Keys in_namespace;
      std::copy_if(expected.begin(), expected.end(), std::inserter(in_namespace, in_namespace.end()),
                   [](const Place& place) { return std::get<2>(place) == "w1"; });
      const std::unique_ptr<StateIterator> pairs(IterateKeysAndNamespaces(model_.state(i)).value());
      EXPECT_TRUE(GatherKeys(pairs.get(), "") == expected);
      const std::unique_ptr<StateIterator> keys(IterateKeys(model_.state(i), "w1").value());
      EXPECT_TRUE(GatherKeys(keys.get(), "w1") == in_namespace);
      EXPECT_EQ(model_.state(i)->EntryCount().value(), expected.size());
    }
  }

  static Keys GatherKeys(StateIterator* iterator, const std::string& state_namespace) {
    Keys keys;
    spw_item items[17];
    while (const uint32_t count = iterator->Next(items, 17).value()) {
      for (uint32_t i = 0; i < count; ++i) {
        std::string own = state_namespace;
        if (items[i].state_namespace.data != nullptr) own = plugin::ToStringView(items[i].state_namespace);
        EXPECT_TRUE(keys.emplace(items[i].key_group, Text(items[i].key), own).second);
      }
    }
    return keys;
  }

  // Single lists and maps, those that are not there too.
  void ExpectSingleOnes() {
    for (uint32_t number = 0; number < kKeys; ++number) {
      for (const char* state_namespace : {"", "w0"}) {
        const uint32_t group = number % 2;
        std::string key = "key" + std::to_string(number);
        ExpectMap({group, key.substr(0, 4), state_namespace});
        if (number % 7 == 0) key += std::string(140, 'x');
        ExpectList({group, key, state_namespace});
      }
    }
  }

  void ExpectList(const Place& place) {
    const auto found = model_.contents().lists.find(place);
    const std::unique_ptr<StateIterator> iterator(IterateList(model_.state(1), model_.AddressOf(place)).value());
    ASSERT_EQ(iterator != nullptr, found != model_.contents().lists.end());
    if (iterator == nullptr) return;
    std::vector<std::string> elements;
    spw_item items[3];
    while (const uint32_t count = iterator->Next(items, 3).value()) {
      for (uint32_t i = 0; i < count; ++i) elements.emplace_back(plugin::ToStringView(items[i].value));
    }
    EXPECT_TRUE(elements == found->second);
  }

  void ExpectMap(const Place& place) {
    const EntryAddress address = model_.AddressOf(place);
    const auto found = model_.contents().maps.find(place);
    const bool there = found != model_.contents().maps.end();
    EXPECT_EQ(IsMapEmpty(*model_.state(2), address).value(), !there);
    const std::unique_ptr<StateIterator> iterator(IterateMap(model_.state(2), address).value());
    ASSERT_EQ(iterator != nullptr, there);
    if (iterator == nullptr) return;
    std::map<std::string, std::optional<std::string>> map;
    spw_item items[9];
    while (const uint32_t count = iterator->Next(items, 9).value()) {
      for (uint32_t i = 0; i < count; ++i) {
        std::optional<std::string> value;
        if (items[i].value.data != nullptr) value = plugin::ToStringView(items[i].value);
        EXPECT_TRUE(map.emplace(Text(items[i].map_key), value).second);
      }
    }
    EXPECT_TRUE(map == found->second);
  }

  std::unique_ptr<TableSnapshot> BeginSnapshot(const std::string& prefix) {
    auto options = plugin::Sized<spw_snapshot_options>();
    options.kind = SPW_SNAPSHOT_FULL;
    options.name_prefix = prefix.c_str();
    instance_->Safepoint(0);
    return TableSnapshot::Begin(instance_.get(), options).value();
  }

  void ExpectRestores(const SnapshotOutcome& outcome, const Contents& expected) {
    TestInstance restored(2, 0, host_.table());
    const spw_file_ref file{outcome.file_name.c_str(), outcome.file_bytes};
    auto source = plugin::Sized<spw_restore_source>();
    source.key_groups = {0, 1};
    source.metadata = plugin::ToBytes(outcome.metadata);
    source.file_count = 1;
    source.files = &file;
    const Status status = RestoreInstance(restored.get(), {&source, 1});
    ASSERT_TRUE(status.ok()) << status.ToString();
    Reference reference(&restored, 1);  // registers the same states
    reference.ExpectHolds(reference.Roots(), expected);
  }

  static constexpr uint32_t kKeys = 120;
  conformance::MemoryStorage storage_;
  conformance::MemoryHost host_{&storage_};
  TestInstance instance_{2, 0, host_.table()};
  std::unique_ptr<spill::IoEngine> engine_ = spill::MakeTestEngine(spill::TestEngine::kFaulty);
  SpilledModel model_{&instance_, engine_.get(), SeedOf(GetParam()), kKeys};
};

TEST_P(SpilledReading, GivesWhatTheModelHolds) {
  uint64_t most_runs = 0;
  for (int round = 0; round < 14 && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    model_.Steps(500);
    model_.BeginFlush();
    model_.Steps(round % 3 == 0 ? 0 : 300);
    if (round % 4 == 1) ExpectWalks();
    model_.FinishFlush();
    ExpectWalks();
    model_.Evict();
    if (round % 3 == 2) model_.Compact();
    most_runs = std::max(most_runs, model_.runs());
    ExpectWalks();
    ExpectEntries();
    ExpectKeys();
    ExpectSingleOnes();
    instance_->Safepoint(1000);
  }
  EXPECT_GE(most_runs, 3u);
}

TEST_P(SpilledReading, IteratorsAndSnapshotsHoldWhatWasAtTheirBeginning) {
  for (int round = 0; round < 6 && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    model_.Steps(400);
    const std::unique_ptr<TableSnapshot> snapshot = BeginSnapshot("snapshot-" + std::to_string(round));
    std::vector<std::unique_ptr<StateIterator>> iterators;
    for (size_t i = 0; i < 3; ++i) iterators.emplace_back(IterateEntries(model_.state(i), 0, 1).value());
    const Contents then = model_.contents();
    std::unique_ptr<Result<SnapshotOutcome>> outcome;
    std::thread thread([&] { outcome = std::make_unique<Result<SnapshotOutcome>>(snapshot->Run()); });
    model_.Steps(200);
    model_.BeginFlush();
    model_.Steps(200);
    model_.FinishFlush();
    model_.Evict();
    if (round > 1) model_.Compact();
    Contents found;
    for (const auto& iterator : iterators) GatherItems(iterator.get(), &found);
    ExpectSame(found, then);
    thread.join();
    ASSERT_TRUE(outcome->ok()) << outcome->status().ToString();
    ExpectRestores(**outcome, then);
    iterators.clear();
    instance_->Safepoint(1000);
  }
  EXPECT_EQ(instance_.account().io(), 0u);
}

TEST_P(SpilledReading, ASnapshotOfADamagedRunFails) {
  model_.Steps(1000);
  model_.BeginFlush();
  model_.FinishFlush();
  model_.Evict();
  {
    std::fstream file(model_.directory().PathOf("1.run"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file.write("damage", 6);
    ASSERT_TRUE(file.good());
  }
  const std::unique_ptr<TableSnapshot> snapshot = BeginSnapshot("snapshot");
  EXPECT_EQ(snapshot->Run().status().code(), StatusCode::kCorruption);
  instance_->Safepoint(0);
  EXPECT_EQ(instance_.account().io(), 0u);
  EXPECT_EQ(instance_.heap().counters().views_live.load(), 0u);
  const std::unique_ptr<StateIterator> iterator(IterateEntries(model_.state(0), 0, 1).value());
  spw_item item{};
  Result<uint32_t> next = iterator->Next(&item, 1);
  while (next.ok() && *next > 0) next = iterator->Next(&item, 1);
  EXPECT_EQ(next.status().code(), StatusCode::kCorruption);
}

TEST_P(SpilledReading, CloseEndsIteratorsOverRuns) {
  model_.Steps(1000);
  model_.BeginFlush();
  model_.FinishFlush();
  model_.Evict();
  spw_item item{};
  const std::unique_ptr<StateIterator> iterator(IterateEntries(model_.state(0), 0, 1).value());
  ASSERT_EQ(iterator->Next(&item, 1).value(), 1u);
  const std::unique_ptr<TableSnapshot> snapshot = BeginSnapshot("snapshot");
  instance_->Close();
}

INSTANTIATE_TEST_SUITE_P(Seeds, SpilledReading, ::testing::Values(1, 2, 3, 4));

// One table, and what happens to the bytes of items, or when runs cannot be read.
class SpilledItems : public ::testing::Test {
 protected:
  SpilledItems() {
    FillIteratorSlots(&api_);
    FillListSlots(&api_);
    FillMapSlots(&api_);
    FillStateSlots(&api_);
    auto engine = spill::MakeFaultEngine({});
    faulty_ = engine.get();
    instance_->UseEngine(std::move(engine));
  }

  // All into a run, and out of memory.
  void FlushAndEvict() {
    model_.BeginFlush();
    model_.FinishFlush();
    while (std::any_of(std::begin(kStates), std::end(kStates),
                       [&](size_t i) { return model_.state(i)->table(0).root.count > 0; })) {
      model_.Evict();
    }
  }
  [[nodiscard]] spw_state* Handle(size_t state) const { return reinterpret_cast<spw_state*>(model_.state(state)); }

  // What does not compress.
  [[nodiscard]] std::string Noise(size_t size) {
    std::string noise(size, '\0');
    for (char& byte : noise) byte = static_cast<char>(model_.random()());
    return noise;
  }

  static constexpr size_t kStates[] = {0, 1, 2};
  TestInstance instance_{1};
  std::unique_ptr<spill::IoEngine> engine_ = spill::MakeTestEngine(spill::TestEngine::kPread);
  SpilledModel model_{&instance_, engine_.get(), 1, 10};
  spill::FaultEngine* faulty_;
  spw_backend_api api_{};
  plugin::Error error_;
};

TEST_F(SpilledItems, LiveUntilTheSafepointBehindTheRelease) {
  for (int i = 0; i < 100; ++i) model_.PutValue({0, std::to_string(i), ""}, std::string(1000, static_cast<char>(i)));
  FlushAndEvict();
  std::vector<spw_item> items(100);
  {
    const std::unique_ptr<StateIterator> iterator(IterateEntries(model_.state(0), 0, 0).value());
    ASSERT_EQ(iterator->Next(items.data(), 100).value(), 100u);
  }
  EXPECT_GE(instance_.account().io(), 100'000u);
  for (const spw_item& item : items) {
    EXPECT_EQ(plugin::ToStringView(item.value), std::string(1000, static_cast<char>(std::stoi(Text(item.key)))));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(item.value.data) % 16, 0u);
  }
  instance_->Safepoint(0);
  EXPECT_EQ(instance_.account().io(), 0u);
}

TEST_F(SpilledItems, ABatchOfLargeOnesEndsEarly) {
  for (int i = 0; i < 20; ++i) model_.PutValue({0, std::to_string(i), ""}, std::string(100'000, 'x'));
  model_.PutValue({0, "one", ""}, std::string(1'000'000, 'x'));
  FlushAndEvict();
  const std::unique_ptr<StateIterator> iterator(IterateEntries(model_.state(0), 0, 0).value());
  spw_item items[100];
  uint32_t all = 0;
  while (const uint32_t count = iterator->Next(items, 100).value()) {
    EXPECT_LE(count, 3u);
    EXPECT_LE(instance_.account().io(), 3'000'000u);  // the largest twice: in the page and as an item
    all += count;
  }
  EXPECT_EQ(all, 21u);
}

TEST_F(SpilledItems, MapItemsAreReplacedAndRemovedByTheirKeys) {
  for (int i = 0; i < 10; ++i) model_.PutEntry({0, "map", ""}, std::to_string(i), "value");
  FlushAndEvict();
  model_.PutEntry({0, "map", ""}, "3", "newer");
  const Place place{0, "map", ""};
  const EntryAddress address = model_.AddressOf(place);
  const std::unique_ptr<StateIterator> iterator(IterateMap(model_.state(2), address).value());
  ASSERT_NE(iterator, nullptr);
  spw_item items[20];
  ASSERT_EQ(iterator->Next(items, 20).value(), 10u);
  EXPECT_EQ(iterator->Remove(10), StateIterator::Change::kNothingThere);
  ASSERT_EQ(iterator->Replace(5, plugin::ToBytes("replaced")), StateIterator::Change::kDone);
  spw_view view{};
  ASSERT_EQ(GetMapEntry(model_.state(2), address, Text(items[5].map_key), &view), SPW_OK);
  EXPECT_EQ(plugin::ToStringView(view), "replaced");
}

TEST_F(SpilledItems, AnErrorOfReadingIsAnswered) {
  for (int i = 0; i < 100; ++i) {
    model_.PutValue({0, std::to_string(i), ""}, "value");
    model_.PutEntry({0, "map", ""}, std::to_string(i), Noise(1000));
    model_.Append({0, "list", ""}, {"element"});
  }
  FlushAndEvict();
  spill::IoFaults faults;
  faults.fail_at = 0;
  faults.fail_count = UINT64_MAX;
  faulty_->set_faults(faults);
  spw_item item{};
  uint32_t count = 1;
  spw_iterator* iterator = nullptr;
  for (const bool keys : {false, true}) {
    ASSERT_EQ(keys ? api_.keys_and_namespaces(Handle(0), &iterator, error_.out())
                   : api_.entries(Handle(0), {0, 0}, &iterator, error_.out()),
              SPW_OK);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(api_.iterator_next(iterator, &item, 1, &count, error_.out()), SPW_IO_ERROR);
      EXPECT_NE(std::string(error_.message()), "");
      EXPECT_EQ(count, 0u);
    }
    api_.iterator_release(iterator);
  }
  iterator = nullptr;
  instance_->SetCurrentKey("list", 0);
  EXPECT_EQ(api_.list_iterate(Handle(1), plugin::ToBytes(""), &iterator, error_.out()), SPW_IO_ERROR);
  instance_->SetCurrentKey("map", 0);
  EXPECT_EQ(api_.map_iterate(Handle(2), plugin::ToBytes(""), &iterator, error_.out()), SPW_IO_ERROR);
  uint8_t empty = 0;
  EXPECT_EQ(api_.map_is_empty(Handle(2), plugin::ToBytes(""), &empty, error_.out()), SPW_IO_ERROR);
  uint64_t entries = 0;
  EXPECT_EQ(api_.state_entry_count(Handle(2), &entries, error_.out()), SPW_IO_ERROR);
  EXPECT_EQ(iterator, nullptr);
  // Not all pages are read at the beginning.
  faulty_->set_faults({});
  ASSERT_EQ(api_.map_iterate(Handle(2), plugin::ToBytes(""), &iterator, error_.out()), SPW_OK) << error_.message();
  faulty_->set_faults(faults);
  spw_code code = SPW_OK;
  while (code == SPW_OK) code = api_.iterator_next(iterator, &item, 1, &count, error_.out());
  EXPECT_EQ(code, SPW_IO_ERROR);
  EXPECT_EQ(api_.iterator_next(iterator, &item, 1, &count, error_.out()), SPW_IO_ERROR);
  EXPECT_EQ(api_.iterator_remove(iterator, 0, error_.out()), SPW_INVALID_STATE);
  api_.iterator_release(iterator);
  EXPECT_EQ(instance_.heap().counters().views_live.load(), 0u);
}

}  // namespace
}  // namespace spillway::hybrid
