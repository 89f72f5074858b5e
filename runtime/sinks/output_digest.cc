#include "runtime/sinks/output_digest.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <queue>
#include <string_view>

#include "runtime/sinks/output_file.h"
#include "spillway/bytes.h"

namespace spillway::runtime {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMemoryBytesMin = 1 << 20;
constexpr size_t kMemoryBytesMax = size_t{1} << 31;  // offsets are 32-bit numbers
// Pieces merged at once, each with a buffer of its own.
constexpr size_t kMergedAtOnceMax = 64;
constexpr size_t kMergeBufferBytes = 256 << 10;

// Reads a file line by line. One thread.
class LineReader {
 public:
  static Result<std::unique_ptr<LineReader>> Open(const fs::path& path) {
    FILE* file = fopen(path.c_str(), "re");
    if (file == nullptr) return FileError("read", path, errno);
    return std::unique_ptr<LineReader>(new LineReader(file, path));
  }
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  ~LineReader() {
    fclose(file_);
    free(line_);
  }

  // Without its newline; valid until the next call. nullopt at the end.
  Result<std::optional<std::string_view>> Next() {
    errno = 0;
    const ssize_t size = getline(&line_, &capacity_, file_);
    if (size < 0 && ferror(file_) != 0) return FileError("read", path_, errno);
    if (size < 0) return std::optional<std::string_view>();
    std::string_view line(line_, static_cast<size_t>(size));
    if (line.ends_with('\n')) line.remove_suffix(1);
    return std::optional(line);
  }

 private:
  LineReader(FILE* file, fs::path path) : buffer_(kMergeBufferBytes, '\0'), file_(file), path_(std::move(path)) {
    setvbuf(file_, buffer_.data(), _IOFBF, buffer_.size());
  }

  std::string buffer_;
  FILE* file_;
  fs::path path_;
  char* line_ = nullptr;
  size_t capacity_ = 0;
};

// A directory of its own for the sorted pieces, gone with this object.
class PieceFolder {
 public:
  static Result<std::unique_ptr<PieceFolder>> Make(const fs::path& where) {
    std::error_code error;
    const fs::path parent = where.empty() ? fs::temp_directory_path(error) : where;
    std::string pattern = (parent / "spillway-digest-XXXXXX").string();
    if (error || mkdtemp(pattern.data()) == nullptr) {
      return FileError("make a temporary directory in", parent, error ? error.value() : errno);
    }
    return std::unique_ptr<PieceFolder>(new PieceFolder(pattern));
  }
  PieceFolder(const PieceFolder&) = delete;
  PieceFolder& operator=(const PieceFolder&) = delete;
  ~PieceFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path NewName() { return path_ / std::to_string(count_++); }

 private:
  explicit PieceFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
  uint64_t count_ = 0;
};

// Where sorted lines go: into the digest, or into a piece.
class LineTarget {
 public:
  virtual ~LineTarget() = default;
  virtual Status Add(std::string_view line) = 0;
};

class DigestTarget final : public LineTarget {
 public:
  DigestTarget() : state_(XXH64_createState()) { XXH64_reset(state_.get(), 0); }
  Status Add(std::string_view line) override {
    XXH64_update(state_.get(), line.data(), line.size());
    XXH64_update(state_.get(), "\n", 1);
    ++digest_.lines;
    digest_.bytes += line.size() + 1;
    return {};
  }
  OutputDigest Finish() {
    digest_.xxh64 = XXH64_digest(state_.get());
    return digest_;
  }

 private:
  struct FreeState {
    void operator()(XXH64_state_t* state) const { XXH64_freeState(state); }
  };
  std::unique_ptr<XXH64_state_t, FreeState> state_;
  OutputDigest digest_;
};

class PieceTarget final : public LineTarget {
 public:
  explicit PieceTarget(OutputFile* file) : file_(file) {}
  Status Add(std::string_view line) override {
    SPILLWAY_RETURN_IF_ERROR(file_->Append(line));
    return file_->Append("\n");
  }

 private:
  OutputFile* file_;
};

// Lines that are sorted in memory. One block serves both: text grows from its begin, entries from its end.
class LineBlock {
 public:
  explicit LineBlock(size_t bytes) : count_max_(bytes / sizeof(Entry)), block_(new Entry[count_max_]) {}

  // False when it is full.
  bool Add(std::string_view line) {
    if (line.size() > FreeBytes() || FreeBytes() - line.size() < sizeof(Entry)) return false;
    char* text = Text() + text_bytes_;
    memcpy(text, line.data(), line.size());
    ++count_;
    *Entries() = {Prefix(line), static_cast<uint32_t>(text_bytes_), static_cast<uint32_t>(line.size())};
    text_bytes_ += line.size();
    return true;
  }

  // Gives all lines to `target` in byte order, and is empty then.
  Status Drain(LineTarget* target) {
    std::sort(Entries(), Entries() + count_, [this](const Entry& a, const Entry& b) {
      return a.prefix != b.prefix ? a.prefix < b.prefix : Line(a) < Line(b);
    });
    for (const Entry* entry = Entries(); entry != Entries() + count_; ++entry) {
      SPILLWAY_RETURN_IF_ERROR(target->Add(Line(*entry)));
    }
    count_ = 0;
    text_bytes_ = 0;
    return {};
  }

  [[nodiscard]] bool empty() const { return count_ == 0; }

 private:
  struct Entry {
    uint64_t prefix;  // the first eight bytes as a number, which decides most comparisons
    uint32_t offset;
    uint32_t size;
  };

