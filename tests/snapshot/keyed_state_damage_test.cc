// Damaged and hostile keyed-state files: whatever the bytes, the answer is an error that names the file, or the content
// as it was written; never another content, and never memory by the numbers of the file.
#include <gtest/gtest.h>

#include <random>

#include "snapshot/keyed_state_format.h"
#include "tests/snapshot/keyed_state_samples.h"
#include "tests/snapshot/memory_file.h"

namespace spillway::snapshot {
namespace {

namespace format = keyed_state_format;

void ExpectRefused(const std::string& bytes, const std::string& what) {
  MemoryReadableFile file(bytes);
  const auto read = ReadContent(&file);
  ASSERT_FALSE(read.ok()) << what;
  const StatusCode code = read.status().code();
  EXPECT_TRUE(code == StatusCode::kCorruption || code == StatusCode::kVersionMismatch) << read.status().ToString();
  EXPECT_NE(read.status().message().find("memory/file"), std::string::npos) << read.status().message();
  EXPECT_NE(read.status().message().find("; restore"), std::string::npos) << read.status().message();
}

TEST(DamagedKeyedStateFile, EveryTruncationIsRefused) {
  const std::string whole = *WriteContent(SmallContent());
  for (size_t size = 0; size < whole.size(); ++size) {
    ExpectRefused(whole.substr(0, size), "cut to " + std::to_string(size));
  }
  ExpectRefused(whole + '\0', "one byte more");
}

TEST(DamagedKeyedStateFile, EveryFlippedBitIsRefused) {
  const std::string whole = *WriteContent(SmallContent());
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    ExpectRefused(damaged, "bit " + std::to_string(bit));
  }
}

TEST(DamagedKeyedStateFile, DamageInASectionLeavesTheOthersReadable) {
  std::string bytes = *WriteContent(SmallContent());
  uint64_t offset = 0;
  {
    MemoryReadableFile file(bytes);
    offset = (*KeyedStateFileReader::Open(&file))->sections().at(1).offset;
  }
  bytes[offset + format::kBlockHeaderBytes] ^= 1;
  MemoryReadableFile file(bytes);
  const auto reader = KeyedStateFileReader::Open(&file);
  ASSERT_TRUE(reader.ok());
  KeyedStateRecord record;
  auto damaged = (*reader)->OpenSection(0, 40);
  const Status status = damaged->Next(&record).status();
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_NE(status.message().find("offset " + std::to_string(offset)), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("state 'value', key group 40, block 0"), std::string::npos) << status.message();
  EXPECT_EQ(damaged->Next(&record).status().code(), StatusCode::kCorruption) << "a failed cursor stays failed";
  EXPECT_TRUE(*(*reader)->OpenSection(0, 8)->Next(&record));
}

// Two blocks of equal size change places: each has a right checksum, and neither is where it belongs.
TEST(DamagedKeyedStateFile, SwappedBlocksAreRefused) {
  Content content;
  content.states = {SampleState("s", SPW_STATE_VALUE)};
  content.sections[{0, 8}] = {{"a", "", "", "11"}};
  content.sections[{0, 9}] = {{"b", "", "", "22"}};
  std::string bytes = *WriteContent(content);
  MemoryReadableFile whole(bytes);
  const auto reader = KeyedStateFileReader::Open(&whole);
  const SectionInfo a = (*reader)->sections().at(0), b = (*reader)->sections().at(1);
  ASSERT_EQ(a.bytes, b.bytes);
  const std::string first = bytes.substr(a.offset, a.bytes), second = bytes.substr(b.offset, b.bytes);
  bytes.replace(a.offset, a.bytes, second).replace(b.offset, b.bytes, first);
  ExpectRefused(bytes, "swapped");
}

// Random damage, with all checksums made right again, so that it is the decoding itself that meets hostile bytes.
class Forger {
 public:
  explicit Forger(std::string whole) : bytes_(std::move(whole)) {
    MemoryReadableFile file(bytes_);
    sections_ = (*KeyedStateFileReader::Open(&file))->sections();
    body_bytes_ = LoadBytes<uint32_t>(bytes_.data() + 12);
    footer_offset_ = LoadBytes<uint64_t>(bytes_.data() + bytes_.size() - format::kTrailerBytes);
  }
  std::string Forge(uint64_t seed) const {
    std::mt19937_64 random(seed);
    std::string forged = bytes_;
    const uint64_t trailer = forged.size() - format::kTrailerBytes;
    for (uint64_t i = 1 + random() % 3; i > 0; --i) {
      const uint64_t at = 16 + random() % (trailer - 16);
      forged[at] = static_cast<char>(random() % 4 == 0 ? 0xff : random());
    }
    Seal(&forged, 0, 16 + body_bytes_);
    for (const SectionInfo& section : sections_) {  // one block each
      char* block = forged.data() + section.offset;
      const BytesView header(block, format::kBlockHeaderCheckedBytes);
      const BytesView stored(block + format::kBlockHeaderBytes, section.bytes - format::kBlockHeaderBytes);
      StoreBytes(block + 16, format::BlockChecksum(section.state, section.key_group, 0, header, stored));
    }
    const BytesView footer(forged.data() + footer_offset_, trailer - footer_offset_);
    forged.replace(trailer, format::kTrailerBytes, format::EncodeTrailer(footer_offset_, footer));
    return forged;
  }

