#include "runtime/plugin/debug_proxy/core.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace spillway::runtime::debug_proxy {
namespace {

constexpr size_t kQuarantinedHandlesMax = 1024;

}  // namespace

const char* KindName(Kind kind) {
  switch (kind) {
    case Kind::kBackend:
      return "backend";
    case Kind::kState:
      return "state";
    case Kind::kIterator:
      return "iterator";
    case Kind::kSnapshot:
      return "snapshot";
    case Kind::kQuery:
      return "query";
  }
  return "unknown handle";
}

Core::Core(std::shared_ptr<const Plugin> plugin, DebugProxyOptions options)
    : plugin_(std::move(plugin)), options_(std::move(options)) {}

Core::~Core() {
  const DebugProxyCounts counts = Counts();
  if (counts.backends + counts.iterators + counts.snapshots == 0) return;
  Report("plugin " + std::string(plugin_->name()) + " is dropped by its host while these live: " + counts.ToString());
}

DebugProxyCounts Core::Counts() const {
  return {counters_->backends.load(), counters_->iterators.load(), counters_->snapshots.load(),
          counters_->results.load(),  counters_->errors.load(),    counters_->queries.load()};
}

void Core::Note(const std::string& violation) const {
  if (options_.on_violation) options_.on_violation(violation);
}

void Core::Report(const std::string& violation) const {
  if (options_.on_violation) {
    options_.on_violation(violation);
    return;
  }
  std::fprintf(stderr, "debug proxy: %s\n", violation.c_str());
  std::abort();
}

void Core::Quarantine(std::unique_ptr<HandleBase> handle) {
  std::unique_ptr<HandleBase> oldest;  // destroyed outside the lock
  const std::lock_guard lock(mutex_);
  quarantine_.push_back(std::move(handle));
  if (quarantine_.size() <= kQuarantinedHandlesMax) return;
  oldest = std::move(quarantine_.front());
  quarantine_.pop_front();
}

}  // namespace spillway::runtime::debug_proxy