  static uint64_t Prefix(std::string_view line) {
    uint64_t bytes = 0;
    memcpy(&bytes, line.data(), std::min(line.size(), sizeof(bytes)));
    return __builtin_bswap64(bytes);
  }
  [[nodiscard]] char* Text() const { return reinterpret_cast<char*>(block_.get()); }
  [[nodiscard]] Entry* Entries() const { return block_.get() + (count_max_ - count_); }
  [[nodiscard]] size_t FreeBytes() const { return (count_max_ - count_) * sizeof(Entry) - text_bytes_; }
  [[nodiscard]] std::string_view Line(const Entry& entry) const { return {Text() + entry.offset, entry.size}; }

  size_t count_max_;
  std::unique_ptr<Entry[]> block_;
  size_t count_ = 0;
  size_t text_bytes_ = 0;
};

// Relaxed: nothing else is read because of it.
Status CheckNotCancelled(const DigestOptions& options) {
  if (options.cancelled == nullptr || !options.cancelled->load(std::memory_order_relaxed)) return {};
  return Status::Cancelled("the digest of the output was not computed to its end");
}

// Merges sorted files, each line to `target`.
Status Merge(const std::vector<fs::path>& pieces, const DigestOptions& options, LineTarget* target) {
  struct Head {
    std::string_view line;
    LineReader* reader;
    bool operator>(const Head& other) const { return line > other.line; }
  };
  std::vector<std::unique_ptr<LineReader>> readers;
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
  const auto push_next = [&](LineReader* reader) -> Status {
    SPILLWAY_ASSIGN_OR_RETURN(const std::optional<std::string_view> line, reader->Next());
    if (line) heads.push({*line, reader});
    return {};
  };
  for (const fs::path& piece : pieces) {
    SPILLWAY_ASSIGN_OR_RETURN(std::unique_ptr<LineReader> reader, LineReader::Open(piece));
    SPILLWAY_RETURN_IF_ERROR(push_next(reader.get()));
    readers.push_back(std::move(reader));
  }
  while (!heads.empty()) {
    SPILLWAY_RETURN_IF_ERROR(CheckNotCancelled(options));
    const Head least = heads.top();
    heads.pop();
    SPILLWAY_RETURN_IF_ERROR(target->Add(least.line));
    SPILLWAY_RETURN_IF_ERROR(push_next(least.reader));
  }
  return {};
}

class Digester {
 public:
  explicit Digester(const DigestOptions& options)
      : options_(options), block_(std::clamp(options.memory_bytes, kMemoryBytesMin, kMemoryBytesMax)) {}

  Status AddFile(const fs::path& path) {
    SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader, LineReader::Open(path));
    for (;;) {
      SPILLWAY_RETURN_IF_ERROR(CheckNotCancelled(options_));
      SPILLWAY_ASSIGN_OR_RETURN(const std::optional<std::string_view> line, reader->Next());
      if (!line) return {};
      if (block_.Add(*line)) continue;
      SPILLWAY_RETURN_IF_ERROR(WriteBlock());
      if (block_.Add(*line)) continue;
      // Longer than the block: a piece of its own.
      SPILLWAY_RETURN_IF_ERROR(WritePiece([&](LineTarget* target) { return target->Add(*line); }));
    }
  }

  Result<OutputDigest> Finish() {
    DigestTarget digest;
    if (pieces_.empty()) {
      SPILLWAY_RETURN_IF_ERROR(block_.Drain(&digest));
      return digest.Finish();
    }
    SPILLWAY_RETURN_IF_ERROR(WriteBlock());
    while (pieces_.size() > kMergedAtOnceMax) {
      const std::vector<fs::path> oldest(pieces_.begin(), pieces_.begin() + kMergedAtOnceMax);
      pieces_.erase(pieces_.begin(), pieces_.begin() + kMergedAtOnceMax);
      SPILLWAY_RETURN_IF_ERROR(WritePiece([&](LineTarget* target) { return Merge(oldest, options_, target); }));
      for (const fs::path& piece : oldest) fs::remove(piece);
    }
    SPILLWAY_RETURN_IF_ERROR(Merge({pieces_.begin(), pieces_.end()}, options_, &digest));
    return digest.Finish();
  }

 private:
  Status WriteBlock() {
    if (block_.empty()) return {};
    return WritePiece([&](LineTarget* target) { return block_.Drain(target); });
  }

  template <typename Fill>
  Status WritePiece(Fill fill) {
    if (!folder_) {
      SPILLWAY_ASSIGN_OR_RETURN(folder_, PieceFolder::Make(options_.temporary_directory));
    }
    const fs::path path = folder_->NewName();
    SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file, OutputFile::Create(path));
    PieceTarget target(file.get());
    SPILLWAY_RETURN_IF_ERROR(fill(&target));
    SPILLWAY_RETURN_IF_ERROR(file->Flush());
    pieces_.push_back(path);
    return {};
  }

  const DigestOptions& options_;
  LineBlock block_;
  std::unique_ptr<PieceFolder> folder_;
  std::deque<fs::path> pieces_;
};

}  // namespace

std::string OutputDigest::Hex() const {
  return fmt::format("{:016x}", xxh64);
}

Result<OutputDigest> DigestLines(const std::vector<fs::path>& files, const DigestOptions& options) {
  try {
    Digester digester(options);
    for (const fs::path& file : files) SPILLWAY_RETURN_IF_ERROR(digester.AddFile(file));
    return digester.Finish();
  } catch (const fs::filesystem_error& error) {
    return Status::IoError(fmt::format("cannot sort the output for its digest: {}", error.what()));
  }
}

}  // namespace spillway::runtime
