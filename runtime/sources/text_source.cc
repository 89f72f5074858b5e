#include "runtime/sources/text_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "runtime/sources/byte_stream.h"
#include "runtime/sources/input_files.h"
#include "spillway/bytes.h"

namespace spillway::runtime {
namespace {

constexpr uint8_t kPositionVersion = 2;

struct TextPosition {
  uint64_t offset = 0;
  uint64_t lines = 0;  // that lie before it
  InputFingerprint file;

  [[nodiscard]] std::string Encode() const {
    std::string bytes;
    ByteWriter writer(&bytes);
    writer.Fixed(kPositionVersion);
    writer.Varint(offset);
    writer.Varint(lines);
    writer.Varint(file.size);
    writer.Fixed(file.xxh3);
    return bytes;
  }

  static Result<TextPosition> Decode(const SourceSplit& split) {
    TextPosition position;
    if (split.position.empty()) return position;
    ByteReader reader(split.position);
    const auto version = reader.Fixed<uint8_t>();
    position.offset = reader.Varint();
    position.lines = reader.Varint();
    position.file.size = reader.Varint();
    position.file.xxh3 = reader.Fixed<uint64_t>();
    if (!reader.ok() || !reader.AtEnd() || version != kPositionVersion) {
      return Status::Corruption(fmt::format("the stored position of the input {} cannot be read", split.id));
    }
    return position;
  }
};

// Cuts a stream into lines. Holds one block of the stream and the unfinished line before it; small for the many small
// files of a folder, and never much more than twice kLineBytesMax.
class TextReader final : public SplitReader<TextLine> {
 public:
  TextReader(std::string_view file, std::unique_ptr<ByteStream> stream, TextPosition position,
             std::shared_ptr<BadInput> bad_input)
      : file_(file), stream_(std::move(stream)), position_(position), bad_input_(std::move(bad_input)) {}

  Result<bool> Read(size_t records_max, std::vector<TextLine>* out) override {
    for (size_t records = 0; records < records_max;) {
      const char* line = buffer_.get() + begin_;
      const char* newline = FindNewline(line + scanned_, end_ - begin_ - scanned_);
      if (newline != nullptr) {
        const auto size = static_cast<size_t>(newline - line);
        SPILLWAY_ASSIGN_OR_RETURN(const bool added, FinishLine(size, 1, out));
        records += added ? 1 : 0;
        continue;
      }
      scanned_ = end_ - begin_;
      if (ended_) {
        if (scanned_ == 0 && dropped_ == 0) return false;
        SPILLWAY_ASSIGN_OR_RETURN(const bool added, FinishLine(scanned_, 0, out));
        records += added ? 1 : 0;
        continue;
      }
      if (scanned_ > kLineBytesMax) DropScanned();
      SPILLWAY_RETURN_IF_ERROR(Fill());
    }
    return true;
  }

  [[nodiscard]] std::string Position() const override { return position_.Encode(); }
  [[nodiscard]] uint64_t Progress() const override { return stream_->FileBytesRead(); }

 private:
  static constexpr size_t kBlockBytes = 64 << 10;
  static constexpr size_t kFirstBytes = kBlockBytes + (32 << 10);

  // Takes the line of `size` bytes at begin_, with `end_size` bytes behind it that end it; false if it was not usable.
  Result<bool> FinishLine(size_t size, size_t end_size, std::vector<TextLine>* out) {
    const uint64_t whole = dropped_ + size;
    const char* line = buffer_.get() + begin_;
    begin_ += size + end_size;
    scanned_ = 0;
    dropped_ = 0;
    position_.offset += whole + end_size;
    ++position_.lines;
    if (whole > kLineBytesMax) {
      SPILLWAY_RETURN_IF_ERROR(bad_input_->Report(
          file_, position_.lines,
          fmt::format("a line of {} bytes is left out; the longest that is read has {}", whole, kLineBytesMax)));
      return false;
    }
    if (end_size == 1 && size > 0 && line[size - 1] == '\r') --size;
    out->push_back({file_, position_.lines, std::string(line, size)});
    return true;
  }

  static const char* FindNewline(const char* from, size_t size) {
    return size == 0 ? nullptr : static_cast<const char*>(memchr(from, '\n', size));
  }

