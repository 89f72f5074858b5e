// Takes the key-groups of an instance out of a keyed-state file and writes them into its database.
//
// Owner thread, while the instance has no registered states. Makes the states that the file has and the instance has
// not. Writes in batches of write-batch-size, so memory does not grow with the file. After an error the instance holds
// a part of it, which the caller drops.
#pragma once

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "backend/rocksdb/state.h"
#include "snapshot/keyed_state_file.h"
#include "spillway/status.h"

namespace spillway::rocks {

class RestoredStates {
 public:
  explicit RestoredStates(spw_backend* backend) : backend_(backend) {}

  Status Read(const snapshot::KeyedStateFileReader& reader);

 private:
  Result<spw_state*> StateFor(const snapshot::StateDescriptor& descriptor);
  Status ReadSection(snapshot::SectionCursor* section, uint32_t key_group, const std::vector<uint32_t>& schema_ids,
                     spw_state* state);
  Status Add(spw_state* state, uint32_t key_group, uint32_t schema_id, const snapshot::KeyedStateRecord& record);
  Status AddElement(spw_state* state, BytesView element, const ValueTrailer& trailer);
  // Appends what has been gathered of a list to it.
  Status EndList(spw_state* state);
  Status FlushIfFull(const spw_state* state);
  Status Flush(const spw_state* state);

  spw_backend* const backend_;
  rocksdb::WriteBatch batch_;
  std::string key_;
  std::string list_key_;
  std::string list_;  // elements of list_key_ that are not in the batch yet
};

}  // namespace spillway::rocks
