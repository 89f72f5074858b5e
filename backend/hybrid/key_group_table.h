// What a state holds in one key-group: the root of its table (of timers: of their tree) and the table's versions.
// Owner thread only.
#pragma once

#include "backend/hybrid/hash_tree.h"
#include "backend/hybrid/versions.h"

namespace spillway::hybrid {

struct KeyGroupTable {
  TreeRoot root;
  Versions versions;
};
static_assert(sizeof(KeyGroupTable) == 40);

}  // namespace spillway::hybrid
