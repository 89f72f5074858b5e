#include "runtime/config/yaml_settings.h"

#include <gtest/gtest.h>

#include <fstream>

namespace spillway::runtime {
namespace {

class YamlSettings : public testing::Test {
 protected:
  Result<std::vector<ConfigSetting>> Read(const std::string& text) {
    path_ = testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".yaml";
    std::ofstream(path_) << text;
    return ReadYamlSettings(path_);
  }
  std::string ErrorOf(const std::string& text) {
    const auto settings = Read(text);
    EXPECT_FALSE(settings.ok()) << text;
    return settings.ok() ? "" : settings.status().message();
  }
  std::string path_;
};

TEST_F(YamlSettings, NestedAndDottedKeysAreTheSame) {
  const auto settings = Read(
      "state.backend:\n  type: hybrid\n  spillway.memory.budget: 24MiB\nexecution:\n  checkpointing:\n    interval: "
      "1s\n"
      "    num-retained: 3\nparallelism.default: 2\n");
  ASSERT_TRUE(settings.ok()) << settings.status().ToString();
  ASSERT_EQ(settings->size(), 5u);
  EXPECT_EQ((*settings)[0].key, "state.backend.type");
  EXPECT_EQ((*settings)[1].key, "state.backend.spillway.memory.budget");
  EXPECT_EQ((*settings)[1].value, "24MiB");
  EXPECT_EQ((*settings)[2].key, "execution.checkpointing.interval");
  EXPECT_EQ((*settings)[2].origin, path_ + " line 6");
  EXPECT_EQ((*settings)[4].value, "2");
}

TEST_F(YamlSettings, AnEmptyFileSetsNothing) {
  const auto settings = Read("# nothing\n");
  ASSERT_TRUE(settings.ok());
  EXPECT_TRUE(settings->empty());
}

TEST_F(YamlSettings, WhatIsNotAListOfSettingsIsRefusedWithItsLine) {
  EXPECT_NE(ErrorOf("a: [1, 2]\n").find("gives 'a' a list"), std::string::npos);
  EXPECT_NE(ErrorOf("a: 1\nb:\n").find("gives 'b' no value (line 2)"), std::string::npos);
  EXPECT_NE(ErrorOf("a.b: 1\na:\n  b: 2\n").find("sets 'a.b' again, after line 1; keep one of them (line 3)"),
            std::string::npos);
  EXPECT_NE(ErrorOf("a: 1\na: 2\n").find("sets 'a' again"), std::string::npos);
  EXPECT_NE(ErrorOf("just words\n").find("does not consist of"), std::string::npos);
  EXPECT_NE(ErrorOf("a: {b: 1\n").find("is not valid YAML"), std::string::npos);
  EXPECT_NE(ErrorOf("[a]: 1\n").find("a key that is not plain text"), std::string::npos);
  EXPECT_NE(ErrorOf(std::string((1 << 20) + 1, ' ')).find("larger than"), std::string::npos);
}

TEST_F(YamlSettings, AMissingFileAndADirectoryAreSaid) {
  EXPECT_NE(ReadYamlSettings("/nowhere/conf.yaml").status().message().find("No such file"), std::string::npos);
  EXPECT_NE(ReadYamlSettings(testing::TempDir()).status().message().find("is a directory"), std::string::npos);
}

}  // namespace
}  // namespace spillway::runtime
