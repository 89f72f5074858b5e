// Writes that find no room in the memory share are tried again when some was made. Owner thread.
#pragma once

#include "backend/hybrid/instance.h"
#include "backend/hybrid/spiller.h"
#include "backend/hybrid/state.h"
#include "spillway/plugin/abi.h"

namespace spillway::hybrid {

// Does the write, again and again as long as it finds no room and some can be made. A write that is refused must have
// changed nothing, and hold no pointer into a table.
template <typename Write>
[[nodiscard]] spw_code WithRoom(Instance* instance, Write&& write) {
  spw_code code = write();
  Spiller* spiller = instance->spiller();
  if (code != SPW_OUT_OF_MEMORY || spiller == nullptr) return code;
  spiller->BeginWrite();
  while (code == SPW_OUT_OF_MEMORY && spiller->MakeRoom()) code = write();
  return code;
}
template <typename Write>
[[nodiscard]] spw_code WithRoom(const State& state, Write&& write) {
  return WithRoom(state.instance(), std::forward<Write>(write));
}

}  // namespace spillway::hybrid
