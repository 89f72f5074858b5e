#include "runtime/sources/input_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temporary_folder.h"

namespace spillway::runtime {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> NamesBelow(const fs::path& folder, const InputFiles& found) {
  std::vector<std::string> names;
  for (const InputFile& file : found.files) names.push_back(fs::path(file.path).lexically_relative(folder).string());
  return names;
}

TEST(InputFiles, AreAllFilesBelowAFolderInOrder) {
  const TemporaryFolder folder;
  for (const char* name : {"b.txt", "a/z.txt", "a/b/c.txt", "c", "a.txt", ".hidden"}) folder.Write(name, "x");
  const auto found = FindInputFiles(std::vector{folder.path()});
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(NamesBelow(folder.path(), *found),
            (std::vector<std::string>{".hidden", "a/b/c.txt", "a/z.txt", "a.txt", "b.txt", "c"}));
  EXPECT_EQ(found->files[0].size, 1u);
}

TEST(InputFiles, LinksInCirclesEnd) {
  const TemporaryFolder folder;
  folder.Write("a/one.txt", "x");
  fs::create_directory_symlink("..", folder / "a/up");
  fs::create_directory_symlink("a", folder / "b");
  fs::create_symlink("a/one.txt", folder / "two.txt");
  fs::create_symlink("nowhere", folder / "dangling");
  fs::create_symlink("itself", folder / "itself");
  ASSERT_EQ(mkfifo((folder / "fifo").c_str(), 0600), 0);
  const auto found = FindInputFiles(std::vector{folder.path()});
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(NamesBelow(folder.path(), *found), (std::vector<std::string>{"a/one.txt", "two.txt"}));
  ASSERT_EQ(found->skipped.size(), 5u);
  EXPECT_NE(found->skipped[3].find("fifo: a FIFO"), std::string::npos) << found->skipped[3];
}

TEST(InputFiles, WhatCannotBeReadIsRefused) {
  const TemporaryFolder folder;
  EXPECT_EQ(FindInputFiles(std::vector{folder / "none"}).status().code(), StatusCode::kNotFound);
  ASSERT_EQ(mkfifo((folder / "fifo").c_str(), 0600), 0);
  EXPECT_NE(FindInputFiles(std::vector{folder / "fifo"}).status().message().find("is a FIFO"), std::string::npos);
  EXPECT_NE(FindInputFiles(std::vector<fs::path>{"/dev/null"}).status().message().find("is a device"),
            std::string::npos);
  const fs::path file = folder.Write("f", "x");
  EXPECT_NE(FindInputFiles(std::vector{file, file}).status().message().find("there twice"), std::string::npos);
  EXPECT_NE(FindInputFiles(std::vector{folder.path(), file}).status().message().find("there twice"), std::string::npos);
  EXPECT_NE(FindInputFiles(std::vector{folder.path(), folder / "."}).status().message().find("there twice"),
            std::string::npos);
  EXPECT_EQ(FindInputFiles(std::vector{file / "x"}).status().code(), StatusCode::kNotFound);
  if (geteuid() != 0) {
    fs::permissions(file, fs::perms::none);
    EXPECT_EQ(FindInputFiles(std::vector{file}).status().code(), StatusCode::kIoError);
  }
}

}  // namespace
}  // namespace spillway::runtime
