// Descriptors with one fault each.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>

#include "runtime/plugin/backend_table.h"
#include "runtime/plugin/plugin.h"
#include "spillway/plugin/capabilities.h"
#include "spillway/plugin/error.h"

namespace spillway::runtime {
namespace {

// A table in which every slot is there; nothing calls them.
spw_backend_api FullTable() {
  return CompleteBackendTable(nullptr);
}

class DescriptorTest : public ::testing::Test {
 protected:
  DescriptorTest() {
    descriptor_ = plugin::Sized<spw_plugin_descriptor>();
    descriptor_.abi_major = SPW_ABI_MAJOR;
    descriptor_.abi_minor = SPW_ABI_MINOR;
    descriptor_.name = "made-up_1";
    descriptor_.version = "1";
    descriptor_.description = "für Tests";
    descriptor_.api = &api_;
    descriptor_.config_key_count = 1;
    descriptor_.config_keys = &key_;
    descriptor_.live_handles = [] { return uint64_t{0}; };
  }

  void ExpectFault(const std::function<void()>& change, const std::string& words,
                   StatusCode code = StatusCode::kInvalidArgument) {
    const spw_plugin_descriptor descriptor = descriptor_;
    const spw_config_key key = key_;
    const spw_backend_api api = api_;
    change();
    const auto plugin = Plugin::FromDescriptor(&descriptor_, "some.so");
    EXPECT_FALSE(plugin.ok()) << words;
    EXPECT_EQ(plugin.status().code(), code) << plugin.status().ToString();
    EXPECT_NE(plugin.status().message().find(words), std::string::npos) << plugin.status().ToString();
    EXPECT_NE(plugin.status().message().find("some.so"), std::string::npos) << plugin.status().ToString();
    descriptor_ = descriptor;
    key_ = key;
    api_ = api;
  }

  spw_backend_api api_ = FullTable();
  spw_config_key key_{"a.key", "bytes", "", "what it does"};
  spw_plugin_descriptor descriptor_{};
};

TEST_F(DescriptorTest, AProperOneIsTaken) {
  const auto plugin = Plugin::FromDescriptor(&descriptor_, "some.so");
  ASSERT_TRUE(plugin.ok()) << plugin.status().ToString();
  EXPECT_EQ((*plugin)->description(), "für Tests");
}

TEST_F(DescriptorTest, ItsTextsAreThereAndReadable) {
  ExpectFault([&] { descriptor_.name = nullptr; }, "its name is NULL");
  ExpectFault([&] { descriptor_.name = ""; }, "its name is empty");
  ExpectFault([&] { descriptor_.name = "../evil"; }, "has characters other than a-z, 0-9");
  ExpectFault([&] { descriptor_.version = ""; }, "its version is empty");
  ExpectFault([&] { descriptor_.description = "\xff"; }, "its description is not UTF-8");
  const std::string long_text(5000, 'x');
  ExpectFault([&] { descriptor_.description = long_text.c_str(); }, "its description is longer than 4096 bytes");
}

TEST_F(DescriptorTest, ItsConfigurationKeysAreThereAndExplained) {
  ExpectFault([&] { descriptor_.config_keys = nullptr; }, "announces 1 configuration keys, and config_keys is NULL");
  ExpectFault([&] { key_.name = nullptr; }, "its name is NULL of configuration key 0");
  ExpectFault([&] { key_.type = ""; }, "its type is empty of configuration key 0");
  ExpectFault([&] { key_.default_value = nullptr; }, "its default value is NULL of configuration key 0");
  ExpectFault([&] { key_.help = nullptr; }, "its help is NULL of configuration key 0");
}

TEST_F(DescriptorTest, ItsTableAndItsCountAreThere) {
  ExpectFault([&] { descriptor_.live_handles = nullptr; }, "its live_handles is NULL");
  ExpectFault([&] { descriptor_.api = nullptr; }, "its api is NULL");
  ExpectFault([&] { api_.struct_size = 4; }, "its api says struct_size 4, too small for any slot");
  ExpectFault([&] { api_.open = nullptr; }, "'open' (required of every plugin)");
}

TEST_F(DescriptorTest, EveryCapabilityNeedsItsSlots) {
  for (const BackendSlot& slot : BackendSlots()) {
    for (uint64_t bit = 1; bit <= SPW_CAP_SPILL; bit <<= 1) {
      if ((slot.capabilities & bit) == 0) continue;
      ExpectFault(
          [&] {
            descriptor_.capabilities = bit;
            void (*absent)() = nullptr;
            std::memcpy(reinterpret_cast<char*>(&api_) + slot.offset, &absent, sizeof(absent));
          },
          "'" + std::string(slot.name) + "' (claimed by capability " + plugin::CapabilityNames(bit) + ")");
    }
  }
}

TEST_F(DescriptorTest, UnknownCapabilitiesAreIgnored) {
  descriptor_.capabilities = UINT64_C(1) << 63;
  EXPECT_TRUE(Plugin::FromDescriptor(&descriptor_, "some.so").ok());
  EXPECT_EQ(plugin::CapabilityNames(SPW_CAP_VALUE | SPW_CAP_SPILL | UINT64_C(1) << 63), "value, spill");
}

TEST_F(DescriptorTest, ItsVersionAndSizeComeFirst) {
  const StatusCode mismatch = StatusCode::kVersionMismatch;
  ExpectFault([&] { descriptor_.struct_size = 8; }, "struct_size 8, too small even for its version", mismatch);
  ExpectFault([&] { descriptor_.struct_size = 40; }, "its descriptor says struct_size 40, ABI ", mismatch);
  // What lies beyond the version may be anything in another version: it must not be looked at.
  ExpectFault(
      [&] {
        descriptor_.struct_size = 16;
        descriptor_.abi_major = 9;
        descriptor_.name = nullptr;
        descriptor_.api = nullptr;
      },
      "speaks plugin ABI 9.", mismatch);
}

}  // namespace
}  // namespace spillway::runtime
