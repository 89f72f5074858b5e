#include "runtime/plugin/debug_proxy/debug_proxy.h"

#include <array>
#include <atomic>
#include <mutex>
#include <utility>

#include "runtime/plugin/debug_proxy/core.h"
#include "runtime/plugin/debug_proxy/slots.h"

namespace spillway::runtime {
namespace {

using debug_proxy::Core;

constexpr size_t kProxiesMax = 64;

// `open` is a plain function and is told nothing of the plugin it is meant for, so every proxy at work has a function
// of its own, and the cores stand in a table by the function's number. Process-wide, because functions are.
class OpenFunctions {
 public:
  static OpenFunctions& OfProcess() {
    static OpenFunctions functions;
    return functions;
  }

  // The number given to `core`, or kProxiesMax when all are taken.
  size_t Take(Core* core) {
    for (size_t i = 0; i < kProxiesMax; ++i) {
      Core* free = nullptr;
      if (cores_[i].compare_exchange_strong(free, core)) return i;
    }
    return kProxiesMax;
  }
  void GiveBack(size_t number) { cores_[number].store(nullptr); }

  static auto Function(size_t number) { return Functions(std::make_index_sequence<kProxiesMax>())[number]; }

 private:
  using Open = decltype(spw_backend_api::open);

  template <size_t kNumber>
  static spw_code OpenAt(const spw_open_options* options, const spw_host* host, spw_backend** out, spw_error* err) {
    return debug_proxy::Open(OfProcess().cores_[kNumber].load(), options, host, out, err);
  }
  template <size_t... kNumbers>
  static std::array<Open, kProxiesMax> Functions(std::index_sequence<kNumbers...>) {
    return {&OpenAt<kNumbers>...};
  }

  std::array<std::atomic<Core*>, kProxiesMax> cores_{};
};

// What the wrapped Plugin keeps.
struct Front {
  Front(std::shared_ptr<const Plugin> plugin, DebugProxyOptions options)
      : core(std::move(plugin), std::move(options)), number(OpenFunctions::OfProcess().Take(&core)) {}
  ~Front() {
    if (number < kProxiesMax) OpenFunctions::OfProcess().GiveBack(number);
  }
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  Core core;
  const size_t number;
  spw_backend_api table{};
};

const Front* FrontOf(const Plugin& plugin) {
  return HasDebugProxy(plugin) ? static_cast<const Front*>(plugin.keeper().get()) : nullptr;
}

void AppendCount(uint64_t count, const char* one, const char* many, std::string* text) {
  if (count == 0) return;
  if (!text->empty()) *text += ", ";
  *text += std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace

std::string DebugProxyCounts::ToString() const {
  std::string text;
  AppendCount(backends, "backend", "backends", &text);
  AppendCount(iterators, "iterator", "iterators", &text);
  AppendCount(snapshots, "snapshot", "snapshots", &text);
  AppendCount(results, "snapshot result", "snapshot results", &text);
  AppendCount(errors, "error", "errors", &text);
  AppendCount(queries, "query", "queries", &text);
  return text.empty() ? "nothing" : text;
}

bool HasDebugProxy(const Plugin& plugin) {
  return plugin.keeper() != nullptr;
}

DebugProxyCounts CountsOfDebugProxy(const Plugin& plugin) {
  const Front* front = FrontOf(plugin);
  return front == nullptr ? DebugProxyCounts{} : front->core.Counts();
}

Result<std::shared_ptr<const Plugin>> WrapWithDebugProxy(std::shared_ptr<const Plugin> plugin,
                                                         DebugProxyOptions options) {
  if (const Front* front = FrontOf(*plugin)) plugin = front->core.plugin();
  auto front = std::make_shared<Front>(plugin, std::move(options));
  if (front->number == kProxiesMax) {
    return Status::InvalidState("cannot put a debug proxy in front of plugin " + plugin->path().string() + ": " +
                                std::to_string(kProxiesMax) +
                                " proxies exist already; drop plugins that are done with");
  }
  front->table = *plugin->api();
  front->table.open = OpenFunctions::Function(front->number);
  debug_proxy::FillBackendSlots(&front->table);
  debug_proxy::FillStateSlots(&front->table);
  debug_proxy::FillIteratorSlots(&front->table);
  debug_proxy::FillTimerSlots(&front->table);
  debug_proxy::FillBatchSlots(&front->table);
  debug_proxy::FillSnapshotSlots(&front->table);
  const spw_backend_api* table = &front->table;
  return Plugin::InFrontOf(*plugin, table, std::move(front));
}

}  // namespace spillway::runtime
