#include "tests/cli/real_data.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <ostream>

namespace spillway::cli {

std::filesystem::path RealFile(std::string_view name) {
  const char* folder = std::getenv("SPILLWAY_DATA");
  return std::filesystem::path(folder == nullptr ? "../shared/data" : folder) / name;
}

std::string Decompressed(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string compressed{std::istreambuf_iterator<char>(in), {}};
  std::string text(ZSTD_getFrameContentSize(compressed.data(), compressed.size()), '\0');
  EXPECT_EQ(ZSTD_decompress(text.data(), text.size(), compressed.data(), compressed.size()), text.size());
  return text;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const size_t end = text.find(separator);
    pieces.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

std::string Number(double number) {
  std::array<char, 40> text{};
  snprintf(text.data(), text.size(), ",%.9g", number);
  return text.data();
}

void PrintTo(const BackendUnderTest& backend, std::ostream* out) {
  *out << backend.name;
}

}  // namespace spillway::cli
