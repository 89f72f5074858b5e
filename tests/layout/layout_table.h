// docs/layout.md as data: which folder may include which, the names of its targets, and the files that may be longer.
// Plain values, any thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/status.h"

namespace spillway::layout {

struct FolderRow {
  std::string folder;
  std::vector<std::string> may_include;  // folders; "*" is any
  std::vector<std::string> targets;      // names; a '*' at the end stands for anything
};

struct LayoutTable {
  std::vector<FolderRow> folders;
  std::map<std::string, size_t> longer_files;  // path -> lines at most

  // The row of the longest folder that holds `path`, null when there is none.
  [[nodiscard]] const FolderRow* RowOf(std::string_view path) const;
  // The row whose targets have this name exactly or by the longest pattern; null when there is none but "*".
  [[nodiscard]] const FolderRow* RowOfTarget(std::string_view target) const;
};

// Fails on a row that names a folder which has no row, and when the rows form a cycle.
[[nodiscard]] Result<LayoutTable> ParseLayoutTable(std::string_view markdown);

[[nodiscard]] bool MayInclude(const FolderRow& from, const FolderRow& to);
[[nodiscard]] bool MatchesAny(std::string_view name, const std::vector<std::string>& patterns);

}  // namespace spillway::layout
