// Generates sequences of operations, does them on two backends, and shortens what they disagree on.
#pragma once

#include <cstdint>
#include <string>

#include "spillway/plugin/abi.h"
#include "tests/differential/operation.h"
#include "tests/differential/side.h"

namespace spillway::differential {

struct DriverOptions {
  uint64_t seed = 0;
  int cases = 100;
  int length_max = 300;  // of a sequence
  SideOptions actual;    // how the second backend is opened
};

struct DriverResult {
  bool agreed = false;
  std::string report;           // the shortest sequence, what was told by whom, and how to repeat it
  size_t shortest_failing = 0;  // its length
};

// Both tables must be complete and outlive the call.
[[nodiscard]] DriverResult CompareBackends(const spw_backend_api* expected, const spw_backend_api* actual,
                                           const DriverOptions& options);

}  // namespace spillway::differential
