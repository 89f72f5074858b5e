// RocksDB as somebody would call it who needs nothing but these operations: no framing, no schemas, no handles.
#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <cstring>
#include <vector>

#include "backend/rocksdb/database_options.h"
#include "backend/rocksdb/list_merge_operator.h"
#include "benchmarks/rocksdb_direct/side.h"
#include "spillway/key_groups.h"

namespace spillway::rocksdb_direct {
namespace {

void Check(const rocksdb::Status& status) {
  if (!status.ok()) Die("direct: " + status.ToString());
}

// Key-group and key, and perhaps a map key, in fixed places.
class Key {
 public:
  explicit Key(uint64_t key) : size_(sizeof(uint16_t) + sizeof(key)) {
    const BytesView bytes(reinterpret_cast<const char*>(&key), sizeof(key));
    const uint32_t group = KeyGroupOf(bytes, kKeyGroups);
    bytes_[0] = static_cast<char>(group >> 8);
    bytes_[1] = static_cast<char>(group);
    std::memcpy(bytes_ + 2, &key, sizeof(key));
  }
  Key(uint64_t key, uint64_t map_key) : Key(key) {
    std::memcpy(bytes_ + size_, &map_key, sizeof(map_key));
    size_ += sizeof(map_key);
  }
  [[nodiscard]] rocksdb::Slice slice() const { return {bytes_, size_}; }

 private:
  char bytes_[sizeof(uint16_t) + 2 * sizeof(uint64_t)];
  size_t size_;
};

class DirectSide final : public Side {
 public:
  DirectSide(const std::string& directory, uint64_t memory_share)
      : resources_(rocks::MakeResources(settings_, memory_share)) {
    write_.disableWAL = true;
    const rocksdb::ColumnFamilyOptions plain = rocks::MakeColumnFamilyOptions(settings_, resources_);
    rocksdb::ColumnFamilyOptions merging = plain;
    merging.merge_operator = std::make_shared<rocks::ListMergeOperator>();
    const rocksdb::Options options(rocks::MakeDatabaseOptions(settings_, resources_, rocksdb::Env::Default()), plain);
    rocksdb::DB* database = nullptr;
    Check(rocksdb::DB::Open(options, directory + "/direct", &database));
    database_.reset(database);
    Check(database_->CreateColumnFamily(plain, "values", &values_));
    Check(database_->CreateColumnFamily(merging, "lists", &lists_));
    Check(database_->CreateColumnFamily(plain, "maps", &maps_));
  }
  ~DirectSide() override {
    for (rocksdb::ColumnFamilyHandle* family : {values_, lists_, maps_}) {
      Check(database_->DestroyColumnFamilyHandle(family));
    }
  }

  uint64_t Get(uint64_t key) override { return Read(values_, Key(key)); }
  void Put(uint64_t key, std::string_view value) override {
    Check(database_->Put(write_, values_, Key(key).slice(), rocksdb::Slice(value.data(), value.size())));
  }
  void ReadModifyWrite(uint64_t key) override {
    const Key at(key);
    rocksdb::PinnableSlice value;
    Check(database_->Get(read_, values_, at.slice(), &value));
    char copy[kValueBytes];
    std::memcpy(copy, value.data(), sizeof(copy));
    ++copy[0];
    Check(database_->Put(write_, values_, at.slice(), rocksdb::Slice(copy, sizeof(copy))));
  }
  void Append(uint64_t key, std::string_view element) override {
    Check(database_->Merge(write_, lists_, Key(key).slice(), rocksdb::Slice(element.data(), element.size())));
  }
  uint64_t MapGet(uint64_t key, uint64_t map_key) override { return Read(maps_, Key(key, map_key)); }
  void MapPut(uint64_t key, uint64_t map_key, std::string_view value) override {
    Check(database_->Put(write_, maps_, Key(key, map_key).slice(), rocksdb::Slice(value.data(), value.size())));
  }

 private:
  uint64_t Read(rocksdb::ColumnFamilyHandle* family, const Key& key) {
    rocksdb::PinnableSlice value;
    Check(database_->Get(read_, family, key.slice(), &value));
    return static_cast<uint8_t>(value[0]) + value.size();
  }

  const rocks::Settings settings_;
  const rocks::Resources resources_;
  const rocksdb::ReadOptions read_;
  rocksdb::WriteOptions write_;
  std::unique_ptr<rocksdb::DB> database_;
  rocksdb::ColumnFamilyHandle* values_ = nullptr;
  rocksdb::ColumnFamilyHandle* lists_ = nullptr;
  rocksdb::ColumnFamilyHandle* maps_ = nullptr;
};

}  // namespace

std::unique_ptr<Side> MakeDirectSide(const std::string& directory, uint64_t memory_share) {
  return std::make_unique<DirectSide>(directory, memory_share);
}

}  // namespace spillway::rocksdb_direct
