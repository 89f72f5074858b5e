#include "tests/differential/driver.h"

#include <rapidcheck.h>

#include <sstream>

#include "tests/differential/side.h"

namespace spillway::differential {
namespace {

rc::Gen<Action> AnyAction() {
  std::vector<std::pair<std::size_t, Action>> weighted;
  for (uint8_t n = 0; n < static_cast<uint8_t>(Action::kNumberOf); ++n) {
    const auto action = static_cast<Action>(n);
    // Writes more often than what looks at them, keys most often; the rest alike.
    size_t weight = 4;
    if (action == Action::kSetKey) weight = 20;
    if (action == Action::kValuePut || action == Action::kListAppend || action == Action::kMapPut ||
        action == Action::kTimerAdd) {
      weight = 12;
    }
    if (action == Action::kRestore || action == Action::kApplyToAllKeys || action == Action::kSnapshotCancel)
      weight = 2;
    if (action == Action::kRefused || action == Action::kValueClear || action == Action::kMapClear) weight = 2;
    weighted.emplace_back(weight, action);
  }
  size_t sum = 0;
  for (const auto& [weight, action] : weighted) sum += weight;
  return rc::gen::map(rc::gen::inRange<size_t>(0, sum), [weighted](size_t at) {
    for (const auto& [weight, action] : weighted) {
      if (at < weight) return action;
      at -= weight;
    }
    return Action::kEndRecord;
  });
}

template <typename T>
rc::Gen<T> Below(int limit) {
  return rc::gen::map(rc::gen::inRange<int>(0, limit), [](int n) { return static_cast<T>(n); });
}

rc::Gen<Operation> AnyOperation() {
  return rc::gen::build<Operation>(
      rc::gen::set(&Operation::action, AnyAction()), rc::gen::set(&Operation::state, Below<uint8_t>(20)),
      rc::gen::set(&Operation::key, Below<uint8_t>(10)), rc::gen::set(&Operation::state_namespace, Below<uint8_t>(4)),
      rc::gen::set(&Operation::map_key, Below<uint8_t>(8)), rc::gen::set(&Operation::slot, Below<uint8_t>(12)),
      rc::gen::set(&Operation::size, Below<uint16_t>(300)), rc::gen::set(&Operation::content, Below<uint16_t>(1000)));
}

// Empty when both tell the same all the way; else where they first do not.
std::string FirstDifference(const spw_backend_api* expected, const spw_backend_api* actual,
                            const Operations& operations, KeyShape key_shape, const SideOptions& actual_options) {
  Side left(expected, key_shape, {});
  Side right(actual, key_shape, actual_options);
  const auto differ = [](const std::string& where, const std::string& told_left, const std::string& told_right) {
    return where + "\nexpected: " + told_left + "\ngot:      " + told_right;
  };
  for (size_t i = 0; i < operations.size(); ++i) {
    const std::string told_left = left.Do(operations[i]);
    const std::string told_right = right.Do(operations[i]);
    if (told_left == told_right) continue;
    std::ostringstream where;
    where << "operation " << i << ", ";
    showValue(operations[i], where);
    return differ(where.str(), told_left, told_right);
  }
  const std::string told_left = left.Finish();
  const std::string told_right = right.Finish();
  return told_left == told_right ? std::string() : differ("at the end", told_left, told_right);
}

}  // namespace

DriverResult CompareBackends(const spw_backend_api* expected, const spw_backend_api* actual,
                             const DriverOptions& options) {
  DriverResult result;
  rc::detail::TestParams params;
  params.seed = options.seed;
  params.maxSuccess = options.cases;
  params.maxSize = options.length_max;
  const auto property = [&] {
    const auto key_shape = static_cast<KeyShape>(*rc::gen::inRange<int>(0, 4));
    const auto operations = *rc::gen::container<Operations>(AnyOperation());
    const std::string difference = FirstDifference(expected, actual, operations, key_shape, options.actual);
    if (difference.empty()) return;
    result.shortest_failing = operations.size();  // shrinking goes on from failing ones, so the last is the shortest
    RC_FAIL(difference);
  };
  const rc::detail::TestResult outcome = rc::detail::checkTestable(property, rc::detail::TestMetadata(), params);
  result.agreed = outcome.template is<rc::detail::SuccessResult>();
  std::ostringstream report;
  rc::detail::printResultMessage(outcome, report);
  result.report = report.str() + "\nseed " + std::to_string(options.seed);
  return result;
}

}  // namespace spillway::differential
