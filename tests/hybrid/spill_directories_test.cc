// Directories for run files: made, locked, removed; orphans of killed processes, and what must not be touched.
#include "backend/hybrid/spill_directories.h"

#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/system_call_filter.h"
#include "tests/support/temporary_folder.h"

namespace spillway::hybrid {
namespace {

class SpillDirectoriesTest : public testing::Test {
 protected:
  [[nodiscard]] Result<std::unique_ptr<SpillDirectories>> Open(const std::string& instance = "count") const {
    const std::string parents[] = {temporary_.path().string()};
    return SpillDirectories::Open(parents, instance);
  }
  [[nodiscard]] std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(temporary_.path())) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
  // As a process that was killed left it.
  [[nodiscard]] std::string Orphan(const std::string& name) const {
    (void)temporary_.Write(name + "/lock", "");
    (void)temporary_.Write(name + "/7.run", "x");
    (void)temporary_.Write(name + "/8.run.tmp", "x");
    (void)temporary_.Write(name + "/.direct-io-probe", "x");
    return (temporary_ / name).string();
  }

  runtime::TemporaryFolder temporary_;
};

TEST_F(SpillDirectoriesTest, AreMadeLockedAndRemoved) {
  const runtime::TemporaryFolder other;
  const std::string parents[] = {temporary_.path().string(), other.path().string(), temporary_.path().string()};
  std::unique_ptr<SpillDirectories> directories = SpillDirectories::Open(parents, "word/count 3").value();
  ASSERT_EQ(directories->all().size(), 3u);
  const std::string prefix = "/spillway-word_count_3-" + std::to_string(getpid()) + "-";
  EXPECT_EQ(directories->all()[0]->path(), parents[0] + prefix + "0");
  EXPECT_EQ(directories->all()[1]->path(), parents[1] + prefix + "0");
  EXPECT_EQ(directories->all()[2]->path(), parents[0] + prefix + "1");
  EXPECT_TRUE(directories->orphans_removed().empty());
  EXPECT_TRUE(directories->notes().empty());
  for (const auto& directory : directories->all()) {
    EXPECT_EQ(directory->List().value(), std::vector<std::string>{"lock"});
    EXPECT_TRUE(directory->CreateFile("1.run").ok());
  }
  // A neighbour, though of the same process and name, takes nothing away.
  const std::unique_ptr<SpillDirectories> neighbour = SpillDirectories::Open(parents, "word/count 3").value();
  EXPECT_TRUE(neighbour->orphans_removed().empty());
  EXPECT_EQ(directories->all()[0]->List().value().size(), 2u);
  EXPECT_TRUE(directories->Remove().ok());
  EXPECT_TRUE(directories->Remove().ok());
  EXPECT_EQ(Names().size(), 2u);
  directories.reset();
  EXPECT_TRUE(neighbour->all()[0]->CreateFile("1.run").ok());
}

TEST_F(SpillDirectoriesTest, OrphansAreRemovedAtOpen) {
  const std::string whole = Orphan("spillway-count-1234567-0");
  const std::string half_removed = Orphan(".spillway-count-1234567-1");
  const std::string never_locked = (temporary_ / ".spillway-count-1234567-2").string();
  std::filesystem::create_directory(never_locked);
  const std::unique_ptr<SpillDirectories> directories = Open().value();
  std::vector<std::string> removed = directories->orphans_removed();
  std::sort(removed.begin(), removed.end());
  EXPECT_EQ(removed, (std::vector<std::string>{half_removed, never_locked, whole}));
  EXPECT_TRUE(directories->notes().empty());
  EXPECT_EQ(Names().size(), 1u);
}

TEST_F(SpillDirectoriesTest, WhatIsNotOursStays) {
  const std::string foreign = Orphan("spillway-count-1234567-0");
  (void)temporary_.Write("spillway-count-1234567-0/thesis.txt", "x");
  (void)Orphan("spillway-checkpoints");
  (void)Orphan("spillway-1-x");
  (void)temporary_.Write("spillway-count-1-1", "a file");
  (void)temporary_.Write("spillway-count-2-2/1.run", "there is no lock");
  std::filesystem::create_directory(temporary_ / "spillway-count-3-3");
  std::filesystem::create_directory_symlink(temporary_ / "spillway-checkpoints", temporary_ / "spillway-count-4-4");
  const auto count = [this] {
    size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(temporary_.path())) {
      (void)entry;
      ++files;
    }
    return files;
  };
  const size_t before = count();
  const std::unique_ptr<SpillDirectories> directories = Open().value();
  EXPECT_TRUE(directories->orphans_removed().empty());
  ASSERT_EQ(directories->notes().size(), 1u);
  EXPECT_NE(directories->notes()[0].find(foreign), std::string::npos) << directories->notes()[0];
  EXPECT_NE(directories->notes()[0].find("thesis.txt"), std::string::npos) << directories->notes()[0];
  EXPECT_TRUE(directories->Remove().ok());
  EXPECT_EQ(count(), before);
}

