// The directories of one instance for its run files: one below each directory that the host names, made at open,
// removed at close.
//
// Each holds a file `lock` that is locked (flock) as long as the instance lives. Open removes directories of instances
// that nobody holds any more, such as those of a killed process, and says which.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "spill/directory.h"
#include "spillway/status.h"

namespace spillway::hybrid {

class SpillDirectories {
 public:
  // `parents`: existing directories; `instance`: its name. Blocks.
  static Result<std::unique_ptr<SpillDirectories>> Open(std::span<const std::string> parents,
                                                        const std::string& instance);
  ~SpillDirectories();  // Remove
  SpillDirectories(const SpillDirectories&) = delete;
  SpillDirectories& operator=(const SpillDirectories&) = delete;

  // One for each parent. [any-thread]
  [[nodiscard]] const std::vector<std::unique_ptr<spill::Directory>>& all() const;
  // Paths of orphans that Open removed, for the log.
  [[nodiscard]] const std::vector<std::string>& orphans_removed() const;
  // Removes them with all that is in them, after the last file is closed. Idempotent.
  void Remove();
};

}  // namespace spillway::hybrid
