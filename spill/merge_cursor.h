// MergeCursor: the records of one section in several runs, and in memory, as if they were one.
//
// The sources are given newest first and follow each other without a gap. Of what several runs hold about one entry the
// newest counts; of a list, the pieces from the newest base (or behind the newest delete) on, oldest first, as one list
// whose pieces are numbered anew. Map entries of a lower generation than their map's header are left out. `bottom` says
// that no older run exists: then deletes are left out too, and a list that only was appended to becomes a base.
//
// The result can be written by a RunWriter as it comes, or merged again. Thread and blocking as those of the sources,
// which it borrows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spill/record.h"
#include "spill/record_source.h"
#include "spillway/status.h"

namespace spillway::spill {

class MergeCursor final : public RecordSource {
 public:
  // Sources that were not moved yet, of sections of one kind.
  MergeCursor(SectionKind kind, const std::vector<RecordSource*>& newest_first, bool bottom);

  [[nodiscard]] Result<bool> Next() override;
  [[nodiscard]] const RunRecord& record() const override { return record_; }

 private:
  struct Head {
    RecordSource* source;
    bool there;
  };

  [[nodiscard]] Status Begin();
  [[nodiscard]] Status Move(Head* head);
  // The newest of the heads that come first; null at the end. Lists: by key alone.
  [[nodiscard]] Head* First();
  [[nodiscard]] bool SameEntry(const RunRecord& a, const RunRecord& b) const;
  [[nodiscard]] Result<bool> NextEntry();
  [[nodiscard]] bool IsVoid(const RunRecord& record);
  [[nodiscard]] Result<bool> NextPiece();
  // Chooses what the next list is made of; false at the end.
  [[nodiscard]] Result<bool> BeginList();
  [[nodiscard]] bool AtList(const Head& head) const;

  const SectionKind kind_;
  const bool bottom_;
  bool begun_ = false;
  std::vector<Head> heads_;
  RunRecord record_;
  Head* current_ = nullptr;  // whose record is record_, to be moved before the next

  // Maps: the one that was last looked at.
  bool any_map_ = false;
  RecordKey map_;
  std::string map_bytes_;
  uint64_t map_generation_ = 0;

  // Lists: the one that is coming out.
  RecordKey list_;
  std::string list_bytes_;
  size_t list_head_ = 0;  // which head it comes from, then those before it
  bool in_list_ = false;
  RecordOp list_op_ = RecordOp::kBase;  // of its first piece
  uint64_t list_pieces_ = 0;
};

}  // namespace spillway::spill
