// The keys of the hybrid backend, as a plugin of that name gets them.
#include "runtime/config/spillway_options.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "runtime/config/job_configuration.h"
#include "runtime/plugin/backend_table.h"

namespace spillway::runtime {
namespace {

using Config = std::vector<std::pair<std::string, std::string>>;

class SpillwayOptionsTest : public testing::Test {
 protected:
  void SetUp() override { MakePlugin("hybrid", {}); }

  void MakePlugin(const char* name, std::vector<spw_config_key> keys) {
    keys_ = std::move(keys);
    api_ = CompleteBackendTable(&empty_);
    descriptor_.name = name;
    descriptor_.config_keys = keys_.data();
    descriptor_.config_key_count = static_cast<uint32_t>(keys_.size());
    auto plugin = Plugin::FromDescriptor(&descriptor_, "/test/libspillway_test.so");
    ASSERT_TRUE(plugin.ok()) << plugin.status().ToString();
    plugin_ = *plugin;
  }

  // Keys without "state.backend.spillway.", unless they begin with "io.tmp".
  Result<ExecutionOptions> OptionsOf(const Config& given) {
    std::vector<ConfigSetting> settings;
    for (const auto& [key, value] : given) {
      settings.push_back({key.starts_with("io.tmp") ? key : "state.backend.spillway." + key, value, "-D"});
    }
    SPILLWAY_ASSIGN_OR_RETURN(const Configuration configuration, JobConfiguration(settings, *plugin_));
    return ExecutionOptionsOf(configuration, *plugin_);
  }
  std::string ErrorOf(const Config& given) {
    const auto options = OptionsOf(given);
    EXPECT_EQ(options.status().code(), StatusCode::kInvalidArgument);
    return options.ok() ? "" : options.status().message();
  }

  std::vector<spw_config_key> keys_;
  spw_backend_api empty_{.struct_size = sizeof(spw_backend_api)};
  spw_backend_api api_{};
  spw_plugin_descriptor descriptor_{.struct_size = sizeof(spw_plugin_descriptor),
                                    .abi_major = SPW_ABI_MAJOR,
                                    .abi_minor = SPW_ABI_MINOR,
                                    .name = "hybrid",
                                    .version = "1",
                                    .description = "takes keys",
                                    .api = &api_,
                                    .live_handles = [] { return uint64_t{0}; }};
  std::shared_ptr<const Plugin> plugin_;
};

TEST_F(SpillwayOptionsTest, NothingIsHandedOnThatWasNotSet) {
  const auto options = OptionsOf({});
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->backend_config, Config{});
}

TEST_F(SpillwayOptionsTest, WhatWasSetIsHandedOn) {
  const auto options = OptionsOf({{"spill.start-ratio", "60%"},
                                  {"spill.stop-ratio", "0.5"},
                                  {"spill.stall-timeout", "2min"},
                                  {"io.engine", "pread"},
                                  {"io.depth", "4096"},
                                  {"compaction.max-runs", "2"}});
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->backend_config, (Config{{"state.backend.spillway.spill.start-ratio", "0.6"},
                                             {"state.backend.spillway.spill.stop-ratio", "0.5"},
                                             {"state.backend.spillway.spill.stall-timeout", "120000000us"},
                                             {"state.backend.spillway.io.engine", "pread"},
                                             {"state.backend.spillway.io.depth", "4096"},
                                             {"state.backend.spillway.compaction.max-runs", "2"}}));
}

TEST_F(SpillwayOptionsTest, SpillDirectoriesTakeThePlaceOfTheTemporaryOnes) {
  const Config temporary{{"io.tmp.dirs", "/a:/b"}};
  auto options = OptionsOf(temporary);
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->local_directories, (std::vector<std::filesystem::path>{"/a", "/b"}));
  options = OptionsOf({{"io.tmp.dirs", "/a:/b"}, {"spill.dirs", "/c:/d"}});
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->local_directories, (std::vector<std::filesystem::path>{"/c", "/d"}));
  EXPECT_EQ(options->backend_config, Config{}) << "they reach the plugin as its local directories";
  options = OptionsOf({{"io.tmp.dirs", "/a"}, {"spill.dirs", ""}});
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->local_directories, std::vector<std::filesystem::path>{"/a"});
}

TEST_F(SpillwayOptionsTest, ThePluginMayAnnounceThemToo) {
  MakePlugin("hybrid", {{"state.backend.spillway.io.depth", "int", "128", "depth"},
                        {"state.backend.spillway.debug.spill-every", "int", "0", "for tests"}});
  const auto options = OptionsOf({{"io.depth", "7"}, {"debug.spill-every", "3"}});
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->backend_config,
            (Config{{"state.backend.spillway.io.depth", "7"}, {"state.backend.spillway.debug.spill-every", "3"}}));
  EXPECT_NE(ErrorOf({{"io.depth", "0"}}).find("expected a whole number from 1 to 4096"), std::string::npos);
}

TEST_F(SpillwayOptionsTest, TheyBelongToTheHybrid) {
  MakePlugin("other", {});
  EXPECT_EQ(ErrorOf({{"io.depth", "7"}}),
            "'state.backend.spillway.io.depth' (-D) is a key of the backend 'hybrid', and this job runs on 'other'; "
            "remove it");
  MakePlugin("relative", {{"state.backend.spillway.io.depth", "int", "128", "depth"}});
  const auto options = OptionsOf({{"io.depth", "7"}});
  ASSERT_TRUE(options.ok()) << "whoever announces a key gets it: " << options.status().ToString();
  EXPECT_EQ(options->backend_config, (Config{{"state.backend.spillway.io.depth", "7"}}));
}

TEST_F(SpillwayOptionsTest, RatiosMustFitEachOther) {
  EXPECT_TRUE(OptionsOf({{"spill.start-ratio", "1"}, {"spill.stop-ratio", "1"}}).ok());
  EXPECT_EQ(ErrorOf({{"spill.start-ratio", "0.5"}}),
            "state.backend.spillway.spill.stop-ratio = 0.7 (the default) is above "
            "state.backend.spillway.spill.start-ratio = 0.5; spilling must stop at or below where it starts");
  EXPECT_NE(ErrorOf({{"spill.stop-ratio", "0"}}).find("must be more than 0"), std::string::npos);
  EXPECT_NE(ErrorOf({{"spill.start-ratio", "101%"}}).find("expected a ratio"), std::string::npos);
}

TEST_F(SpillwayOptionsTest, ValuesKeepTheirBounds) {
  EXPECT_NE(ErrorOf({{"io.engine", "aio"}}).find("expected one of auto, uring, pread"), std::string::npos);
  EXPECT_NE(ErrorOf({{"io.depth", "4097"}}).find("from 1 to 4096"), std::string::npos);
  EXPECT_NE(ErrorOf({{"compaction.max-runs", "1"}}).find("from 2 to 64"), std::string::npos);
  EXPECT_NE(ErrorOf({{"spill.stall-timeout", "60"}}).find("expected a duration"), std::string::npos);
}

}  // namespace
}  // namespace spillway::runtime
