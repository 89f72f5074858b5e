// The themes of the kit, one file each; cases.cc puts them together.
#pragma once

#include <vector>

#include "tests/conformance/conformance.h"

namespace spillway::conformance {

using CaseList = std::vector<Case>;

[[nodiscard]] CaseList BookkeepingCases();
[[nodiscard]] CaseList ValueCases();
[[nodiscard]] CaseList ViewCases();
[[nodiscard]] CaseList QueryCases();
[[nodiscard]] CaseList ListCases();
[[nodiscard]] CaseList MergeCases();
[[nodiscard]] CaseList MapCases();
[[nodiscard]] CaseList ReducingAggregatingCases();
[[nodiscard]] CaseList KeysCases();
[[nodiscard]] CaseList TimerCases();
[[nodiscard]] CaseList SnapshotCases();
[[nodiscard]] CaseList InterruptedSnapshotCases();
[[nodiscard]] CaseList RescaleCases();
[[nodiscard]] CaseList LifeCycleCases();

}  // namespace spillway::conformance
