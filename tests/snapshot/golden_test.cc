// Files of format version 1, byte by byte: what was written once must be read for ever, and no byte changes by
// accident.
#include <gtest/gtest.h>

#include <cstdio>

#include "snapshot/checkpoint_manifest.h"
#include "tests/snapshot/keyed_state_samples.h"
#include "tests/snapshot/memory_file.h"

namespace spillway::snapshot {
namespace {

std::string Hex(BytesView bytes) {
  std::string hex;
  for (const char c : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof(digits), "%02x", static_cast<unsigned char>(c));
    hex += digits;
  }
  return hex;
}

std::string Bytes(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

// Too small to be compressed, so that the bytes do not depend on the release of LZ4.
Content GoldenContent() {
  Content content;
  content.states = {{.name = "m", .kind = SPW_STATE_MAP, .alignment = 8}, {.name = "t", .kind = SPW_STATE_TIMER}};
  content.states[0].key_schemas = {{"string"}, 0};
  content.states[0].value_schemas = {{"a", "b"}, 1};
  content.sections[{0, 9}] = {{"k", "n", "x", "1", false, 1},
                              {"k", "n", "y", "", true, 1, 0x0102030405060708},
                              {"lm", "", "yz", "23", false, 0}};
  content.sections[{1, 8}] = {{"k", "", "", "", false, 0, 1000}};
  return content;
}

constexpr char kKeyedStateFile[] =
    "5350574b4559454401000000180000008000000008000000280000000b787868332d36342d6d6f64ed4bbd9ce26667052000"
    "000020000000030000000000000088c9657cd3ecfbf001016b016e0178013106080706050403020101790900026c6d000279"
    "7a0232330c0000000c00000001000000000000009ffe458eeec682a905e803000000000000016b0002016d03000000080000"
    "00000000000000000000000000000000000106737472696e6700000002016101620100000174040000000100000000000000"
    "0000000000000000000000000000000000000000020009303801030108682401018c000000000000005d000000000000004e"
    "e4138cbeaf907d0100000000000000532f640a1e0ea13e5350574b45594544";
constexpr char kManifest[] =
    "53505743484b505401000000000000000700000000000000e8030000000000008000000001036a6f620b787868332d36342d"
    "6d6f640105636f756e740101000000007f00000006687962726964016d010166ac0202ac02010673706c69747302016100b5"
    "e15a2e4de072c2";

TEST(Golden, KeyedStateFileVersion1) {
  const std::string written = *WriteContent(GoldenContent());
  EXPECT_EQ(Hex(written), kKeyedStateFile);
  MemoryReadableFile file(Bytes(kKeyedStateFile));
  const auto read = ReadContent(&file);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_TRUE(*read == GoldenContent());
}

TEST(Golden, ManifestVersion1) {
  CheckpointManifest manifest{.checkpoint_id = 7,
                              .timestamp_ms = 1000,
                              .job = "job",
                              .max_parallelism = 128,
                              .key_group_function = "xxh3-64-mod",
                              .finished = true};
  manifest.operators.push_back({.uid = "count", .subtasks = {{}}});
  SubtaskSnapshot& subtask = manifest.operators[0].subtasks[0];
  subtask.keyed_state = KeyedStateSnapshot{
      .key_groups = {0, 127}, .backend = "hybrid", .metadata = "m", .files = {{"f", 300}}, .entries = 2, .bytes = 300};
  subtask.operator_state["splits"] = {"a", ""};
  EXPECT_EQ(Hex(*EncodeManifest(manifest)), kManifest);
  const auto read = DecodeManifest(Bytes(kManifest), "golden");
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(Hex(*EncodeManifest(*read)), kManifest);
  EXPECT_EQ(read->operators.at(0).subtasks.at(0).keyed_state->files.at(0).size, 300u);
}

}  // namespace
}  // namespace spillway::snapshot
