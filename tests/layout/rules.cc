#include "tests/layout/rules.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>

namespace spillway::layout {
namespace {

struct Include {
  size_t line;
  std::string target;  // the file's path in the tree; empty when it is none of the project's
  std::string text;    // as written
  bool quoted;
};

// Where an include leads: the roots of targets are the project, include/ and plugin-abi/.
std::string Resolve(const SourceTree& tree, const std::string& text) {
  for (const char* root : {"", "include/", "plugin-abi/"}) {
    if (tree.Has(root + text)) return root + text;
  }
  return {};
}

std::vector<Include> IncludesOf(const SourceTree& tree, const std::vector<std::string>& lines) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*(["<])([^">]+)[">])");
  const std::vector<std::string> code = WithoutComments(lines);
  std::vector<Include> includes;
  for (size_t i = 0; i < lines.size(); ++i) {
    std::smatch match;
    // The name is blanked in `code` as a string, so the line as it was is read when the directive itself is code.
    if (code[i].find('#') == std::string::npos || !std::regex_search(lines[i], match, kInclude)) continue;
    includes.push_back({i + 1, Resolve(tree, match[2]), match[2], match[1] == "\""});
  }
  return includes;
}

struct Call {
  size_t line;
  std::string function;
  std::vector<std::string> words;
};

// The calls of a CMakeLists.txt, comments left out.
std::vector<Call> CMakeCalls(const std::vector<std::string>& lines) {
  std::vector<Call> calls;
  bool inside = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    std::string word;
    const std::string line = lines[i].substr(0, lines[i].find('#')) + ' ';
    for (const char c : line) {
      if (c == '(' && !inside) {
        calls.push_back({i + 1, word, {}});
        inside = true;
        word.clear();
      } else if (c == ')' && inside) {
        if (!word.empty()) calls.back().words.push_back(word);
        inside = false;
        word.clear();
      } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
        if (inside && !word.empty()) calls.back().words.push_back(word);
        word.clear();
      } else {
        word += c;
      }
    }
  }
  return calls;
}

bool IsCMakeFile(const std::string& path) {
  return path.ends_with("CMakeLists.txt");
}

bool DefinesTarget(const Call& call) {
  static const std::set<std::string> kFunctions = {"add_library", "add_executable", "spillway_plugin"};
  return kFunctions.count(call.function) > 0 && !call.words.empty();
}

}  // namespace

std::vector<Finding> CheckIncludes(const SourceTree& tree, const LayoutTable& table) {
  std::vector<Finding> findings;
  for (const auto& [path, lines] : tree.files()) {
    if (!IsCode(path)) continue;
    const FolderRow* from = table.RowOf(path);
    if (from == nullptr) {
      findings.push_back({path, 0, "its folder has no row in docs/layout.md"});
      continue;
    }
    for (const Include& include : IncludesOf(tree, lines)) {
      if (include.target.empty()) {
        if (include.quoted) {
          findings.push_back({path, include.line, "includes \"" + include.text + "\", which is in no target's root"});
        }
        continue;
      }
      const FolderRow* to = table.RowOf(include.target);
      if (to == nullptr || MayInclude(*from, *to)) continue;
      findings.push_back({path, include.line,
                          "includes \"" + include.text + "\": " + from->folder + " may not include " + to->folder +
                              " (docs/layout.md)"});
    }
  }
  return findings;
}

std::vector<Finding> CheckIncludeCycles(const SourceTree& tree) {
  std::map<std::string, std::vector<Include>> graph;
  for (const auto& [path, lines] : tree.files()) {
    if (IsCode(path)) graph[path] = IncludesOf(tree, lines);
  }
  std::vector<Finding> findings;
  std::set<std::string> done;
  std::vector<std::string> way;
  std::function<void(const std::string&)> visit = [&](const std::string& path) {
    done.insert(path);
    way.push_back(path);
    for (const Include& include : graph[path]) {
      if (include.target.empty()) continue;
      const auto begin = std::find(way.begin(), way.end(), include.target);
      if (begin != way.end()) {
        std::string text = "closes a circle of includes: ";
        for (auto step = begin; step != way.end(); ++step) text += *step + " -> ";
        findings.push_back({path, include.line, text + include.target});
      } else if (done.count(include.target) == 0) {
        visit(include.target);
      }
    }
    way.pop_back();
  };
  for (const auto& [path, includes] : graph) {
    if (done.count(path) == 0) visit(path);
  }
  return findings;
}

