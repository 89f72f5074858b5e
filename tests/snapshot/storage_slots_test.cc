// Both ends of the ABI's storage slots together: a plugin's HostStorage on a host's StorageSlots on a directory.
#include "snapshot/storage_slots.h"

#include <gtest/gtest.h>

#include <thread>

#include "snapshot/directory_storage.h"
#include "snapshot/host_storage.h"
#include "spillway/plugin/complete_host.h"
#include "spillway/plugin/error.h"
#include "spillway/plugin/guard.h"
#include "tests/snapshot/temporary_directory.h"

namespace spillway::snapshot {
namespace {

struct HostContext {
  std::unique_ptr<StorageSlots> slots;
};

class StorageSlotsTest : public testing::Test {
 protected:
  StorageSlotsTest() {
    context_.slots =
        std::make_unique<StorageSlots>(*OpenDirectoryStorage(directory_.path() / "s", DirectoryAccess::kReadWrite));
    host_.context = &context_;
    FillStorageSlots<&HostContext::slots>(&host_);
    complete_ = std::make_unique<plugin::CompleteHost>(&host_);
    storage_ = MakeHostStorage(*complete_);
  }
  void TearDown() override {
    EXPECT_EQ(context_.slots->open_handles(), 0u);
    EXPECT_EQ(plugin::LiveHandles::OfPlugin().count(), 0u) << "messages that were not released";
  }
  Status Store(std::string_view name, BytesView bytes) {
    SPILLWAY_ASSIGN_OR_RETURN(auto file, storage_->Create(name));
    SPILLWAY_RETURN_IF_ERROR(file->Append(bytes));
    return file->Commit();
  }

