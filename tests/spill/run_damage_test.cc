// Truncations and changed bytes are errors that name the file and the place, never other values.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "spill/page.h"
#include "spill/run_lookup.h"
#include "spill/section_cursor.h"
#include "tests/spill/run_model.h"
#include "tests/support/io_engines.h"
#include "tests/support/temporary_folder.h"

namespace spillway::spill {
namespace {

class RunDamageTest : public testing::Test {
 protected:
  RunDamageTest() {
    std::mt19937_64 random(5);
    const SectionKind kinds[] = {SectionKind::kValue, SectionKind::kList, SectionKind::kMap, SectionKind::kTimer};
    for (uint32_t i = 0; i < 4; ++i) {
      ModelShape shape;
      shape.kind = kinds[i];
      shape.keys = 60;
      shape.value_bytes_max = i == 0 ? 9000 : 40;
      sections_.push_back(RandomSection(&random, shape));
      sections_.back().state = i;
      sections_.back().key_group = 7;
    }
    const Result<std::shared_ptr<const RunFile>> run = WriteRun(engine_.get(), directory_, "run", 5, sections_);
    EXPECT_TRUE(run.ok()) << run.status().ToString();
    std::ifstream in(directory_.PathOf("run"), std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
  }

  void Put(const std::string& bytes) const {
    std::ofstream(directory_.PathOf("run"), std::ios::binary | std::ios::trunc) << bytes;
  }
  // Everything that can be read of the file, or the first error.
  Status ReadAll() {
    SPILLWAY_ASSIGN_OR_RETURN(const std::shared_ptr<const RunFile> run,
                              RunFile::Open(engine_.get(), directory_, "run", 5));
    BlockingLookup lookup(engine_.get());
    for (uint32_t i = 0; i < run->sections().size(); ++i) {
      SPILLWAY_ASSIGN_OR_RETURN(const std::vector<ModelRecord> records, ReadSection(engine_.get(), run, i));
      EXPECT_EQ(records.size(), sections_[i].records.size());
      SPILLWAY_ASSIGN_OR_RETURN(const RunRecord* found,
                                lookup.Find(run, i, RunLookup::Find::kOne, records.back().View()));
      EXPECT_TRUE(found != nullptr && SameRecord(*found, records.back().View()));
    }
    return {};
  }
  void ExpectFound(const std::string& what) {
    const Status status = ReadAll();
    EXPECT_EQ(status.code(), StatusCode::kCorruption) << what << ": " << status.ToString();
    EXPECT_NE(status.message().find(directory_.PathOf("run")), std::string::npos) << status.ToString();
    EXPECT_NE(status.message().find("offset "), std::string::npos) << status.ToString();
  }

  runtime::TemporaryFolder temporary_;
  // Through the page cache, so that the file may be changed beside it.
  Directory directory_ = Directory::Open(temporary_.path().string(), false).value();
  std::unique_ptr<IoEngine> engine_ = MakeTestEngine(TestEngine::kPread);
  std::vector<ModelSection> sections_;
  std::string bytes_;
};

TEST_F(RunDamageTest, TheFileItselfIsRight) {
  EXPECT_TRUE(ReadAll().ok());
  const std::shared_ptr<const RunFile> run = RunFile::Open(engine_.get(), directory_, "run").value();
  ExpectRun(engine_.get(), run, sections_);
}

TEST_F(RunDamageTest, EveryTruncation) {
  for (size_t size = 0; size < bytes_.size(); size += size % 4096 == 0 ? 1 : 4095) {
    Put(bytes_.substr(0, size));
    ExpectFound("cut at " + std::to_string(size));
    if (HasFailure()) return;
  }
  Put(bytes_ + std::string(4096, '\0'));
  ExpectFound("longer by a page");
}

TEST_F(RunDamageTest, ChangedBytes) {
  const int file = open(directory_.PathOf("run").c_str(), O_RDWR);
  std::mt19937_64 random(3);
  // Every byte of the headers and some of the rest, which are under the same checksums.
  for (size_t at = 0; at < bytes_.size(); at += at % 4096 < 96 ? 1 : 1 + random() % 37) {
    const char changed = static_cast<char>(bytes_[at] ^ (1 << random() % 8));
    ASSERT_EQ(pwrite(file, &changed, 1, static_cast<off_t>(at)), 1);
    ExpectFound("byte " + std::to_string(at));
    ASSERT_EQ(pwrite(file, &bytes_[at], 1, static_cast<off_t>(at)), 1);
    if (HasFailure()) break;
  }
  close(file);
}

TEST_F(RunDamageTest, AMisplacedPage) {
  // Whole pages change places; each of them is right by itself.
  std::string swapped = bytes_;
  const size_t second = LoadBytes<PageHeader>(bytes_.data()).units * kUnitBytes;
  const size_t size = LoadBytes<PageHeader>(bytes_.data() + second).units * kUnitBytes;
  ASSERT_EQ(size, second) << "the first two pages are of different sizes: choose another seed";
  std::memcpy(swapped.data(), bytes_.data() + second, size);
  std::memcpy(swapped.data() + second, bytes_.data(), size);
  Put(swapped);
  const Status status = ReadAll();
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  for (const char* word : {"section (state 0, key group 7)", "offset 0", "there is a page of file 5"}) {
    EXPECT_NE(status.message().find(word), std::string::npos) << status.ToString();
  }
  // A page of another file, in its own place.
  ASSERT_TRUE(directory_.RemoveFile("run").ok());
  ASSERT_TRUE(WriteRun(engine_.get(), directory_, "run", 6, sections_).ok());
  std::ifstream in(directory_.PathOf("run"), std::ios::binary);
  std::string other(std::istreambuf_iterator<char>(in), {});
  std::memcpy(bytes_.data(), other.data(), second);
  Put(bytes_);
  EXPECT_NE(ReadAll().message().find("there is a page of file 6"), std::string::npos) << ReadAll().ToString();
}

// Sealed as if a writer had made it; what it claims is not allocated.
TEST_F(RunDamageTest, BlocksThatClaimMoreThanTheirPageCanHold) {
  const auto header = LoadBytes<PageHeader>(bytes_.data());
  const auto block = LoadBytes<BlockHeader>(bytes_.data() + sizeof(PageHeader));
  ASSERT_EQ(block.state, 0u);
  for (const uint32_t records : {1u, block.records + 2}) {
    for (const uint64_t raw : {uint64_t{UINT32_MAX}, kRecordBytesMax + 1, kRecordBytesMax, kBlockRawMax + 1,
                               uint64_t{block.stored_bytes} * 255 + 1}) {
      if (records == 1 && raw <= uint64_t{block.stored_bytes} * 255) continue;  // it might be one large record
      std::string bytes = bytes_;
      BlockHeader claim = block;
      claim.raw_bytes = static_cast<uint32_t>(raw);
      claim.records = records;
      StoreBytes(bytes.data() + sizeof(PageHeader), claim);
      SealPage(bytes.data(), 5, 0, header.units, header.kind, header.blocks, header.payload_bytes);
      Put(bytes);
      const Status status = ReadAll();
      EXPECT_EQ(status.code(), StatusCode::kCorruption);
      EXPECT_NE(status.message().find("sizes of the block"), std::string::npos) << status.ToString();
    }
  }
}

TEST_F(RunDamageTest, AnotherFileIdOrVersion) {
  const Status other = RunFile::Open(engine_.get(), directory_, "run", 6).status();
  EXPECT_EQ(other.code(), StatusCode::kCorruption);
  EXPECT_NE(other.message().find("a page of file 5"), std::string::npos) << other.ToString();
  char* trailer = bytes_.data() + bytes_.size() - kUnitBytes;
  const auto header = LoadBytes<PageHeader>(trailer);
  const uint32_t version = 9;
  StoreBytes(trailer + sizeof(PageHeader) + offsetof(RunTrailer, version), version);
  SealPage(trailer, header.file_id, header.unit, header.units, header.kind, header.blocks, header.payload_bytes);
  Put(bytes_);
  const Status status = RunFile::Open(engine_.get(), directory_, "run").status();
  EXPECT_EQ(status.code(), StatusCode::kVersionMismatch);
  EXPECT_NE(status.message().find("version 9"), std::string::npos) << status.ToString();
}

}  // namespace
}  // namespace spillway::spill
