// The parts of the micro_io benchmark; each prints its table. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "spill/directory.h"
#include "spillway/status.h"

namespace spillway::spill {

struct MicroIoOptions {
  std::string directory;
  uint64_t file_mib = 4096;  // of the file that is read at random
  int rounds = 5;            // of each, interleaved
};

[[nodiscard]] Status MeasureRandomReads(const Directory& directory, const MicroIoOptions& options);
[[nodiscard]] Status MeasureRunWriting(const Directory& directory, const MicroIoOptions& options);

[[nodiscard]] inline double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}
// Of the process, all threads, user and system.
[[nodiscard]] double CpuSeconds();

[[nodiscard]] inline double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

}  // namespace spillway::spill
