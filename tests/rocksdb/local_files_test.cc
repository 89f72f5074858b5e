#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "backend/rocksdb/instance_directory.h"
#include "tests/rocksdb/test_instance.h"
#include "tests/support/temporary_folder.h"

namespace spillway::rocks {
namespace {

std::set<std::string> NamesIn(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

using Names = std::set<std::string>;

TEST(LocalFilesTest, CloseDeletesThem) {
  const runtime::TemporaryFolder folder;
  TestInstance at({.directory = folder.path().string()});
  at.RegisterStates();
  EXPECT_EQ(NamesIn(folder.path()), Names{"instance.rocksdb"});
  EXPECT_EQ(at.backend().Close(0, at.error()), SPW_OK);
  EXPECT_EQ(NamesIn(folder.path()), Names{});
}

TEST(LocalFilesTest, KeptOnesHoldTheStateAndAreLeftAlone) {
  const runtime::TemporaryFolder folder;
  {
    TestInstance at({.directory = folder.path().string()});
    at.RegisterStates();
    at.SetKey("k");
    at.Put("kept");
    EXPECT_EQ(at.backend().Close(SPW_CLOSE_KEEP_LOCAL_FILES, at.error()), SPW_OK) << at.error().message();
  }
  {
    TestInstance again({.directory = folder.path().string()});
    EXPECT_EQ(NamesIn(folder.path()), (Names{"instance.rocksdb", "instance.rocksdb-2"}));
  }
  EXPECT_EQ(NamesIn(folder.path()), Names{"instance.rocksdb"});
  bool has_table_file = false;
  for (const std::string& name : NamesIn(folder / "instance.rocksdb/db")) has_table_file |= name.ends_with(".sst");
  EXPECT_TRUE(has_table_file) << "there is no log, so the memtables must have been flushed";
}

TEST(LocalFilesTest, TwoInstancesOfOneNameDoNotMeet) {
  const runtime::TemporaryFolder folder;
  TestInstance one({.directory = folder.path().string()});
  TestInstance two({.directory = folder.path().string()});
  one.RegisterStates();
  two.RegisterStates();
  one.SetKey("k");
  one.Put("one");
  two.SetKey("k");
  EXPECT_EQ(two.Get(), std::nullopt);
}

TEST(LocalFilesTest, WhatADeadInstanceLeftIsRemoved) {
  const runtime::TemporaryFolder folder;
  folder.Write("instance.rocksdb/db/000001.sst", "left over");
  folder.Write("instance.rocksdb/LOCK-instance", "");
  const Result<InstanceDirectory> made = InstanceDirectory::Create(folder.path().string(), "instance");
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_EQ(made->path(), folder / "instance.rocksdb");
  EXPECT_EQ(NamesIn(made->path()), Names{"LOCK-instance"});
}

}  // namespace
}  // namespace spillway::rocks
