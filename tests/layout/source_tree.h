// The project's sources as text, for tests that read them. Plain values, any thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::layout {

struct Finding {
  std::string file;  // relative to the project
  size_t line = 0;   // 1 is the first; 0: the file as a whole
  std::string text;

  [[nodiscard]] std::string ToString() const;  // "a/b.h:3: …"
};

// Lines by path relative to the project ("runtime/plugin/loader.h"): .h, .cc, .c and CMakeLists.txt.
class SourceTree {
 public:
  void Add(std::string path, std::string_view text);
  // All below those folders of the project that are there.
  [[nodiscard]] static SourceTree Read(const std::filesystem::path& root, const std::vector<std::string>& folders);

  [[nodiscard]] const std::map<std::string, std::vector<std::string>>& files() const { return files_; }
  [[nodiscard]] bool Has(const std::string& path) const { return files_.count(path) > 0; }

 private:
  std::map<std::string, std::vector<std::string>> files_;
};

[[nodiscard]] bool IsHeader(std::string_view path);
[[nodiscard]] bool IsCode(std::string_view path);  // headers too

// What is not comment, string or character literal in the lines; those are blanked, columns and lines stay.
[[nodiscard]] std::vector<std::string> WithoutComments(const std::vector<std::string>& lines);

}  // namespace spillway::layout