  TemporaryDirectory directory_;
  HostContext context_;
  spw_host host_ = plugin::Sized<spw_host>();
  std::unique_ptr<plugin::CompleteHost> complete_;
  std::unique_ptr<CheckpointStorage> storage_;
};

TEST_F(StorageSlotsTest, FilesGoThereAndBack) {
  ASSERT_TRUE(Store("chk-1/f", "hello").ok());
  EXPECT_EQ(ContentOf(directory_.path() / "s/chk-1/f"), "hello");
  const auto file = *storage_->Open("chk-1/f");
  EXPECT_EQ(file->size(), 5u);
  EXPECT_EQ(file->name(), "chk-1/f");
  char buffer[5];
  ASSERT_TRUE(file->ReadAt(1, 4, buffer).ok());
  EXPECT_EQ(std::string(buffer, 4), "ello");
  EXPECT_EQ(file->ReadAt(1, 5, buffer).code(), StatusCode::kCorruption);
  EXPECT_EQ(**storage_->LocalPath("chk-1/f"), directory_.path() / "s/chk-1/f");
  EXPECT_EQ(storage_->List("").status().code(), StatusCode::kUnsupported);
  ASSERT_TRUE(storage_->Delete("chk-1/f").ok());
  EXPECT_EQ(storage_->Open("chk-1/f").status().code(), StatusCode::kNotFound);
}

TEST_F(StorageSlotsTest, ErrorsKeepCodeAndMessage) {
  const Status status = storage_->Create("../f").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("'../f' is no name"), std::string::npos) << status.message();
  EXPECT_EQ(storage_->Delete("none").code(), StatusCode::kNotFound);
  EXPECT_EQ(storage_->LocalPath("none").status().code(), StatusCode::kNotFound);
}

TEST_F(StorageSlotsTest, AbandonedFilesAreAborted) {
  {
    auto file = *storage_->Create("f");
    ASSERT_TRUE(file->Append("x").ok());
    EXPECT_EQ(context_.slots->open_handles(), 1u);
  }
  EXPECT_TRUE(TreeOf(directory_.path() / "s").empty());
}

TEST_F(StorageSlotsTest, ACommitEndsTheFileAlsoWhenItFails) {
  auto late = *storage_->Create("f");
  ASSERT_TRUE(Store("f", "first").ok());
  EXPECT_EQ(late->Commit().code(), StatusCode::kInvalidState);
  EXPECT_EQ(context_.slots->open_handles(), 0u);
  EXPECT_EQ(late->Append("x").code(), StatusCode::kInvalidState);
  EXPECT_EQ(ContentOf(directory_.path() / "s/f"), "first");
}

TEST_F(StorageSlotsTest, ImportsSayHow) {
  WriteFile(directory_.path() / "local", "1");
  EXPECT_EQ(*storage_->ImportFile(directory_.path() / "local", "f"), ImportMethod::kLinked);
  EXPECT_EQ(ContentOf(directory_.path() / "s/f"), "1");
}

TEST_F(StorageSlotsTest, SubmittedReadsAreCompletedInOrderInBatches) {
  ASSERT_TRUE(Store("f", "0123456789").ok());
  const spw_host* host = complete_->table();
  plugin::Error err;
  spw_readable* file = nullptr;
  uint64_t size = 0;
  ASSERT_EQ(host->storage_open(host->context, "f", &file, &size, err.out()), SPW_OK);
  uint8_t buffers[3][2] = {};
  for (uint64_t i = 0; i < 3; ++i) {
    ASSERT_EQ(host->storage_submit_read(host->context, file, 2 * i, buffers[i], 2, 100 + i, err.out()), SPW_OK);
  }
  EXPECT_EQ(host->storage_submit_read(host->context, file, 9, buffers[0], 2, 7, err.out()), SPW_CORRUPTION);
  std::vector<uint64_t> tokens;
  for (uint32_t count = 1; count > 0;) {
    spw_read_completion done[2];
    ASSERT_EQ(host->storage_poll_reads(host->context, done, 2, &count, err.out()), SPW_OK);
    for (uint32_t i = 0; i < count; ++i) {
      EXPECT_EQ(done[i].code, SPW_OK);
      EXPECT_EQ(done[i].bytes_read, 2u);
      tokens.push_back(done[i].token);
    }
  }
  EXPECT_EQ(tokens, (std::vector<uint64_t>{100, 101, 102}));
  EXPECT_EQ(std::string(reinterpret_cast<char*>(buffers[2]), 2), "45");
  host->storage_close(host->context, file);
}

TEST_F(StorageSlotsTest, HandlesThatHaveEndedAreRefused) {
  const spw_host* host = complete_->table();
  plugin::Error err;
  spw_writable* file = nullptr;
  ASSERT_EQ(host->storage_create(host->context, "f", &file, err.out()), SPW_OK);
  ASSERT_EQ(host->storage_commit(host->context, file, err.out()), SPW_OK);
  EXPECT_EQ(host->storage_commit(host->context, file, err.out()), SPW_INVALID_ARGUMENT);
  EXPECT_EQ(host->storage_write(host->context, file, plugin::ToBytes("x"), err.out()), SPW_INVALID_ARGUMENT);
  host->storage_abort(host->context, file);
  EXPECT_EQ(host->storage_read_at(host->context, nullptr, 0, nullptr, 0, err.out()), SPW_INVALID_ARGUMENT);
  host->storage_close(host->context, nullptr);
  EXPECT_EQ(host->storage_create(host->context, nullptr, &file, err.out()), SPW_INVALID_ARGUMENT);
  char small[4];
  EXPECT_EQ(host->storage_local_path(host->context, "f", small, sizeof(small), err.out()), SPW_INVALID_ARGUMENT);
  EXPECT_EQ(ContentOf(directory_.path() / "s/f"), "");
}

TEST_F(StorageSlotsTest, ManyThreadsMayUseThem) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string name = "t" + std::to_string(t) + "/" + std::to_string(i);
        EXPECT_TRUE(Store(name, name).ok());
        char buffer[64];
        const auto file = storage_->Open(name);
        ASSERT_TRUE(file.ok());
        ASSERT_TRUE((*file)->ReadAt(0, name.size(), buffer).ok());
        EXPECT_EQ(std::string(buffer, name.size()), name);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(HostStorage, WithoutSlotsItIsUnsupported) {
  const auto host = plugin::Sized<spw_host>();
  const plugin::CompleteHost complete(&host);
  const auto storage = MakeHostStorage(complete);
  EXPECT_EQ(storage->Create("f").status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(storage->Open("f").status().code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace spillway::snapshot
