// Libraries of every kind given to the loader: what it takes, and the reasons it gives for what it refuses.
#include "runtime/plugin/loader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "runtime/plugin/backend_table.h"
#include "runtime/plugin/debug_proxy/debug_proxy.h"
#include "spillway/plugin/backend.h"
#include "spillway/plugin/error.h"

namespace spillway::runtime {
namespace {

namespace fs = std::filesystem;

const fs::path kPlugins = LOADER_PLUGINS;

fs::path Library(const std::string& name) {
  return kPlugins / ("libspillway_" + name + ".so");
}

LoadOptions Bare() {
  LoadOptions options;
  options.debug_proxy = DebugProxyMode::kOff;
  return options;
}

// The refusal has this code, names the file, and has all of these words.
void ExpectRefused(const fs::path& path, StatusCode code, const std::vector<std::string>& words) {
  const auto plugin = LoadPlugin(path.string());
  ASSERT_FALSE(plugin.ok()) << path;
  EXPECT_EQ(plugin.status().code(), code) << plugin.status().ToString();
  EXPECT_NE(plugin.status().message().find(path.filename().string()), std::string::npos) << plugin.status().ToString();
  for (const std::string& word : words) {
    EXPECT_NE(plugin.status().message().find(word), std::string::npos)
        << plugin.status().ToString() << "\nlacks: " << word;
  }
}

class LoaderTest : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override {
    fs::remove_all(folder_);
    unsetenv("SPILLWAY_PLUGIN_PATH");
  }
  [[nodiscard]] fs::path Write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }

