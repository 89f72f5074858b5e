// The directory of one instance below a local directory of the host.
//
// Made by Create, which takes the first free name of <instance>.rocksdb, <instance>.rocksdb-2 and so on: a directory
// whose lock is held belongs to a living instance, one that was kept for local recovery to the host, and both are left
// alone; any other was left by a process that died and is emptied. The lock lasts as long as this. Removed by Remove,
// else left behind. Any thread, one at a time.
#pragma once

#include <filesystem>
#include <string>

#include "spillway/status.h"

namespace spillway::rocks {

class InstanceDirectory {
 public:
  static Result<InstanceDirectory> Create(const std::string& below, const std::string& instance);

  InstanceDirectory(InstanceDirectory&& other) noexcept;
  InstanceDirectory& operator=(InstanceDirectory&& other) noexcept;
  ~InstanceDirectory();

  // Where RocksDB keeps its files.
  [[nodiscard]] std::string database() const { return (path_ / "db").string(); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // Deletes it with all that is in it.
  Status Remove();
  // Marks it as kept, so that later instances of the same name leave it alone.
  Status Keep();

 private:
  InstanceDirectory(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace spillway::rocks
