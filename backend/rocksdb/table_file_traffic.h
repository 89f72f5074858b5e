// What RocksDB writes to table files and reads from files, counted without its statistics.
//
// RocksDB calls the listener from its own threads and from the owner's; the counts may be read from any thread.
#pragma once

#include <rocksdb/listener.h>

#include <atomic>
#include <cstdint>

namespace spillway::rocks {

class TableFileTraffic final : public rocksdb::EventListener {
 public:
  void OnTableFileCreated(const rocksdb::TableFileCreationInfo& info) override {
    if (info.status.ok()) written_bytes_.fetch_add(info.file_size, std::memory_order_relaxed);
  }
  bool ShouldBeNotifiedOnFileIO() override { return true; }
  void OnFileReadFinish(const rocksdb::FileOperationInfo& info) override {
    if (info.status.ok()) read_bytes_.fetch_add(info.length, std::memory_order_relaxed);
  }

  [[nodiscard]] uint64_t written_bytes() const { return written_bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t read_bytes() const { return read_bytes_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> written_bytes_{0};  // relaxed, both: figures that order nothing
  std::atomic<uint64_t> read_bytes_{0};
};

}  // namespace spillway::rocks
