// A directory of a test's own, gone with it, and looks into it. One thread.
#pragma once

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "tests/support/temporary_folder.h"

namespace spillway::snapshot {

using TemporaryDirectory = runtime::TemporaryFolder;

// All that lies below a directory, relative to it; directories end in '/'.
inline std::set<std::string> TreeOf(const std::filesystem::path& directory) {
  std::set<std::string> names;
  for (const auto& at : std::filesystem::recursive_directory_iterator(directory)) {
    names.insert(at.path().lexically_relative(directory).string() + (at.is_directory() ? "/" : ""));
  }
  return names;
}

inline void WriteFile(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline std::string ContentOf(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace spillway::snapshot
