// Puts the records of one section of a keyed-state file into a state's table. Owner thread, while restoring.
//
// Elements of a list are gathered and appended in batches, so that a list costs one look-up per batch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backend/hybrid/instance.h"
#include "snapshot/keyed_state_file.h"
#include "spillway/status.h"

namespace spillway::hybrid {

class SectionLoader {
 public:
  // `schema_ids`: by the file's ids of value schemas, those of the state.
  SectionLoader(State* state, uint32_t key_group, std::vector<uint32_t> schema_ids);
  [[nodiscard]] Status Load(snapshot::SectionCursor* cursor);

 private:
  [[nodiscard]] Status Put(const snapshot::KeyedStateRecord& record);
  [[nodiscard]] Status Gather(const snapshot::KeyedStateRecord& record, uint32_t schema_id);
  [[nodiscard]] Status AppendGathered();
  [[nodiscard]] Status AddTimer(const snapshot::KeyedStateRecord& record);
  [[nodiscard]] Status Checked(spw_code code) const;

  State* const state_;
  Instance* const instance_;
  const uint32_t key_group_;
  const std::vector<uint32_t> schema_ids_;
  uint64_t records_ = 0;

  // Of the list that is gathered.
  std::string list_key_;
  std::string list_namespace_;
  uint32_t list_schema_ = 0;
  std::string element_bytes_;
  std::vector<uint64_t> element_ends_;
};

}  // namespace spillway::hybrid
