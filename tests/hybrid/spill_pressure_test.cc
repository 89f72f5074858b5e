// Spilling under a share that moves up and down, against a model: values of 8 bytes to 64 KiB, lists and maps.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "backend/hybrid/iterator.h"
#include "backend/hybrid/list_state.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/spiller.h"
#include "backend/hybrid/value_state.h"
#include "backend/hybrid/with_room.h"
#include "tests/hybrid/test_instance.h"

namespace spillway::hybrid {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint32_t kGroups = 4;

class SpillPressure : public testing::Test {
 protected:
  SpillPressure()
      : directory_(std::filesystem::path(testing::TempDir()) / ("spill-pressure-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(directory_);
    instance_ = std::make_unique<TestInstance>(kGroups, kMinimumShare, nullptr, directory_.string());
  }
  ~SpillPressure() override {
    instance_.reset();
    EXPECT_TRUE(std::filesystem::is_empty(directory_)) << "files are left behind";
    std::filesystem::remove_all(directory_);
  }

  [[nodiscard]] Instance* instance() const { return instance_->get(); }
  [[nodiscard]] EntryAddress AddressOf(const std::string& key) const {
    return instance()->AddressOf(key, static_cast<uint32_t>(std::hash<std::string>()(key) % kGroups), "");
  }
  void Reopen(const std::string& directory, const std::vector<spw_config_entry>& config) {
    instance_.reset();
    instance_ = std::make_unique<TestInstance>(kGroups, kMinimumShare, nullptr, directory, config);
  }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  void CloseInstance() { instance_.reset(); }
  void PutValue(State* state, const std::string& key, const std::string& value) const {
    const EntryAddress address = AddressOf(key);
    ASSERT_EQ(WithRoom(*state, [&] { return hybrid::PutValue(state, address, value); }), SPW_OK)
        << instance()->TakeFailure().ToString();
  }
  void Append(State* state, const std::string& key, const std::vector<std::string>& elements) const {
    std::vector<spw_bytes> bytes;
    for (const std::string& element : elements) bytes.push_back(plugin::ToBytes(element));
    const EntryAddress address = AddressOf(key);
    ASSERT_EQ(WithRoom(*state, [&] { return AppendToList(state, address, bytes); }), SPW_OK);
  }
  void PutEntry(State* state, const std::string& key, const std::string& map_key, const std::string& value) const {
    const EntryAddress address = AddressOf(key);
    ASSERT_EQ(WithRoom(*state, [&] { return PutMapEntry(state, address, map_key, value); }), SPW_OK);
  }
  [[nodiscard]] std::vector<std::string> List(State* state, const std::string& key) const {
    std::vector<std::string> elements;
    ForEach(IterateList(state, AddressOf(key)),
            [&](const spw_item& item) { elements.emplace_back(plugin::ToStringView(item.value)); });
    return elements;
  }
  [[nodiscard]] std::map<std::string, std::string> Map(State* state, const std::string& key) const {
    std::map<std::string, std::string> entries;
    ForEach(IterateMap(state, AddressOf(key)), [&](const spw_item& item) {
      entries.emplace(plugin::ToStringView(item.map_key), plugin::ToStringView(item.value));
    });
    return entries;
  }
  [[nodiscard]] uint64_t evicted() const { return instance()->spiller()->figures().evicted.load(); }

 private:
  template <typename Visit>
  static void ForEach(Result<StateIterator*> opened, Visit visit) {
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    if (*opened == nullptr) return;
    const std::unique_ptr<StateIterator> iterator(*opened);
    std::vector<spw_item> items(100);
    for (;;) {
      const Result<uint32_t> count = iterator->Next(items.data(), 100);
      ASSERT_TRUE(count.ok()) << count.status().ToString();
      if (*count == 0) return;
      for (uint32_t i = 0; i < *count; ++i) visit(items[i]);
    }
  }

  const std::filesystem::path directory_;
  std::unique_ptr<TestInstance> instance_;
};

TEST_F(SpillPressure, WhatIsThereIsRightUnderAnyShare) {
  const uint64_t seed = SeedOf(1);
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t limit) { return random() % limit; };
  auto options = plugin::Sized<spw_state_options>();
  options.alignment = 8;
  const auto registered = [&](const char* name, spw_state_kind kind) {
    options.name = name;
    options.kind = kind;
    return RegisterState(instance(), options).value();
  };
  State* values = registered("values", SPW_STATE_VALUE);
  State* lists = registered("lists", SPW_STATE_LIST);
  State* maps = registered("maps", SPW_STATE_MAP);
  std::map<std::string, std::string> value_model;
  std::map<std::string, std::vector<std::string>> list_model;
  std::map<std::string, std::map<std::string, std::string>> map_model;
  const auto bytes = [&] {
    // Mostly small, some up to 64 KiB; sizes shift.
    const uint64_t size = below(40) == 0 ? below(64 << 10) : 8 + below(300);
    return std::string(size, static_cast<char>('a' + below(26)));
  };
  for (int step = 0; step < 60000; ++step) {
    const std::string key = "key-" + std::to_string(below(6000));
    switch (below(12)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const std::string value = bytes();
        PutValue(values, key, value);
        value_model[key] = value;
        break;
      }
      case 4:
      case 5: {
        spw_view view{};
        const spw_code code = GetValue(values, AddressOf(key), &view);
        const auto found = value_model.find(key);
        ASSERT_EQ(code, found == value_model.end() ? SPW_ABSENT : SPW_OK) << "step " << step;
        if (code == SPW_OK) {
          ASSERT_EQ(plugin::ToStringView(view), found->second) << "step " << step;
        }
        break;
      }
      case 6:
        ClearEntry(values, AddressOf(key));
        value_model.erase(key);
        break;
      case 7:
      case 8:
        Append(lists, key, {bytes(), "x"});
        list_model[key].push_back("");  // only how many there are is looked at
        break;
      case 9:
        ASSERT_EQ(List(lists, key).size(), list_model.contains(key) ? 2 * list_model[key].size() : 0)
            << "step " << step;
        break;
      case 10: {
        const std::string map_key = std::to_string(below(20));
        PutEntry(maps, key, map_key, key + map_key);
        map_model[key][map_key] = key + map_key;
        break;
      }
      default:
        if (below(4) == 0) {
          ClearEntry(maps, AddressOf(key));
          map_model.erase(key);
        }
        ASSERT_EQ(Map(maps, key), map_model.contains(key) ? map_model[key] : (std::map<std::string, std::string>()))
            << "step " << step;
    }
    instance()->Safepoint(64);
    if (step % 500 == 0) instance()->heap().account().set_share(kMinimumShare + below(24) * kMiB);
  }
  EXPECT_GT(evicted(), 1000U);
  for (const auto& [key, value] : value_model) {
    spw_view view{};
    ASSERT_EQ(GetValue(values, AddressOf(key), &view), SPW_OK) << key;
    ASSERT_EQ(plugin::ToStringView(view), value);
    instance()->Safepoint(64);
  }
  ASSERT_EQ(values->EntryCount().value(), value_model.size());
  ASSERT_EQ(lists->EntryCount().value(), list_model.size());
  ASSERT_EQ(maps->EntryCount().value(), map_model.size());
}

