// What the plugins that were built export, as the dynamic linker sees it.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace spillway::abi_test {
namespace {

// The lines of `nm -D --defined-only`: "address type name".
std::vector<std::string> DefinedSymbols(const std::string& library) {
  const std::string command = std::string(SPILLWAY_NM) + " -D --defined-only '" + library + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
  EXPECT_NE(pipe, nullptr) << command;
  std::vector<std::string> lines;
  std::array<char, 4096> line{};
  while (pipe != nullptr && std::fgets(line.data(), line.size(), pipe.get()) != nullptr) {
    lines.emplace_back(line.data());
    if (lines.back().ends_with('\n')) lines.back().pop_back();
  }
  return lines;
}

std::vector<std::string> Plugins() {
  std::vector<std::string> plugins;
  std::istringstream list(SPILLWAY_PLUGINS);
  for (std::string plugin; std::getline(list, plugin, ':');) plugins.push_back(plugin);
  return plugins;
}

TEST(ExportedSymbolsTest, EveryPluginExportsItsDescriptorAndNothingElse) {
  ASSERT_FALSE(Plugins().empty());
  for (const std::string& plugin : Plugins()) {
    const std::vector<std::string> symbols = DefinedSymbols(plugin);
    ASSERT_EQ(symbols.size(), 1u) << plugin << " exports " << ::testing::PrintToString(symbols);
    std::istringstream symbol(symbols[0]);
    std::string address;
    std::string type;
    std::string name;
    symbol >> address >> type >> name;
    EXPECT_EQ(name, "spw_plugin_v0") << plugin;
    EXPECT_TRUE(type == "R" || type == "D") << plugin << ": " << symbols[0] << ": it should be plain data";
  }
}

TEST(ExportedSymbolsTest, ALibraryThatExportsMoreIsSeen) {
  const std::vector<std::string> symbols = DefinedSymbols(SPILLWAY_LOOSE_LIBRARY);
  EXPECT_EQ(symbols.size(), 3u) << ::testing::PrintToString(symbols);
  bool unique = false;
  for (const std::string& symbol : symbols) unique = unique || symbol.find(" u ") != std::string::npos;
  EXPECT_TRUE(unique) << "the library has one GNU_UNIQUE symbol: " << ::testing::PrintToString(symbols);
}

}  // namespace
}  // namespace spillway::abi_test
