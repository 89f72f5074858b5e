#include <lz4.h>

#include <algorithm>
#include <utility>

#include "snapshot/keyed_state_file.h"
#include "snapshot/keyed_state_format.h"

namespace spillway::snapshot {

namespace format = keyed_state_format;

namespace {

constexpr uint64_t kReadAheadBytes = 256 * 1024;

Status Damaged(const ReadableFile& file, uint64_t offset, const std::string& what) {
  return Status::Corruption("keyed-state file " + file.name() + ", offset " + std::to_string(offset) + ": " + what +
                            "; restore from another checkpoint");
}

Status OtherVersion(const ReadableFile& file, uint32_t version) {
  return Status::VersionMismatch("keyed-state file " + file.name() + " has format version " + std::to_string(version) +
                                 ", this release reads version " + std::to_string(kKeyedStateFormatVersion) +
                                 "; restore it with the release that wrote it");
}

// Memory that is not cleared when it grows.
class Buffer {
 public:
  char* Reserve(uint64_t size) {
    if (size > capacity_) {
      capacity_ = std::max(size, std::min(2 * capacity_, kReadAheadBytes));
      bytes_ = std::make_unique_for_overwrite<char[]>(capacity_);
    }
    return bytes_.get();
  }
  [[nodiscard]] const char* data() const { return bytes_.get(); }

 private:
  std::unique_ptr<char[]> bytes_;
  uint64_t capacity_ = 0;
};

}  // namespace

class SectionCursor::Impl {
 public:
  Impl(ReadableFile* file, const StateDescriptor& descriptor, const SectionInfo& section)
      : file_(file), descriptor_(descriptor), section_(section), schema_(descriptor.value_schemas.current) {}

  Result<bool> Next(KeyedStateRecord* record) {
    SPILLWAY_RETURN_IF_ERROR(failed_);
    Result<bool> result = NextOrError(record);
    failed_ = result.status();
    return result;
  }

 private:
  Status Fault(const std::string& what) const {
    return Damaged(*file_, block_offset_,
                   "state '" + descriptor_.name + "', key group " + std::to_string(section_.key_group) + ", block " +
                       std::to_string(blocks_) + ": " + what);
  }
  Result<bool> NextOrError(KeyedStateRecord* record);
  Status ReadBlock();
  Result<BytesView> StoredBytes(uint64_t at, uint64_t size);
  Status DecodeKey(uint8_t flags, KeyedStateRecord* record);

  ReadableFile* file_;
  const StateDescriptor& descriptor_;
  SectionInfo section_;
  Status failed_;

  // Part of the section as it lies in the file, from window_begin_ (an offset in the section) on.
  Buffer window_;
  uint64_t window_begin_ = 0;
  uint64_t window_bytes_ = 0;

  uint64_t position_ = 0;  // of the next block in the section
  uint64_t block_offset_ = 0;
  uint64_t blocks_ = 0;  // read before the one at block_offset_
  uint64_t records_ = 0;
  Buffer raw_;
  ByteReader block_{BytesView()};
  uint32_t block_records_ = 0;  // still to come in the block