  const fs::path folder_ =
      fs::path(::testing::TempDir()) /
      ("loader_" + std::to_string(getpid()) + "_" + ::testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(LoaderTest, APluginInPlainCIsLoadedByItsPath) {
  const auto plugin = LoadPlugin(Library("plain").string(), Bare());
  ASSERT_TRUE(plugin.ok()) << plugin.status().ToString();
  EXPECT_EQ((*plugin)->name(), "plain");
  EXPECT_EQ((*plugin)->version(), "1.2.3");
  EXPECT_EQ((*plugin)->description(), "required slots and nothing else");
  EXPECT_EQ((*plugin)->path(), Library("plain"));
  EXPECT_EQ((*plugin)->capabilities(), 0u);
  EXPECT_TRUE((*plugin)->Has(0));
  EXPECT_FALSE((*plugin)->Has(SPW_CAP_VALUE));
  ASSERT_EQ((*plugin)->config_keys().size(), 1u);
  EXPECT_STREQ((*plugin)->config_keys()[0].name, "plain.size");
  const auto again = LoadPlugin(Library("plain").string(), Bare());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(&(*again)->descriptor(), &(*plugin)->descriptor());
}

TEST_F(LoaderTest, AbsentSlotsAreStubsThatAnswerUnsupported) {
  const auto plugin = LoadPlugin(Library("plain").string(), Bare());
  ASSERT_TRUE(plugin.ok()) << plugin.status().ToString();
  const spw_backend_api* api = (*plugin)->api();
  EXPECT_EQ(api->struct_size, sizeof(spw_backend_api));
  for (const BackendSlot& slot : BackendSlots()) {
    void (*function)() = nullptr;
    std::memcpy(&function, reinterpret_cast<const char*>(api) + slot.offset, sizeof(function));
    EXPECT_NE(function, nullptr) << slot.name;
  }
  plugin::Backend backend;
  plugin::Error err;
  const auto host = plugin::Sized<spw_host>();
  ASSERT_EQ(plugin::Backend::Open(api, plugin::Sized<spw_open_options>(), &host, &backend, err), SPW_OK);
  EXPECT_EQ((*plugin)->live_handles(), 1u);
  plugin::State state(api, nullptr);
  EXPECT_EQ(state.ValuePut(plugin::VoidNamespace(), plugin::EmptyBytes(), err), SPW_UNSUPPORTED);
  EXPECT_STREQ(err.message(), "the plugin does not offer 'value_put'");
  EXPECT_EQ(backend.Prefetch(nullptr, 0, err), SPW_UNSUPPORTED);
  EXPECT_STREQ(err.message(), "the plugin does not offer 'prefetch'");
  api->snapshot_cancel(nullptr);
  backend.Reset();
  EXPECT_EQ((*plugin)->live_handles(), 0u);
}

TEST_F(LoaderTest, NamesAreLookedUpInTheGivenFoldersAndInTheEnvironments) {
  LoadOptions options = Bare();
  options.directories = {kPlugins};
  auto plugin = LoadPlugin("plain", options);
  ASSERT_TRUE(plugin.ok()) << plugin.status().ToString();
  EXPECT_EQ((*plugin)->path(), Library("plain"));

  setenv("SPILLWAY_PLUGIN_PATH", ("/nowhere::" + kPlugins.string() + ":").c_str(), 1);
  plugin = LoadPlugin("plain", Bare());
  ASSERT_TRUE(plugin.ok()) << plugin.status().ToString();
  const std::vector<fs::path> folders = UsualPluginDirectories();
  ASSERT_EQ(folders.size(), 3u);
  EXPECT_EQ(folders[0], "/nowhere");
  EXPECT_EQ(folders[1], kPlugins);
  EXPECT_TRUE(folders[2].string().ends_with("/lib/spillway/plugins")) << folders[2];
}

TEST_F(LoaderTest, AnUnknownNameTellsWhereItWasLookedForAndWhatThereIs) {
  LoadOptions options = Bare();
  options.directories = {kPlugins, "/nowhere"};
  const auto plugin = LoadPlugin("hybird", options);
  ASSERT_FALSE(plugin.ok());
  EXPECT_EQ(plugin.status().code(), StatusCode::kNotFound);
  for (const std::string& word : {std::string("'hybird'"), std::string("libspillway_hybird.so"), kPlugins.string(),
                                  std::string("/nowhere"), std::string("plain, "), std::string("short_table")}) {
    EXPECT_NE(plugin.status().message().find(word), std::string::npos) << plugin.status().message();
  }
  EXPECT_EQ(LoadPlugin("", options).status().code(), StatusCode::kNotFound);
}

TEST_F(LoaderTest, ANameMustBeThePluginsOwn) {
  LoadOptions options = Bare();
  options.directories = {kPlugins};
  const auto plugin = LoadPlugin("other_name", options);
  ASSERT_FALSE(plugin.ok());
  EXPECT_EQ(plugin.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(plugin.status().message().find("calls itself 'plain', its file name says 'other_name'"), std::string::npos)
      << plugin.status().message();
  EXPECT_TRUE(LoadPlugin(Library("other_name").string(), options).ok()) << "by its path any file name will do";
}

TEST_F(LoaderTest, AnotherVersionIsRefusedNamingBoth) {
  const auto version = [](uint32_t major, uint32_t minor) {
    return std::to_string(major) + "." + std::to_string(minor);
  };
  const std::string host = "this host speaks " + version(SPW_ABI_MAJOR, SPW_ABI_MINOR);
  ExpectRefused(Library("major"), StatusCode::kVersionMismatch,
                {"speaks plugin ABI " + version(SPW_ABI_MAJOR + 3, SPW_ABI_MINOR), host});
  ExpectRefused(Library("minor"), StatusCode::kVersionMismatch,
                {"speaks plugin ABI " + version(SPW_ABI_MAJOR, SPW_ABI_MINOR + 1), host});
  ExpectRefused(Library("next_major"), StatusCode::kVersionMismatch, {"speaks plugin ABI 1", host});
}

TEST_F(LoaderTest, WhatIsNoPluginIsRefusedWithTheReason) {
  ExpectRefused(Library("no_symbol"), StatusCode::kInvalidArgument, {"does not export 'spw_plugin_v0'"});
  ExpectRefused(Library("undefined"), StatusCode::kInvalidArgument,
                {"cannot be loaded as a library", "nobody_has_this_function"});
  ExpectRefused(Write("text.so", std::string(4096, '#')), StatusCode::kInvalidArgument,
                {"cannot be loaded as a library", "invalid ELF header"});
  ExpectRefused(Write("empty.so", ""), StatusCode::kInvalidArgument, {"cannot be loaded as a library"});
  std::ifstream whole(Library("plain"), std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(whole), {});
  ExpectRefused(Write("cut.so", bytes.substr(0, 100)), StatusCode::kInvalidArgument, {"cannot be loaded as a library"});
}

TEST_F(LoaderTest, WhatIsNoFileIsRefusedWithTheReason) {
  ExpectRefused(folder_ / "missing.so", StatusCode::kNotFound, {"there is no plugin file"});
  fs::create_directories(folder_ / "folder.so");
  ExpectRefused(folder_ / "folder.so", StatusCode::kInvalidArgument, {"is not a file"});
  ExpectRefused("/dev/null", StatusCode::kInvalidArgument, {"is not a file"});
  fs::create_symlink(folder_ / "gone.so", folder_ / "dangling.so");
  ExpectRefused(folder_ / "dangling.so", StatusCode::kNotFound, {"there is no plugin file"});
}

TEST_F(LoaderTest, ATableWithHolesIsRefusedNamingThem) {
  ExpectRefused(Library("no_poll"), StatusCode::kInvalidArgument,
                {"slots are missing: 'poll' (required of every plugin)"});
  ExpectRefused(Library("claims_lists"), StatusCode::kInvalidArgument,
                {"slots are missing: 'list_replace' (claimed by capability list), 'list_iterate'"});
  ExpectRefused(Library("short_table"), StatusCode::kInvalidArgument,
                {"slots are missing: 'memory_set_share' (required of every plugin), 'metrics'"});
}

TEST_F(LoaderTest, TheDebugProxyStandsInFrontWhenAskedFor) {
  const std::string path = Library("plain").string();
  const char* saved = std::getenv("SPILLWAY_DEBUG_PROXY");
  const std::string before = saved == nullptr ? "" : saved;
  const auto has_proxy = [&](DebugProxyMode mode, const char* environment) {
    setenv("SPILLWAY_DEBUG_PROXY", environment, 1);
    LoadOptions options;
    options.debug_proxy = mode;
    const auto plugin = LoadPlugin(path, options);
    return plugin.ok() && HasDebugProxy(**plugin);
  };
  EXPECT_TRUE(has_proxy(DebugProxyMode::kFromEnvironment, "1"));
  EXPECT_FALSE(has_proxy(DebugProxyMode::kFromEnvironment, "0"));
  EXPECT_FALSE(has_proxy(DebugProxyMode::kFromEnvironment, ""));
  EXPECT_TRUE(has_proxy(DebugProxyMode::kOn, "0"));
  EXPECT_FALSE(has_proxy(DebugProxyMode::kOff, "1"));
  setenv("SPILLWAY_DEBUG_PROXY", before.c_str(), 1);
}

TEST_F(LoaderTest, TheTestsRunBehindTheDebugProxy) {
  const char* wanted = std::getenv("SPILLWAY_DEBUG_PROXY");
  if (wanted == nullptr) GTEST_SKIP() << "started by hand, not by ctest, which sets SPILLWAY_DEBUG_PROXY=1";
  EXPECT_STREQ(wanted, "1");
  const auto plugin = LoadPlugin(Library("plain").string());
  ASSERT_TRUE(plugin.ok());
  EXPECT_TRUE(HasDebugProxy(**plugin));
}

}  // namespace
}  // namespace spillway::runtime