TEST_F(SpillPressure, AListAndAMapLargerThanTheShare) {
  auto options = plugin::Sized<spw_state_options>();
  options.alignment = 8;
  options.name = "list";
  options.kind = SPW_STATE_LIST;
  State* list = RegisterState(instance(), options).value();
  options.name = "map";
  options.kind = SPW_STATE_MAP;
  State* map = RegisterState(instance(), options).value();
  constexpr uint64_t kMany = 1'000'000;
  const auto text = [](uint64_t n) { return "element-" + std::to_string(n); };
  for (uint64_t n = 0; n < kMany; n += 100) {
    std::vector<std::string> some;
    for (uint64_t i = n; i < n + 100; ++i) some.push_back(text(i));
    Append(list, "one", some);
    instance()->Safepoint(64);
  }
  EXPECT_GT(evicted(), 0U);
  const std::vector<std::string> elements = List(list, "one");
  ASSERT_EQ(elements.size(), kMany);
  for (uint64_t n = 0; n < kMany; ++n) ASSERT_EQ(elements[n], text(n));
  instance()->Safepoint(1000);

  constexpr uint64_t kEntries = 300'000;
  for (uint64_t n = 0; n < kEntries; ++n) {
    PutEntry(map, "one", text(n), text(n + 1));
    instance()->Safepoint(64);
  }
  for (uint64_t n = 0; n < kEntries; n += 997) {
    spw_view view{};
    ASSERT_EQ(GetMapEntry(map, AddressOf("one"), text(n), &view), SPW_OK) << n;
    ASSERT_EQ(plugin::ToStringView(view), text(n + 1));
    ASSERT_EQ(RemoveMapEntry(map, AddressOf("one"), text(n)), SPW_OK);
    ASSERT_EQ(GetMapEntry(map, AddressOf("one"), text(n), &view), SPW_ABSENT);
    instance()->Safepoint(64);
  }
  const uint64_t removed = (kEntries + 996) / 997;
  ASSERT_EQ(Map(map, "one").size(), kEntries - removed);
  ClearEntry(map, AddressOf("one"));
  ASSERT_TRUE(IsMapEmpty(*map, AddressOf("one")).value());
  PutEntry(map, "one", "again", "there");
  ASSERT_EQ(Map(map, "one"), (std::map<std::string, std::string>{{"again", "there"}}));
}

