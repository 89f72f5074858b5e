#include "tests/rocksdb/test_instance.h"

#include <gtest/gtest.h>

#include "backend/rocksdb/slot.h"

namespace spillway::rocks {
namespace {

using plugin::ToBytes;

spw_bytes Void() {
  return plugin::VoidNamespace();
}

}  // namespace

TestInstance::TestInstance(TestOptions options, conformance::MemoryStorage* storage)
    : options_(std::move(options)), host_(storage == nullptr ? &own_storage_ : storage) {
  std::vector<std::string> names;
  for (const auto& [key, value] : options_.configuration) names.push_back("state.backend.rocksdb." + key);
  std::vector<spw_config_entry> config;
  for (size_t i = 0; i < names.size(); ++i) {
    config.push_back({names[i].c_str(), options_.configuration[i].second.c_str()});
  }
  const char* directory = options_.directory.c_str();
  auto open = plugin::Sized<spw_open_options>();
  open.max_parallelism = 4;
  open.key_groups = {0, 3};
  open.key_group_function = "test";
  open.instance = "instance";
  open.local_dirs = &directory;
  open.local_dir_count = 1;
  open.config = config.data();
  open.config_count = static_cast<uint32_t>(config.size());
  open.memory_share_bytes = options_.share;
  Result<std::unique_ptr<spw_backend>> opened = OpenBackend(open, host_.table(), options_.env);
  if (!opened.ok()) {
    ADD_FAILURE() << opened.status().ToString();
    return;
  }
  backend_ = plugin::Backend(&Api(), opened->release());
}

void TestInstance::RegisterStates() {
  value_ = Register("value", SPW_STATE_VALUE);
  list_ = Register("list", SPW_STATE_LIST);
  map_ = Register("map", SPW_STATE_MAP);
}

plugin::State TestInstance::Register(const char* name, spw_state_kind kind) {
  auto options = plugin::Sized<spw_state_options>();
  options.kind = kind;
  options.name = name;
  options.alignment = 1;
  if (options_.ttl_ms > 0) {
    options.ttl_ms = options_.ttl_ms;
    options.ttl_update = options_.ttl_update;
    options.ttl_visibility = options_.ttl_visibility;
  }
  plugin::State state;
  EXPECT_EQ(backend_.RegisterState(options, &state, error_), SPW_OK) << error_.message();
  return state;
}

void TestInstance::SetKey(std::string_view key) {
  EXPECT_EQ(backend_.SetCurrentKey(ToBytes(key), static_cast<uint32_t>(key.size() % 4), error_), SPW_OK);
}

spw_code TestInstance::Poll() {
  uint32_t count = 0;
  return backend_.Poll(nullptr, 0, &count, error_);
}

std::optional<std::string> TestInstance::Get() {
  spw_view view{};
  const spw_code code = value_.ValueGet(Void(), &view, error_);
  EXPECT_GE(code, SPW_OK) << error_.message();
  return code == SPW_OK ? std::optional<std::string>(plugin::ToStringView(view)) : std::nullopt;
}

spw_code TestInstance::TryPut(std::string_view value) {
  return value_.ValuePut(Void(), ToBytes(value), error_);
}
void TestInstance::Put(std::string_view value) {
  EXPECT_EQ(TryPut(value), SPW_OK) << error_.message();
}

std::vector<std::string> TestInstance::List() {
  std::vector<std::string> elements;
  plugin::Iterator iterator;
  if (list_.ListIterate(Void(), &iterator, error_) != SPW_OK) return elements;
  spw_item item{};
  uint32_t count = 0;
  while (iterator.Next(&item, 1, &count, error_) == SPW_OK) elements.emplace_back(plugin::ToStringView(item.value));
  return elements;
}

void TestInstance::Append(std::string_view element) {
  const spw_bytes bytes = ToBytes(element);
  EXPECT_EQ(list_.ListAppend(Void(), &bytes, 1, error_), SPW_OK) << error_.message();
}

std::optional<std::string> TestInstance::MapGet(std::string_view map_key) {
  spw_view view{};
  const spw_code code = map_.MapGet(Void(), ToBytes(map_key), &view, error_);
  EXPECT_GE(code, SPW_OK) << error_.message();
  return code == SPW_OK ? std::optional<std::string>(plugin::ToStringView(view)) : std::nullopt;
}

void TestInstance::MapPut(std::string_view map_key, std::string_view value) {
  EXPECT_EQ(map_.MapPut(Void(), ToBytes(map_key), ToBytes(value), error_), SPW_OK) << error_.message();
}

uint64_t TestInstance::Count(const plugin::State& state) {
  uint64_t count = 0;
  EXPECT_EQ(state.EntryCount(&count, error_), SPW_OK) << error_.message();
  return count;
}

void TestInstance::Compact(const plugin::State& state) {
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  rocksdb::ColumnFamilyHandle* family = state.get()->family.get();
  EXPECT_TRUE(inside()->database->CompactRange(options, family, nullptr, nullptr).ok());
}

uint64_t TestInstance::StoredKeys(const plugin::State& state) {
  const std::unique_ptr<rocksdb::Iterator> iterator(
      inside()->database->NewIterator(rocksdb::ReadOptions(), state.get()->family.get()));
  uint64_t keys = 0;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) ++keys;
  return keys;
}

void TestInstance::Snapshot(std::string* file) {
  auto options = plugin::Sized<spw_snapshot_options>();
  options.kind = SPW_SNAPSHOT_FULL;
  options.checkpoint_id = 1;
  options.name_prefix = "snapshot-";
  plugin::Snapshot snapshot;
  ASSERT_EQ(backend_.SnapshotBegin(options, &snapshot, error_), SPW_OK) << error_.message();
  plugin::SnapshotResult result;
  ASSERT_EQ(snapshot.Run(&result, error_), SPW_OK) << error_.message();
  ASSERT_EQ(result->file_count, 1u);
  *file = result->files[0].name;
}

void TestInstance::Restore(const std::string& file) {
  const spw_file_ref ref{file.c_str(), 0};
  auto source = plugin::Sized<spw_restore_source>();
  source.file_count = 1;
  source.files = &ref;
  source.key_groups = {0, 3};
  ASSERT_EQ(backend_.Restore(&source, 1, error_), SPW_OK) << error_.message();
}

}  // namespace spillway::rocks
