// Directory: where run files live; opened once, used by names.
//
// Open makes it (and its parents) when missing and finds out whether the file system takes direct I/O, by doing some.
// What it does to directories and names blocks for a moment, so it is not for owner threads. Names hold no '/'.
// Const functions: any thread.
#pragma once

#include <string>
#include <vector>

#include "spill/file.h"
#include "spillway/status.h"

namespace spillway::spill {

class Directory {
 public:
  // A file that Open makes for a moment.
  static constexpr const char* kProbeName = ".direct-io-probe";

  // With `direct` false, or when the file system refuses direct I/O, files are read and written through the page cache.
  static Result<Directory> Open(const std::string& path, bool direct = true);

  // A new file for writing (and reading); an existing one of that name is an error.
  [[nodiscard]] Result<File> CreateFile(const std::string& name) const;
  [[nodiscard]] Result<File> OpenFile(const std::string& name) const;  // for reading
  [[nodiscard]] Status RemoveFile(const std::string& name) const;      // durable after the handle is synced
  [[nodiscard]] Status RenameFile(const std::string& from, const std::string& to) const;
  [[nodiscard]] Result<std::vector<std::string>> List() const;  // names of what is in it, in order

  [[nodiscard]] const std::string& path() const { return handle_.path(); }
  [[nodiscard]] std::string PathOf(const std::string& name) const { return path() + "/" + name; }
  // The directory itself, for an IoRequest of kind kSync.
  [[nodiscard]] const File& handle() const { return handle_; }
  [[nodiscard]] bool direct() const { return direct_; }
  // Why files are not direct; empty when they are.
  [[nodiscard]] const std::string& note() const { return note_; }

 private:
  [[nodiscard]] Status ProbeDirect();

  File handle_;
  bool direct_ = false;
  std::string note_;
};

}  // namespace spillway::spill
