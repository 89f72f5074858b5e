#include "backend/hybrid/table_source.h"

#include "backend/hybrid/hashing.h"
#include "backend/hybrid/list_state.h"
#include "backend/hybrid/map_state.h"

namespace spillway::hybrid {

using spill::RecordOp;
using spill::RunRecord;

void NodeRecords::Begin(const Node* node, uint64_t hash) {
  node_ = node;
  hash_ = hash;
  first_ = options_.deletes || !IsTombstone(node);
  if (options_.kind == SPW_STATE_LIST) BeginList();
  if (options_.kind == SPW_STATE_MAP) BeginMap();
}

void NodeRecords::BeginList() {
  pieces_.clear();
  piece_number_ = 0;
  if (IsTombstone(node_)) return;
  const ListHeader header = ListHeaderOf(node_);
  whole_ = header.partial == 0 && (!options_.only_dirty || header.created > options_.flushed_epoch);
  for (const Piece* piece = LastPieceOf(header); piece != nullptr; piece = piece->previous) {
    if (whole_ || IsDirty(piece, options_.flushed_epoch)) pieces_.push_back(piece);
  }
}

void NodeRecords::BeginMap() {
  const MapHeader header = MapHeaderOf(node_);
  generation_ = header.generation;
  // Nothing but tombstones is as good as no map where no older run exists.
  if (!options_.deletes && header.entries.count == header.tombstones) first_ = false;
  entries_.Begin(first_ ? header.entries.word : 0, options_.only_dirty, options_.flushed_epoch);
}

bool NodeRecords::Next(RunRecord* record) {
  if (node_ == nullptr) return false;
  switch (options_.kind) {
    case SPW_STATE_LIST:
      return NextPiece(record);
    case SPW_STATE_MAP:
      return NextOfMap(record);
    default:
      return NextValue(record);
  }
}

void NodeRecords::Fill(RunRecord* record) const {
  *record = RunRecord();
  record->order = hash_;
  record->key = KeyOf(node_);
  record->state_namespace = NamespaceOf(node_);
}

bool NodeRecords::NextValue(RunRecord* record) {
  if (!first_) return false;
  first_ = false;
  Fill(record);
  if (IsTombstone(node_)) {
    record->op = RecordOp::kDelete;
    return true;
  }
  record->value = ValueOf(node_, options_.alignment);
  record->schema_id = SizesOf(node_).schema_id;
  return true;
}

bool NodeRecords::NextPiece(RunRecord* record) {
  if (IsTombstone(node_)) {
    if (!first_) return false;
    first_ = false;
    Fill(record);
    record->op = RecordOp::kDelete;
    return true;
  }
  if (pieces_.empty()) return false;
  const Piece* piece = pieces_.back();
  pieces_.pop_back();
  Fill(record);
  record->sub = piece_number_++;
  record->op = whole_ && record->sub == 0 ? RecordOp::kBase : RecordOp::kAppend;
  record->schema_id = piece->schema_id;
  record->value = {reinterpret_cast<const char*>(PieceData(piece)), piece->used};
  return true;
}

bool NodeRecords::NextOfMap(RunRecord* record) {
  if (first_) {
    first_ = false;
    Fill(record);
    record->op = IsTombstone(node_) ? RecordOp::kDelete : RecordOp::kBase;
    record->generation = generation_;
    return true;
  }
  const Node* entry = entries_.Next();
  while (entry != nullptr && !options_.deletes && IsTombstone(entry)) entry = entries_.Next();
  if (entry == nullptr) return false;
  Fill(record);
  record->map_entry = true;
  record->generation = generation_;
  record->sub = entries_.hash();
  record->map_key = KeyOf(entry);
  if (IsTombstone(entry)) {
    record->op = RecordOp::kDelete;
    return true;
  }
  record->schema_id = SizesOf(entry).schema_id;
  record->value_is_null = IsNull(entry);
  if (!record->value_is_null) record->value = ValueOf(entry, options_.alignment);
  return true;
}

TableSource::TableSource(const TableSourceOptions& options)
    : nodes_(options.root, options.only_dirty, options.flushed_epoch), records_(options) {}

Result<bool> TableSource::Next() {
  for (;;) {
    if (records_.Next(&record_)) return true;
    const Node* node = nodes_.Next();
    if (node == nullptr) return false;
    records_.Begin(node, nodes_.hash());
  }
}

EntrySource::EntrySource(const TableSourceOptions& options, const Node* node) : records_(options) {
  records_.Begin(node, CombinedHash(HashOfBytes(KeyOf(node)), NamespaceOf(node)));
}

}  // namespace spillway::hybrid
