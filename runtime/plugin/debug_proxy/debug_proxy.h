// The debug proxy: any plugin behind the same ABI table, with the ABI's rules checked on both sides of it.
//
// It checks of the host: thread tags, handles used after release, calls from inside a call, iterators and snapshots
// left when their backend is released, error structs that are not initialised or still hold a message. Of the plugin:
// known codes, filled errors, counts within capacity, alignment, views where and only where the code promises one,
// items and timers in range and order, SPW_CLOSED after close. Views are shown through copies with exactly the
// registered alignment, which the next safepoint overwrites with kPoisonByte and keeps for a while, so that who holds a
// view for too long reads poison instead of luck; a view to be written is a shadow that is written back before any
// further call.
//
// What can be answered is answered: a host's fault with SPW_WRONG_THREAD, SPW_CLOSED, SPW_INVALID_STATE or
// SPW_INVALID_ARGUMENT, a plugin's with SPW_INTERNAL, each with a message that begins "debug proxy:". What a slot
// without a result finds is reported: to `on_violation`, else on stderr, and the process is aborted.
//
// Any thread may wrap and ask for counts; the table keeps the thread tags of the ABI.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "runtime/plugin/plugin.h"
#include "spillway/status.h"

namespace spillway::runtime {

inline constexpr uint8_t kPoisonByte = 0xdb;

struct DebugProxyOptions {
  // Told of every violation, also of those that are answered with an error; any thread, must not call the backend. With
  // it set, nothing is printed and nothing aborts.
  std::function<void(const std::string& violation)> on_violation;
};

// Handles that came through one proxy and were not released yet.
struct DebugProxyCounts {
  uint64_t backends = 0;
  uint64_t iterators = 0;
  uint64_t snapshots = 0;
  uint64_t results = 0;
  uint64_t errors = 0;
  uint64_t queries = 0;  // submitted and not yet answered

  [[nodiscard]] uint64_t total() const { return backends + iterators + snapshots + results + errors + queries; }
  [[nodiscard]] std::string ToString() const;  // "1 backend, 2 iterators", "nothing"
};

// The plugin with a proxy in front; a plugin that already has one gets this one instead. The result must outlive
// what is opened with it, and owns `plugin`. Fails only when too many proxies exist at once.
[[nodiscard]] Result<std::shared_ptr<const Plugin>> WrapWithDebugProxy(std::shared_ptr<const Plugin> plugin,
                                                                       DebugProxyOptions options = {});

[[nodiscard]] bool HasDebugProxy(const Plugin& plugin);

// All zero for a plugin without a proxy.
[[nodiscard]] DebugProxyCounts CountsOfDebugProxy(const Plugin& plugin);

}  // namespace spillway::runtime
