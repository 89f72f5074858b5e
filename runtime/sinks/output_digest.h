// The digest of a job's output: equal exactly when the same lines were committed, however they lie in files.
//
// XXH64 over the lines in byte order, each ended by a newline (a last line without one counts like the others). Memory
// is bounded: lines are sorted piece by piece, the pieces written to a temporary directory and merged. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "spillway/status.h"

namespace spillway::runtime {

struct DigestOptions {
  // For the lines that are sorted at once and for the buffers of a merge; a single line may exceed it.
  size_t memory_bytes = size_t{48} << 20;
  // Where sorted pieces go; empty: the system's directory for temporary files. Removed at the end.
  std::filesystem::path temporary_directory;
  // When it becomes true, from any thread, DigestLines soon gives up with kCancelled. Null: never.
  const std::atomic<bool>* cancelled = nullptr;
};

struct OutputDigest {
  uint64_t xxh64 = 0;
  uint64_t lines = 0;
  uint64_t bytes = 0;  // newlines included

  [[nodiscard]] std::string Hex() const;  // 16 digits
};

[[nodiscard]] Result<OutputDigest> DigestLines(const std::vector<std::filesystem::path>& files,
                                               const DigestOptions& options = {});

}  // namespace spillway::runtime
