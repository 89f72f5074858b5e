// What moves through channels: many records at once, as columns, moved and never serialized.
//
// A TypedBatch holds values and their timestamps; behind a keyBy also each record's serialized key and key group, so
// that a key is serialized once. Belongs to one thread at a time: the writer fills it, the channel hands it over.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "spillway/bytes.h"

namespace spillway {

class RecordBatch {
 public:
  virtual ~RecordBatch() = default;
  [[nodiscard]] virtual size_t size() const = 0;
};

// The keys of a batch, back to back.
class KeyColumn {
 public:
  void Add(BytesView key, uint32_t key_group) {
    bytes_.append(key);
    entries_.push_back({bytes_.size(), key_group});
  }
  [[nodiscard]] BytesView Key(size_t i) const {
    const size_t begin = i == 0 ? 0 : entries_[i - 1].end;
    return BytesView(bytes_).substr(begin, entries_[i].end - begin);
  }
  [[nodiscard]] uint32_t KeyGroup(size_t i) const { return entries_[i].key_group; }

 private:
  struct Entry {
    size_t end;
    uint32_t key_group;
  };
  std::string bytes_;
  std::vector<Entry> entries_;
};

template <typename T>
class TypedBatch final : public RecordBatch {
 public:
  [[nodiscard]] size_t size() const override { return values.size(); }
  void Add(T value, int64_t timestamp) {
    values.push_back(std::move(value));
    timestamps.push_back(timestamp);
  }
  // What comes from a keyBy has as many keys as values, everything else none.
  KeyColumn keys;
  std::vector<T> values;
  std::vector<int64_t> timestamps;
};

}  // namespace spillway
