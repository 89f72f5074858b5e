#include "snapshot/checkpoint_manifest.h"

#include <xxhash.h>

#include <unordered_set>
#include <utility>

#include "spillway/key_groups.h"

namespace spillway::snapshot {
namespace {

// magic, u32 version, u32 zero, body, u64 XXH3 of all before.
constexpr std::string_view kMagic = "SPWCHKPT";
constexpr uint64_t kPrefixBytes = 16;
constexpr uint64_t kChecksumBytes = 8;
static_assert(kMagic.size() == 8);

constexpr uint64_t kFilesMax = 1u << 20;           // of one subtask
constexpr uint64_t kNamedStatesMax = 4096;         // of one subtask
constexpr uint64_t kBlobsMax = uint64_t{1} << 24;  // of one named state
constexpr uint64_t kFileBytesMin = 2;              // smallest encoding of a file: empty name and size
constexpr uint64_t kBlobBytesMin = 1;

std::string FaultOfName(std::string_view what, std::string_view name) {
  if (!name.empty() && name.size() <= kManifestNameBytesMax) return {};
  return "the " + std::string(what) + " is empty or longer than " + std::to_string(kManifestNameBytesMax) + " bytes";
}

std::string FaultOf(const KeyedStateSnapshot& keyed, uint32_t max_parallelism) {
  if (keyed.key_groups.first > keyed.key_groups.last || keyed.key_groups.last >= max_parallelism) {
    return "its key groups " + std::to_string(keyed.key_groups.first) + " … " + std::to_string(keyed.key_groups.last) +
           " are no range below the maximum parallelism " + std::to_string(max_parallelism);
  }
  if (std::string fault = FaultOfName("name of its backend", keyed.backend); !fault.empty()) return fault;
  if (keyed.files.size() > kFilesMax) return "it has more than " + std::to_string(kFilesMax) + " files";
  for (const StoredFile& file : keyed.files) {
    if (Status status = CheckFileName(file.name); !status.ok()) return status.message();
  }
  return {};
}

std::string FaultOf(const SubtaskSnapshot& subtask, uint32_t max_parallelism) {
  if (subtask.keyed_state) {
    if (std::string fault = FaultOf(*subtask.keyed_state, max_parallelism); !fault.empty()) return fault;
  }
  if (subtask.operator_state.size() > kNamedStatesMax) {
    return "it has more than " + std::to_string(kNamedStatesMax) + " named states";
  }
  for (const auto& [name, blobs] : subtask.operator_state) {
    if (std::string fault = FaultOfName("name of an operator state", name); !fault.empty()) return fault;
    if (blobs.size() > kBlobsMax)
      return "its state '" + name + "' has more than " + std::to_string(kBlobsMax) + " parts";
  }
  return {};
}

std::string FaultOf(const CheckpointManifest& manifest) {
  if (std::string fault = FaultOfName("name of the job", manifest.job); !fault.empty()) return fault;
  if (manifest.max_parallelism == 0 || manifest.max_parallelism > kMaxParallelismLimit) {
    return "the maximum parallelism " + std::to_string(manifest.max_parallelism) + " is not in 1 … " +
           std::to_string(kMaxParallelismLimit);
  }
  if (std::string fault = FaultOfName("key-group function", manifest.key_group_function); !fault.empty()) return fault;
  if (manifest.operators.size() > kOperatorsMax)
    return "it has more than " + std::to_string(kOperatorsMax) + " operators";
  std::unordered_set<std::string_view> uids;
  for (const OperatorSnapshot& op : manifest.operators) {
    if (std::string fault = FaultOfName("uid of an operator", op.uid); !fault.empty()) return fault;
    if (!uids.insert(op.uid).second) return "it has two operators '" + op.uid + "'";
    if (op.subtasks.empty() || op.subtasks.size() > manifest.max_parallelism) {
      return "operator '" + op.uid + "' has " + std::to_string(op.subtasks.size()) +
             " subtasks, the maximum parallelism is " + std::to_string(manifest.max_parallelism);
    }
    for (size_t i = 0; i < op.subtasks.size(); ++i) {
      std::string fault = FaultOf(op.subtasks[i], manifest.max_parallelism);
      if (!fault.empty()) return "operator '" + op.uid + "', subtask " + std::to_string(i) + ": " + fault;
    }
  }
  return {};
}

void Encode(const SubtaskSnapshot& subtask, ByteWriter* out) {
  out->Fixed<uint8_t>(subtask.keyed_state ? 1 : 0);
  if (subtask.keyed_state) {
    const KeyedStateSnapshot& keyed = *subtask.keyed_state;
    out->Fixed(keyed.key_groups.first);
    out->Fixed(keyed.key_groups.last);
    out->Framed(keyed.backend);
    out->Framed(keyed.metadata);
    out->Varint(keyed.files.size());
    for (const StoredFile& file : keyed.files) {
      out->Framed(file.name);
      out->Varint(file.size);
    }
    out->Varint(keyed.entries);
    out->Varint(keyed.bytes);
  }
  out->Varint(subtask.operator_state.size());
  for (const auto& [name, blobs] : subtask.operator_state) {
    out->Framed(name);
    out->Varint(blobs.size());
    for (const std::string& blob : blobs) out->Framed(blob);
  }
}

// A number of things to come, each of at least `bytes_min`: false when the bytes that are left cannot hold them.
bool ReadCount(ByteReader* in, uint64_t max, uint64_t bytes_min, uint64_t* count) {
  *count = in->Varint();
  return in->ok() && *count <= max && *count <= in->remaining() / bytes_min;
}

bool Decode(ByteReader* in, KeyedStateSnapshot* keyed) {
  keyed->key_groups.first = in->Fixed<uint32_t>();
  keyed->key_groups.last = in->Fixed<uint32_t>();
  keyed->backend = in->Framed();
  keyed->metadata = in->Framed();
  uint64_t files = 0;
  if (!ReadCount(in, kFilesMax, kFileBytesMin, &files)) return false;
  for (uint64_t i = 0; i < files; ++i) {
    std::string name(in->Framed());
    keyed->files.push_back({std::move(name), in->Varint()});
  }
  keyed->entries = in->Varint();
  keyed->bytes = in->Varint();
  return in->ok();
}

bool Decode(ByteReader* in, SubtaskSnapshot* subtask) {
  const auto has_keyed_state = in->Fixed<uint8_t>();
  if (has_keyed_state > 1) return false;
  if (has_keyed_state == 1 && !Decode(in, &subtask->keyed_state.emplace())) return false;
  uint64_t states = 0;
  if (!ReadCount(in, kNamedStatesMax, 2 * kBlobBytesMin, &states)) return false;
  for (uint64_t i = 0; i < states; ++i) {
    std::vector<std::string>& blobs = subtask->operator_state[std::string(in->Framed())];
    uint64_t count = 0;
    if (!blobs.empty() || !ReadCount(in, kBlobsMax, kBlobBytesMin, &count)) return false;
    for (uint64_t k = 0; k < count; ++k) blobs.emplace_back(in->Framed());
  }
  return in->ok() && subtask->operator_state.size() == states;
}

bool Decode(ByteReader* in, CheckpointManifest* manifest) {
  manifest->checkpoint_id = in->Fixed<uint64_t>();
  manifest->timestamp_ms = in->Fixed<int64_t>();
  manifest->max_parallelism = in->Fixed<uint32_t>();
  const auto finished = in->Fixed<uint8_t>();
  manifest->finished = finished == 1;
  manifest->job = in->Framed();
  manifest->key_group_function = in->Framed();
  uint64_t operators = 0;
  if (finished > 1 || !ReadCount(in, kOperatorsMax, 2, &operators)) return false;
  for (uint64_t i = 0; i < operators; ++i) {
    OperatorSnapshot& op = manifest->operators.emplace_back();
    op.uid = in->Framed();
    uint64_t subtasks = 0;
    if (!ReadCount(in, kMaxParallelismLimit, 2, &subtasks)) return false;
    for (uint64_t k = 0; k < subtasks; ++k) {
      if (!Decode(in, &op.subtasks.emplace_back())) return false;
    }
  }
  return in->ok() && in->AtEnd();
}

}  // namespace

const OperatorSnapshot* CheckpointManifest::FindOperator(std::string_view uid) const {
  for (const OperatorSnapshot& op : operators) {
    if (op.uid == uid) return &op;
  }
  return nullptr;
}

Result<std::string> EncodeManifest(const CheckpointManifest& manifest) {
  const auto refuse = [&](const std::string& why) {
    return Status::InvalidArgument("the manifest of checkpoint " + std::to_string(manifest.checkpoint_id) +
                                   " cannot be written: " + why);
  };
  if (std::string fault = FaultOf(manifest); !fault.empty()) return refuse(fault);
  std::string bytes;
  ByteWriter out(&bytes);
  out.Raw(kMagic);
  out.Fixed(kManifestFormatVersion);
  out.Fixed(uint32_t{0});
  out.Fixed(manifest.checkpoint_id);
  out.Fixed(manifest.timestamp_ms);
  out.Fixed(manifest.max_parallelism);
  out.Fixed<uint8_t>(manifest.finished ? 1 : 0);
  out.Framed(manifest.job);
  out.Framed(manifest.key_group_function);
  out.Varint(manifest.operators.size());
  for (const OperatorSnapshot& op : manifest.operators) {
    out.Framed(op.uid);
    out.Varint(op.subtasks.size());
    for (const SubtaskSnapshot& subtask : op.subtasks) Encode(subtask, &out);
  }
  out.Fixed(XXH3_64bits(bytes.data(), bytes.size()));
  if (bytes.size() > kManifestBytesMax) {
    return refuse("it has " + std::to_string(bytes.size()) + " bytes, the most is " +
                  std::to_string(kManifestBytesMax) + "; keep large state in keyed state");
  }
  return bytes;
}

Result<CheckpointManifest> DecodeManifest(BytesView bytes, std::string_view name) {
  const auto damaged = [&](const std::string& what) {
    return Status::Corruption("checkpoint manifest " + std::string(name) + ": " + what +
                              "; restore from another checkpoint");
  };
  if (bytes.size() < kPrefixBytes + kChecksumBytes || bytes.substr(0, kMagic.size()) != kMagic) {
    return damaged("it is no checkpoint manifest, or cut short");
  }
  if (bytes.size() > kManifestBytesMax)
    return damaged("it is larger than " + std::to_string(kManifestBytesMax) + " bytes");
  const auto version = LoadBytes<uint32_t>(bytes.data() + kMagic.size());
  if (version != kManifestFormatVersion) {
    return Status::VersionMismatch("checkpoint manifest " + std::string(name) + " has format version " +
                                   std::to_string(version) + ", this release reads version " +
                                   std::to_string(kManifestFormatVersion) +
                                   "; restore it with the release that wrote it");
  }
  const BytesView checked = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (XXH3_64bits(checked.data(), checked.size()) != LoadBytes<uint64_t>(checked.data() + checked.size())) {
    return damaged("its checksum does not match its bytes");
  }
  CheckpointManifest manifest;
  ByteReader in(checked.substr(kPrefixBytes));
  const bool padded = LoadBytes<uint32_t>(bytes.data() + kMagic.size() + sizeof(version)) != 0;
  if (padded || !Decode(&in, &manifest)) return damaged("its fields do not fit its length");
  if (std::string fault = FaultOf(manifest); !fault.empty()) return damaged(fault);
  return manifest;
}

}  // namespace spillway::snapshot
