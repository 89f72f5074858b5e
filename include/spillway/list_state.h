// ListState<T>: an ordered list of T per key and namespace. Rules and ownership as in keyed_state.h.
//
// Adding appends in the backend and reads nothing. An empty list is an absent one. Iterate streams the list as it was
// at that call, a batch at a time; Get gathers it in a vector, for short lists.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "spillway/keyed_state.h"

namespace spillway {

template <typename T>
class ListState;

// Goes once over a list, for use within one record: the next safepoint of the backend ends it. Must end before the
// backend.
template <typename T>
class ListIterator {
 public:
  // False at the end.
  Result<bool> Next(T* element) {
    if (next_ == count_) {
      SPILLWAY_RETURN_IF_ERROR(Refill());
      if (count_ == 0) return false;
    }
    const BytesView bytes = plugin::ToStringView(items_[next_++].value);
    if (!Serializer<T>::Read(bytes, element)) {
      return Status::Corruption("state '" + name_ + "' holds a list element of " + std::to_string(bytes.size()) +
                                " bytes that is no '" + SchemaOf<T>() + "'; restore from an earlier checkpoint");
    }
    return true;
  }

 private:
  friend class ListState<T>;
  explicit ListIterator(std::string name) : name_(std::move(name)) {}

  Status Refill() {
    next_ = count_ = 0;
    if (!iterator_) return {};
    plugin::Error err;
    if (!items_) items_ = std::make_unique_for_overwrite<spw_item[]>(kBatch);
    const spw_code code = iterator_.Next(items_.get(), kBatch, &count_, err);
    if (plugin::IsError(code)) return StatusOf(code, err).WithContext("state '" + name_ + "'");
    if (count_ == 0) iterator_.Reset();
    return {};
  }

  static constexpr uint32_t kBatch = 64;

  std::string name_;
  plugin::Iterator iterator_;
  std::unique_ptr<spw_item[]> items_;  // the batch under way; made with the first one
  uint32_t count_ = 0;
  uint32_t next_ = 0;
};

template <typename T>
class ListState : public KeyedState {
 public:
  [[nodiscard]] static Result<ListState> Open(const plugin::Backend& backend, const KeyedStateOptions& options) {
    SPILLWAY_ASSIGN_OR_RETURN(plugin::State state,
                              Register(backend, options, SPW_STATE_LIST, StateAlignmentOf<T>(), SchemaOf<T>(), {}));
    return ListState(options.name, state);
  }

  Status Add(const T& element) {
    std::string scratch;
    const spw_bytes bytes = plugin::ToBytes(BytesOf(element, &scratch));
    plugin::Error err;
    return Check(state().ListAppend(NamespaceArgument(), &bytes, 1, err), err);
  }
  // All or none; no elements change nothing.
  Status AddAll(std::span<const T> elements) {
    Encoded encoded(elements);
    plugin::Error err;
    return Check(state().ListAppend(NamespaceArgument(), encoded.bytes.data(), encoded.bytes.size(), err), err);
  }
  // The list becomes these; none clear it.
  Status Update(std::span<const T> elements) {
    Encoded encoded(elements);
    plugin::Error err;
    return Check(state().ListReplace(NamespaceArgument(), encoded.bytes.data(), encoded.bytes.size(), err), err);
  }

  // An absent list has nothing to iterate.
  [[nodiscard]] Result<ListIterator<T>> Iterate() const {
    ListIterator<T> iterator(name());
    plugin::Error err;
    SPILLWAY_RETURN_IF_ERROR(Check(state().ListIterate(NamespaceArgument(), &iterator.iterator_, err), err));
    return iterator;
  }
  // Empty when absent.
  [[nodiscard]] Result<std::vector<T>> Get() const {
    SPILLWAY_ASSIGN_OR_RETURN(ListIterator<T> iterator, Iterate());
    std::vector<T> elements;
    for (;;) {
      T element{};
      SPILLWAY_ASSIGN_OR_RETURN(const bool more, iterator.Next(&element));
      if (!more) return elements;
      elements.push_back(std::move(element));
    }
  }

  // Of the current key: the target's own elements, then those of the sources in this order; the sources vanish.
  Status MergeNamespaces(BytesView target, std::span<const std::string> sources) {
    std::vector<spw_bytes> bytes;
    bytes.reserve(sources.size());
    for (const std::string& source : sources) bytes.push_back(plugin::ToBytes(source));
    plugin::Error err;
    return Check(state().MergeNamespaces(plugin::ToBytes(target), bytes.data(), bytes.size(), err), err);
  }

 private:
  ListState(std::string name, plugin::State state) : KeyedState(std::move(name), state) {}

  struct Encoded {
    explicit Encoded(std::span<const T> elements) {
      bytes.reserve(elements.size());
      if constexpr (Serializer<T>::kFlat || std::is_same_v<T, std::string>) {
        for (const T& element : elements) bytes.push_back(plugin::ToBytes(BytesOf(element, &storage)));
      } else {
        std::vector<size_t> ends;
        ends.reserve(elements.size());
        for (const T& element : elements) {
          Serializer<T>::Write(element, &storage);
          ends.push_back(storage.size());
        }
        size_t begin = 0;
        for (size_t end : ends) {
          bytes.push_back(plugin::ToBytes(BytesView(storage).substr(begin, end - begin)));
          begin = end;
        }
      }
    }
    std::string storage;
    std::vector<spw_bytes> bytes;
  };
};

}  // namespace spillway
