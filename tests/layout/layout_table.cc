#include "tests/layout/layout_table.h"

#include <algorithm>
#include <functional>
#include <set>
#include <sstream>
#include <utility>

namespace spillway::layout {
namespace {

// The cells of a table's line, without the outer bars; empty for any other line.
std::vector<std::string> Cells(std::string_view line) {
  std::vector<std::string> cells;
  if (!line.starts_with('|')) return cells;
  for (size_t begin = 1, end = 0; (end = line.find('|', begin)) != std::string_view::npos; begin = end + 1) {
    cells.emplace_back(line.substr(begin, end - begin));
  }
  return cells;
}

// The `code` words of a cell.
std::vector<std::string> Words(std::string_view cell) {
  std::vector<std::string> words;
  for (size_t begin = 0; (begin = cell.find('`', begin)) != std::string_view::npos;) {
    const size_t end = cell.find('`', begin + 1);
    if (end == std::string_view::npos) break;
    words.emplace_back(cell.substr(begin + 1, end - begin - 1));
    begin = end + 1;
  }
  return words;
}

// The folders of a way round, joined; empty when there is none.
std::string Cycle(const LayoutTable& table) {
  std::set<std::string> done;
  std::vector<std::string> way;
  std::function<std::string(const std::string&)> visit = [&](const std::string& folder) -> std::string {
    if (const auto begin = std::find(way.begin(), way.end(), folder); begin != way.end()) {
      std::string text;
      for (auto step = begin; step != way.end(); ++step) text += *step + " -> ";
      return text + folder;
    }
    if (!done.insert(folder).second) return {};
    way.push_back(folder);
    for (const FolderRow& row : table.folders) {
      if (row.folder != folder) continue;
      for (const std::string& next : row.may_include) {
        if (std::string text = next == "*" ? std::string() : visit(next); !text.empty()) return text;
      }
    }
    way.pop_back();
    return {};
  };
  for (const FolderRow& row : table.folders) {
    if (std::string text = visit(row.folder); !text.empty()) return text;
  }
  return {};
}

bool Matches(std::string_view name, std::string_view pattern) {
  return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern;
}

}  // namespace

const FolderRow* LayoutTable::RowOf(std::string_view path) const {
  const FolderRow* best = nullptr;
  for (const FolderRow& row : folders) {
    const bool holds =
        path.starts_with(row.folder) && (path.size() == row.folder.size() || path[row.folder.size()] == '/');
    if (holds && (best == nullptr || row.folder.size() > best->folder.size())) best = &row;
  }
  return best;
}

const FolderRow* LayoutTable::RowOfTarget(std::string_view target) const {
  const FolderRow* best = nullptr;
  size_t best_length = 1;  // longer than "*"
  for (const FolderRow& row : folders) {
    for (const std::string& pattern : row.targets) {
      if (!Matches(target, pattern) || pattern.size() <= best_length) continue;
      best = &row;
      best_length = pattern.size();
    }
  }
  return best;
}

Result<LayoutTable> ParseLayoutTable(std::string_view markdown) {
  LayoutTable table;
  std::istringstream lines{std::string(markdown)};
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> cells = Cells(line);
    if (cells.size() != 3) continue;
    const std::vector<std::string> name = Words(cells[0]);
    if (name.size() != 1) continue;  // a heading
    const bool is_file = name[0].ends_with(".h") || name[0].ends_with(".cc");
    if (is_file) {
      table.longer_files[name[0]] = static_cast<size_t>(std::stoul(cells[1]));
    } else {
      table.folders.push_back({name[0], Words(cells[1]), Words(cells[2])});
    }
  }
  if (table.folders.empty()) return Status::InvalidArgument("docs/layout.md has no table of folders");
  for (const FolderRow& row : table.folders) {
    for (const std::string& other : row.may_include) {
      const FolderRow* found = table.RowOf(other);
      if (other != "*" && (found == nullptr || found->folder != other)) {
        return Status::InvalidArgument("docs/layout.md: the row of " + row.folder + " names " + other +
                                       ", which has no row");
      }
    }
  }
  if (std::string cycle = Cycle(table); !cycle.empty()) {
    return Status::InvalidArgument("docs/layout.md: folders include each other in a circle: " + cycle);
  }
  return table;
}

bool MayInclude(const FolderRow& from, const FolderRow& to) {
  return from.folder == to.folder || MatchesAny(to.folder, from.may_include);
}

bool MatchesAny(std::string_view name, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& p) { return Matches(name, p); });
}

}  // namespace spillway::layout
