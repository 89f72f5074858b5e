// Finds the files that a job is to read.
//
// A file is taken as it is, a folder with all regular files below it, in byte order of their names. Symbolic links are
// followed; a directory that was entered already is not entered again, so circles end and nothing is read twice through
// two links to one directory. What is no regular file inside a folder (sockets, FIFOs, dangling links) is left out and
// listed in `skipped`; named as an input it is refused, as are missing and unreadable ones, and an input that is there
// twice.
//
// Any thread. Paths in the result are absolute and normalized, so that they mean the same in every run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "spillway/status.h"

namespace spillway::runtime {

struct InputFile {
  std::string path;
  uint64_t size = 0;
};

struct InputFiles {
  std::vector<InputFile> files;
  std::vector<std::string> skipped;  // "path: why"
};

inline constexpr size_t kInputFilesMax = 1'000'000;
inline constexpr size_t kInputFolderDepthMax = 256;

[[nodiscard]] Result<InputFiles> FindInputFiles(std::span<const std::filesystem::path> inputs);

}  // namespace spillway::runtime
