#include <lz4.h>

#include <utility>

#include "snapshot/keyed_state_file.h"
#include "snapshot/keyed_state_format.h"

namespace spillway::snapshot {

namespace format = keyed_state_format;

class KeyedStateFileWriter::Impl {
 public:
  Impl(WritableFile* file, KeyedStateFileHeader header) : file_(file), header_(std::move(header)) {}

  Status WriteHeader() { return Append(format::EncodeHeader(header_)); }
  Result<uint32_t> AddState(StateDescriptor descriptor);
  Status BeginSection(uint32_t state, uint32_t key_group);
  Status Add(const KeyedStateRecord& record);
  Status EndSection();
  Status Finish();

  uint64_t entries() const { return entries_; }
  uint64_t records() const { return records_; }
  uint64_t bytes() const { return bytes_; }

 private:
  // After an error nothing more is taken, so that a half-written file is never finished by mistake.
  Status Fail(Status status) {
    if (failed_.ok()) failed_ = status;
    return status;
  }
  Status CheckOpen(bool in_section, std::string_view call) {
    SPILLWAY_RETURN_IF_ERROR(failed_);
    if (finished_) return Fail(Status::InvalidState(std::string(call) + " on a keyed-state file that is finished"));
    if (in_section_ == in_section) return {};
    return Fail(Status::InvalidState(std::string(call) + (in_section ? " outside" : " inside") +
                                     " a section of a keyed-state file"));
  }
  Status Append(BytesView bytes) {
    SPILLWAY_RETURN_IF_ERROR(Fail(file_->Append(bytes)));
    bytes_ += bytes.size();
    return {};
  }
  std::string FaultOf(const KeyedStateRecord& record, const StateDescriptor& descriptor) const;
  void Encode(const KeyedStateRecord& record, const StateDescriptor& descriptor);
  Status FlushBlock();

  WritableFile* file_;
  KeyedStateFileHeader header_;
  std::vector<StateDescriptor> states_;
  std::vector<SectionInfo> sections_;
  Status failed_;
  bool finished_ = false;

  bool in_section_ = false;
  SectionInfo section_;
  std::string block_;  // raw records of the block under way
  uint32_t block_records_ = 0;
  std::string compressed_;
  // What the next record of the section need not repeat.
  bool has_previous_ = false;
  std::string previous_key_;
  std::string previous_namespace_;
  uint32_t previous_schema_ = 0;

