#include "backend/hybrid/snapshot_metadata.h"

#include <xxhash.h>

namespace spillway::hybrid {
namespace {

constexpr BytesView kMagic = "SPWHYB01";
constexpr uint32_t kVersion = 1;

}  // namespace

std::string EncodeMetadata(const SnapshotMetadata& metadata) {
  std::string bytes;
  ByteWriter writer(&bytes);
  writer.Raw(kMagic);
  writer.Fixed(kVersion);
  writer.Fixed(metadata.max_parallelism);
  writer.Fixed(metadata.key_groups.first);
  writer.Fixed(metadata.key_groups.last);
  writer.Framed(metadata.key_group_function);
  writer.Fixed(metadata.entries);
  writer.Fixed(static_cast<uint64_t>(XXH3_64bits(bytes.data(), bytes.size())));
  return bytes;
}

Result<SnapshotMetadata> DecodeMetadata(BytesView bytes) {
  ByteReader reader(bytes);
  if (reader.Raw(kMagic.size()) != kMagic) {
    return Status::Corruption("the snapshot's metadata is not of the hybrid backend; was it taken with another one?");
  }
  const auto version = reader.Fixed<uint32_t>();
  if (reader.ok() && version != kVersion) {
    return Status::VersionMismatch("the snapshot's metadata has version " + std::to_string(version) +
                                   ", this backend reads version " + std::to_string(kVersion));
  }
  SnapshotMetadata metadata;
  metadata.max_parallelism = reader.Fixed<uint32_t>();
  metadata.key_groups.first = reader.Fixed<uint32_t>();
  metadata.key_groups.last = reader.Fixed<uint32_t>();
  metadata.key_group_function = std::string(reader.Framed());
  metadata.entries = reader.Fixed<uint64_t>();
  const uint64_t checked = reader.position();
  const auto checksum = reader.Fixed<uint64_t>();
  if (!reader.ok() || !reader.AtEnd() || checksum != XXH3_64bits(bytes.data(), checked)) {
    return Status::Corruption("the snapshot's metadata is damaged: its checksum or its length is wrong");
  }
  return metadata;
}

}  // namespace spillway::hybrid
