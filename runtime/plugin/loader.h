// Finds and loads backend plugins.
//
// A plugin is named as in configuration ("hybrid": libspillway_hybrid.so in one of the plugin directories) or by the
// path of its library (anything with a '/' or ending in ".so"). A library is loaded with RTLD_NOW|RTLD_LOCAL and never
// unloaded; loading it again gives the same descriptor. Any thread. Every refusal is an error that tells the reason:
// kNotFound (no such file, no such name, with the directories that were looked in), kVersionMismatch (naming both
// versions), or kInvalidArgument (not a library, without the symbol, not usable as it is).
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "runtime/plugin/plugin.h"
#include "spillway/status.h"

namespace spillway::runtime {

enum class DebugProxyMode {
  kFromEnvironment,  // in front of the plugin when SPILLWAY_DEBUG_PROXY is set to anything but "" and "0"
  kOn,
  kOff,
};

struct LoadOptions {
  // Looked in first to last, before the usual ones.
  std::vector<std::filesystem::path> directories;
  DebugProxyMode debug_proxy = DebugProxyMode::kFromEnvironment;
};

// Where names are looked up when nothing else is said: the directories of SPILLWAY_PLUGIN_PATH (separated by ':'), then
// ../lib/spillway/plugins beside the folder of the running program.
[[nodiscard]] std::vector<std::filesystem::path> UsualPluginDirectories();

[[nodiscard]] Result<std::shared_ptr<const Plugin>> LoadPlugin(std::string_view name_or_path,
                                                               const LoadOptions& options = {});

}  // namespace spillway::runtime