  // Forgets what is there of an overlong line.
  void DropScanned() {
    dropped_ += scanned_;
    begin_ = end_;
    scanned_ = 0;
  }

  // Behind end_ for a block.
  void MakeRoom() {
    if (capacity_ - end_ >= kBlockBytes) return;
    const size_t kept = end_ - begin_;
    if (capacity_ - kept >= kBlockBytes) {
      memmove(buffer_.get(), buffer_.get() + begin_, kept);
    } else {
      capacity_ = std::max(kFirstBytes, 2 * capacity_);
      auto larger = std::make_unique_for_overwrite<char[]>(capacity_);
      if (kept > 0) memcpy(larger.get(), buffer_.get() + begin_, kept);
      buffer_ = std::move(larger);
    }
    begin_ = 0;
    end_ = kept;
  }

  Status Fill() {
    MakeRoom();
    auto got = stream_->Read(buffer_.get() + end_, kBlockBytes);
    if (got.ok()) {
      end_ += *got;
      ended_ = *got == 0;
      return {};
    }
    if (got.status().code() != StatusCode::kCorruption) return got.status();
    // The unfinished line goes with what is lost.
    ended_ = true;
    end_ = begin_;
    scanned_ = 0;
    dropped_ = 0;
    return bad_input_->Report(file_, position_.lines + 1,
                              got.status().message() + "; the rest of the file is left out");
  }

  const std::string_view file_;
  const std::unique_ptr<ByteStream> stream_;
  TextPosition position_;
  const std::shared_ptr<BadInput> bad_input_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  size_t begin_ = 0;      // of the unfinished line, in buffer_
  size_t end_ = 0;        // of what was read
  size_t scanned_ = 0;    // bytes from begin_ that hold no newline
  uint64_t dropped_ = 0;  // bytes of the unfinished line that lie before begin_ and are gone: it is overlong
  bool ended_ = false;
};

}  // namespace

Result<std::vector<SourceSplit>> TextSource::DiscoverSplits() {
  SPILLWAY_ASSIGN_OR_RETURN(InputFiles found, FindInputFiles(inputs_));
  if (found.files.empty()) return Status::NotFound("there is no file in the input; name a file or a folder with files");
  const std::scoped_lock lock(sizes_mutex_);
  std::vector<SourceSplit> splits;
  splits.reserve(found.files.size());
  for (InputFile& file : found.files) {
    sizes_[file.path] = file.size;
    splits.push_back({std::move(file.path), {}});
  }
  skipped_ = std::move(found.skipped);
  return splits;
}

Status TextSource::CheckRestored(const SourceSplit& split) {
  SPILLWAY_ASSIGN_OR_RETURN(const TextPosition position, TextPosition::Decode(split));
  SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<InputHandle> file, InputHandle::Open(split.id));
  return file->CheckBeginsWith(position.file);
}

Result<std::unique_ptr<SplitReader<TextLine>>> TextSource::OpenSplit(const SourceSplit& split) {
  SPILLWAY_ASSIGN_OR_RETURN(TextPosition position, TextPosition::Decode(split));
  SPILLWAY_ASSIGN_OR_RETURN(std::unique_ptr<ByteStream> stream, OpenByteStream(split.id));
  if (!split.position.empty()) SPILLWAY_RETURN_IF_ERROR(stream->file().CheckBeginsWith(position.file));
  SPILLWAY_ASSIGN_OR_RETURN(position.file, stream->file().Fingerprint());
  const Status skipped = stream->Skip(position.offset);
  if (!skipped.ok()) {
    return Status(skipped.code(), fmt::format("cannot resume {}: {}; was the file changed since the checkpoint?",
                                              split.id, skipped.message()));
  }
  std::string_view file;
  {
    const std::scoped_lock lock(sizes_mutex_);
    file = sizes_.emplace(split.id, 0).first->first;
  }
  return std::unique_ptr<SplitReader<TextLine>>(
      std::make_unique<TextReader>(file, std::move(stream), position, bad_input_));
}

std::optional<uint64_t> TextSource::SplitSize(const SourceSplit& split) const {
  const std::scoped_lock lock(sizes_mutex_);
  const auto size = sizes_.find(split.id);
  if (size == sizes_.end()) return std::nullopt;
  return size->second;
}

}  // namespace spillway::runtime
