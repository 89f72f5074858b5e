// An instance of the hybrid backend for tests, without the ABI: states of all kinds over a few key-groups.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "backend/hybrid/instance.h"
#include "backend/hybrid/registration.h"
#include "spillway/plugin/error.h"

namespace spillway::hybrid {

// Printed by every test that uses it, so that a failure can be repeated: SPILLWAY_SEED overrides.
inline uint64_t SeedOf(uint64_t usual) {
  const char* given = std::getenv("SPILLWAY_SEED");
  const uint64_t seed = given == nullptr ? usual : std::strtoull(given, nullptr, 10);
  ::testing::Test::RecordProperty("seed", std::to_string(seed));
  return seed;
}

class TestInstance {
 public:
  // `directory`: an existing one for local files; empty: none, so that everything stays in memory.
  explicit TestInstance(uint32_t groups = 2, uint64_t share = 0, const spw_host* host = nullptr,
                        const std::string& directory = "", const std::vector<spw_config_entry>& config = {})
      : own_host_(plugin::Sized<spw_host>()) {
    auto options = plugin::Sized<spw_open_options>();
    options.max_parallelism = groups;
    options.key_groups = {0, groups - 1};
    options.key_group_function = "test";
    options.instance = "test";
    options.memory_share_bytes = share;
    const char* const directories[] = {directory.c_str()};
    options.local_dirs = directories;
    options.local_dir_count = directory.empty() ? 0 : 1;
    options.config = config.data();
    options.config_count = static_cast<uint32_t>(config.size());
    auto opened = Instance::Open(options, host == nullptr ? &own_host_ : host);
    instance_ = std::move(opened).value();
  }

  State* Register(const char* name, spw_state_kind kind, uint32_t alignment = 1) {
    auto options = plugin::Sized<spw_state_options>();
    options.name = name;
    options.kind = kind;
    options.alignment = alignment;
    return RegisterState(instance_.get(), options).value();
  }

  [[nodiscard]] Instance* operator->() const { return instance_.get(); }
  [[nodiscard]] Instance* get() const { return instance_.get(); }
  [[nodiscard]] Heap& heap() const { return instance_->heap(); }
  [[nodiscard]] MemoryAccount& account() const { return instance_->heap().account(); }

  // Safepoints until there is nothing left to free.
  void ReclaimAll() const {
    do {
      instance_->Safepoint(1000);
    } while (heap().HasReclaimable());
  }

 private:
  const spw_host own_host_;
  std::unique_ptr<Instance> instance_;
};

// The categories and slack sum up to what was taken from the system, at every moment.
inline void ExpectBooksBalance(const MemoryAccount& account) {
  const uint64_t parts =
      account.of(Category::kEntries) + account.of(Category::kIndex) + account.of(Category::kRetired) + account.io();
  EXPECT_LE(parts, account.used());
}

}  // namespace spillway::hybrid