 private:
  static void Seal(std::string* bytes, uint64_t begin, uint64_t size) {
    StoreBytes(bytes->data() + begin + size, format::Checksum(BytesView(*bytes).substr(begin, size)));
  }
  std::string bytes_;
  std::vector<SectionInfo> sections_;
  uint64_t body_bytes_ = 0;
  uint64_t footer_offset_ = 0;
};

TEST(DamagedKeyedStateFile, ForgedFilesAreReadOrRefusedAndNeverCrash) {
  const Forger forger(*WriteContent(SmallContent()));
  int refused = 0;
  for (uint64_t seed = 0; seed < 20'000; ++seed) {
    MemoryReadableFile file(forger.Forge(seed));
    const auto read = ReadContent(&file);
    if (read.ok()) continue;  // another content, rightly encoded
    ++refused;
    EXPECT_LE(file.read_max(), 256u * 1024) << "seed " << seed;
    const StatusCode code = read.status().code();
    ASSERT_TRUE(code == StatusCode::kCorruption || code == StatusCode::kVersionMismatch)
        << "seed " << seed << ": " << read.status().ToString();
  }
  EXPECT_GT(refused, 5'000);
}

// Lengths that would have the reader allocate gigabytes, each under a right checksum.
TEST(DamagedKeyedStateFile, HostileLengthsAreRefusedBeforeAnythingIsAllocated) {
  const KeyedStateFileHeader header = SampleHeader();
  const auto file_of = [&](const std::string& sections, const std::string& footer) {
    const std::string head = format::EncodeHeader(header);
    return head + sections + footer + format::EncodeTrailer(head.size() + sections.size(), footer);
  };
  const uint64_t begin = format::EncodeHeader(header).size();

  std::string footer;
  ByteWriter(&footer).Varint(uint64_t{1} << 60);
  ExpectRefused(file_of("", footer), "states without end");
  footer.clear();
  ByteWriter(&footer).Varint(0);
  ByteWriter(&footer).Varint(uint64_t{1} << 60);
  ExpectRefused(file_of("", footer), "sections without end");
  footer.clear();
  ByteWriter(&footer).Varint(1);
  ByteWriter(&footer).Varint(uint64_t{1} << 40);
  ExpectRefused(file_of("", footer), "a name without end");

  struct Block {
    uint32_t stored, raw, records, codec;
  };
  for (const Block& block :
       {Block{100, 0xffffffff, 1, format::kCodecLz4}, Block{0xffffffff, 0xffffffff, 1, format::kCodecNone},
        Block{100, 100 * 256, 1, format::kCodecLz4}, Block{100, 100, 0, format::kCodecNone},
        Block{100, 100, 101, format::kCodecNone}, Block{100, 100, 1, 7}, Block{101, 101, 1, format::kCodecNone}}) {
    const std::string stored(100, '\0');
    std::string section;
    ByteWriter out(&section);
    for (uint32_t number : {block.stored, block.raw, block.records, block.codec}) out.Fixed(number);
    out.Fixed(format::BlockChecksum(0, 8, 0, section, stored));
    out.Raw(stored);
    const std::vector<SectionInfo> index = {
        {.state = 0, .key_group = 8, .offset = begin, .bytes = section.size(), .blocks = 1, .records = 1}};
    ExpectRefused(file_of(section, format::EncodeFooter({SampleState("s", SPW_STATE_VALUE)}, index)),
                  "block " + std::to_string(block.raw));
  }
}

TEST(DamagedKeyedStateFile, AnotherVersionIsNamed) {
  std::string bytes = *WriteContent(SmallContent());
  bytes[8] = 9;
  MemoryReadableFile file(bytes);
  const Status status = ReadContent(&file).status();
  EXPECT_EQ(status.code(), StatusCode::kVersionMismatch);
  EXPECT_NE(status.message().find("format version 9, this release reads version 1"), std::string::npos)
      << status.message();
}

}  // namespace
}  // namespace spillway::snapshot
