// list_iterate: the elements of one list, as of the call.
#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/iterator.h"
#include "backend/rocksdb/iterators.h"

namespace spillway::rocks {
namespace {

class ListIterator final : public spw_iterator {
 public:
  ListIterator(spw_state* of, rocksdb::PinnableSlice&& list)
      : spw_iterator(of), list_(std::move(list)), reader_(ToBytesView(list_)) {}

  // To the next element that has not expired; false at the end.
  Result<bool> Advance() {
    while (reader_.Next(&element_)) {
      if (!state->IsHidden(element_)) return true;
    }
    if (!reader_.ok()) return state->Damaged();
    return false;
  }

  // The first Advance was made when the iterator was.
  Answer Next(spw_item* out, uint32_t capacity, uint32_t* count) override {
    batch_bytes_.Release();
    *count = 0;
    while (*count < capacity && more_) {
      spw_item& item = out[(*count)++];
      item = {};
      item.value = Show(element_);
      SPILLWAY_ASSIGN_OR_RETURN(more_, Advance());
    }
    return *count == 0 ? SPW_ABSENT : SPW_OK;
  }
  void Detach() override {
    list_.Reset();
    more_ = false;
  }

 private:
  // The list stays where it is as long as the iterator, so only what is not aligned is copied.
  [[nodiscard]] spw_view Show(const StoredValue& element) {
    if (!IsAligned(element.bytes.data(), state->description.alignment)) return ShowCopy(element);
    return {reinterpret_cast<const uint8_t*>(element.bytes.data()), element.bytes.size(), element.schema_id, 0};
  }

  rocksdb::PinnableSlice list_;
  ListReader reader_;
  StoredValue element_;
  bool more_ = true;
};

// All elements get the time of this read.
Status Touch(spw_state* state, BytesView key, BytesView list) {
  std::string touched;
  ListReader reader(list);
  StoredValue element;
  while (reader.Next(&element)) {
    if (state->IsExpired(element)) continue;
    AppendElement(element.bytes, state->TrailerOfSchema(element.schema_id, false), &touched);
  }
  if (!reader.ok()) return state->Damaged();
  rocksdb::WriteBatch& batch = state->backend->NewBatch();
  rocksdb::Status written = touched.empty() ? batch.Delete(state->family.get(), ToSlice(key))
                                            : batch.Put(state->family.get(), ToSlice(key), touched);
  if (written.ok()) written = state->backend->Write(&batch);
  return state->Named(written, "write to");
}

}  // namespace

Answer IterateList(spw_state* state, const Result<BytesView>& key, spw_iterator** out) {
  SPILLWAY_RETURN_IF_ERROR(key.status());
  spw_backend* backend = state->backend;
  rocksdb::PinnableSlice list;
  const rocksdb::Status found =
      backend->database->Get(backend->read_options, state->family.get(), ToSlice(*key), &list);
  if (found.IsNotFound()) return SPW_ABSENT;
  SPILLWAY_RETURN_IF_ERROR(state->Named(found, "read from"));
  if (state->time_to_live->enabled() && state->touched_by_reads()) {
    SPILLWAY_RETURN_IF_ERROR(Touch(state, *key, ToBytesView(list)));
  }
  auto iterator = std::make_unique<ListIterator>(state, std::move(list));
  SPILLWAY_ASSIGN_OR_RETURN(const bool any, iterator->Advance());
  if (!any) return SPW_ABSENT;
  *out = iterator.release();
  return SPW_OK;
}

}  // namespace spillway::rocks
