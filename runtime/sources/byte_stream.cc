#include "runtime/sources/byte_stream.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "spillway/bytes.h"

namespace spillway::runtime {
namespace {

constexpr std::string_view kZstdSuffix = ".zst";

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(std::unique_ptr<InputHandle> file) : file_(std::move(file)) {}

  Result<size_t> Read(char* buffer, size_t size) override {
    SPILLWAY_ASSIGN_OR_RETURN(const size_t got, file_->ReadAt(offset_, buffer, size));
    offset_ += got;
    return got;
  }
  Status Skip(uint64_t size) override {
    if (size > file_->size() - std::min(offset_, file_->size())) {
      return Status::Corruption(fmt::format("the input {} has only {} bytes, and reading was to go on at {}",
                                            file_->path(), file_->size(), offset_ + size));
    }
    offset_ += size;
    return {};
  }
  [[nodiscard]] uint64_t FileBytesRead() const override { return offset_; }
  [[nodiscard]] const InputHandle& file() const override { return *file_; }

 private:
  std::unique_ptr<InputHandle> file_;
  uint64_t offset_ = 0;
};

struct FreeDecompressor {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

class ZstdStream final : public ByteStream {
 public:
  static Result<std::unique_ptr<ByteStream>> Make(std::unique_ptr<InputHandle> file) {
    std::unique_ptr<ZstdStream> stream(new ZstdStream(std::move(file)));
    if (!stream->decompressor_) return Status::OutOfMemory("no memory for a zstd decompressor");
    return std::unique_ptr<ByteStream>(std::move(stream));
  }

  // The decompressor gets one block of the frame at a time, and nothing new while it still holds output: whatever lies
  // before the damage is delivered, in every run, however the reads are cut. A call that decodes several blocks and
  // then fails would drop the good ones.
  Result<size_t> Read(char* buffer, size_t size) override {
    ZSTD_outBuffer out{buffer, size, 0};
    while (out.pos == 0) {
      if (!pending_ && block_position_ == block_size_) {
        SPILLWAY_ASSIGN_OR_RETURN(block_size_, file_->ReadAt(file_offset_, block_.data(), block_.size()));
        block_position_ = 0;
        file_offset_ += block_size_;
        if (block_size_ == 0 && inside_frame_) return Damaged("the file is cut off");
        if (block_size_ == 0) break;
      }
      const size_t given = pending_ ? 0 : std::min(wanted_, block_size_ - block_position_);
      ZSTD_inBuffer in{block_.data() + block_position_, given, 0};
      const size_t hint = ZSTD_decompressStream(decompressor_.get(), &out, &in);
      if (ZSTD_isError(hint) != 0) return Damaged(ZSTD_getErrorName(hint));
      block_position_ += in.pos;
      inside_frame_ = hint != 0;
      wanted_ = inside_frame_ ? hint : kFrameHeadBytes;
      pending_ = inside_frame_ && out.pos == out.size;
    }
    bytes_out_ += out.pos;
    return out.pos;
  }

  Status Skip(uint64_t size) override {
    std::vector<char> dropped(std::min<uint64_t>(size, kDroppedBytes));
    while (size > 0) {
      SPILLWAY_ASSIGN_OR_RETURN(const size_t got, Read(dropped.data(), std::min<uint64_t>(size, dropped.size())));
      if (got == 0) {
        return Status::Corruption(
            fmt::format("the input {} ends {} bytes before the place where reading was to go on", file_->path(), size));
      }
      size -= got;
    }
    return {};
  }

  [[nodiscard]] uint64_t FileBytesRead() const override { return file_offset_ - (block_size_ - block_position_); }
  [[nodiscard]] const InputHandle& file() const override { return *file_; }

 private:
  // Large enough that the system calls cost nothing, small enough for the cache.
  static constexpr size_t kBlockBytes = 256 << 10;
  static constexpr size_t kDroppedBytes = 256 << 10;
  // Enough to begin a frame with; the decompressor then says how much more it needs.
  static constexpr size_t kFrameHeadBytes = 6;

  explicit ZstdStream(std::unique_ptr<InputHandle> file)
      : file_(std::move(file)), decompressor_(ZSTD_createDStream()), block_(kBlockBytes) {}

  [[nodiscard]] Status Damaged(std::string_view why) const {
    return Status::Corruption(
        fmt::format("compressed data is damaged after {} bytes of text, near byte {} of the file: {}", bytes_out_,
                    FileBytesRead(), why));
  }

  std::unique_ptr<InputHandle> file_;
  std::unique_ptr<ZSTD_DStream, FreeDecompressor> decompressor_;
  std::vector<char> block_;
  size_t block_size_ = 0;
  size_t block_position_ = 0;
  uint64_t file_offset_ = 0;  // behind block_
  uint64_t bytes_out_ = 0;
  size_t wanted_ = kFrameHeadBytes;  // what the decompressor needs to get on by one block
  bool inside_frame_ = true;         // there is one frame at least
  bool pending_ = false;             // it may hold output that did not fit
};

}  // namespace

Result<std::unique_ptr<ByteStream>> OpenByteStream(const std::string& path) {
  SPILLWAY_ASSIGN_OR_RETURN(std::unique_ptr<InputHandle> file, InputHandle::Open(path));
  std::array<char, sizeof(uint32_t)> head{};
  SPILLWAY_ASSIGN_OR_RETURN(const size_t got, file->ReadAt(0, head.data(), head.size()));
  // Too short to tell by its bytes; what is meant to be a frame is one that was cut off.
  if (got < head.size() && path.ends_with(kZstdSuffix)) return ZstdStream::Make(std::move(file));
  const auto magic = LoadBytes<uint32_t>(head.data());
  if (got == head.size() &&
      (magic == ZSTD_MAGICNUMBER || (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START)) {
    return ZstdStream::Make(std::move(file));
  }
  return std::unique_ptr<ByteStream>(std::make_unique<PlainStream>(std::move(file)));
}

}  // namespace spillway::runtime
