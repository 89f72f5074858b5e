// A loaded backend plugin: its descriptor, checked, and its complete table.
//
// Immutable after loading; any thread. Owns the complete table that backends opened with it live by, so a Plugin must
// outlive them. The library itself is never unloaded: code, static strings and the descriptor stay for the process's
// life.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "spillway/plugin/abi.h"
#include "spillway/status.h"

namespace spillway::runtime {

class Plugin {
 public:
  // Checks the descriptor and builds the complete table. `descriptor` must stay for ever, as an exported symbol does;
  // `path` is where it came from and appears in messages.
  static Result<std::shared_ptr<const Plugin>> FromDescriptor(const spw_plugin_descriptor* descriptor,
                                                              std::filesystem::path path);

  // `plugin` behind another table, which `keeper` owns together with whatever else must live as long: how the debug
  // proxy puts itself in front. Both tables must be complete.
  static std::shared_ptr<const Plugin> InFrontOf(const Plugin& plugin, const spw_backend_api* api,
                                                 std::shared_ptr<const void> keeper);

  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string_view name() const { return descriptor_->name; }
  [[nodiscard]] std::string_view version() const { return descriptor_->version; }
  [[nodiscard]] std::string_view description() const { return descriptor_->description; }
  [[nodiscard]] uint64_t capabilities() const { return descriptor_->capabilities; }
  [[nodiscard]] bool Has(uint64_t capabilities) const {
    return (descriptor_->capabilities & capabilities) == capabilities;
  }
  [[nodiscard]] std::span<const spw_config_key> config_keys() const {
    return {descriptor_->config_keys, descriptor_->config_key_count};
  }
  // The plugin's own descriptor; its `api` is the plugin's table as it came, so call through api() instead.
  [[nodiscard]] const spw_plugin_descriptor& descriptor() const { return *descriptor_; }
  // The complete table: no slot is NULL.
  [[nodiscard]] const spw_backend_api* api() const { return api_; }
  // What stands in front of the plugin's own table, null when nothing does.
  [[nodiscard]] const std::shared_ptr<const void>& keeper() const { return keeper_; }
  // How many handles of this plugin exist in the process, by its own count.
  [[nodiscard]] uint64_t live_handles() const { return descriptor_->live_handles(); }

 private:
  Plugin(const spw_plugin_descriptor* descriptor, std::filesystem::path path)
      : descriptor_(descriptor), path_(std::move(path)) {}

  const spw_plugin_descriptor* descriptor_;
  std::filesystem::path path_;
  spw_backend_api own_table_{};
  const spw_backend_api* api_ = &own_table_;
  std::shared_ptr<const void> keeper_;
};

}  // namespace spillway::runtime
