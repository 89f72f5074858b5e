// The manifest of a job's checkpoint: all that a restore needs to know, in one small file, `_metadata`.
//
// FORMAT.md beside this header describes the bytes. Names of files are relative to the checkpoint's own directory, so
// that the directory can be moved as a whole. Plain values and pure functions, any thread. What is decoded has been
// checked: a checksum over all of it, every length against its limit, key-group ranges against the maximum parallelism.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "snapshot/checkpoint_storage.h"
#include "spillway/bytes.h"
#include "spillway/plugin/abi.h"
#include "spillway/status.h"

namespace spillway::snapshot {

inline constexpr uint32_t kManifestFormatVersion = 1;
inline constexpr uint64_t kManifestBytesMax = uint64_t{256} << 20;
inline constexpr uint32_t kOperatorsMax = 4096;
inline constexpr uint64_t kManifestNameBytesMax = 4096;  // of jobs, operators, backends, named states

// What one backend instance's snapshot_run answered.
struct KeyedStateSnapshot {
  spw_key_group_range key_groups{};
  std::string backend;   // the plugin's name
  std::string metadata;  // opaque, the plugin's own
  std::vector<StoredFile> files;
  uint64_t entries = 0;
  uint64_t bytes = 0;
};

struct SubtaskSnapshot {
  std::optional<KeyedStateSnapshot> keyed_state;
  // Operator state by name, each a list of opaque blobs: source positions, sink committables, a watermark.
  std::map<std::string, std::vector<std::string>> operator_state;
};

struct OperatorSnapshot {
  std::string uid;                        // unique in the job
  std::vector<SubtaskSnapshot> subtasks;  // as many as the operator's parallelism was
};

struct CheckpointManifest {
  uint64_t checkpoint_id = 0;
  int64_t timestamp_ms = 0;  // when it was triggered, milliseconds since 1970-01-01 UTC
  std::string job;
  uint32_t max_parallelism = 0;
  std::string key_group_function;
  bool finished = false;  // all sources had ended: the job's final state
  std::vector<OperatorSnapshot> operators;

  [[nodiscard]] const OperatorSnapshot* FindOperator(std::string_view uid) const;
};

// kInvalidArgument when the manifest breaks a rule or a limit that Decode would find.
[[nodiscard]] Result<std::string> EncodeManifest(const CheckpointManifest& manifest);
// `name` is the file's, for messages.
[[nodiscard]] Result<CheckpointManifest> DecodeManifest(BytesView bytes, std::string_view name);

}  // namespace spillway::snapshot
