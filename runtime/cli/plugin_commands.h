// The commands `spillway plugin info` and `spillway plugin verify`, and `spillway jobs`.
//
// Called from the main thread; each returns an ExitCode.
#pragma once

#include <string>

namespace spillway::cli {

// What the plugin says of itself: name, version, ABI, capabilities, configuration keys, exported slots.
[[nodiscard]] int PluginInfoCommand(const std::string& plugin);

// Runs the conformance kit on the plugin, behind the debug proxy and then bare; the last line sums both up. `theme`:
// only that one; empty: all.
[[nodiscard]] int PluginVerifyCommand(const std::string& plugin, const std::string& theme);

[[nodiscard]] int JobsCommand();

}  // namespace spillway::cli
