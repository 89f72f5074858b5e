// A RocksDB iterator over the keys that begin with a prefix, or that lie between two keys.
//
// Bounded above, so that it never looks at what lies behind, nor at its tombstones. Sees the database as of when it
// was made, or of `snapshot`. Belongs to one thread; must end before the database does.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <string>

#include "backend/rocksdb/key_encoding.h"
#include "spillway/bytes.h"

namespace spillway::rocks {

struct ScanOptions {
  const rocksdb::Snapshot* snapshot = nullptr;
  bool fill_cache = true;      // false for what is read once from end to end
  size_t readahead_bytes = 0;  // 0: RocksDB's own, which grows as the scan goes on
};

class Scan {
 public:
  Scan(rocksdb::DB* database, rocksdb::ColumnFamilyHandle* family, std::string begin, std::string end,
       const ScanOptions& options = {})
      : begin_(std::move(begin)), end_(std::move(end)), upper_bound_(end_) {
    rocksdb::ReadOptions read;
    read.iterate_upper_bound = &upper_bound_;
    read.snapshot = options.snapshot;
    read.fill_cache = options.fill_cache;
    read.readahead_size = options.readahead_bytes;
    iterator_.reset(database->NewIterator(read, family));
    iterator_->Seek(begin_);
  }
  // Of a prefix.
  Scan(rocksdb::DB* database, rocksdb::ColumnFamilyHandle* family, BytesView prefix, const ScanOptions& options = {})
      : Scan(database, family, std::string(prefix), PrefixEnd(prefix), options) {}
  Scan(const Scan&) = delete;
  Scan& operator=(const Scan&) = delete;

  // False at the end and after an error; status() tells which.
  [[nodiscard]] bool Valid() const { return iterator_->Valid(); }
  [[nodiscard]] rocksdb::Status status() const { return iterator_->status(); }
  [[nodiscard]] BytesView key() const { return {iterator_->key().data(), iterator_->key().size()}; }
  [[nodiscard]] BytesView value() const { return {iterator_->value().data(), iterator_->value().size()}; }
  void Next() { iterator_->Next(); }
  // To the first key at or above `key`.
  void Seek(BytesView key) { iterator_->Seek(rocksdb::Slice(key.data(), key.size())); }

 private:
  std::string begin_;
  std::string end_;
  rocksdb::Slice upper_bound_;  // of end_; this never moves
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

}  // namespace spillway::rocks