  // Of the record before, for lists and maps.
  bool has_key_ = false;
  std::string key_;
  std::string namespace_;
  uint32_t schema_;
};

Result<BytesView> SectionCursor::Impl::StoredBytes(uint64_t at, uint64_t size) {
  if (size > section_.bytes - at) return Fault("it reaches beyond its section");
  if (at < window_begin_ || at + size > window_begin_ + window_bytes_) {
    const uint64_t wanted = std::min(std::max(size, kReadAheadBytes), section_.bytes - at);
    window_bytes_ = 0;
    SPILLWAY_RETURN_IF_ERROR(file_->ReadAt(section_.offset + at, wanted, window_.Reserve(wanted)));
    window_begin_ = at;
    window_bytes_ = wanted;
  }
  return BytesView(window_.data() + (at - window_begin_), size);
}

Status SectionCursor::Impl::ReadBlock() {
  block_offset_ = section_.offset + position_;
  SPILLWAY_ASSIGN_OR_RETURN(BytesView header, StoredBytes(position_, format::kBlockHeaderBytes));
  ByteReader in(header);
  const auto stored_bytes = in.Fixed<uint32_t>();
  const auto raw_bytes = in.Fixed<uint32_t>();
  const auto records = in.Fixed<uint32_t>();
  const auto codec = in.Fixed<uint32_t>();
  const auto checksum = in.Fixed<uint64_t>();
  // Before anything is allocated by these numbers.
  if (raw_bytes > format::kBlockRawBytesMax) return Fault("it announces more bytes than a block may have");
  const bool fits = codec == format::kCodecNone ? stored_bytes == raw_bytes
                                                : codec == format::kCodecLz4 && stored_bytes < raw_bytes &&
                                                      raw_bytes <= stored_bytes * format::kLz4RatioMax;
  if (!fits) return Fault("its sizes or its codec are impossible");
  if (records == 0 || records > raw_bytes) return Fault("it announces an impossible number of records");

  SPILLWAY_ASSIGN_OR_RETURN(BytesView all, StoredBytes(position_, format::kBlockHeaderBytes + uint64_t{stored_bytes}));
  const BytesView stored = all.substr(format::kBlockHeaderBytes);
  if (format::BlockChecksum(section_.state, section_.key_group, blocks_,
                            all.substr(0, format::kBlockHeaderCheckedBytes), stored) != checksum) {
    return Fault("its checksum does not match its bytes");
  }
  BytesView raw = stored;
  if (codec == format::kCodecLz4) {
    char* to = raw_.Reserve(raw_bytes);
    const int size =
        LZ4_decompress_safe(stored.data(), to, static_cast<int>(stored_bytes), static_cast<int>(raw_bytes));
    if (size < 0 || static_cast<uint32_t>(size) != raw_bytes) return Fault("it cannot be decompressed");
    raw = BytesView(to, raw_bytes);
  }
  block_ = ByteReader(raw);
  block_records_ = records;
  position_ += format::kBlockHeaderBytes + stored_bytes;
  return {};
}

Status SectionCursor::Impl::DecodeKey(uint8_t flags, KeyedStateRecord* record) {
  const bool is_run = descriptor_.kind == SPW_STATE_LIST || descriptor_.kind == SPW_STATE_MAP;
  if ((flags & format::kFlagNewKey) == 0) {
    if (!is_run || !has_key_) return Fault("a record has no key");
  } else {
    const BytesView key = block_.Framed();
    const BytesView state_namespace = block_.Framed();
    if (!block_.ok()) return Fault("a record is cut short");
    if (key.size() > kKeyBytesMax || state_namespace.size() > kNamespaceBytesMax) {
      return Fault("a key or namespace is longer than it may be");
    }
    if (!is_run) {
      record->key = key;
      record->state_namespace = state_namespace;
      return {};
    }
    key_.assign(key);
    namespace_.assign(state_namespace);
    has_key_ = true;
  }
  record->key = key_;
  record->state_namespace = namespace_;
  return {};
}

Result<bool> SectionCursor::Impl::NextOrError(KeyedStateRecord* record) {
  if (block_records_ == 0) {
    if (position_ == section_.bytes) {
      if (blocks_ != section_.blocks || records_ != section_.records) {
        return Fault("the section ends with other counts than its index entry has");
      }
      return false;
    }
    SPILLWAY_RETURN_IF_ERROR(ReadBlock());
  }
  const bool is_timer = descriptor_.kind == SPW_STATE_TIMER;
  *record = KeyedStateRecord{};
  const auto flags = block_.Fixed<uint8_t>();
  record->value_is_null = (flags & format::kFlagNull) != 0;
  if ((flags & ~format::kFlagsKnown) != 0 || (record->value_is_null && descriptor_.kind != SPW_STATE_MAP) ||
      (is_timer && (flags & format::kFlagTimestamp) == 0)) {
    return Fault("a record has impossible flags");
  }
  if ((flags & format::kFlagTimestamp) != 0) record->timestamp = block_.Fixed<int64_t>();
  if ((flags & format::kFlagSchema) != 0) {
    const uint64_t schema = block_.Varint();
    if (schema >= std::max<uint64_t>(descriptor_.value_schemas.by_id.size(), 1)) {
      return Fault("a record has a schema id that its state does not have");
    }
    schema_ = static_cast<uint32_t>(schema);
  }
  record->schema_id = is_timer ? 0 : schema_;
  SPILLWAY_RETURN_IF_ERROR(DecodeKey(flags, record));
  if (descriptor_.kind == SPW_STATE_MAP) record->map_key = block_.Framed();
  if (!is_timer && !record->value_is_null) record->value = block_.Framed();
  if (!block_.ok()) return Fault("a record is cut short");
  if (record->map_key.size() > kMapKeyBytesMax || record->value.size() > kValueBytesMax) {
    return Fault("a map key or value is longer than it may be");
  }
  ++records_;
  if (--block_records_ == 0) {
    if (!block_.AtEnd()) return Fault("bytes are left behind its last record");
    ++blocks_;
  }
  return true;
}

SectionCursor::SectionCursor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SectionCursor::SectionCursor(SectionCursor&&) noexcept = default;
SectionCursor& SectionCursor::operator=(SectionCursor&&) noexcept = default;
SectionCursor::~SectionCursor() = default;

Result<bool> SectionCursor::Next(KeyedStateRecord* record) {
  if (!impl_) return false;
  return impl_->Next(record);
}

Status KeyedStateFileReader::ReadHeader(uint64_t* sections_begin) {
  if (file_->size() < format::kHeaderPrefixBytes + format::kChecksumBytes + format::kTrailerBytes) {
    return Damaged(*file_, 0, "it is too short for a keyed-state file");
  }
  std::string bytes(format::kHeaderPrefixBytes, '\0');
  SPILLWAY_RETURN_IF_ERROR(file_->ReadAt(0, bytes.size(), bytes.data()));
  ByteReader prefix(bytes);
  if (prefix.Raw(format::kMagic.size()) != format::kMagic) return Damaged(*file_, 0, "it is no keyed-state file");
  const auto version = prefix.Fixed<uint32_t>();
  if (version != kKeyedStateFormatVersion) return OtherVersion(*file_, version);
  const auto body_bytes = prefix.Fixed<uint32_t>();
  const uint64_t header_bytes = format::kHeaderPrefixBytes + uint64_t{body_bytes} + format::kChecksumBytes;
  if (body_bytes > format::kHeaderBodyBytesMax || header_bytes > file_->size() - format::kTrailerBytes) {
    return Damaged(*file_, 0, "the header announces an impossible length");
  }
  bytes.resize(header_bytes);
  SPILLWAY_RETURN_IF_ERROR(file_->ReadAt(0, bytes.size(), bytes.data()));
  const BytesView checked = BytesView(bytes).substr(0, header_bytes - format::kChecksumBytes);
  if (format::Checksum(checked) != LoadBytes<uint64_t>(bytes.data() + checked.size())) {
    return Damaged(*file_, 0, "the header's checksum does not match its bytes");
  }
  const std::string fault = format::DecodeHeaderBody(checked.substr(format::kHeaderPrefixBytes), &header_);
  if (!fault.empty()) return Damaged(*file_, 0, fault);
  *sections_begin = header_bytes;
  return {};
}

Status KeyedStateFileReader::ReadFooter(uint64_t sections_begin) {
  const uint64_t trailer_offset = file_->size() - format::kTrailerBytes;
  char bytes[format::kTrailerBytes];
  SPILLWAY_RETURN_IF_ERROR(file_->ReadAt(trailer_offset, sizeof(bytes), bytes));
  ByteReader in(BytesView(bytes, sizeof(bytes)));
  const auto footer_offset = in.Fixed<uint64_t>();
  const auto footer_bytes = in.Fixed<uint64_t>();
  const auto footer_checksum = in.Fixed<uint64_t>();
  const auto version = in.Fixed<uint32_t>();
  const auto zero = in.Fixed<uint32_t>();
  const auto checksum = in.Fixed<uint64_t>();
  if (in.Raw(format::kMagic.size()) != format::kMagic ||
      checksum != format::Checksum(BytesView(bytes, format::kTrailerCheckedBytes))) {
    return Damaged(*file_, trailer_offset, "the file does not end with a trailer, so it is cut short or overwritten");
  }
  if (version != kKeyedStateFormatVersion) return OtherVersion(*file_, version);
  if (zero != 0 || footer_bytes > kFooterBytesMax || footer_bytes > trailer_offset ||
      footer_offset != trailer_offset - footer_bytes || footer_offset < sections_begin) {
    return Damaged(*file_, trailer_offset, "the trailer names an impossible footer");
  }
  std::string footer(footer_bytes, '\0');
  SPILLWAY_RETURN_IF_ERROR(file_->ReadAt(footer_offset, footer.size(), footer.data()));
  if (format::Checksum(footer) != footer_checksum) {
    return Damaged(*file_, footer_offset, "the footer's checksum does not match its bytes");
  }
  const std::string fault = format::DecodeFooter(footer, header_, sections_begin, footer_offset, &states_, &sections_);
  return fault.empty() ? Status() : Damaged(*file_, footer_offset, "the footer: " + fault);
}

Result<std::unique_ptr<KeyedStateFileReader>> KeyedStateFileReader::Open(ReadableFile* file) {
  std::unique_ptr<KeyedStateFileReader> reader(new KeyedStateFileReader(file));
  uint64_t sections_begin = 0;
  SPILLWAY_RETURN_IF_ERROR(reader->ReadHeader(&sections_begin));
  SPILLWAY_RETURN_IF_ERROR(reader->ReadFooter(sections_begin));
  return reader;
}

std::optional<uint32_t> KeyedStateFileReader::FindState(std::string_view name) const {
  for (size_t i = 0; i < states_.size(); ++i) {
    if (states_[i].name == name) return static_cast<uint32_t>(i);
  }
  return std::nullopt;
}

Result<SectionCursor> KeyedStateFileReader::OpenSection(uint32_t state, uint32_t key_group) const {
  if (state >= states_.size()) {
    return Status::InvalidArgument("keyed-state file " + file_->name() + " has " + std::to_string(states_.size()) +
                                   " states, there is no state " + std::to_string(state));
  }
  const auto before = [](const SectionInfo& section, const std::pair<uint32_t, uint32_t>& place) {
    return std::pair(section.state, section.key_group) < place;
  };
  const auto found = std::lower_bound(sections_.begin(), sections_.end(), std::pair(state, key_group), before);
  if (found == sections_.end() || found->state != state || found->key_group != key_group) return SectionCursor(nullptr);
  return SectionCursor(std::make_unique<SectionCursor::Impl>(file_, states_[state], *found));
}

}  // namespace spillway::snapshot
