// The baseline: a plain chained table of fixed values behind the signature of value_get_for_update_at.
//
// It hashes with XXH3, compares keys as bytes, and does nothing else: no views, no versions, no budget, no growth. One
// thread. What the hybrid costs beyond it is the price of what it can do.
#pragma once

#include <cstdint>

#include "spillway/plugin/abi.h"

namespace spillway::benchmarks {

class BareTable {
 public:
  // Keys of 8 bytes, at a load of about 0.6 when `entries` are in; on huge pages if the system grants the wish.
  BareTable(uint64_t entries, uint32_t value_bytes, bool huge_pages);
  ~BareTable();
  BareTable(const BareTable&) = delete;
  BareTable& operator=(const BareTable&) = delete;

  // As the slot, through a pointer that the compiler cannot see through.
  spw_code (*get_for_update_at)(BareTable* table, spw_bytes key, uint32_t key_group, spw_bytes state_namespace,
                                uint64_t create_size, spw_mut_view* out, spw_error* err);

 private:
  struct Node {
    Node* next;
    uint64_t hash;
    uint64_t key;
  };
  static spw_code GetForUpdateAt(BareTable* table, spw_bytes key, uint32_t key_group, spw_bytes state_namespace,
                                 uint64_t create_size, spw_mut_view* out, spw_error* err);

  const uint32_t value_bytes_;
  uint32_t shift_;
  uint64_t mapped_;
  uint8_t* memory_;
  Node** heads_;   // at the begin of the memory
  uint64_t used_;  // of the memory, heads included
};

}  // namespace spillway::benchmarks
