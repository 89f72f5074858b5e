#include "runtime/sinks/output_digest.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <algorithm>
#include <random>
#include <thread>

#include "tests/support/temporary_folder.h"

namespace spillway::runtime {
namespace {

uint64_t Reference(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return XXH64(all.data(), all.size(), 0);
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST(OutputDigest, IsXxh64OverTheSortedLines) {
  const TemporaryFolder folder;
  const auto digest = DigestLines({folder.Write("1", "b,2\n\na\n"), folder.Write("2", "b,10\nc")});
  ASSERT_TRUE(digest.ok());
  EXPECT_EQ(digest->xxh64, Reference({"b,2", "", "a", "b,10", "c"}));
  EXPECT_EQ(digest->lines, 5u);
  EXPECT_EQ(digest->bytes, 14u);
  EXPECT_EQ(digest->Hex().size(), 16u);
}

TEST(OutputDigest, CanBeCancelledAndLeavesNothing) {
  const TemporaryFolder folder;
  const TemporaryFolder pieces;
  std::vector<std::string> lines;
  for (int i = 0; i < 200'000; ++i) lines.push_back(std::to_string(i * 7919 % 200'003));
  const auto file = folder.Write("1", Joined(lines));
  std::atomic<bool> cancelled = true;
  const DigestOptions options{.memory_bytes = 1, .temporary_directory = pieces.path(), .cancelled = &cancelled};
  EXPECT_EQ(DigestLines({file}, options).status().code(), StatusCode::kCancelled);
  cancelled = false;
  std::thread canceller([&] {
    while (std::filesystem::is_empty(pieces.path())) std::this_thread::yield();
    cancelled = true;
  });
  EXPECT_EQ(DigestLines({file, file, file}, options).status().code(), StatusCode::kCancelled);
  canceller.join();
  EXPECT_TRUE(std::filesystem::is_empty(pieces.path()));
}

TEST(OutputDigest, OfNothingIsThatOfNoBytes) {
  const TemporaryFolder folder;
  EXPECT_EQ(DigestLines({})->Hex(), "ef46db3751d8e999");
  EXPECT_EQ(DigestLines({folder.Write("empty", "")})->lines, 0u);
}

// Many times more lines than fit in the block, so that pieces are written and merged in more than one round; lines of
// all sizes, among them some larger than the block, with equal prefixes, doubles and bytes above 127.
TEST(OutputDigest, TheSameWithPiecesOnDisk) {
  const TemporaryFolder folder;
  std::mt19937_64 random(5);
  std::vector<std::string> lines;
  for (size_t bytes = 0; bytes < (size_t{80} << 20);) {
    std::string line = random() % 2 == 0 ? "same prefix " : "";
    const size_t size = random() % 50'000 == 0 ? (1 << 20) + random() % 5000 : random() % 3000;
    line += std::string(size, static_cast<char>(1 + random() % 255));
    std::replace(line.begin(), line.end(), '\n', ' ');
    line += std::to_string(random() % 1000);
    bytes += line.size();
    lines.push_back(std::move(line));
  }
  std::vector<std::filesystem::path> files;
  const size_t half = lines.size() / 2;
  files.push_back(folder.Write("1", Joined({lines.begin(), lines.begin() + static_cast<ptrdiff_t>(half)})));
  files.push_back(folder.Write("2", Joined({lines.begin() + static_cast<ptrdiff_t>(half), lines.end()})));
  const TemporaryFolder pieces;
  const auto digest = DigestLines(files, {.memory_bytes = 1 << 20, .temporary_directory = pieces.path()});
  ASSERT_TRUE(digest.ok()) << digest.status().ToString();
  EXPECT_EQ(digest->xxh64, Reference(lines));
  EXPECT_EQ(digest->lines, lines.size());
  EXPECT_TRUE(std::filesystem::is_empty(pieces.path())) << "pieces are removed";
  const auto in_memory = DigestLines(files, {.memory_bytes = size_t{256} << 20});
  ASSERT_TRUE(in_memory.ok());
  EXPECT_EQ(in_memory->xxh64, digest->xxh64);
}

TEST(OutputDigest, AMissingFileIsAnError) {
  EXPECT_EQ(DigestLines({"/nowhere/file"}).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace spillway::runtime
