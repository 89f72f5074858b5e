// Lines of text from files and folders, plain or zstd-compressed. One file is one split, its id the file's path.
//
// A line ends with "\n" or "\r\n", which are not part of it; a last line without an end counts. Bytes are taken as they
// are, whatever they mean. A line longer than kLineBytesMax, and compressed data that is damaged or cut off, is bad
// input: reported with file and line, left out, and the job goes on (behind the line; of a damaged file nothing more is
// read).
//
// Positions are offsets of uncompressed bytes, at the begin of a line; FORMAT.md describes them. A compressed split
// resumes by decompressing from its start. A file that was begun must still begin with what it held then (its size, its
// first and last 64 KiB are looked at); what was appended since is read. A file that was not begun yet is read as it
// is, one that was read to its end is not looked at again.
//
// Threads as spillway/stream/source.h says. Lines borrow the names of their files from the source, which must outlive
// them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/sources/bad_input.h"
#include "spillway/stream/source.h"

namespace spillway::runtime {

struct TextLine {
  std::string_view file;
  uint64_t line = 0;  // from 1
  std::string text;
};

inline constexpr size_t kLineBytesMax = 1 << 20;

class TextSource final : public Source<TextLine> {
 public:
  TextSource(std::vector<std::filesystem::path> inputs, std::shared_ptr<BadInput> bad_input)
      : inputs_(std::move(inputs)), bad_input_(std::move(bad_input)) {}

  Result<std::vector<SourceSplit>> DiscoverSplits() override;
  [[nodiscard]] Status CheckRestored(const SourceSplit& split) override;
  Result<std::unique_ptr<SplitReader<TextLine>>> OpenSplit(const SourceSplit& split) override;
  [[nodiscard]] std::optional<uint64_t> SplitSize(const SourceSplit& split) const override;

  // What lay in the folders and is not read, with the reason; known after DiscoverSplits.
  [[nodiscard]] const std::vector<std::string>& skipped() const { return skipped_; }

 private:
  const std::vector<std::filesystem::path> inputs_;
  const std::shared_ptr<BadInput> bad_input_;
  std::vector<std::string> skipped_;
  mutable std::mutex sizes_mutex_;                   // sizes_: a restored split may be one that was not discovered
  std::unordered_map<std::string, uint64_t> sizes_;  // by path; its keys are what TextLine::file borrows
};

}  // namespace spillway::runtime
