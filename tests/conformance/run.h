// What one variant of a case runs with: the subject, its keys, its storage.
//
// Made by the runner for each variant; belongs to the thread of the case. keys are made from numbers, so that a case
// says 'key 3' and means a u64, a short string, a long one or, for key 0, perhaps the empty one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/conformance/conformance.h"
#include "tests/conformance/memory_storage.h"

namespace spillway::conformance {

class Run {
 public:
  Run(const Subject& subject, KeyType key_type, Mode mode) : subject_(subject), key_type_(key_type), mode_(mode) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  [[nodiscard]] const Subject& subject() const { return subject_; }
  [[nodiscard]] bool Has(uint64_t capabilities) const { return (subject_.capabilities & capabilities) == capabilities; }
  [[nodiscard]] bool restored() const { return mode_ == Mode::kRestored; }
  // The n-th key; other numbers give other keys.
  [[nodiscard]] std::string Key(uint64_t n) const;
  [[nodiscard]] MemoryStorage& storage() { return storage_; }
  // A number that no instance and no checkpoint of this run has had.
  [[nodiscard]] uint64_t NextNumber() { return ++last_number_; }

 private:
  const Subject& subject_;
  const KeyType key_type_;
  const Mode mode_;
  MemoryStorage storage_;
  uint64_t last_number_ = 0;
};

[[nodiscard]] const char* KeyTypeName(KeyType key_type);

}  // namespace spillway::conformance
