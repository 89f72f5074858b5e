// The directories of one instance for its run files: one below each directory that the host names, made at open,
// removed at close.
//
// Each is called `spillway-<instance>-<pid>-<n>` and holds a file `lock`, locked (flock) as long as the instance lives.
// While one is made or removed its name has a dot in front. Open removes those of this user's that nobody holds any
// more, such as those of a killed process. Only what Spillway makes is ever removed (run files, unfinished ones, the
// lock), nothing recursively; a directory with anything else in it is left, with a note.
//
// Open and Remove block, and are for one thread; all else any thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "spill/directory.h"
#include "spill/file.h"
#include "spillway/status.h"

namespace spillway::hybrid {

class SpillDirectories {
 public:
  // `parents`: existing directories, at least one; `instance`: its name. After an error nothing of it is left.
  static Result<std::unique_ptr<SpillDirectories>> Open(std::span<const std::string> parents,
                                                        const std::string& instance);
  ~SpillDirectories();  // Remove
  SpillDirectories(const SpillDirectories&) = delete;
  SpillDirectories& operator=(const SpillDirectories&) = delete;

  // One for each parent. They stay usable for removing files until this is destroyed.
  [[nodiscard]] const std::vector<std::unique_ptr<spill::Directory>>& all() const { return all_; }
  // Paths of orphans that Open removed, for the log.
  [[nodiscard]] const std::vector<std::string>& orphans_removed() const { return orphans_removed_; }
  // What Open found and left as it is, or could not do, for the log.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  // Removes them with all run files in them, after the last file is closed. The first error, which names what is left;
  // OK when it is called again.
  Status Remove();

 private:
  // A directory that was made, and its lock.
  struct Held {
    spill::File parent;
    std::string name;
    spill::File lock;
  };

  SpillDirectories() = default;
  [[nodiscard]] Status Make(const std::string& parent_path, const std::string& instance);
  void RemoveOrphans(const spill::File& parent);

  std::vector<Held> held_;
  std::vector<std::unique_ptr<spill::Directory>> all_;
  std::vector<std::string> orphans_removed_;
  std::vector<std::string> notes_;
};

}  // namespace spillway::hybrid
