// A source in memory for tests: splits are vectors, a position is an index.
//
// The hook runs before each record, on the subtask's thread, and may fail, throw, wait for something or hold the record
// back (false); it must be thread-safe. Sizes are numbers of records.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "spillway/stream/source.h"

namespace spillway::runtime {

// Gets the split's number and the record's index. False: no record at this moment.
using ReadHook = std::function<Result<bool>(size_t split, size_t index)>;

template <typename T>
class VectorSource final : public Source<T> {
 public:
  explicit VectorSource(std::vector<std::vector<T>> splits, ReadHook hook = nullptr)
      : splits_(std::move(splits)), hook_(std::move(hook)) {}

  Result<std::vector<SourceSplit>> DiscoverSplits() override {
    std::vector<SourceSplit> splits;
    for (size_t i = 0; i < splits_.size(); ++i) splits.push_back({"split-" + std::to_string(i), ""});
    return splits;
  }
  Result<std::unique_ptr<SplitReader<T>>> OpenSplit(const SourceSplit& split) override {
    const size_t number = std::stoul(split.id.substr(6));
    const size_t position = split.position.empty() ? 0 : std::stoul(split.position);
    return std::unique_ptr<SplitReader<T>>(new Reader(splits_[number], number, position, hook_));
  }
  [[nodiscard]] std::optional<uint64_t> SplitSize(const SourceSplit& split) const override {
    return splits_[std::stoul(split.id.substr(6))].size();
  }

 private:
  class Reader final : public SplitReader<T> {
   public:
    Reader(const std::vector<T>& records, size_t number, size_t position, const ReadHook& hook)
        : records_(records), number_(number), position_(position), hook_(hook) {}
    Result<bool> Read(size_t records_max, std::vector<T>* out) override {
      for (size_t i = 0; i < records_max && position_ < records_.size(); ++i) {
        if (hook_) {
          SPILLWAY_ASSIGN_OR_RETURN(const bool go, hook_(number_, position_));
          if (!go) break;
        }
        out->push_back(records_[position_++]);
      }
      return position_ < records_.size();
    }
    [[nodiscard]] std::string Position() const override { return std::to_string(position_); }
    [[nodiscard]] uint64_t Progress() const override { return position_; }

   private:
    const std::vector<T>& records_;
    const size_t number_;
    size_t position_;
    const ReadHook& hook_;
  };

  const std::vector<std::vector<T>> splits_;
  const ReadHook hook_;
};

}  // namespace spillway::runtime
