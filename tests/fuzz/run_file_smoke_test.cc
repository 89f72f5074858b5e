// The fuzzer's entry over its corpus and mutations of it that are the same every time; and the corpus as files of
// version 1, which stay readable.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/fuzz/run_file_fuzz.h"
#include "tests/spill/run_model.h"
#include "tests/support/io_engines.h"

namespace spillway::spill {
namespace {

std::string Corpus() {
  return std::string(SPILLWAY_CORPUS_DIR) + "/run_file";
}

// Files by name, each with the byte in front that the fuzzer takes.
std::vector<std::pair<std::string, std::string>> Seeds() {
  std::vector<std::pair<std::string, std::string>> seeds;
  for (const auto& entry : std::filesystem::directory_iterator(Corpus())) {
    std::ifstream in(entry.path(), std::ios::binary);
    seeds.emplace_back(entry.path().filename().string(), std::string(std::istreambuf_iterator<char>(in), {}));
  }
  std::sort(seeds.begin(), seeds.end());
  return seeds;
}

// What the files of the corpus were made of.
std::vector<ModelSection> SectionsOf(SectionKind kind) {
  std::mt19937_64 random(static_cast<uint64_t>(kind));
  std::vector<ModelSection> sections;
  for (uint32_t i = 0; i < 3; ++i) {
    ModelShape shape;
    shape.kind = kind;
    shape.keys = 5 + 20 * i;
    shape.orders = i == 1 ? 2 : UINT64_MAX;
    shape.value_bytes_max = i == 2 ? 500 : 10;
    sections.push_back(RandomSection(&random, shape));
    sections.back().state = i;
    sections.back().key_group = i * 3;
  }
  if (kind == SectionKind::kValue) {
    sections[0].records.front().fields.op = RecordOp::kBase;
    sections[0].records.front().value = std::string(9000, 'a');
    for (size_t i = 0; i < 9000; ++i) sections[0].records.front().value[i] = static_cast<char>(random());
  }
  return sections;
}
constexpr SectionKind kKinds[] = {SectionKind::kValue, SectionKind::kList, SectionKind::kMap, SectionKind::kTimer};

// For a new version of the format: run it with --gtest_also_run_disabled_tests and commit what it makes.
TEST(RunFileCorpus, DISABLED_Write) {
  const std::unique_ptr<IoEngine> engine = MakeTestEngine(TestEngine::kPread);
  const Directory directory = Directory::Open(Corpus(), false).value();
  for (const SectionKind kind : kKinds) {
    const std::string name = "kind-" + std::to_string(static_cast<int>(kind)) + "-v1";
    ASSERT_TRUE(WriteRun(engine.get(), directory, name, 1, SectionsOf(kind)).ok());
    std::ifstream in(directory.PathOf(name), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    std::ofstream(directory.PathOf(name), std::ios::binary) << std::string(1, '\0') << bytes;
  }
}

TEST(RunFileFuzz, FilesOfVersion1AreRead) {
  const std::vector<std::pair<std::string, std::string>> seeds = Seeds();
  ASSERT_GE(seeds.size(), 4u);
  for (const auto& [name, bytes] : seeds) {
    if (!name.ends_with("-v1")) continue;
    for (const bool sealed : {false, true}) {
      const Result<uint64_t> records = ReadFuzzedRunFile(BytesView(bytes).substr(1), sealed);
      ASSERT_TRUE(records.ok()) << name << ": " << records.status().ToString();
      EXPECT_GT(*records, 50u) << name;
    }
  }
}

TEST(RunFileFuzz, MutationsAreErrorsOrFiles) {
  std::mt19937_64 random(1);
  for (const auto& [name, bytes] : Seeds()) {
    for (int round = 0; round < 400; ++round) {
      std::string mutated = bytes.substr(1);
      // Mostly where structure is: the begin of a page, or the end of the file.
      for (uint64_t changes = 1 + random() % 4; changes > 0 && !mutated.empty(); --changes) {
        const uint64_t page = random() % (mutated.size() / 4096 + 1) * 4096;
        const uint64_t at = std::min<uint64_t>(page + random() % (random() % 2 == 0 ? 4096 : 128), mutated.size() - 1);
        const uint64_t interesting[] = {0, 1, 0x7f, 0x80, 0xff, random() % 256};
        mutated[at] = static_cast<char>(interesting[random() % 6]);
      }
      if (random() % 16 == 0) mutated.resize(random() % (mutated.size() + 1) / 4096 * 4096);
      const Result<uint64_t> sealed = ReadFuzzedRunFile(mutated, true);
      EXPECT_TRUE(sealed.ok() || !sealed.status().message().empty());
      const Result<uint64_t> plain = ReadFuzzedRunFile(mutated, false);
      EXPECT_TRUE(!plain.ok() || mutated == bytes.substr(1)) << "a change was not noticed in " << name;
    }
  }
}

}  // namespace
}  // namespace spillway::spill
