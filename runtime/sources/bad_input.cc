#include "runtime/sources/bad_input.h"

#include <fmt/format.h>

namespace spillway::runtime {

Status BadInput::Report(std::string_view file, uint64_t line, std::string_view what) {
  const uint64_t before = count_.fetch_add(1, std::memory_order_relaxed);
  std::string report = fmt::format("{}:{}: {}", file, line, what);
  if (strict_) return Status::InvalidArgument(report + " (--strict: bad input ends the job)");
  if (before < kShownMax) {
    const std::scoped_lock lock(show_mutex_);
    show_(report);
    if (before + 1 == kShownMax) show_("more bad input is counted, but not shown");
  }
  return {};
}

}  // namespace spillway::runtime
