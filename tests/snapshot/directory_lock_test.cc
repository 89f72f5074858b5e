#include "snapshot/directory_lock.h"

#include <gtest/gtest.h>

#include "tests/snapshot/temporary_directory.h"

namespace spillway::snapshot {
namespace {

TEST(DirectoryLock, IsHeldByOneAtATime) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / ".lock";
  {
    const auto lock = DirectoryLock::Take(file, "in use");
    ASSERT_TRUE(lock.ok()) << lock.status().ToString();
    const Status second = DirectoryLock::Take(file, "in use").status();
    EXPECT_EQ(second.code(), StatusCode::kInvalidState);
    EXPECT_EQ(second.message(), "in use");
  }
  EXPECT_TRUE(DirectoryLock::Take(file, "in use").ok()) << "given back with the object";
}

TEST(DirectoryLock, PlacesWhereItCannotBeAreNamed) {
  const TemporaryDirectory directory;
  const Status nowhere = DirectoryLock::Take(directory.path() / "none/.lock", "in use").status();
  EXPECT_EQ(nowhere.code(), StatusCode::kNotFound);
  EXPECT_NE(nowhere.message().find("none/.lock"), std::string::npos) << nowhere.message();
  std::filesystem::create_symlink(directory.path() / "elsewhere", directory.path() / "link");
  EXPECT_FALSE(DirectoryLock::Take(directory.path() / "link", "in use").ok());
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "elsewhere"));
}

}  // namespace
}  // namespace spillway::snapshot
