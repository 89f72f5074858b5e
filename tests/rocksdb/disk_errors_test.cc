// A disk that is full, and directories that cannot be written.
#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "backend/rocksdb/status_mapping.h"
#include "tests/rocksdb/test_instance.h"
#include "tests/support/temporary_folder.h"

namespace spillway::rocks {
namespace {

// A disk that is full until it is told otherwise; then it can be waited for that somebody writes again.
class FullDisk final : public rocksdb::FileSystemWrapper {
 public:
  FullDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FullDisk"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;

  void Fill() {
    const std::lock_guard lock(mutex_);
    full_ = true;
    written_ = false;
  }
  void MakeSpaceAndWaitForAWrite() {
    std::unique_lock lock(mutex_);
    full_ = false;
    changed_.wait(lock, [&] { return written_; });
  }
  rocksdb::IOStatus Write() {
    const std::lock_guard lock(mutex_);
    if (full_) return rocksdb::IOStatus::NoSpace("No space left on device");
    written_ = true;
    changed_.notify_all();
    return rocksdb::IOStatus::OK();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool full_ = false;     // guarded by mutex_
  bool written_ = false;  // guarded by mutex_
};

class FullFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FullFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, FullDisk* disk)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk) {}
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    const rocksdb::IOStatus status = disk_->Write();
    return status.ok() ? FSWritableFileOwnerWrapper::Append(data, options, debug) : status;
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& info, rocksdb::IODebugContext* debug) override {
    const rocksdb::IOStatus status = disk_->Write();
    return status.ok() ? FSWritableFileOwnerWrapper::Append(data, options, info, debug) : status;
  }

 private:
  FullDisk* const disk_;
};

rocksdb::IOStatus FullDisk::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                            std::unique_ptr<rocksdb::FSWritableFile>* file,
                                            rocksdb::IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSWritableFile> made;
  rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(name, options, &made, debug);
  if (status.ok()) *file = std::make_unique<FullFile>(std::move(made), this);
  return status;
}

TEST(DiskErrorsTest, AFullDiskIsSaidAndNothingIsLostOnceThereIsSpace) {
  const runtime::TemporaryFolder folder;
  const auto disk = std::make_shared<FullDisk>();
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
  TestInstance at(
      {.directory = folder.path().string(), .configuration = {{"writebuffer.size", "64kb"}}, .env = env.get()});
  at.RegisterStates();
  at.SetKey("counter");
  at.Put(std::string(8, 'a'));
  at.EndRecord();

  disk->Fill();
  const std::string large(10000, 'L');
  spw_code code = SPW_OK;
  uint64_t written = 0;
  constexpr uint64_t kWritesMax = 1000;  // far beyond what memtables of 64 KiB take
  for (; code == SPW_OK && written < kWritesMax; ++written) {
    at.SetKey("large " + std::to_string(written));
    code = at.TryPut(large);
    at.EndRecord();
  }
  ASSERT_EQ(code, SPW_NO_SPACE) << at.error().message();
  --written;
  for (const std::string& part : {folder.path().string(), std::string("state 'value'"), std::string("free space")}) {
    EXPECT_NE(std::string(at.error().message()).find(part), std::string::npos) << at.error().message();
  }

  // What is updated in place cannot be written now: it is kept, read, and reported at the poll.
  at.SetKey("counter");
  spw_mut_view view{};
  ASSERT_EQ(at.value().ValueGetForUpdate(plugin::VoidNamespace(), SPW_DO_NOT_CREATE, &view, at.error()), SPW_OK);
  view.data[0] = 'b';
  at.EndRecord();
  EXPECT_EQ(at.Poll(), SPW_NO_SPACE);
  EXPECT_EQ(at.Get(), "baaaaaaa");
  auto options = plugin::Sized<spw_snapshot_options>();
  options.kind = SPW_SNAPSHOT_FULL;
  options.name_prefix = "p-";
  plugin::Snapshot snapshot;
  EXPECT_EQ(at.backend().SnapshotBegin(options, &snapshot, at.error()), SPW_NO_SPACE)
      << "a snapshot without the update would be wrong";

  disk->MakeSpaceAndWaitForAWrite();  // RocksDB resumes by itself
  while (at.Poll() == SPW_NO_SPACE) std::this_thread::yield();
  EXPECT_EQ(at.error().code(), SPW_OK) << at.error().message();
  EXPECT_EQ(at.Get(), "baaaaaaa");
  EXPECT_EQ(at.Count(at.value()), written + 1);
  for (uint64_t i = 0; i < written; ++i) {
    at.SetKey("large " + std::to_string(i));
    EXPECT_EQ(at.Get(), large);
  }
}

Status OpenIn(const std::string& directory) {
  conformance::MemoryStorage storage;
  conformance::MemoryHost host(&storage);
  const char* name = directory.c_str();
  auto open = plugin::Sized<spw_open_options>();
  open.max_parallelism = 4;
  open.key_groups = {0, 3};
  open.key_group_function = "test";
  open.instance = "instance";
  open.local_dirs = &name;
  open.local_dir_count = directory.empty() ? 0 : 1;
  return OpenBackend(open, host.table(), rocksdb::Env::Default()).status();
}

TEST(DiskErrorsTest, DirectoriesThatCannotBeUsedAreNamed) {
  const runtime::TemporaryFolder folder;
  const std::string file = folder.Write("file", "x").string();
  for (const std::string& directory : {(folder / "missing").string(), file, std::string("/proc")}) {
    const Status status = OpenIn(directory);
    EXPECT_EQ(status.code(), StatusCode::kIoError) << status.ToString();
    EXPECT_NE(status.message().find(directory), std::string::npos) << status.ToString();
  }
}

TEST(DiskErrorsTest, NoDirectoryAtAllIsRefused) {
  const Status status = OpenIn("");
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("local directory"), std::string::npos);
}

}  // namespace
}  // namespace spillway::rocks
