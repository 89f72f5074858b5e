#include "backend/hybrid/group_prefetch.h"

#include <algorithm>
#include <array>

#include "backend/hybrid/map_state.h"
#include "backend/hybrid/slots/slot.h"

namespace spillway::hybrid {
namespace {

// More would begin to push one another out of the line fill buffers.
constexpr size_t kGroup = 32;

struct Step {
  Probe probe;
  const Link* head = nullptr;
  Link link = 0;
  bool is_map = false;
};

void TouchHead(Step* step, const uint64_t* root) {
  step->head = HeadFor(root, step->probe.order());
  __builtin_prefetch(step->head);
}

void TouchNode(Step* step, Link link) {
  step->link = link;
  if (link == 0) return;
  const uint8_t* node = BytesOf(NodeOf(link));
  __builtin_prefetch(node);
  __builtin_prefetch(node + 64);
}

// From heads that are near to nodes that are: first nodes, then those behind them that are needed.
void TouchChains(std::span<Step> steps) {
  for (Step& step : steps) TouchNode(&step, step.head == nullptr ? 0 : *step.head);
  for (Step& step : steps) {
    if (step.link == 0 || TagOf(step.link) == step.probe.tag() || (step.link & kLinkMore) == 0) continue;
    TouchNode(&step, NodeOf(step.link)->next);
  }
}

void PrefetchSome(const Instance& instance, std::span<const spw_access> accesses) {
  std::array<Step, kGroup> steps;
  bool any_map = false;
  for (size_t i = 0; i < accesses.size(); ++i) {
    const spw_access& access = accesses[i];
    const State* state = Behind(access.state);
    const EntryAddress address = instance.AddressOf(plugin::ToStringView(access.key), access.key_group,
                                                    plugin::ToStringView(access.state_namespace));
    steps[i].probe = address.probe;
    steps[i].is_map = state->kind() == SPW_STATE_MAP && access.map_key.data != nullptr;
    any_map = any_map || steps[i].is_map;
    TouchHead(&steps[i], &state->table(address.group).root.word);
  }
  const std::span<Step> some(steps.data(), accesses.size());
  TouchChains(some);
  if (!any_map) return;
  // Inside: the map's root lies in the node that is near now; the map entry's probe takes the place of the map's.
  for (size_t i = 0; i < accesses.size(); ++i) {
    Step& step = steps[i];
    const Node* node = step.is_map ? FindInChain(*step.head, step.probe) : nullptr;
    step.head = nullptr;
    if (node == nullptr) continue;
    step.probe = MapProbe(plugin::ToStringView(accesses[i].map_key));
    const auto* header = reinterpret_cast<const MapHeader*>(ValueOf(node, alignof(uint64_t)).data());
    TouchHead(&step, &header->entries.word);
  }
  TouchChains(some);
}

}  // namespace

void PrefetchGroup(const Instance& instance, std::span<const spw_access> accesses) {
  while (!accesses.empty()) {
    const size_t count = std::min(kGroup, accesses.size());
    PrefetchSome(instance, accesses.first(count));
    accesses = accesses.subspan(count);
  }
}

}  // namespace spillway::hybrid
