#include "spill/directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace spillway::spill {
namespace {

TEST(DirectoryTest, IsMadeWithItsParents) {
  const runtime::TemporaryFolder temporary;
  const Directory directory = Directory::Open(temporary.path().string() + "/a/b").value();
  EXPECT_TRUE(std::filesystem::is_directory(temporary.path().string() + "/a/b"));
  EXPECT_TRUE(directory.List().value().empty()) << "the probe leaves nothing";
  EXPECT_EQ(directory.direct(), directory.note().empty()) << directory.note();
}

TEST(DirectoryTest, FilesComeAndGoByName) {
  const runtime::TemporaryFolder temporary;
  for (const bool direct : {true, false}) {
    const Directory directory = Directory::Open(temporary.path().string(), direct).value();
    EXPECT_TRUE(direct || !directory.note().empty());
    {
      const File file = directory.CreateFile("one").value();
      EXPECT_EQ(file.direct(), directory.direct());
      EXPECT_EQ(file.Size().value(), 0u);
      EXPECT_EQ(file.path(), temporary.path().string() + "/one");
    }
    EXPECT_EQ(directory.CreateFile("one").status().code(), StatusCode::kIoError);
    EXPECT_TRUE(directory.RenameFile("one", "two").ok());
    EXPECT_EQ(directory.List().value(), std::vector<std::string>{"two"});
    EXPECT_TRUE(directory.OpenFile("two").ok());
    const Status missing = directory.OpenFile("one").status();
    EXPECT_EQ(missing.code(), StatusCode::kNotFound);
    EXPECT_NE(missing.message().find("/one: No such file or directory"), std::string::npos) << missing.ToString();
    EXPECT_EQ(directory.RenameFile("one", "three").code(), StatusCode::kNotFound);
    EXPECT_TRUE(directory.RemoveFile("two").ok());
    EXPECT_EQ(directory.RemoveFile("two").code(), StatusCode::kNotFound);
  }
}

TEST(DirectoryTest, FileSystemsWithoutDirectIoAreTold) {
  // /proc takes no files at all, which is an error and not a fallback.
  EXPECT_FALSE(Directory::Open("/proc/spillway").ok());
  if (!std::filesystem::is_directory("/dev/shm")) GTEST_SKIP() << "there is no file system in memory here";
  const std::string path = "/dev/shm/spillway-directory-test";
  {
    const Directory directory = Directory::Open(path).value();
    EXPECT_EQ(directory.direct(), directory.note().empty()) << directory.note();
    EXPECT_EQ(directory.CreateFile("file").value().direct(), directory.direct());
  }
  std::filesystem::remove_all(path);
}

}  // namespace
}  // namespace spillway::spill
