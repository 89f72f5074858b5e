#include "backend/hybrid/refusal.h"

#include <string>

#include "backend/hybrid/instance.h"

namespace spillway::hybrid {

Status OverShare(const State& state) {
  Heap& heap = state.instance()->heap();
  Counters::Add(heap.counters().refused_writes);
  return Status::OutOfMemory("state '" + state.name() + "' of instance '" + state.instance()->name() +
                             "' cannot grow: " + std::to_string(heap.account().used()) +
                             " bytes of its memory share of " + std::to_string(heap.account().share()) +
                             " are used and this backend does not spill yet; raise " + kMemoryBudgetKey +
                             " or remove state");
}

Status OutOfEpochs(const State& state) {
  return Status::Internal("state '" + state.name() + "' has run out of epochs");
}

}  // namespace spillway::hybrid