std::vector<Finding> CheckTargets(const SourceTree& tree, const LayoutTable& table) {
  std::vector<Finding> findings;
  std::set<std::string> folders_with_targets;
  for (const auto& [path, lines] : tree.files()) {
    const FolderRow* row = table.RowOf(path);
    if (!IsCMakeFile(path) || row == nullptr) continue;
    for (const Call& call : CMakeCalls(lines)) {
      const bool defines = DefinesTarget(call);
      if (defines) {
        folders_with_targets.insert(row->folder);
        if (!MatchesAny(call.words[0], row->targets)) {
          findings.push_back({path, call.line,
                              "defines target " + call.words[0] + ", which docs/layout.md does not " +
                                  "have in the row of " + row->folder});
        }
      }
      if (!defines && call.function != "target_sources") continue;
      for (const std::string& word : call.words) {
        if (word.find("../") == std::string::npos && word.find("SOURCE_DIR}") == std::string::npos) continue;
        findings.push_back({path, call.line, "takes source " + word + " from another folder"});
      }
    }
  }
  std::set<std::string> reported;
  for (const auto& [path, lines] : tree.files()) {
    const FolderRow* row = table.RowOf(path);
    if (!path.ends_with(".cc") || row == nullptr || folders_with_targets.count(row->folder) > 0) continue;
    if (reported.insert(row->folder).second) {
      findings.push_back({path, 0, "no CMakeLists.txt of " + row->folder + " defines a target"});
    }
  }
  return findings;
}

std::vector<Finding> CheckLinks(const SourceTree& tree, const LayoutTable& table) {
  std::vector<Finding> findings;
  for (const auto& [path, lines] : tree.files()) {
    const FolderRow* row = table.RowOf(path);
    if (!IsCMakeFile(path) || row == nullptr) continue;
    for (const Call& call : CMakeCalls(lines)) {
      if (call.function != "target_link_libraries") continue;
      for (const std::string& word : call.words) {
        const FolderRow* to = table.RowOfTarget(word);
        if (to == nullptr || MayInclude(*row, *to)) continue;
        findings.push_back(
            {path, call.line,
             "links " + word + ": " + row->folder + " may not include " + to->folder + " (docs/layout.md)"});
      }
    }
  }
  return findings;
}

std::vector<Finding> CheckSizes(const SourceTree& tree, const LayoutTable& table) {
  std::vector<Finding> findings;
  for (const auto& [path, lines] : tree.files()) {
    if (!IsCode(path)) continue;
    const auto longer = table.longer_files.find(path);
    const size_t limit = longer != table.longer_files.end() ? longer->second
                         : IsHeader(path)                   ? kHeaderLinesMax
                                                            : kSourceLinesMax;
    if (lines.size() <= limit) continue;
    findings.push_back({path, limit + 1,
                        "has " + std::to_string(lines.size()) + " lines, at most " + std::to_string(limit) +
                            " are allowed: split it by what its parts are"});
  }
  return findings;
}

std::vector<Finding> CheckNames(const SourceTree& tree) {
  static const std::regex kSnakeCase("[a-z0-9_]+");
  static const std::set<std::string> kEmptyWords = {"util",    "utils",  "utility", "utilities", "helper",
                                                    "helpers", "common", "manager", "managers",  "misc"};
  std::vector<Finding> findings;
  for (const auto& [path, lines] : tree.files()) {
    if (!IsCode(path)) continue;
    const std::filesystem::path parts(path);
    if (!std::regex_match(parts.stem().string(), kSnakeCase)) {
      findings.push_back({path, 0, "its name is not snake_case"});
    }
    for (const std::filesystem::path& part : parts) {
      std::string word;
      for (const char c : part.stem().string() + "_") {
        if (c != '_') {
          word += c;
          continue;
        }
        if (kEmptyWords.count(word) > 0) findings.push_back({path, 0, "'" + word + "' does not say what it is"});
        word.clear();
      }
    }
  }
  return findings;
}

std::vector<Finding> CheckCode(const SourceTree& tree) {
  static const std::regex kUsingNamespace(R"(\busing\s+namespace\b)");
  std::vector<Finding> findings;
  for (const auto& [path, lines] : tree.files()) {
    if (!IsCode(path)) continue;
    const std::vector<std::string> code = WithoutComments(lines);
    for (size_t i = 0; i < code.size(); ++i) {
      if (std::regex_search(code[i], kUsingNamespace)) findings.push_back({path, i + 1, "says 'using namespace'"});
    }
    if (!IsHeader(path)) continue;
    if (lines.empty() || (!lines[0].starts_with("//") && !lines[0].starts_with("/*"))) {
      findings.push_back({path, 1, "does not open with a comment that says what it is"});
    }
    const bool guarded = std::any_of(code.begin(), code.end(), [](const std::string& line) {
      return line.starts_with("#pragma once") || (line.starts_with("#ifndef") && line.find("_H_") != std::string::npos);
    });
    if (!guarded) findings.push_back({path, 0, "has no #pragma once"});
  }
  return findings;
}

std::vector<Finding> CheckAll(const SourceTree& tree, const LayoutTable& table) {
  std::vector<Finding> all;
  for (const std::vector<Finding>& findings :
       {CheckIncludes(tree, table), CheckIncludeCycles(tree), CheckTargets(tree, table), CheckLinks(tree, table),
        CheckSizes(tree, table), CheckNames(tree), CheckCode(tree)}) {
    all.insert(all.end(), findings.begin(), findings.end());
  }
  return all;
}

}  // namespace spillway::layout
