#include "spillway/configuration.h"

#include <gtest/gtest.h>

namespace spillway {
namespace {

using testing::Test;

constexpr ConfigOption<MemorySize> kBudget{"state.backend.spillway.memory.budget", "1MiB", "memory"};
constexpr ConfigOption<std::chrono::microseconds> kInterval{"execution.checkpointing.interval", "0", "interval"};
constexpr ConfigOption<int64_t> kParallelism{"parallelism.default", "1", "subtasks", 1, 64};
constexpr ConfigOption<std::string> kDir{"execution.checkpointing.dir", "", "where"};

Configuration Sample() {
  return Configuration({OptionDescriptor::Of(kBudget),
                        OptionDescriptor::Of(kInterval),
                        OptionDescriptor::Of(kParallelism),
                        OptionDescriptor::Of(kDir),
                        {.key = "io.engine", .type = OptionType::kWord, .default_value = "a", .words = {"a", "b"}}});
}

std::string ErrorOf(const Status& status) {
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.ToString();
  return status.message();
}

TEST(Configuration, HasDefaultsAndTakesValues) {
  Configuration configuration = Sample();
  EXPECT_EQ(configuration.Get(kBudget).bytes, 1u << 20);
  EXPECT_FALSE(configuration.IsSet(kBudget.key));
  ASSERT_TRUE(configuration.Set({"state.backend.spillway.memory.budget", "24MiB", "-D"}).ok());
  EXPECT_EQ(configuration.Get(kBudget).bytes, 24u << 20);
  EXPECT_TRUE(configuration.IsSet(kBudget.key));
}

TEST(Configuration, TheLaterSettingCounts) {
  Configuration configuration = Sample();
  ASSERT_TRUE(
      configuration.SetAll({{"parallelism.default", "2", "conf.yaml line 1"}, {"parallelism.default", "3", "-D"}})
          .ok());
  EXPECT_EQ(configuration.Get(kParallelism), 3);
}

TEST(Configuration, AnUnknownKeyIsAnsweredWithTheNearestOne) {
  Configuration configuration = Sample();
  EXPECT_EQ(ErrorOf(configuration.Set({"execution.checkpointing.intervall", "1s", "-D"})),
            "unknown configuration key 'execution.checkpointing.intervall' (-D); did you mean "
            "'execution.checkpointing.interval'?");
  EXPECT_EQ(configuration.NearestKey("memory.budget"), kBudget.key);
  EXPECT_EQ(configuration.NearestKey("paralellism.default"), kParallelism.key);
  EXPECT_EQ(configuration.NearestKey("zzz"), "");
  EXPECT_EQ(configuration.NearestKey(""), "");
  EXPECT_EQ(configuration.NearestKey(std::string(1 << 20, 'x')), "");
}

TEST(Configuration, AWrongValueIsRefusedWithItsExpectedForm) {
  Configuration configuration = Sample();
  EXPECT_EQ(
      ErrorOf(configuration.Set({"state.backend.spillway.memory.budget", "lots", "conf.yaml line 7"})),
      "'lots' is not a value of 'state.backend.spillway.memory.budget' (conf.yaml line 7); expected a size such as "
      "24MiB, 1GiB or 4096");
  EXPECT_EQ(ErrorOf(configuration.Set({"parallelism.default", "65", "-D"})),
            "'65' is not a value of 'parallelism.default' (-D); expected a whole number from 1 to 64");
  EXPECT_EQ(ErrorOf(configuration.Set({"io.engine", "c", "-D"})),
            "'c' is not a value of 'io.engine' (-D); expected one of a, b");
  EXPECT_EQ(configuration.Get(kParallelism), 1) << "a refused value must not be kept";
}

}  // namespace
}  // namespace spillway
