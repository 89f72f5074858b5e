#include "snapshot/directory_storage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <thread>

#include "snapshot/mounted_storage.h"
#include "snapshot/posix_file.h"
#include "tests/snapshot/temporary_directory.h"

namespace spillway::snapshot {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<CheckpointStorage> OpenForWriting(const fs::path& directory) {
  auto storage = OpenDirectoryStorage(directory, DirectoryAccess::kReadWrite);
  EXPECT_TRUE(storage.ok()) << storage.status().ToString();
  return *storage;
}

Status Store(CheckpointStorage& storage, std::string_view name, BytesView bytes) {
  SPILLWAY_ASSIGN_OR_RETURN(auto file, storage.Create(name));
  SPILLWAY_RETURN_IF_ERROR(file->Append(bytes));
  return file->Commit();
}

Result<std::string> Load(CheckpointStorage& storage, std::string_view name) {
  SPILLWAY_ASSIGN_OR_RETURN(auto file, storage.Open(name));
  std::string bytes(file->size(), '\0');
  SPILLWAY_RETURN_IF_ERROR(file->ReadAt(0, bytes.size(), bytes.data()));
  return bytes;
}

// The error has this code, and its message all of these parts.
void ExpectError(const Status& status, StatusCode code, const std::vector<std::string>& parts) {
  EXPECT_EQ(status.code(), code) << status.ToString();
  for (const std::string& part : parts) {
    EXPECT_NE(status.message().find(part), std::string::npos) << "'" << part << "' in: " << status.message();
  }
}

TEST(DirectoryStorage, WhatWasCommittedIsReadBack) {
  TemporaryDirectory directory;
  const auto storage = OpenForWriting(directory.path() / "a" / "b");
  ASSERT_TRUE(Store(*storage, "chk-1/op-0.state", "hello").ok());
  EXPECT_EQ(*Load(*storage, "chk-1/op-0.state"), "hello");
  EXPECT_EQ(ContentOf(directory.path() / "a/b/chk-1/op-0.state"), "hello");
  EXPECT_EQ(**storage->LocalPath("chk-1/op-0.state"), directory.path() / "a/b/chk-1/op-0.state");
  ASSERT_TRUE(storage->Delete("chk-1/op-0.state").ok());
  ExpectError(storage->Open("chk-1/op-0.state").status(), StatusCode::kNotFound, {"op-0.state", "check the path"});
  ExpectError(storage->Delete("chk-1/op-0.state"), StatusCode::kNotFound, {"cannot delete"});
  ExpectError(storage->LocalPath("chk-1/op-0.state").status(), StatusCode::kNotFound, {"op-0.state"});
}

TEST(DirectoryStorage, AFileIsInvisibleUntilCommitted) {
  TemporaryDirectory directory;
  const auto storage = OpenForWriting(directory.path());
  auto file = *storage->Create("x/f");
  ASSERT_TRUE(file->Append("12").ok());
  EXPECT_EQ(storage->Open("x/f").status().code(), StatusCode::kNotFound);
  EXPECT_TRUE(storage->List("")->empty());
  ASSERT_TRUE(file->Append("3").ok());
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_EQ(file->Append("4").code(), StatusCode::kInvalidState);
  EXPECT_EQ(file->Commit().code(), StatusCode::kInvalidState);
  EXPECT_EQ(*Load(*storage, "x/f"), "123");
}

TEST(DirectoryStorage, AbandonedFilesLeaveNothing) {
  TemporaryDirectory directory;
  const auto storage = OpenForWriting(directory.path());
  {
    auto file = *storage->Create("x/f");
    ASSERT_TRUE(file->Append("12").ok());
    EXPECT_EQ(TreeOf(directory.path()).size(), 2u);
  }
  EXPECT_EQ(TreeOf(directory.path()), std::set<std::string>{"x/"});
}

TEST(DirectoryStorage, StoredFilesAreNeverReplaced) {
  TemporaryDirectory directory;
  const auto storage = OpenForWriting(directory.path());
  auto late = *storage->Create("f");
  ASSERT_TRUE(late->Append("late").ok());
  ASSERT_TRUE(Store(*storage, "f", "first").ok());
  ExpectError(storage->Create("f").status(), StatusCode::kInvalidState, {"is there already"});
  ExpectError(late->Commit(), StatusCode::kInvalidState, {"is there already"});
  late.reset();
  EXPECT_EQ(*Load(*storage, "f"), "first");
  EXPECT_EQ(TreeOf(directory.path()), std::set<std::string>{"f"});
}

TEST(DirectoryStorage, NoNameLeavesTheDirectory) {
  TemporaryDirectory directory;
  WriteFile(directory.path() / "secret", "s");
  const auto storage = OpenForWriting(directory.path() / "in");
  for (const std::string name : {"", "/", "/etc/passwd", "..", "../secret", "a/../../secret", "a//b", "a/", "./a",
                                 "a/.", "a b", "a\nb", "~1", "a\\b", "ä"}) {
    ExpectError(storage->Create(name).status(), StatusCode::kInvalidArgument, {"is no name of a stored file"});
    EXPECT_EQ(storage->Open(name).status().code(), StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(storage->Delete(name).code(), StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(storage->LocalPath(name).status().code(), StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(storage->ImportFile(directory.path() / "secret", name).status().code(), StatusCode::kInvalidArgument)
        << name;
  }
  EXPECT_EQ(storage->Create(std::string(kFileNameBytesMax + 1, 'a')).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(storage->Create(std::string("a\0b", 3)).status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(Store(*storage, "..a/b..c/-._", "fine").ok());
}

TEST(DirectoryStorage, ReadsBeyondTheEndAreCorruption) {
  TemporaryDirectory directory;
  const auto storage = OpenForWriting(directory.path());
  ASSERT_TRUE(Store(*storage, "f", "0123456789").ok());
  const auto file = *storage->Open("f");
  EXPECT_EQ(file->size(), 10u);
  char buffer[16];
  EXPECT_TRUE(file->ReadAt(10, 0, buffer).ok());
  ASSERT_TRUE(file->ReadAt(7, 3, buffer).ok());
  EXPECT_EQ(std::string(buffer, 3), "789");
  ExpectError(file->ReadAt(8, 3, buffer), StatusCode::kCorruption, {"/f has 10 bytes", "offset 8"});
  EXPECT_EQ(file->ReadAt(UINT64_MAX, 2, buffer).code(), StatusCode::kCorruption);
  // Cut short behind our back.
  fs::resize_file(directory.path() / "f", 5);
  ExpectError(file->ReadAt(0, 10, buffer), StatusCode::kCorruption, {"ends at offset 5"});
}

TEST(DirectoryStorage, ListsCommittedFilesByPrefixInOrder) {
  TemporaryDirectory directory;
  const auto storage = OpenForWriting(directory.path());
  for (const std::string name : {"chk-2/b", "chk-2/a", "chk-20/a", "other"})
    ASSERT_TRUE(Store(*storage, name, name).ok());
  const auto pending = *storage->Create("chk-2/c");
  EXPECT_EQ(*storage->List("chk-2/"), (std::vector<StoredFile>{{"chk-2/a", 7}, {"chk-2/b", 7}}));
  EXPECT_EQ(storage->List("")->size(), 4u);
  EXPECT_TRUE(storage->List("nothing")->empty());
}

TEST(DirectoryStorage, OrphanedTemporariesGoWhenOpenedForWritingOnly) {
  TemporaryDirectory directory;
  fs::create_directories(directory.path() / "chk-1");
  WriteFile(directory.path() / "chk-1" / "~99-0", "half");
  ASSERT_TRUE(OpenDirectoryStorage(directory.path(), DirectoryAccess::kReadOnly).ok());
  EXPECT_EQ(TreeOf(directory.path()).count("chk-1/~99-0"), 1u);
  OpenForWriting(directory.path());
  EXPECT_EQ(TreeOf(directory.path()), std::set<std::string>{"chk-1/"});
}

TEST(DirectoryStorage, ImportsByLinkWithinAFileSystem) {
  TemporaryDirectory directory;
  WriteFile(directory.path() / "local", "content");
  const auto storage = OpenForWriting(directory.path() / "in");
  const auto how = storage->ImportFile(directory.path() / "local", "x/f");
  ASSERT_TRUE(how.ok()) << how.status().ToString();
  EXPECT_EQ(*how, ImportMethod::kLinked);
  EXPECT_EQ(*Load(*storage, "x/f"), "content");
  EXPECT_EQ(storage->ImportFile(directory.path() / "local", "x/f").status().code(), StatusCode::kInvalidState);
  ExpectError(storage->ImportFile(directory.path() / "none", "y").status(), StatusCode::kNotFound, {"/none"});
}

TEST(DirectoryStorage, ImportsByCopyFromAnotherFileSystem) {
  struct stat here {
  }, there{};
  TemporaryDirectory directory;
  char pattern[] = "/dev/shm/spillway-XXXXXX";
  if (::mkdtemp(pattern) == nullptr) GTEST_SKIP() << "there is no /dev/shm to copy from";
  const fs::path other = pattern;
  ASSERT_EQ(::stat(directory.path().c_str(), &here) + ::stat(pattern, &there), 0);
  const std::string content(3'000'000, 'x');
  WriteFile(other / "local", content);
  const auto storage = OpenForWriting(directory.path());
  const auto how = storage->ImportFile(other / "local", "f");
  fs::remove_all(other);
  if (here.st_dev == there.st_dev) GTEST_SKIP() << "/dev/shm is the file system of the temporary directory";
  ASSERT_TRUE(how.ok()) << how.status().ToString();
  EXPECT_EQ(*how, ImportMethod::kCopied);
  EXPECT_TRUE(*Load(*storage, "f") == content);
}

TEST(DirectoryStorage, WithoutADirectoryThereIsAClearError) {
  TemporaryDirectory directory;
  const fs::path missing = directory.path() / "missing";
  ExpectError(OpenDirectoryStorage(missing, DirectoryAccess::kReadOnly).status(), StatusCode::kNotFound,
              {missing.string(), "check the path"});
  EXPECT_FALSE(fs::exists(missing));
  WriteFile(directory.path() / "file", "");
  ExpectError(OpenDirectoryStorage(directory.path() / "file", DirectoryAccess::kReadWrite).status(),
              StatusCode::kInvalidArgument, {"/file", "another directory"});
  ExpectError(OpenDirectoryStorage(directory.path() / "file", DirectoryAccess::kReadOnly).status(),
              StatusCode::kInvalidArgument, {"/file is a file where a directory is needed"});
  ExpectError(OpenDirectoryStorage(directory.path() / "file" / "below", DirectoryAccess::kReadWrite).status(),
              StatusCode::kInvalidArgument, {"a part of the path is a file"});
  EXPECT_EQ(OpenDirectoryStorage("", DirectoryAccess::kReadWrite).status().code(), StatusCode::kInvalidArgument);

  const auto storage = OpenForWriting(missing);
  fs::remove_all(missing);
  ExpectError(storage->Create("f").status(), StatusCode::kNotFound, {missing.string()});
}

TEST(DirectoryStorage, OpenedForReadingItChangesNothing) {
  TemporaryDirectory directory;
  WriteFile(directory.path() / "f", "1");
  const auto storage = *OpenDirectoryStorage(directory.path(), DirectoryAccess::kReadOnly);
  EXPECT_EQ(*Load(*storage, "f"), "1");
  EXPECT_EQ(storage->Create("g").status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(storage->Delete("f").code(), StatusCode::kUnsupported);
  EXPECT_EQ(storage->ImportFile(directory.path() / "f", "g").status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(TreeOf(directory.path()), std::set<std::string>{"f"});
}

// Runs `body` in a thread with a small file system of its own mounted at `where`; false when this user may not mount.
template <typename Body>
bool WithSmallFileSystem(const fs::path& where, Body body) {
  bool mounted = false;
  std::thread([&] {
    if (::unshare(CLONE_FS | CLONE_NEWNS) != 0) return;
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
    if (::mount("tmpfs", where.c_str(), "tmpfs", 0, "size=256k") != 0) return;
    mounted = true;
    body();
  }).join();
  return mounted;
}

TEST(DirectoryStorage, AFullDiskIsAnErrorThatSaysSoAndLeavesNothing) {
  TemporaryDirectory directory;
  const bool mounted = WithSmallFileSystem(directory.path(), [&] {
    const auto storage = OpenForWriting(directory.path());
    ASSERT_TRUE(Store(*storage, "before", "fine").ok());
    auto file = *storage->Create("big");
    const Status status = file->Append(std::string(1 << 20, 'x'));
    ExpectError(status, StatusCode::kNoSpace, {directory.path().string(), "No space left", "free space there"});
    EXPECT_EQ(file->Commit().code(), StatusCode::kNoSpace) << "what is not whole is never committed";
    file.reset();
    EXPECT_EQ(TreeOf(directory.path()), std::set<std::string>{"before"});
    EXPECT_TRUE(Store(*storage, "after", "fine again").ok());
  });
  if (!mounted) GTEST_SKIP() << "this user may not mount a file system to fill";
}

TEST(DirectoryStorage, AReadOnlyDirectoryIsFoundOutWhenOpened) {
  TemporaryDirectory directory;
  const bool mounted = WithSmallFileSystem(directory.path(), [&] {
    WriteFile(directory.path() / "f", "1");
    ASSERT_EQ(::mount(nullptr, directory.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
    ExpectError(OpenDirectoryStorage(directory.path(), DirectoryAccess::kReadWrite).status(), StatusCode::kIoError,
                {directory.path().string(), "Read-only file system", "mount the file system writable"});
    ExpectError(OpenDirectoryStorage(directory.path() / "sub", DirectoryAccess::kReadWrite).status(),
                StatusCode::kIoError, {"Read-only file system"});
    const auto storage = OpenDirectoryStorage(directory.path(), DirectoryAccess::kReadOnly);
    ASSERT_TRUE(storage.ok());
    EXPECT_EQ(*Load(**storage, "f"), "1");
  });
  if (!mounted) GTEST_SKIP() << "this user may not mount a file system";
}

TEST(PosixFile, AFullDeviceIsNoSpace) {
  FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_GE(full.get(), 0);
  EXPECT_EQ(WriteAll(full.get(), "x", "/dev/full").code(), StatusCode::kNoSpace);
}

TEST(DirectoryStorage, ManyThreadsMayUseIt) {
  TemporaryDirectory directory;
  const auto storage = OpenForWriting(directory.path());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&storage, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string name = "t" + std::to_string(t) + "/" + std::to_string(i);
        EXPECT_TRUE(Store(*storage, name, name).ok());
        EXPECT_EQ(*Load(*storage, name), name);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(storage->List("")->size(), 80u);
}

TEST(RemoveDirectoryTree, RemovesAllAndIsContentWithNothing) {
  TemporaryDirectory directory;
  fs::create_directories(directory.path() / "a/b/c");
  WriteFile(directory.path() / "a/b/f", "1");
  EXPECT_TRUE(RemoveDirectoryTree(directory.path() / "a").ok());
  EXPECT_TRUE(RemoveDirectoryTree(directory.path() / "a").ok());
  EXPECT_TRUE(RemoveDirectoryTree(directory.path() / "x/y").ok());
  EXPECT_TRUE(TreeOf(directory.path()).empty());
}

TEST(MountedStorage, ShowsTheOtherStorageBelowItsName) {
  TemporaryDirectory directory;
  const auto base = OpenForWriting(directory.path() / "base");
  const auto other = OpenForWriting(directory.path() / "other");
  ASSERT_TRUE(Store(*base, "f", "base").ok());
  ASSERT_TRUE(Store(*base, "zz", "last").ok());
  ASSERT_TRUE(Store(*base, "restored/f", "hidden").ok());
  ASSERT_TRUE(Store(*other, "f", "other").ok());
  ASSERT_TRUE(Store(*other, "sub/g", "g").ok());
  const auto storage = *MountStorage(base, "restored", other);
  EXPECT_EQ(*Load(*storage, "f"), "base");
  EXPECT_EQ(*Load(*storage, "restored/f"), "other");
  EXPECT_EQ(*Load(*storage, "restored/sub/g"), "g");
  EXPECT_EQ(**storage->LocalPath("restored/f"), directory.path() / "other/f");
  EXPECT_EQ(*storage->List(""),
            (std::vector<StoredFile>{{"f", 4}, {"restored/f", 5}, {"restored/sub/g", 1}, {"zz", 4}}));
  EXPECT_EQ(*storage->List("restored/s"), (std::vector<StoredFile>{{"restored/sub/g", 1}}));
  EXPECT_EQ(*storage->List("z"), (std::vector<StoredFile>{{"zz", 4}}));
  ExpectError(storage->Create("restored/h").status(), StatusCode::kUnsupported, {"is only read"});
  EXPECT_EQ(storage->Delete("restored/f").code(), StatusCode::kUnsupported);
  EXPECT_TRUE(Store(*storage, "g", "1").ok());
  EXPECT_TRUE(storage->Delete("g").ok());
  EXPECT_EQ(storage->Open("restored/../f").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(MountStorage(base, "a/b", other).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace spillway::snapshot
