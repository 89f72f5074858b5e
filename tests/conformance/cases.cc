#include "tests/conformance/cases.h"

namespace spillway::conformance {

std::span<const Case> Cases() {
  static const CaseList cases = [] {
    CaseList all;
    for (const auto theme : {&BookkeepingCases, &ValueCases, &ViewCases, &QueryCases, &ListCases, &MergeCases,
                             &MapCases, &ReducingAggregatingCases, &KeysCases, &TimerCases, &SnapshotCases,
                             &InterruptedSnapshotCases, &RescaleCases, &LifeCycleCases}) {
      for (const Case& one : theme()) all.push_back(one);
    }
    return all;
  }();
  return cases;
}

}  // namespace spillway::conformance
