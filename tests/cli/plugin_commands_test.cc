#include "tests/cli/command_fixture.h"

namespace spillway::cli {
namespace {

class PluginCommandsTest : public CommandTest {};

TEST_F(PluginCommandsTest, InfoTellsWhatAPluginIs) {
  const Ended ended = Run({"plugin", "info", SPILLWAY_HYBRID});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  for (const char* part : {"hybrid 0.", "ABI          0.", "capabilities value", "snapshot-full", "config keys",
                           " exported: open bind_owner", "value_get_for_update"}) {
    EXPECT_NE(ended.out.find(part), std::string::npos) << part << " is not in\n" << ended.out;
  }
}

TEST_F(PluginCommandsTest, AnInstalledPluginIsFoundByItsName) {
  EXPECT_EQ(Run({"plugin", "info", "hybrid"}).exit_code, 0);
  const Ended missing = Run({"plugin", "info", "nowhere"});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_EQ(missing.err.rfind("spillway: ", 0), 0u) << missing.err;
}

TEST_F(PluginCommandsTest, VerifyRunsTheKit) {
  const Ended ended = Run({"plugin", "verify", SPILLWAY_MODEL, "--theme", "value"});
  ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  const size_t last_line = ended.out.rfind('\n', ended.out.size() - 2) + 1;
  int passed = 0;
  int failed = -1;
  EXPECT_EQ(sscanf(ended.out.c_str() + last_line, "%d passed, %d failed\n", &passed, &failed), 2) << ended.out;
  EXPECT_GT(passed, 5);
  EXPECT_EQ(failed, 0);
  const auto passed_of = [&](const std::string& how) {
    const size_t begin = ended.out.find("\n" + how + "\n  value ");
    EXPECT_NE(begin, std::string::npos) << how << " is not in\n" << ended.out;
    return begin == std::string::npos ? 0 : std::atoi(ended.out.c_str() + begin + how.size() + 10);
  };
  EXPECT_EQ(passed_of("behind the debug proxy"), passed / 2);
  EXPECT_EQ(passed_of("bare"), passed / 2);
  EXPECT_EQ(Run({"plugin", "verify", SPILLWAY_MODEL, "--theme", "Colour"}).exit_code, 2);
}

TEST_F(PluginCommandsTest, JobsAreListed) {
  const Ended ended = Run({"jobs"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_NE(ended.out.find("page-trace: "), std::string::npos);
  EXPECT_NE(ended.out.find("vm-noise: "), std::string::npos);
  EXPECT_NE(ended.out.find("wordcount: "), std::string::npos);
}

TEST_F(PluginCommandsTest, HelpNamesKeysAndExitCodes) {
  const Ended ended = Run({"run", "--help"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_NE(ended.out.find("execution.checkpointing.num-retained"), std::string::npos);
  EXPECT_NE(ended.out.find("Exit codes: 0 done"), std::string::npos);
}

}  // namespace
}  // namespace spillway::cli
