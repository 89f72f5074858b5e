#include "snapshot/keyed_state_file.h"

#include <gtest/gtest.h>

#include <random>

#include "snapshot/keyed_state_format.h"
#include "tests/snapshot/keyed_state_samples.h"
#include "tests/snapshot/memory_file.h"

namespace spillway::snapshot {
namespace {

TEST(KeyedStateFile, GivesBackEveryKindOfRecord) {
  const Content content = SmallContent();
  const Result<std::string> bytes = WriteContent(content);
  ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
  MemoryReadableFile file(*bytes);
  const Result<Content> read = ReadContent(&file);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, content);

  const auto reader = KeyedStateFileReader::Open(&file);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader)->header().max_parallelism, 128u);
  EXPECT_EQ((*reader)->header().key_groups.first, 8u);
  EXPECT_EQ((*reader)->header().key_groups.last, 40u);
  EXPECT_EQ((*reader)->header().key_group_function, "xxh3-64-mod");
  EXPECT_EQ((*reader)->FindState("map"), 2u);
  EXPECT_EQ((*reader)->FindState("none"), std::nullopt);
}

TEST(KeyedStateFile, WithoutStatesItIsWholeAndEmpty) {
  const Result<std::string> bytes = WriteContent({});
  ASSERT_TRUE(bytes.ok());
  MemoryReadableFile file(*bytes);
  const Result<Content> read = ReadContent(&file);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, Content{});
}

TEST(KeyedStateFile, SectionsWithoutRecordsLeaveNoTrace) {
  MemoryWritableFile file;
  auto writer = KeyedStateFileWriter::Create(&file, SampleHeader());
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->AddState(SampleState("s", SPW_STATE_VALUE)).ok());
  ASSERT_TRUE((*writer)->BeginSection(0, 8).ok());
  ASSERT_TRUE((*writer)->EndSection().ok());
  ASSERT_TRUE((*writer)->Finish().ok());
  EXPECT_EQ((*writer)->bytes(), file.bytes().size());

  MemoryReadableFile readable(file.bytes());
  const auto reader = KeyedStateFileReader::Open(&readable);
  ASSERT_TRUE(reader.ok());
  EXPECT_TRUE((*reader)->sections().empty());
  auto cursor = (*reader)->OpenSection(0, 8);
  ASSERT_TRUE(cursor.ok());
  KeyedStateRecord record;
  const auto more = cursor->Next(&record);
  ASSERT_TRUE(more.ok());
  EXPECT_FALSE(*more);
  EXPECT_EQ((*reader)->OpenSection(1, 8).status().code(), StatusCode::kInvalidArgument);
}

TEST(KeyedStateFile, CountsPairsAndRecords) {
  MemoryWritableFile file;
  auto writer = KeyedStateFileWriter::Create(&file, SampleHeader());
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->AddState(SampleState("l", SPW_STATE_LIST)).ok());
  ASSERT_TRUE((*writer)->BeginSection(0, 8).ok());
  for (const auto& [key, value] : {std::pair("a", "1"), std::pair("a", "2"), std::pair("b", "3")}) {
    ASSERT_TRUE((*writer)->Add({.key = key, .value = value, .schema_id = 2}).ok());
  }
  ASSERT_TRUE((*writer)->EndSection().ok());
  EXPECT_EQ((*writer)->entries(), 2u);
  EXPECT_EQ((*writer)->records(), 3u);
}

// Lists and maps far larger than a block go through in pieces: neither side ever handles more than a block.
class LongRun : public testing::TestWithParam<spw_state_kind> {};

TEST_P(LongRun, StreamsAMillionOfOneKey) {
  constexpr uint32_t kCount = 1'000'000;
  const bool is_map = GetParam() == SPW_STATE_MAP;
  MemoryWritableFile file;
  auto writer = KeyedStateFileWriter::Create(&file, SampleHeader());
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->AddState(SampleState("s", GetParam())).ok());
  ASSERT_TRUE((*writer)->BeginSection(0, 8).ok());
  const std::string key(1000, 'k');
  for (uint32_t i = 0; i < kCount; ++i) {
    const std::string number = std::to_string(i * 2654435761u);
    ASSERT_TRUE(
        (*writer)->Add({.key = key, .map_key = is_map ? BytesView(number) : BytesView(), .value = number}).ok());
  }
  ASSERT_TRUE((*writer)->EndSection().ok());
  ASSERT_TRUE((*writer)->Finish().ok());
  EXPECT_EQ((*writer)->entries(), 1u);
  EXPECT_LT(file.appended_max(), 2 * kBlockBytes);

  MemoryReadableFile readable(file.bytes());
  const auto reader = KeyedStateFileReader::Open(&readable);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader)->sections().at(0).records, kCount);
  EXPECT_GT((*reader)->sections().at(0).blocks, 100u);
  auto cursor = (*reader)->OpenSection(0, 8);
  ASSERT_TRUE(cursor.ok());
  uint32_t count = 0;
  for (KeyedStateRecord record;; ++count) {
    const auto more = cursor->Next(&record);
    ASSERT_TRUE(more.ok()) << more.status().ToString();
    if (!*more) break;
    const std::string number = std::to_string(count * 2654435761u);
    ASSERT_EQ(record.key, key);
    ASSERT_EQ(record.value, number);
    ASSERT_EQ(record.map_key, is_map ? number : "");
  }
  EXPECT_EQ(count, kCount);
  EXPECT_LE(readable.read_max(), 256u * 1024);
}