  uint64_t entries_ = 0;
  uint64_t records_ = 0;
  uint64_t bytes_ = 0;
};

Result<uint32_t> KeyedStateFileWriter::Impl::AddState(StateDescriptor descriptor) {
  SPILLWAY_RETURN_IF_ERROR(failed_);
  if (finished_) return Fail(Status::InvalidState("AddState on a keyed-state file that is finished"));
  std::string fault = format::FaultOf(descriptor);
  for (const StateDescriptor& other : states_) {
    if (other.name == descriptor.name) fault = "is added twice";
  }
  if (states_.size() >= kStatesMax) fault = "is one more than " + std::to_string(kStatesMax);
  if (!fault.empty()) return Fail(Status::InvalidArgument("state '" + descriptor.name + "' " + fault));
  states_.push_back(std::move(descriptor));
  return static_cast<uint32_t>(states_.size() - 1);
}

Status KeyedStateFileWriter::Impl::BeginSection(uint32_t state, uint32_t key_group) {
  SPILLWAY_RETURN_IF_ERROR(CheckOpen(false, "BeginSection"));
  const SectionInfo* previous = sections_.empty() ? nullptr : &sections_.back();
  const std::string fault = format::OrderFaultOf(state, key_group, previous, header_, states_.size());
  if (!fault.empty()) return Fail(Status::InvalidArgument("a section of a keyed-state file " + fault));
  in_section_ = true;
  section_ = SectionInfo{.state = state, .key_group = key_group, .offset = bytes_};
  has_previous_ = false;
  previous_schema_ = states_[state].value_schemas.current;
  return {};
}

std::string KeyedStateFileWriter::Impl::FaultOf(const KeyedStateRecord& record,
                                                const StateDescriptor& descriptor) const {
  const auto too_long = [](std::string_view what, uint64_t size, uint64_t max) {
    return "has a " + std::string(what) + " of " + std::to_string(size) + " bytes, the most is " + std::to_string(max);
  };
  if (record.key.size() > kKeyBytesMax) return too_long("key", record.key.size(), kKeyBytesMax);
  if (record.state_namespace.size() > kNamespaceBytesMax) {
    return too_long("namespace", record.state_namespace.size(), kNamespaceBytesMax);
  }
  if (record.map_key.size() > kMapKeyBytesMax) return too_long("map key", record.map_key.size(), kMapKeyBytesMax);
  if (record.value.size() > kValueBytesMax) return too_long("value", record.value.size(), kValueBytesMax);
  const bool is_map = descriptor.kind == SPW_STATE_MAP;
  if (!is_map && (record.value_is_null || !record.map_key.empty()))
    return "has a map key or a null value and is no map";
  if (record.value_is_null && !record.value.empty()) return "has a value that is null and not empty";
  if (descriptor.kind == SPW_STATE_TIMER && (!record.value.empty() || record.schema_id != 0)) {
    return "is a timer and has a value";
  }
  if (record.schema_id != 0 && record.schema_id >= descriptor.value_schemas.by_id.size()) {
    return "has the schema id " + std::to_string(record.schema_id) + ", which its state does not have";
  }
  return {};
}

void KeyedStateFileWriter::Impl::Encode(const KeyedStateRecord& record, const StateDescriptor& descriptor) {
  const bool is_timer = descriptor.kind == SPW_STATE_TIMER;
  const bool is_run = descriptor.kind == SPW_STATE_LIST || descriptor.kind == SPW_STATE_MAP;
  const bool same_key =
      is_run && has_previous_ && record.key == previous_key_ && record.state_namespace == previous_namespace_;
  uint8_t flags = 0;
  if (!same_key) flags |= format::kFlagNewKey;
  if (record.value_is_null) flags |= format::kFlagNull;
  if (is_timer || record.timestamp != 0) flags |= format::kFlagTimestamp;
  if (!is_timer && record.schema_id != previous_schema_) flags |= format::kFlagSchema;

  ByteWriter out(&block_);
  out.Fixed(flags);
  if ((flags & format::kFlagTimestamp) != 0) out.Fixed(record.timestamp);
  if ((flags & format::kFlagSchema) != 0) {
    out.Varint(record.schema_id);
    previous_schema_ = record.schema_id;
  }
  if (!same_key) {
    out.Framed(record.key);
    out.Framed(record.state_namespace);
    if (is_run) {
      previous_key_.assign(record.key);
      previous_namespace_.assign(record.state_namespace);
    }
    has_previous_ = true;
    ++entries_;
  }
  if (descriptor.kind == SPW_STATE_MAP) out.Framed(record.map_key);
  if (!is_timer && !record.value_is_null) out.Framed(record.value);
}

Status KeyedStateFileWriter::Impl::Add(const KeyedStateRecord& record) {
  SPILLWAY_RETURN_IF_ERROR(CheckOpen(true, "Add"));
  const StateDescriptor& descriptor = states_[section_.state];
  const std::string fault = FaultOf(record, descriptor);
  if (!fault.empty()) return Fail(Status::InvalidArgument("a record of state '" + descriptor.name + "' " + fault));
  Encode(record, descriptor);
  ++block_records_;
  ++records_;
  return block_.size() >= kBlockBytes ? FlushBlock() : Status();
}

Status KeyedStateFileWriter::Impl::FlushBlock() {
  if (block_records_ == 0) return {};
  compressed_.resize(static_cast<size_t>(LZ4_compressBound(static_cast<int>(block_.size()))));
  const int size = LZ4_compress_default(block_.data(), compressed_.data(), static_cast<int>(block_.size()),
                                        static_cast<int>(compressed_.size()));
  const bool smaller = size > 0 && static_cast<size_t>(size) < block_.size();
  const BytesView stored = smaller ? BytesView(compressed_).substr(0, static_cast<size_t>(size)) : BytesView(block_);

  std::string header;
  ByteWriter out(&header);
  out.Fixed(static_cast<uint32_t>(stored.size()));
  out.Fixed(static_cast<uint32_t>(block_.size()));
  out.Fixed(block_records_);
  out.Fixed(smaller ? format::kCodecLz4 : format::kCodecNone);
  out.Fixed(format::BlockChecksum(section_.state, section_.key_group, section_.blocks, header, stored));
  SPILLWAY_RETURN_IF_ERROR(Append(header));
  SPILLWAY_RETURN_IF_ERROR(Append(stored));
  ++section_.blocks;
  section_.records += block_records_;
  block_records_ = 0;
  block_.clear();
  return {};
}

Status KeyedStateFileWriter::Impl::EndSection() {
  SPILLWAY_RETURN_IF_ERROR(CheckOpen(true, "EndSection"));
  SPILLWAY_RETURN_IF_ERROR(FlushBlock());
  in_section_ = false;
  section_.bytes = bytes_ - section_.offset;
  if (section_.records > 0) sections_.push_back(section_);
  return {};
}

Status KeyedStateFileWriter::Impl::Finish() {
  SPILLWAY_RETURN_IF_ERROR(CheckOpen(false, "Finish"));
  const uint64_t footer_offset = bytes_;
  const std::string footer = format::EncodeFooter(states_, sections_);
  if (footer.size() > kFooterBytesMax) {
    return Fail(Status::InvalidArgument("the index of a keyed-state file would have " + std::to_string(footer.size()) +
                                        " bytes, the most is " + std::to_string(kFooterBytesMax) +
                                        "; use fewer states or a lower maximum parallelism"));
  }
  SPILLWAY_RETURN_IF_ERROR(Append(footer));
  SPILLWAY_RETURN_IF_ERROR(Append(format::EncodeTrailer(footer_offset, footer)));
  finished_ = true;
  return {};
}

KeyedStateFileWriter::KeyedStateFileWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KeyedStateFileWriter::~KeyedStateFileWriter() = default;

Result<std::unique_ptr<KeyedStateFileWriter>> KeyedStateFileWriter::Create(WritableFile* file,
                                                                           KeyedStateFileHeader header) {
  const std::string fault = format::FaultOf(header);
  if (!fault.empty()) return Status::InvalidArgument("a keyed-state file cannot be written: " + fault);
  auto impl = std::make_unique<Impl>(file, std::move(header));
  SPILLWAY_RETURN_IF_ERROR(impl->WriteHeader());
  return std::unique_ptr<KeyedStateFileWriter>(new KeyedStateFileWriter(std::move(impl)));
}

Result<uint32_t> KeyedStateFileWriter::AddState(StateDescriptor descriptor) {
  return impl_->AddState(std::move(descriptor));
}
Status KeyedStateFileWriter::BeginSection(uint32_t state, uint32_t key_group) {
  return impl_->BeginSection(state, key_group);
}
Status KeyedStateFileWriter::Add(const KeyedStateRecord& record) {
  return impl_->Add(record);
}
Status KeyedStateFileWriter::EndSection() {
  return impl_->EndSection();
}
Status KeyedStateFileWriter::Finish() {
  return impl_->Finish();
}
uint64_t KeyedStateFileWriter::entries() const {
  return impl_->entries();
}
uint64_t KeyedStateFileWriter::records() const {
  return impl_->records();
}
uint64_t KeyedStateFileWriter::bytes() const {
  return impl_->bytes();
}

}  // namespace spillway::snapshot
