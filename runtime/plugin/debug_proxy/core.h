// What all handles of one proxied plugin share: the plugin behind, the counts, where violations go, and the handles
// that were released a short while ago. Any thread. Owned by the wrapped Plugin; errors and results share the counters
// only.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "runtime/plugin/debug_proxy/debug_proxy.h"
#include "runtime/plugin/plugin.h"
#include "spillway/plugin/abi.h"

namespace spillway::runtime::debug_proxy {

enum class Kind : uint32_t { kBackend = 0x5b1cb001, kState, kIterator, kSnapshot, kQuery };

[[nodiscard]] const char* KindName(Kind kind);

struct BackendProxy;

// What every opaque handle that the proxy hands out points to. After its release it lies in quarantine, so that a
// use after release finds `released` and not another object.
struct HandleBase {
  HandleBase(Kind k, BackendProxy* b) : kind(k), backend(b) {}
  virtual ~HandleBase() = default;
  HandleBase(const HandleBase&) = delete;
  HandleBase& operator=(const HandleBase&) = delete;

  const Kind kind;
  BackendProxy* const backend;  // that it belongs to; a backend to itself
  std::atomic<bool> released{false};
};

// Relaxed counts: read after the threads that change them were joined, or as a rough figure.
struct Counters {
  std::atomic<uint64_t> backends{0}, iterators{0}, snapshots{0}, results{0}, errors{0}, queries{0};
};

class Core {
 public:
  Core(std::shared_ptr<const Plugin> plugin, DebugProxyOptions options);
  ~Core();  // reports backends that are still there
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  [[nodiscard]] const std::shared_ptr<const Plugin>& plugin() const { return plugin_; }
  [[nodiscard]] const spw_backend_api& real() const { return *plugin_->api(); }
  [[nodiscard]] const std::shared_ptr<Counters>& counters() const { return counters_; }
  [[nodiscard]] DebugProxyCounts Counts() const;

  // A violation that the call's own answer tells as well.
  void Note(const std::string& violation) const;
  // A violation that no answer can tell: handed to on_violation, else printed, and the process aborted.
  void Report(const std::string& violation) const;

  void Quarantine(std::unique_ptr<HandleBase> handle);

 private:
  const std::shared_ptr<const Plugin> plugin_;
  const DebugProxyOptions options_;
  const std::shared_ptr<Counters> counters_ = std::make_shared<Counters>();
  std::mutex mutex_;
  std::deque<std::unique_ptr<HandleBase>> quarantine_;  // guarded by mutex_, oldest first
};

}  // namespace spillway::runtime::debug_proxy
