#include "snapshot/checkpoint_manifest.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <random>

namespace spillway::snapshot {
namespace {

CheckpointManifest Sample() {
  CheckpointManifest manifest{.checkpoint_id = 7,
                              .timestamp_ms = 1'700'000'000'123,
                              .job = "wordcount",
                              .max_parallelism = 128,
                              .key_group_function = "xxh3-64-mod",
                              .finished = true};
  OperatorSnapshot source{.uid = "source", .subtasks = {}};
  source.subtasks.resize(2);
  source.subtasks[0].operator_state["splits"] = {"a:10", "", std::string("b\0:20", 5)};
  source.subtasks[1].operator_state["watermark"] = {};
  OperatorSnapshot count{.uid = "count", .subtasks = {}};
  count.subtasks.resize(2);
  count.subtasks[0].keyed_state = KeyedStateSnapshot{.key_groups = {0, 63},
                                                     .backend = "hybrid",
                                                     .metadata = "m",
                                                     .files = {{"count-0/0.state", 1000}, {"count-0/1.state", 0}},
                                                     .entries = 5,
                                                     .bytes = 1000};
  count.subtasks[1].keyed_state =
      KeyedStateSnapshot{.key_groups = {64, 127}, .backend = "hybrid", .metadata = "", .files = {}};
  manifest.operators = {source, count};
  return manifest;
}

// Equal encodings are equal manifests, as the encoding is the same for the same fields.
void ExpectSame(const CheckpointManifest& a, const CheckpointManifest& b) {
  EXPECT_EQ(*EncodeManifest(a), *EncodeManifest(b));
}

void Seal(std::string* bytes) {
  const uint64_t checked = bytes->size() - 8;
  StoreBytes(bytes->data() + checked, XXH3_64bits(bytes->data(), checked));
}

TEST(CheckpointManifest, ComesBackWhole) {
  const auto decoded = DecodeManifest(*EncodeManifest(Sample()), "m");
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  ExpectSame(*decoded, Sample());
  EXPECT_EQ(decoded->checkpoint_id, 7u);
  EXPECT_EQ(decoded->timestamp_ms, 1'700'000'000'123);
  EXPECT_EQ(decoded->job, "wordcount");
  EXPECT_EQ(decoded->max_parallelism, 128u);
  EXPECT_EQ(decoded->key_group_function, "xxh3-64-mod");
  EXPECT_TRUE(decoded->finished);
  EXPECT_EQ(decoded->FindOperator("none"), nullptr);
  const OperatorSnapshot* source = decoded->FindOperator("source");
  ASSERT_NE(source, nullptr);
  EXPECT_EQ(source->subtasks.at(0).operator_state, Sample().operators[0].subtasks[0].operator_state);
  EXPECT_EQ(source->subtasks.at(1).operator_state.count("watermark"), 1u) << "an empty list is not an absent one";
  EXPECT_FALSE(source->subtasks.at(0).keyed_state.has_value());
  const auto& keyed = decoded->FindOperator("count")->subtasks.at(0).keyed_state;
  ASSERT_TRUE(keyed.has_value());
  EXPECT_EQ(keyed->key_groups.last, 63u);
  EXPECT_EQ(keyed->backend, "hybrid");
  EXPECT_EQ(keyed->metadata, "m");
  EXPECT_EQ(keyed->files, (std::vector<StoredFile>{{"count-0/0.state", 1000}, {"count-0/1.state", 0}}));
  EXPECT_EQ(keyed->entries, 5u);
  EXPECT_EQ(keyed->bytes, 1000u);
}

TEST(CheckpointManifest, WithoutOperatorsIsAManifest) {
  CheckpointManifest manifest = Sample();
  manifest.operators.clear();
  const auto decoded = DecodeManifest(*EncodeManifest(manifest), "m");
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_TRUE(decoded->operators.empty());
}

TEST(CheckpointManifest, EveryTruncationAndEveryFlippedBitIsRefused) {
  const std::string whole = *EncodeManifest(Sample());
  const auto expect_refused = [](const std::string& bytes) {
    const Status status = DecodeManifest(bytes, "dir/_metadata").status();
    ASSERT_TRUE(status.code() == StatusCode::kCorruption || status.code() == StatusCode::kVersionMismatch)
        << status.ToString();
    ASSERT_NE(status.message().find("dir/_metadata"), std::string::npos);
  };
  for (size_t size = 0; size < whole.size(); ++size) expect_refused(whole.substr(0, size));
  expect_refused(whole + "x");
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    expect_refused(damaged);
  }
}

TEST(CheckpointManifest, ForgedBytesAreDecodedOrRefusedAndNeverCrash) {
  const std::string whole = *EncodeManifest(Sample());
  int refused = 0;
  for (uint64_t seed = 0; seed < 20'000; ++seed) {
    std::mt19937_64 random(seed);
    std::string forged = whole;
    for (uint64_t i = 1 + random() % 3; i > 0; --i) {
      forged[16 + random() % (forged.size() - 24)] = static_cast<char>(random() % 4 == 0 ? 0xff : random());
    }
    Seal(&forged);
    const auto decoded = DecodeManifest(forged, "m");
    if (decoded.ok()) {
      ASSERT_TRUE(EncodeManifest(*decoded).ok()) << "what is read could be written, seed " << seed;
    } else {
      ++refused;
      ASSERT_EQ(decoded.status().code(), StatusCode::kCorruption) << decoded.status().ToString();
    }
  }
  EXPECT_GT(refused, 2'000);
}

TEST(CheckpointManifest, AnotherVersionIsNamed) {
  std::string bytes = *EncodeManifest(Sample());
  bytes[8] = 2;
  Seal(&bytes);
  const Status status = DecodeManifest(bytes, "m").status();
  EXPECT_EQ(status.code(), StatusCode::kVersionMismatch);
  EXPECT_NE(status.message().find("version 2, this release reads version 1"), std::string::npos) << status.message();
}

TEST(CheckpointManifest, WhatBreaksARuleIsNotWritten) {
  std::vector<std::pair<std::string, CheckpointManifest>> wrong;
  const auto add = [&](const std::string& part, auto change) {
    CheckpointManifest manifest = Sample();
    change(manifest);
    wrong.emplace_back(part, std::move(manifest));
  };
  add("job", [](auto& m) { m.job.clear(); });
  add("maximum parallelism", [](auto& m) { m.max_parallelism = 0; });
  add("key-group function", [](auto& m) { m.key_group_function.clear(); });
  add("two operators 'source'", [](auto& m) { m.operators[1].uid = "source"; });
  add("0 subtasks", [](auto& m) { m.operators[0].subtasks.clear(); });
  add("129 subtasks", [](auto& m) { m.operators[0].subtasks.resize(129); });
  add("key groups 64 … 128", [](auto& m) { m.operators[1].subtasks[1].keyed_state->key_groups.last = 128; });
  add("backend", [](auto& m) { m.operators[1].subtasks[1].keyed_state->backend.clear(); });
  add("'../f' is no name", [](auto& m) { m.operators[1].subtasks[0].keyed_state->files[0].name = "../f"; });
  add("'/etc/f' is no name", [](auto& m) { m.operators[1].subtasks[0].keyed_state->files[0].name = "/etc/f"; });
  add("operator state", [](auto& m) { m.operators[0].subtasks[0].operator_state[""] = {}; });
  add("longer than", [](auto& m) { m.operators[0].uid = std::string(kManifestNameBytesMax + 1, 'u'); });
  for (const auto& [part, manifest] : wrong) {
    const Status status = EncodeManifest(manifest).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << part;
    EXPECT_NE(status.message().find(part), std::string::npos) << "'" << part << "' in: " << status.message();
  }
}

}  // namespace
}  // namespace spillway::snapshot