TEST_F(SpillPressure, DamagedFilesAreErrorsAndNeverWrongValues) {
  auto options = plugin::Sized<spw_state_options>();
  options.alignment = 1;
  options.name = "values";
  options.kind = SPW_STATE_VALUE;
  State* values = RegisterState(instance(), options).value();
  constexpr int kValues = 2000;
  const auto value_of = [](int n) { return std::string(200, static_cast<char>('a' + n % 26)) + std::to_string(n); };
  for (int n = 0; n < kValues; ++n) PutValue(values, std::to_string(n), value_of(n));
  instance()->Safepoint(64);
  instance()->spiller()->SpillAll();
  ASSERT_EQ(instance()->entries(), 0U);
  // A byte in the middle of every third page.
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory())) {
    if (entry.path().extension() != ".run") continue;
    ++files;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    for (uint64_t at = 2048; at < entry.file_size(); at += 3 * 4096) {
      file.seekg(static_cast<std::streamoff>(at));
      const int byte = file.get();
      file.seekp(static_cast<std::streamoff>(at));
      file.put(static_cast<char>(byte ^ 0x10));
    }
  }
  ASSERT_GT(files, 0);
  int damaged = 0;
  for (int n = 0; n < kValues; ++n) {
    spw_view view{};
    const std::string key = std::to_string(n);
    const spw_code code = GetValue(values, AddressOf(key), &view);
    if (code == SPW_OK) {
      ASSERT_EQ(plugin::ToStringView(view), value_of(n));
    } else {
      ASSERT_EQ(code, SPW_CORRUPTION) << n;
      ASSERT_NE(instance()->TakeFailure().ToString().find(".run"), std::string::npos);
      ++damaged;
    }
    instance()->Safepoint(64);
  }
  EXPECT_GT(damaged, 0);
  EXPECT_FALSE(values->EntryCount().ok());
}

// A file system of a given size, where the test may make one.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    mounted_ = mount("spillway-test", path_.c_str(), "tmpfs", 0, "size=2m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount(path_.c_str());
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] bool Grow() const {
    return mount("spillway-test", path_.c_str(), "tmpfs", MS_REMOUNT, "size=256m") == 0;
  }

 private:
  const std::filesystem::path path_;
  bool mounted_ = false;
};

TEST_F(SpillPressure, AFullDiskHoldsWritesBackAndLosesNothing) {
  const SmallDisk disk(directory() / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "this user may not mount a file system";
  Reopen((directory() / "disk").string(), {{"state.backend.spillway.spill.stall-timeout", "300ms"}});
  auto options = plugin::Sized<spw_state_options>();
  options.alignment = 1;
  options.name = "values";
  options.kind = SPW_STATE_VALUE;
  State* values = RegisterState(instance(), options).value();
  const auto value_of = [](int n) {
    // Nothing that LZ4 could make smaller.
    std::mt19937_64 random(static_cast<uint64_t>(n));
    std::string value(2000, 0);
    for (char& byte : value) byte = static_cast<char>(random());
    return value;
  };
  const auto put = [&](int n) {
    const std::string key = std::to_string(n);
    const EntryAddress address = AddressOf(key);
    const std::string value = value_of(n);
    const spw_code code = WithRoom(*values, [&] { return hybrid::PutValue(values, address, value); });
    instance()->Safepoint(64);
    return code;
  };
  const auto all_there = [&](int count) {
    for (int n = 0; n < count; ++n) {
      spw_view view{};
      ASSERT_EQ(GetValue(values, AddressOf(std::to_string(n)), &view), SPW_OK) << n;
      ASSERT_EQ(plugin::ToStringView(view), value_of(n)) << n;
      instance()->Safepoint(64);
    }
  };
  int count = 0;
  while (count < 20000 && put(count) == SPW_OK) ++count;
  ASSERT_LT(count, 20000) << "the disk was never full";
  const Spiller::Figures& figures = instance()->spiller()->figures();
  EXPECT_GT(figures.flushes_failed.load(), 0U);
  EXPECT_GT(figures.stall_us.load(), 200'000U);
  spw_view view{};
  EXPECT_EQ(GetValue(values, AddressOf(std::to_string(count)), &view), SPW_ABSENT);
  all_there(count);

  ASSERT_TRUE(disk.Grow());
  const int more = count + 5000;
  while (count < more) ASSERT_EQ(put(count++), SPW_OK) << count;
  all_there(count);
  CloseInstance();
}

}  // namespace
}  // namespace spillway::hybrid