INSTANTIATE_TEST_SUITE_P(KeyedStateFile, LongRun, testing::Values(SPW_STATE_LIST, SPW_STATE_MAP));

TEST(KeyedStateFile, BigValuesPassAndTooBigOnesAreRefused) {
  Content content;
  content.states = {SampleState("s", SPW_STATE_VALUE)};
  std::mt19937_64 random(1);
  std::string incompressible(5'000'000, '\0');
  for (char& c : incompressible) c = static_cast<char>(random());
  content.sections[{0, 8}] = {{"a", "", "", incompressible, false, 0},
                              {"b", "", "", std::string(5'000'000, 'z'), false, 0}};
  const auto bytes = WriteContent(content);
  ASSERT_TRUE(bytes.ok());
  MemoryReadableFile file(*bytes);
  const auto read = ReadContent(&file);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_TRUE(*read == content);

  content.sections[{0, 8}] = {{std::string(kKeyBytesMax + 1, 'k'), "", "", "", false, 0}};
  const auto refused = WriteContent(content);
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(refused.status().message().find("key of 16777217 bytes"), std::string::npos) << refused.status().message();
}

Content RandomContent(std::mt19937_64* random) {
  const auto below = [&](uint64_t n) { return (*random)() % n; };
  const auto text = [&](uint64_t max) {
    std::string s(below(max + 1), '\0');
    for (char& c : s) c = static_cast<char>('a' + below(3));
    return s;
  };
  Content content;
  const uint64_t states = below(5);
  for (uint64_t s = 0; s < states; ++s) {
    StateDescriptor state = SampleState("state-" + std::to_string(s), static_cast<spw_state_kind>(1 + below(4)));
    state.alignment = 1u << below(5);
    for (uint64_t i = below(3); i > 0; --i) state.namespace_schemas.by_id.push_back(text(40));
    content.states.push_back(state);
    for (uint32_t group = 8; group <= 40; ++group) {
      if (below(3) != 0) continue;
      std::vector<OwnedRecord>& records = content.sections[{static_cast<uint32_t>(s), group}];
      const uint64_t size_max = below(4) == 0 ? 20'000 : 30;
      for (uint64_t runs = 1 + below(5); runs > 0; --runs) {
        const std::string key = text(6), state_namespace = text(3);
        const bool is_run = state.kind == SPW_STATE_LIST || state.kind == SPW_STATE_MAP;
        for (uint64_t i = is_run ? 1 + below(20) : 1; i > 0; --i) {
          OwnedRecord record{.key = key, .state_namespace = state_namespace};
          if (state.kind == SPW_STATE_MAP) record.map_key = text(10);
          record.value_is_null = state.kind == SPW_STATE_MAP && below(4) == 0;
          if (state.kind != SPW_STATE_TIMER && !record.value_is_null) record.value = text(size_max);
          if (state.kind != SPW_STATE_TIMER) record.schema_id = static_cast<uint32_t>(below(3));
          if (below(2) == 0) record.timestamp = static_cast<int64_t>((*random)());
          records.push_back(std::move(record));
        }
      }
    }
  }
  return content;
}

TEST(KeyedStateFile, RandomContentComesBack) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    const Content content = RandomContent(&random);
    const auto bytes = WriteContent(content);
    ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
    MemoryReadableFile file(*bytes);
    const auto read = ReadContent(&file);
    ASSERT_TRUE(read.ok()) << "seed " << seed << ": " << read.status().ToString();
    ASSERT_TRUE(*read == content) << "seed " << seed;
  }
}

TEST(KeyedStateFile, SectionsAreReadIndependently) {
  const Content content = SmallContent();
  MemoryReadableFile file(*WriteContent(content));
  const auto reader = KeyedStateFileReader::Open(&file);
  ASSERT_TRUE(reader.ok());
  auto first = (*reader)->OpenSection(1, 9);
  auto second = (*reader)->OpenSection(1, 9);
  ASSERT_TRUE(first.ok() && second.ok());
  KeyedStateRecord a, b;
  ASSERT_TRUE(*first->Next(&a));
  ASSERT_TRUE(*first->Next(&a));
  ASSERT_TRUE(*second->Next(&b));
  EXPECT_EQ(OwnedRecord::Of(a), content.sections.at({1, 9})[1]);
  EXPECT_EQ(OwnedRecord::Of(b), content.sections.at({1, 9})[0]);
}

