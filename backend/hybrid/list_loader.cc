#include "backend/hybrid/list_loader.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "backend/hybrid/cold_reader.h"
#include "backend/hybrid/instance.h"
#include "backend/hybrid/list_state.h"
#include "backend/hybrid/spiller.h"
#include "spill/merge_cursor.h"
#include "spill/run_lookup.h"

namespace spillway::hybrid {
namespace {

// Pieces that are in no list yet; freed when they do not become one.
class LoadedPieces {
 public:
  LoadedPieces(Heap* heap, Versions* versions) : heap_(heap), versions_(versions) {}
  ~LoadedPieces() {
    for (Piece* piece = last_; piece != nullptr;) {
      Piece* previous = piece->previous;
      heap_->Free(piece, PieceBytes(piece), Category::kEntries);
      piece = previous;
    }
  }
  LoadedPieces(const LoadedPieces&) = delete;
  LoadedPieces& operator=(const LoadedPieces&) = delete;

  void Add(BytesView data, uint32_t elements, uint32_t schema_id, bool clean) {
    const uint64_t bytes = sizeof(Piece) + data.size();
    auto* piece = static_cast<Piece*>(heap_->Allocate(bytes, Category::kEntries, Charge::kOverdraft));
    const auto size = static_cast<uint32_t>(data.size());
    *piece = {last_, versions_->Stamp(), schema_id, elements, size, size, clean ? 1U : 0U};
    std::memcpy(PieceData(piece), data.data(), data.size());
    last_ = piece;
  }
  [[nodiscard]] bool empty() const { return last_ == nullptr; }
  [[nodiscard]] Piece* Release() { return std::exchange(last_, nullptr); }

 private:
  Heap* const heap_;
  Versions* const versions_;
  Piece* last_ = nullptr;
};

uint32_t CountElements(BytesView data, uint32_t alignment) {
  uint32_t count = 0;
  for (uint64_t at = 0; at < data.size(); ++count) {
    const uint64_t begin = ElementOffset(at, alignment);
    if (begin > data.size()) break;
    at = begin + LoadBytes<uint32_t>(data.data() + begin - sizeof(uint32_t));
  }
  return count;
}

}  // namespace

Status LoadList(State* state, const EntryAddress& address) {
  KeyGroupTable& table = state->table(address.group);
  Instance* instance = state->instance();
  Heap& heap = instance->heap();
  const spill::RecordKey key = KeyInRuns(address.probe);
  std::vector<std::unique_ptr<spill::KeyCursor>> cursors;
  std::vector<spill::RecordSource*> sources;
  for (const RunRef& run : *table.spilled->runs) {
    cursors.push_back(std::make_unique<spill::KeyCursor>(instance->spiller()->engine(), run.file, run.section, key));
    sources.push_back(cursors.back().get());
  }
  LoadedPieces pieces(&heap, &table.versions);
  spill::MergeCursor merged(spill::SectionKind::kList, sources, true);
  for (;;) {
    Result<bool> more = merged.Next();
    if (!more.ok()) {
      return {more.status().code(), "state '" + state->name() + "': " + std::string(more.status().message())};
    }
    if (!*more) break;
    const spill::RunRecord& record = merged.record();
    pieces.Add(record.value, CountElements(record.value, state->alignment()), record.schema_id, true);
  }
  HashTree tree = state->TreeOf(address.group);
  Node* node = tree.Find(address.probe);
  const ListHeader before = node == nullptr ? ListHeader{} : ListHeaderOf(node);
  std::vector<const Piece*> dirty;
  for (const Piece* piece = LastPieceOf(before); piece != nullptr; piece = piece->previous) {
    if (piece->clean == 0 && piece->birth > table.spilled->flushed_epoch) dirty.push_back(piece);
  }
  std::reverse(dirty.begin(), dirty.end());
  for (const Piece* piece : dirty) {
    pieces.Add({reinterpret_cast<const char*>(PieceData(piece)), piece->used}, piece->elements, piece->schema_id,
               false);
  }
  if (pieces.empty()) return {};
  const Probe& probe = address.probe;
  const bool inserted = node == nullptr;
  if (inserted) {
    node = tree.NewNode({sizeof(ListHeader), static_cast<uint32_t>(probe.key.size()),
                         static_cast<uint32_t>(probe.state_namespace.size()), 0, false, false},
                        probe, Charge::kOverdraft);
    node->value_version = 0;
  } else {
    node = tree.WritableAsClean(probe, node, Charge::kOverdraft);
  }
  const ListHeader header{reinterpret_cast<uintptr_t>(pieces.Release()), table.versions.Stamp(), 0, 1};
  StoreBytes(MutableValueOf(node, alignof(uint64_t)), header);
  if (inserted) {
    (void)tree.Insert(probe, node, Charge::kOverdraft);
    instance->CountEntries(1);
    instance->spiller()->NoteCold(table.spilled.get(), -1);
  } else {
    RetireList(state, address.group, before);
  }
  Counters::Add(instance->spiller()->figures().loaded);
  return {};
}

}  // namespace spillway::hybrid
