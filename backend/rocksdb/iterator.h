// The handle of an iterator: what all kinds of them share.
//
// Belongs to the owner thread. It is known to its backend, whose close detaches it: from then on it holds nothing of
// the database and any thread may release it.
#pragma once

#include <cstdint>

#include "backend/rocksdb/state.h"
#include "backend/rocksdb/views.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/guard.h"

struct spw_iterator {
  explicit spw_iterator(spw_state* of);
  virtual ~spw_iterator();
  spw_iterator(const spw_iterator&) = delete;
  spw_iterator& operator=(const spw_iterator&) = delete;

  // Fills up to `capacity` items.
  virtual spillway::rocks::Answer Next(spw_item* out, uint32_t capacity, uint32_t* count) = 0;
  // Of the index-th item of the last batch.
  virtual spillway::rocks::Answer Remove(uint32_t) { return NotOfMap(); }
  virtual spillway::rocks::Answer Replace(uint32_t, spw_bytes) { return NotOfMap(); }
  // Gives up what it holds of the database.
  virtual void Detach() = 0;

  const spillway::plugin::HandleCount counted;
  spw_state* const state;
  spw_backend* const backend;

 protected:
  // A copy of the value for an item of the batch, aligned as the state asks.
  [[nodiscard]] spw_view ShowCopy(const spillway::rocks::StoredValue& value);
  [[nodiscard]] spw_bytes Copy(spillway::BytesView bytes);

  spillway::rocks::ByteArena batch_bytes_;

 private:
  [[nodiscard]] spillway::Status NotOfMap() const;
};
