// A plugin inside the test's process that answers what a test tells it to, so that each rule can be broken.
//
// `open` takes the Script from the host's context, so a Script belongs to the backends opened with its host and must
// outlive them. Without changes a Script answers properly: every backend has one state, which holds one value, and one
// batch of items for every iterator. Members are read and written by the thread that calls the slot; a test that calls
// from several threads changes nothing meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "spillway/plugin/abi.h"

namespace spillway::debug_proxy_test {

struct Script {
  Script();
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  // Called first by every slot with a result, also on a closed backend; what it returns is the slot's answer.
  std::function<std::optional<spw_code>(std::string_view slot, spw_error* err)> before;

  // What the value lies in; aligned to 16. The default views show its first 16 bytes.
  alignas(16) uint8_t memory[64];
  spw_code code = SPW_OK;  // of reads and updates
  spw_view view{};
  spw_mut_view mut_view{};

  spw_backend* last_opened = nullptr;  // the plugin's own handle
  bool gives_handles = true;           // else handles stay NULL with the code OK
  std::vector<spw_item> items;
  std::vector<spw_timer> timers;
  std::optional<uint32_t> count;       // instead of the true number of items, timers or completions
  std::optional<spw_code> batch_code;  // of iterator_next and timer_poll_due, instead of OK and ABSENT by number
  uint8_t flag = 1;                    // head_changed, map_is_empty

  std::vector<spw_access_result> results;   // of get_many
  std::vector<spw_completion> completions;  // of the next poll
  spw_code async_code = SPW_PENDING;

  std::function<void(const spw_query&)> query;  // told of each query; else it is answered at the next poll
  std::function<void()> run;                    // inside snapshot_run
  spw_snapshot_result result{};                 // of snapshot_run
  spw_metric metric{"entries", "how many", 1.0, SPW_METRIC_GAUGE, 0};
};

// The descriptor of the one scripted plugin of this process.
[[nodiscard]] const spw_plugin_descriptor* ScriptedPlugin();

}  // namespace spillway::debug_proxy_test