TEST(KeyedStateFileWriter, RefusesWhatIsOutOfOrder) {
  const auto make = [](MemoryWritableFile* file) {
    auto writer = KeyedStateFileWriter::Create(file, SampleHeader());
    EXPECT_TRUE((*writer)->AddState(SampleState("a", SPW_STATE_VALUE)).ok());
    EXPECT_TRUE((*writer)->AddState(SampleState("b", SPW_STATE_TIMER)).ok());
    return std::move(*writer);
  };
  MemoryWritableFile file;
  EXPECT_EQ(make(&file)->BeginSection(0, 7).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(make(&file)->BeginSection(0, 41).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(make(&file)->BeginSection(2, 8).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(make(&file)->Add({}).code(), StatusCode::kInvalidState);
  EXPECT_EQ(make(&file)->EndSection().code(), StatusCode::kInvalidState);
  EXPECT_EQ(make(&file)->AddState(SampleState("a", SPW_STATE_MAP)).status().code(), StatusCode::kInvalidArgument);

  auto writer = make(&file);
  ASSERT_TRUE(writer->BeginSection(0, 9).ok());
  ASSERT_TRUE(writer->Add({.key = "k"}).ok());
  EXPECT_EQ(writer->Finish().code(), StatusCode::kInvalidState) << "inside a section";
  writer = make(&file);
  ASSERT_TRUE(writer->BeginSection(0, 9).ok());
  ASSERT_TRUE(writer->Add({.key = "k"}).ok());
  ASSERT_TRUE(writer->EndSection().ok());
  EXPECT_EQ(writer->BeginSection(0, 9).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(writer->Finish().code(), StatusCode::kInvalidArgument) << "an error is final";

  for (const KeyedStateRecord& wrong :
       {KeyedStateRecord{.map_key = "m"}, KeyedStateRecord{.value_is_null = true}, KeyedStateRecord{.schema_id = 3}}) {
    writer = make(&file);
    ASSERT_TRUE(writer->BeginSection(0, 9).ok());
    EXPECT_EQ(writer->Add(wrong).code(), StatusCode::kInvalidArgument);
  }
  writer = make(&file);
  ASSERT_TRUE(writer->BeginSection(1, 9).ok());
  EXPECT_EQ(writer->Add({.value = "a timer has none"}).code(), StatusCode::kInvalidArgument);
}

TEST(KeyedStateFileWriter, RefusesDescriptorsAndHeadersBeyondTheLimits) {
  MemoryWritableFile file;
  for (KeyedStateFileHeader header : {KeyedStateFileHeader{.max_parallelism = 0},
                                      {.max_parallelism = 40000, .key_groups = {0, 1}, .key_group_function = "f"},
                                      {.max_parallelism = 8, .key_groups = {0, 8}, .key_group_function = "f"},
                                      {.max_parallelism = 8, .key_groups = {3, 2}, .key_group_function = "f"},
                                      {.max_parallelism = 8, .key_groups = {0, 7}, .key_group_function = ""}}) {
    EXPECT_EQ(KeyedStateFileWriter::Create(&file, header).status().code(), StatusCode::kInvalidArgument);
  }
  std::vector<StateDescriptor> wrong(6, SampleState("s", SPW_STATE_VALUE));
  wrong[0].name.clear();
  wrong[1].kind = 5;
  wrong[2].alignment = 12;
  wrong[3].ttl_update = SPW_TTL_ON_CREATE_AND_WRITE;
  wrong[4].value_schemas.current = 3;
  wrong[5].key_schemas.by_id.resize(kSchemasMax + 1);
  for (const StateDescriptor& descriptor : wrong) {
    const auto writer = KeyedStateFileWriter::Create(&file, SampleHeader());
    ASSERT_TRUE(writer.ok());
    EXPECT_EQ((*writer)->AddState(descriptor).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(KeyedStateFileWriter, AFullDiskIsReportedAtOnceAndForGood) {
  const auto whole = WriteContent(SmallContent());
  ASSERT_TRUE(whole.ok());
  MemoryWritableFile file;
  file.set_capacity(100);
  const auto writer = KeyedStateFileWriter::Create(&file, SampleHeader());
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->AddState(SampleState("s", SPW_STATE_VALUE)).ok());
  ASSERT_TRUE((*writer)->BeginSection(0, 8).ok());
  Status status;
  for (int i = 0; i < 1'000'000 && status.ok(); ++i)
    status = (*writer)->Add({.key = "key", .value = std::to_string(i)});
  EXPECT_EQ(status.code(), StatusCode::kNoSpace);
  EXPECT_EQ((*writer)->EndSection().code(), StatusCode::kNoSpace);
}

}  // namespace
}  // namespace spillway::snapshot