TEST_F(SpillDirectoriesTest, OnesOwnDirectoryIsLeftWithForeignFiles) {
  const std::unique_ptr<SpillDirectories> directories = Open().value();
  const std::string path = directories->all()[0]->path();
  EXPECT_TRUE(directories->all()[0]->CreateFile("1.run").ok());
  EXPECT_TRUE(directories->all()[0]->CreateFile("notes.txt").ok());
  const Status removed = directories->Remove();
  EXPECT_EQ(removed.code(), StatusCode::kInvalidState);
  EXPECT_NE(removed.message().find(path), std::string::npos) << removed.ToString();
  EXPECT_EQ(directories->all()[0]->List().value(), std::vector<std::string>{"notes.txt"});
}

// A child opens one and waits; it is held as long as the child lives.
TEST_F(SpillDirectoriesTest, AKilledProcessLeavesAnOrphanAndALivingOneNone) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const Result<std::unique_ptr<SpillDirectories>> directories = Open("child");
    const bool made = directories.ok() && (*directories)->all()[0]->CreateFile("1.run").ok();
    const char answer = made ? 'y' : 'n';
    if (write(ready[1], &answer, 1) == 1) pause();
    _exit(1);
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  std::string of_child;
  {
    const std::unique_ptr<SpillDirectories> directories = Open().value();
    EXPECT_TRUE(directories->orphans_removed().empty());
    EXPECT_TRUE(directories->notes().empty());
    EXPECT_TRUE(directories->Remove().ok());
    ASSERT_EQ(Names().size(), 1u);
    of_child = (temporary_ / Names()[0]).string();
  }
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  const std::unique_ptr<SpillDirectories> directories = Open().value();
  EXPECT_EQ(directories->orphans_removed(), std::vector<std::string>{of_child});
  EXPECT_FALSE(std::filesystem::exists(of_child));
  close(ready[0]);
  close(ready[1]);
}

TEST_F(SpillDirectoriesTest, AMissingParentIsAnError) {
  const std::string parents[] = {temporary_.path().string(), (temporary_ / "missing").string()};
  const Status status = SpillDirectories::Open(parents, "count").status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_NE(status.message().find(parents[1]), std::string::npos) << status.ToString();
  EXPECT_NE(status.message().find("make the directory"), std::string::npos) << status.ToString();
  EXPECT_TRUE(Names().empty()) << "the first was left behind";
  EXPECT_EQ(SpillDirectories::Open({}, "count").status().code(), StatusCode::kInvalidArgument);
  const std::string files[] = {temporary_.Write("file", "x").string()};
  EXPECT_EQ(SpillDirectories::Open(files, "count").status().code(), StatusCode::kIoError);
}

TEST_F(SpillDirectoriesTest, AReadOnlyParentIsAnError) {
  // Whoever runs the tests may be allowed everything, so the kernel refuses on demand.
  std::thread([this] {
    if (!spill::RefuseSystemCall(SYS_mkdirat, EROFS)) GTEST_SKIP() << "system calls cannot be refused here";
    const Status status = Open().status();
    EXPECT_EQ(status.code(), StatusCode::kIoError);
    EXPECT_NE(status.message().find(temporary_.path().string()), std::string::npos) << status.ToString();
    EXPECT_NE(status.message().find("EROFS"), std::string::npos) << status.ToString();
    EXPECT_NE(status.message().find("make it writable"), std::string::npos) << status.ToString();
  }).join();
  EXPECT_TRUE(Names().empty());
}

TEST_F(SpillDirectoriesTest, ALockThatIsRefusedLeavesNothing) {
  std::thread([this] {
    if (!spill::RefuseSystemCall(SYS_flock, ENOLCK)) GTEST_SKIP() << "system calls cannot be refused here";
    const Status status = Open().status();
    EXPECT_EQ(status.code(), StatusCode::kIoError);
    EXPECT_NE(status.message().find("/lock"), std::string::npos) << status.ToString();
  }).join();
  EXPECT_TRUE(Names().empty());
}

// Openers that take each other's half-made directories for orphans begin anew.
TEST_F(SpillDirectoriesTest, ManyOpenAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < 50; ++i) {
        const Result<std::unique_ptr<SpillDirectories>> directories = Open();
        ASSERT_TRUE(directories.ok()) << directories.status().ToString();
        ASSERT_TRUE(std::filesystem::exists((*directories)->all()[0]->path() + "/lock"));
        ASSERT_TRUE((*directories)->all()[0]->CreateFile("1.run").ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(Names().empty()) << Names()[0];
}

}  // namespace
}  // namespace spillway::hybrid
