#include "tests/cli/command_fixture.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

namespace spillway::cli {

Words CommandTest::Command(const Words& words) {
  Words command{SPILLWAY_COMMAND};
  command.insert(command.end(), words.begin(), words.end());
  return command;
}

Words CommandTest::RunWords(const std::string& job, const Words& more) const {
  Words words{"run", job, "--output", output().string(), "--summary", (folder_ / "summary.json").string()};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

nlohmann::json CommandTest::Summary() const {
  std::ifstream in(folder_ / "summary.json");
  return nlohmann::json::parse(in);
}

std::vector<std::string> CommandTest::OutputLines(const std::string& output_name) const {
  std::vector<std::string> lines;
  for (const auto& entry : std::filesystem::directory_iterator(output() / output_name)) {
    if (entry.path().filename().string().front() == '.') continue;
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string CommandTest::DigestOf(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  std::array<char, 17> hex{};
  snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(XXH64(all.data(), all.size(), 0)));
  return hex.data();
}

}  // namespace spillway::cli
