// What an instance refuses to be opened with.
#include <gtest/gtest.h>

#include <string>

#include "backend/hybrid/instance.h"
#include "snapshot/keyed_state_format.h"
#include "spillway/plugin/error.h"

namespace spillway::hybrid {
namespace {

TEST(Open, RefusesAKeyGroupFunctionThatNoSnapshotCouldName) {
  const auto host = plugin::Sized<spw_host>();
  auto options = plugin::Sized<spw_open_options>();
  options.max_parallelism = 1;
  options.instance = "test";
  const std::string longest(snapshot::keyed_state_format::kKeyGroupFunctionBytesMax, 'f');
  options.key_group_function = longest.c_str();
  EXPECT_TRUE(Instance::Open(options, &host).ok());
  const std::string longer = longest + 'f';
  options.key_group_function = longer.c_str();
  EXPECT_EQ(Instance::Open(options, &host).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace spillway::hybrid
