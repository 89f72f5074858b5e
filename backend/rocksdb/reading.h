// Reading one value or map entry, for every slot that does.
//
// Owner thread. What is shown lives until the next safepoint.
#pragma once

#include <rocksdb/slice.h>
#include <rocksdb/status.h>
#include <rocksdb/write_batch.h>

#include "backend/rocksdb/state.h"
#include "backend/rocksdb/updates.h"
#include "spillway/plugin/abi.h"

namespace spillway::rocks {

// Whether a read counts for time-to-live.
enum class Reader { kRecord, kQuery };

// `key` is encoded, with the map key at its end for map states.
[[nodiscard]] Answer ReadEntry(spw_state* state, BytesView key, Reader reader, spw_view* out);
// The second half of it: after RocksDB's look-up, which gave `found` and filled `pinned`.
[[nodiscard]] Answer ShowEntry(spw_state* state, BytesView key, Reader reader, const rocksdb::Status& found,
                               const rocksdb::PinnableSlice& pinned, spw_view* out);
[[nodiscard]] spw_view ShowUpdate(const Update& update);

// Writes or removes under an encoded key; time stamp and schema are those of now.
[[nodiscard]] Status PutEntry(spw_state* state, BytesView key, spw_bytes value);
[[nodiscard]] Status DeleteEntry(spw_state* state, BytesView key);
// The same into a batch. A null value is stored as null.
[[nodiscard]] rocksdb::Status PutInto(rocksdb::WriteBatch* batch, const spw_state& state, BytesView key,
                                      BytesView value, const ValueTrailer& trailer);

}  // namespace spillway::rocks
