// The id of an output directory: by it a checkpoint knows the directory again that its output belongs to.
//
// A job that starts afresh gives its directory a new id. Checkpoints hold it, and a restore asks for it: so output of
// one run never goes on in another directory, nor in that of a later run. The id moves with the directory. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "spillway/status.h"

namespace spillway::runtime {

inline constexpr std::string_view kOutputDirectoryIdName = ".output-id";

// nullopt when the directory, or its id, is not there.
[[nodiscard]] Result<std::optional<uint64_t>> ReadOutputDirectoryId(const std::filesystem::path& directory);
// In the place of the one that is there, durably. Gives the new id.
[[nodiscard]] Result<uint64_t> RenewOutputDirectoryId(const std::filesystem::path& directory);

}  // namespace spillway::runtime
