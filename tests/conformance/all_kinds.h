// A state of every kind that the subject claims, filled and compared as a whole: for snapshots and rescaling.
//
// Belongs to the thread that owns the instances.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "tests/conformance/instance.h"

namespace spillway::conformance {

// state name -> contents
using AllContents = std::map<std::string, StateContents>;

class AllKinds {
 public:
  // Registers a state of each claimed kind.
  explicit AllKinds(Instance* at);

  // Writes something under the n-th key for each `round`: what is written differs by round and grows and shrinks.
  void Write(uint64_t n, uint64_t round) const;
  void Clear(uint64_t n) const;
  [[nodiscard]] AllContents Contents() const { return ContentsOf(at_); }

  // Of any instance, also of one where they were only restored.
  [[nodiscard]] static AllContents ContentsOf(Instance* at, Location where = Location::current());

 private:
  void WriteTimers(uint64_t n, uint64_t round) const;

  Instance* const at_;
  std::optional<TestState> value_, list_, map_, timers_;
};

void ExpectContents(const AllContents& actual, const AllContents& expected, std::string_view what,
                    Location where = Location::current());

}  // namespace spillway::conformance
