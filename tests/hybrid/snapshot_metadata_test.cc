#include "backend/hybrid/snapshot_metadata.h"

#include <gtest/gtest.h>

namespace spillway::hybrid {
namespace {

TEST(SnapshotMetadata, ComesBackAndEveryDamageIsFound) {
  const std::string bytes = EncodeMetadata({128, {3, 77}, "xxh3-64-mod", 123456789});
  const Result<SnapshotMetadata> read = DecodeMetadata(bytes);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->max_parallelism, 128u);
  EXPECT_EQ(read->key_groups.first, 3u);
  EXPECT_EQ(read->key_groups.last, 77u);
  EXPECT_EQ(read->key_group_function, "xxh3-64-mod");
  EXPECT_EQ(read->entries, 123456789u);
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(DecodeMetadata(bytes.substr(0, size)).ok());
  EXPECT_FALSE(DecodeMetadata(bytes + 'x').ok());
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_FALSE(DecodeMetadata(damaged).ok()) << "at " << i;
  }
}

TEST(SnapshotMetadata, AnotherVersionIsNamed) {
  std::string bytes = EncodeMetadata({1, {0, 0}, "f", 0});
  bytes[8] = 9;
  EXPECT_EQ(DecodeMetadata(bytes).status().code(), StatusCode::kVersionMismatch);
}

}  // namespace
}  // namespace spillway::hybrid
