#include "backend/hybrid/refusal.h"

#include <string>

#include "backend/hybrid/instance.h"
#include "backend/hybrid/spiller.h"

namespace spillway::hybrid {

namespace {

std::string PartsOf(const MemoryAccount& account) {
  return "entries " + std::to_string(account.of(Category::kEntries)) + ", index " +
         std::to_string(account.of(Category::kIndex)) + ", retired " + std::to_string(account.of(Category::kRetired)) +
         ", I/O " + std::to_string(account.io());
}

}  // namespace

Status OverShare(const State& state) {
  Heap& heap = state.instance()->heap();
  Counters::Add(heap.counters().refused_writes);
  return Status::OutOfMemory(
      "state '" + state.name() + "' of instance '" + state.instance()->name() +
      "' cannot grow: " + std::to_string(heap.account().used()) + " bytes of its memory share of " +
      std::to_string(heap.account().share()) + " are used (" + PartsOf(heap.account()) + ")" +
      (state.instance()->spiller() == nullptr ? ", and there is no local directory to spill to (io.tmp.dirs)"
                                              : ", and nothing could be spilled in time; the log tells why") +
      "; raise " + kMemoryBudgetKey + " or remove state");
}

Status OutOfEpochs(const State& state) {
  return Status::Internal("state '" + state.name() + "' has run out of epochs");
}

}  // namespace spillway::hybrid
