// Reads settings from a YAML file: nested keys ("state: {backend: {type: hybrid}}"), dotted ones, or a mixture of both.
//
// Any thread. The settings come in the order of the file, each with file and line as its origin; they are not checked
// here but by Configuration::Set. Refused, with the line: what is not YAML, a list or a null where a value is due, a
// key that the file gives twice.
#pragma once

#include <filesystem>
#include <vector>

#include "spillway/configuration.h"

namespace spillway::runtime {

[[nodiscard]] Result<std::vector<ConfigSetting>> ReadYamlSettings(const std::filesystem::path& path);

}  // namespace spillway::runtime
