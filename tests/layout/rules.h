// The rules of the house that text shows. Each gives its findings with file and line; none for a proper tree. Pure
// functions, any thread.
#pragma once

#include <cstddef>
#include <vector>

#include "tests/layout/layout_table.h"
#include "tests/layout/source_tree.h"

namespace spillway::layout {

inline constexpr size_t kSourceLinesMax = 500;
inline constexpr size_t kHeaderLinesMax = 250;

// Includes go where the table says; every quoted one is found from the root of a target.
[[nodiscard]] std::vector<Finding> CheckIncludes(const SourceTree& tree, const LayoutTable& table);
// No file includes itself by way of others.
[[nodiscard]] std::vector<Finding> CheckIncludeCycles(const SourceTree& tree);
// A folder with sources has its target, defines no other than the table's, and takes no source from another folder.
[[nodiscard]] std::vector<Finding> CheckTargets(const SourceTree& tree, const LayoutTable& table);
// A target links only what its folder may include.
[[nodiscard]] std::vector<Finding> CheckLinks(const SourceTree& tree, const LayoutTable& table);
[[nodiscard]] std::vector<Finding> CheckSizes(const SourceTree& tree, const LayoutTable& table);
// snake_case, and none that says nothing (utils, helpers, common, manager).
[[nodiscard]] std::vector<Finding> CheckNames(const SourceTree& tree);
// A header opens with a comment and is guarded; no `using namespace`.
[[nodiscard]] std::vector<Finding> CheckCode(const SourceTree& tree);

// All of the above.
[[nodiscard]] std::vector<Finding> CheckAll(const SourceTree& tree, const LayoutTable& table);

}  // namespace spillway::layout
