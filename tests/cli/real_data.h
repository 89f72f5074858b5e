// The real data that tests run on, and what plain loops over it need.
//
// The folder is what SPILLWAY_DATA names. Pure functions, any thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::cli {

// Whether it is there is the caller's to look at.
[[nodiscard]] std::filesystem::path RealFile(std::string_view name);
// Of a file that was compressed in one frame of known size.
[[nodiscard]] std::string Decompressed(const std::filesystem::path& path);

// The pieces of `text` between `separator`s.
[[nodiscard]] std::vector<std::string_view> Split(std::string_view text, char separator);
// ",<number>" as jobs write it.
[[nodiscard]] std::string Number(double number);

struct BackendUnderTest {
  const char* name;
  const char* library;
  const char* interval;  // of checkpoints; the model and RocksDB write all of their state at each, and slowly
};
void PrintTo(const BackendUnderTest& backend, std::ostream* out);

}  // namespace spillway::cli
