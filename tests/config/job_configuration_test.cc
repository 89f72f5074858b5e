#include "runtime/config/job_configuration.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "runtime/plugin/backend_table.h"

namespace spillway::runtime {
namespace {

// A plugin that can do nothing but announce keys.
class JobConfigurationTest : public testing::Test {
 protected:
  std::shared_ptr<const Plugin> PluginWith(std::vector<spw_config_key> keys, const char* name = "test") {
    keys_ = std::move(keys);
    descriptor_.name = name;
    api_ = CompleteBackendTable(&empty_);
    descriptor_.config_keys = keys_.data();
    descriptor_.config_key_count = static_cast<uint32_t>(keys_.size());
    auto plugin = Plugin::FromDescriptor(&descriptor_, "/test/libspillway_test.so");
    EXPECT_TRUE(plugin.ok()) << plugin.status().ToString();
    return plugin.ok() ? *plugin : nullptr;
  }

  std::vector<spw_config_key> keys_;
  spw_backend_api empty_{.struct_size = sizeof(spw_backend_api)};
  spw_backend_api api_{};
  spw_plugin_descriptor descriptor_{.struct_size = sizeof(spw_plugin_descriptor),
                                    .abi_major = SPW_ABI_MAJOR,
                                    .abi_minor = SPW_ABI_MINOR,
                                    .name = "test",
                                    .version = "1",
                                    .description = "announces keys",
                                    .api = &api_,
                                    .live_handles = [] { return uint64_t{0}; }};
};

TEST_F(JobConfigurationTest, BecomesExecutionOptions) {
  const auto plugin =
      PluginWith({{"spill.threads", "int", "2", "threads"}, {"spill.mode", "fast|safe", "safe", "how"}});
  const std::vector<ConfigSetting> settings{{"state.backend.type", "test", "-D"},
                                            {"state.backend.spillway.memory.budget", "24MiB", "-D"},
                                            {"execution.checkpointing.dir", "/x", "-D"},
                                            {"execution.checkpointing.interval", "200ms", "-D"},
                                            {"execution.checkpointing.timeout", "1min", "-D"},
                                            {"execution.checkpointing.num-retained", "3", "-D"},
                                            {"pipeline.max-parallelism", "64", "-D"},
                                            {"parallelism.default", "4", "-D"},
                                            {"io.tmp.dirs", "/a:/b", "-D"},
                                            {"spill.mode", "fast", "-D"}};
  EXPECT_EQ(BackendOf(settings), "test");
  const auto configuration = JobConfiguration(settings, *plugin);
  ASSERT_TRUE(configuration.ok()) << configuration.status().ToString();
  const auto options = ExecutionOptionsOf(*configuration, *plugin);
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->backend, "test");
  EXPECT_EQ(options->memory_budget_bytes, 24u << 20);
  EXPECT_EQ(options->checkpoints.directory, "/x");
  EXPECT_EQ(options->checkpoints.interval.count(), 200);
  EXPECT_EQ(options->checkpoints.timeout.count(), 60'000);
  EXPECT_EQ(options->checkpoints.retained_max, 3u);
  EXPECT_EQ(options->max_parallelism, 64u);
  EXPECT_EQ(options->parallelism, 4u);
  EXPECT_EQ(options->local_directories, (std::vector<std::filesystem::path>{"/a", "/b"}));
  ASSERT_EQ(options->backend_config.size(), 1u) << "only what was set is handed on";
  EXPECT_EQ(options->backend_config[0], (std::pair<std::string, std::string>("spill.mode", "fast")));
}

TEST_F(JobConfigurationTest, LocalFilesGoToTheSystemsTemporaryDirectoryUnlessToldOtherwise) {
  const auto plugin = PluginWith({});
  const auto configuration = JobConfiguration({}, *plugin);
  ASSERT_TRUE(configuration.ok()) << configuration.status().ToString();
  const auto options = ExecutionOptionsOf(*configuration, *plugin);
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->local_directories, std::vector<std::filesystem::path>{std::filesystem::temp_directory_path()});
}

TEST_F(JobConfigurationTest, ThePluginsKeysAreCheckedByTheirTypes) {
  const auto plugin =
      PluginWith({{"spill.threads", "int", "2", "threads"}, {"spill.mode", "fast|safe", "safe", "how"}});
  const auto error = [&](const char* key, const char* value) {
    return JobConfiguration(std::vector<ConfigSetting>{{key, value, "-D"}}, *plugin).status().message();
  };
  EXPECT_EQ(error("spill.mode", "slow"), "'slow' is not a value of 'spill.mode' (-D); expected one of fast, safe");
  EXPECT_EQ(error("spill.threads", "many"), "'many' is not a value of 'spill.threads' (-D); expected a whole number");
  EXPECT_NE(error("spill.thread", "1").find("did you mean 'spill.threads'?"), std::string::npos);
}

TEST_F(JobConfigurationTest, APluginWhoseKeysMakeNoSenseIsRefused) {
  const auto error = [&](spw_config_key key) { return JobConfiguration({}, *PluginWith({key})).status().message(); };
  EXPECT_NE(error({"a", "colour", "red", "h"}).find("unknown type 'colour'"), std::string::npos);
  EXPECT_NE(error({"a", "int", "red", "h"}).find("the default 'red', which is not a whole number"), std::string::npos);
  EXPECT_NE(error({"parallelism.default", "int", "1", "h"}).find("is taken"), std::string::npos);
}

TEST_F(JobConfigurationTest, SettingsThatContradictEachOtherAreRefused) {
  const auto plugin = PluginWith({});
  const auto error = [&](std::vector<ConfigSetting> settings) {
    const auto configuration = JobConfiguration(settings, *plugin);
    EXPECT_TRUE(configuration.ok());
    return ExecutionOptionsOf(*configuration, *plugin).status().message();
  };
  EXPECT_NE(error({{"parallelism.default", "200", "-D"}}).find("larger than pipeline.max-parallelism = 128"),
            std::string::npos);
  EXPECT_NE(error({{"execution.checkpointing.interval", "1s", "-D"}}).find("say where"), std::string::npos);
  EXPECT_NE(error({{"execution.checkpointing.interval", "1500us", "-D"}}).find("whole milliseconds"),
            std::string::npos);
  EXPECT_NE(error({{"execution.checkpointing.timeout", "0", "-D"}}).find("more than 0"), std::string::npos);
}

TEST_F(JobConfigurationTest, RatiosAndDurationsReachThePluginInOneForm) {
  const auto plugin = PluginWith({{"r", "ratio", "0.5", "r"}, {"d", "duration", "1s", "d"}, {"b", "bytes", "1", "b"}});
  const auto configuration = JobConfiguration(
      std::vector<ConfigSetting>{{"r", "85%", "-D"}, {"d", "2MIN", "-D"}, {"b", "24MiB", "-D"}}, *plugin);
  ASSERT_TRUE(configuration.ok()) << configuration.status().ToString();
  const auto options = ExecutionOptionsOf(*configuration, *plugin);
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->backend_config,
            (std::vector<std::pair<std::string, std::string>>{{"r", "0.85"}, {"d", "120000000us"}, {"b", "24MiB"}}));
}

TEST_F(JobConfigurationTest, AssignmentsHaveAKeyAndAValue) {
  const auto setting = ParseAssignment("a.b=c=d", "-D");
  ASSERT_TRUE(setting.ok());
  EXPECT_EQ(setting->key, "a.b");
  EXPECT_EQ(setting->value, "c=d");
  EXPECT_FALSE(ParseAssignment("a.b", "-D").ok());
  EXPECT_FALSE(ParseAssignment("=1", "-D").ok());
}

}  // namespace
}  // namespace spillway::runtime
