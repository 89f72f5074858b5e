#include "snapshot/completed_checkpoints.h"

#include <gtest/gtest.h>

#include "tests/snapshot/temporary_directory.h"

namespace spillway::snapshot {
namespace {

namespace fs = std::filesystem;

class CompletedCheckpointsTest : public testing::Test {
 protected:
  static std::unique_ptr<CompletedCheckpoints> Open(const fs::path& root) {
    auto opened = CompletedCheckpoints::Open(root, "job-1");
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    return std::move(*opened);
  }
  static CheckpointManifest ManifestOf(uint64_t id) {
    CheckpointManifest manifest{.checkpoint_id = id, .job = "job-1", .max_parallelism = 8, .key_group_function = "f"};
    manifest.operators.push_back({.uid = "op", .subtasks = {{}}});
    manifest.operators[0].subtasks[0].keyed_state =
        KeyedStateSnapshot{.key_groups = {0, 7}, .backend = "b", .metadata = "", .files = {{"op/0.state", 5}}};
    return manifest;
  }
  Status Fill(uint64_t id) {
    SPILLWAY_ASSIGN_OR_RETURN(const std::string prefix, checkpoints_->Begin(id));
    SPILLWAY_ASSIGN_OR_RETURN(auto file, checkpoints_->storage()->Create(prefix + "op/0.state"));
    SPILLWAY_RETURN_IF_ERROR(file->Append("state"));
    return file->Commit();
  }
  void Make(uint64_t id) {
    ASSERT_TRUE(Fill(id).ok());
    const Status status = checkpoints_->Complete(ManifestOf(id));
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  [[nodiscard]] fs::path Job() const { return directory_.path() / "root" / "job-1"; }

  TemporaryDirectory directory_;
  std::unique_ptr<CompletedCheckpoints> checkpoints_ = Open(directory_.path() / "root");
};

TEST_F(CompletedCheckpointsTest, AtFirstThereIsNone) {
  const auto latest = checkpoints_->Latest();
  ASSERT_TRUE(latest.ok());
  EXPECT_FALSE(latest->checkpoint.has_value());
  EXPECT_TRUE(latest->passed_over.empty());
  EXPECT_EQ(*checkpoints_->NextId(), 1u);
}

TEST_F(CompletedCheckpointsTest, TheLatestIsTheHighestIdNotTheLastName) {
  for (uint64_t id : {9, 10, 2}) Make(id);
  const auto latest = checkpoints_->Latest();
  ASSERT_TRUE(latest.ok() && latest->checkpoint.has_value());
  EXPECT_EQ(latest->checkpoint->manifest.checkpoint_id, 10u);
  EXPECT_EQ(latest->checkpoint->directory, Job() / "chk-10");
  const auto file = latest->checkpoint->storage->Open("op/0.state");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->size(), 5u);
  EXPECT_EQ(*checkpoints_->CompleteIds(), (std::vector<uint64_t>{2, 9, 10}));
  EXPECT_EQ(*checkpoints_->NextId(), 11u);
}

TEST_F(CompletedCheckpointsTest, ItIsCompleteOnlyWithItsManifest) {
  Make(1);
  ASSERT_TRUE(Fill(2).ok());
  const auto latest = checkpoints_->Latest();
  ASSERT_TRUE(latest.ok() && latest->checkpoint.has_value());
  EXPECT_EQ(latest->checkpoint->manifest.checkpoint_id, 1u);
  ASSERT_EQ(latest->passed_over.size(), 1u);
  EXPECT_EQ(latest->passed_over[0].directory, Job() / "chk-2");
  EXPECT_NE(latest->passed_over[0].reason.message().find("no '_metadata'"), std::string::npos);
  EXPECT_EQ(*checkpoints_->NextId(), 3u);
  ASSERT_TRUE(checkpoints_->Complete(ManifestOf(2)).ok());
  EXPECT_EQ(checkpoints_->Latest()->checkpoint->manifest.checkpoint_id, 2u);
}

TEST_F(CompletedCheckpointsTest, BrokenOnesArePassedOverWithAReason) {
  for (uint64_t id : {1, 2, 3, 4, 5, 6}) Make(id);
  std::string bytes = ContentOf(Job() / "chk-6/_metadata");
  WriteFile(Job() / "chk-6/_metadata", bytes.substr(0, bytes.size() - 1));
  fs::remove(Job() / "chk-5/op/0.state");
  fs::resize_file(Job() / "chk-4/op/0.state", 4);
  WriteFile(Job() / "chk-3/_metadata", "");
  fs::copy_file(Job() / "chk-1/_metadata", Job() / "chk-2/_metadata", fs::copy_options::overwrite_existing);
  const auto latest = checkpoints_->Latest();
  ASSERT_TRUE(latest.ok() && latest->checkpoint.has_value());
  EXPECT_EQ(latest->checkpoint->manifest.checkpoint_id, 1u);
  const std::vector<std::string> reasons = {"checksum does not match", "'op/0.state' is missing",
                                            "has 4 bytes, the manifest says 5", "cut short",
                                            "says that it is checkpoint 1"};
  ASSERT_EQ(latest->passed_over.size(), reasons.size());
  for (size_t i = 0; i < reasons.size(); ++i) {
    const std::string message = latest->passed_over[i].reason.message();
    EXPECT_NE(message.find(reasons[i]), std::string::npos) << "'" << reasons[i] << "' in: " << message;
    EXPECT_NE(message.find("chk-" + std::to_string(6 - i)), std::string::npos) << message;
  }
}

TEST_F(CompletedCheckpointsTest, BeginClearsWhatAFailedAttemptLeftAndSparesCompleteOnes) {
  ASSERT_TRUE(Fill(1).ok());
  const auto prefix = checkpoints_->Begin(1);
  ASSERT_TRUE(prefix.ok());
  EXPECT_EQ(*prefix, "chk-1/");
  EXPECT_EQ(TreeOf(Job()), std::set<std::string>{"chk-1/"});
  Make(2);
  EXPECT_EQ(checkpoints_->Begin(2).status().code(), StatusCode::kInvalidState);
  EXPECT_TRUE(fs::exists(Job() / "chk-2/op/0.state"));
}

TEST_F(CompletedCheckpointsTest, CompleteRefusesWhatIsNotThere) {
  ASSERT_TRUE(checkpoints_->Begin(1).ok());
  EXPECT_EQ(checkpoints_->Complete(ManifestOf(1)).code(), StatusCode::kCorruption);
  EXPECT_FALSE(fs::exists(Job() / "chk-1/_metadata"));
  ASSERT_TRUE(Fill(1).ok());
  ASSERT_TRUE(checkpoints_->Complete(ManifestOf(1)).ok());
  EXPECT_EQ(checkpoints_->Complete(ManifestOf(1)).code(), StatusCode::kInvalidState) << "once only";
}

TEST_F(CompletedCheckpointsTest, RetainKeepsTheNewest) {
  for (uint64_t id : {1, 2, 3, 11}) Make(id);
  ASSERT_TRUE(Fill(12).ok());
  EXPECT_TRUE(checkpoints_->Retain(4)->empty());
  EXPECT_EQ(*checkpoints_->Retain(2), (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(*checkpoints_->CompleteIds(), (std::vector<uint64_t>{3, 11}));
  EXPECT_FALSE(fs::exists(Job() / "chk-1"));
  EXPECT_TRUE(fs::exists(Job() / "chk-12")) << "one under way is not touched";
}

TEST_F(CompletedCheckpointsTest, WhatCannotBeLoadedDoesNotPushOutWhatCan) {
  for (uint64_t id : {1, 2, 3}) Make(id);
  WriteFile(Job() / "chk-3/_metadata", "broken");
  EXPECT_EQ(*checkpoints_->Retain(1), (std::vector<uint64_t>{1}));
  EXPECT_EQ(checkpoints_->Latest()->checkpoint->manifest.checkpoint_id, 2u);
}

TEST_F(CompletedCheckpointsTest, RemovesWhatNeverBecameComplete) {
  Make(1);
  for (uint64_t id : {2, 3}) ASSERT_TRUE(Fill(id).ok());
  fs::create_directories(Job() / "chk-07");
  fs::create_directories(Job() / "mine");
  EXPECT_EQ(*checkpoints_->RemoveIncomplete({3}), (std::vector<uint64_t>{2}));
  EXPECT_EQ(*checkpoints_->RemoveIncomplete(), (std::vector<uint64_t>{3}));
  EXPECT_TRUE(fs::exists(Job() / "chk-1/_metadata"));
  EXPECT_TRUE(fs::exists(Job() / "chk-07") && fs::exists(Job() / "mine")) << "what is not ours stays";
}

TEST_F(CompletedCheckpointsTest, RemoveIsContentWithNothing) {
  Make(1);
  EXPECT_TRUE(checkpoints_->Remove(1).ok());
  EXPECT_TRUE(checkpoints_->Remove(1).ok());
  EXPECT_TRUE(TreeOf(Job()).empty());
}

TEST_F(CompletedCheckpointsTest, ACheckpointCanBeMoved) {
  Make(1);
  const fs::path moved = directory_.path() / "elsewhere";
  fs::rename(Job() / "chk-1", moved);
  for (const fs::path& path : {moved, moved / "_metadata", moved / ""}) {
    const auto loaded = LoadCheckpoint(path);
    ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
    EXPECT_EQ(loaded->manifest.checkpoint_id, 1u);
    EXPECT_TRUE(loaded->storage->Open("op/0.state").ok());
  }
}

TEST_F(CompletedCheckpointsTest, PathsThatAreNoCheckpointSayWhatIsWrong) {
  const auto expect = [](const fs::path& path, StatusCode code, const std::string& part) {
    const Status status = LoadCheckpoint(path).status();
    EXPECT_EQ(status.code(), code) << status.ToString();
    EXPECT_NE(status.message().find(part), std::string::npos) << "'" << part << "' in: " << status.message();
    EXPECT_NE(status.message().find(path.string()), std::string::npos) << status.message();
  };
  Make(1);
  expect(Job() / "chk-9", StatusCode::kNotFound, "check the path");
  expect(Job(), StatusCode::kNotFound, "name a directory chk-N");
  expect(Job() / "chk-1/op/0.state", StatusCode::kInvalidArgument, "a file where a directory is needed");
}

TEST(CompletedCheckpoints, BadPlacesAreRefusedAtOnce) {
  TemporaryDirectory directory;
  for (const std::string job : {"", "..", "a/b", "a b"}) {
    EXPECT_EQ(CompletedCheckpoints::Open(directory.path(), job).status().code(), StatusCode::kInvalidArgument) << job;
  }
  WriteFile(directory.path() / "file", "");
  EXPECT_EQ(CompletedCheckpoints::Open(directory.path() / "file", "job").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(CompletedCheckpoints::Open("", "job").status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace spillway::snapshot
