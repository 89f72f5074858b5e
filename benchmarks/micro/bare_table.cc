#include "benchmarks/micro/bare_table.h"

#define XXH_INLINE_ALL
#include <sys/mman.h>
#include <xxhash.h>

#include <bit>
#include <cstring>
#include <new>

namespace spillway::benchmarks {

BareTable::BareTable(uint64_t entries, uint32_t value_bytes, bool huge_pages)
    : get_for_update_at(&GetForUpdateAt), value_bytes_(value_bytes) {
  const uint64_t heads = std::bit_ceil(entries * 10 / 8);
  shift_ = static_cast<uint32_t>(64 - std::countr_zero(heads));
  used_ = heads * sizeof(Node*);
  mapped_ = used_ + (entries + 1) * (sizeof(Node) + value_bytes);
  void* mapped = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  if (huge_pages) madvise(mapped, mapped_, MADV_HUGEPAGE);
  memory_ = static_cast<uint8_t*>(mapped);
  heads_ = reinterpret_cast<Node**>(memory_);
}

BareTable::~BareTable() {
  munmap(memory_, mapped_);
}

spw_code BareTable::GetForUpdateAt(BareTable* table, spw_bytes key, uint32_t, spw_bytes, uint64_t create_size,
                                   spw_mut_view* out, spw_error*) {
  const uint64_t hash = XXH3_64bits(key.data, key.size);
  Node** head = &table->heads_[hash >> table->shift_];
  Node* node = *head;
  while (node != nullptr && (node->hash != hash || std::memcmp(&node->key, key.data, sizeof(uint64_t)) != 0)) {
    node = node->next;
  }
  uint32_t created = 0;
  if (node == nullptr) {
    if (create_size == SPW_DO_NOT_CREATE) return SPW_ABSENT;
    node = new (table->memory_ + table->used_) Node{*head, hash, 0};
    std::memcpy(&node->key, key.data, sizeof(uint64_t));
    table->used_ += sizeof(Node) + table->value_bytes_;
    *head = node;
    created = 1;
  }
  *out = {reinterpret_cast<uint8_t*>(node + 1), table->value_bytes_, 0, created};
  return SPW_OK;
}

}  // namespace spillway::benchmarks
