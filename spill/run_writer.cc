#include "spill/run_writer.h"

#include <lz4.h>

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "spill/page.h"

namespace spillway::spill {
namespace {

// A page that has less left is closed rather than shared.
constexpr uint64_t kShareBytesMin = 512;
// Indexes are written when there are so many bytes of them.
constexpr uint64_t kIndexPageBytes = 16 * 1024;

// What is left of the file's units for the largest record, the indexes and the footer.
constexpr uint64_t kUnitsReserve = 1 << 21;
static_assert(kUnitsReserve > 4 * kRecordBytesMax / kUnitBytes);

std::string Describe(const SectionEntry& section) {
  return "section (state " + std::to_string(section.state) + ", key group " + std::to_string(section.key_group) + ")";
}

constexpr uint64_t Capacity(uint32_t units) {
  return units * kUnitBytes - sizeof(PageHeader) - sizeof(BlockHeader);
}
static_assert(kBlockRawMax <= Capacity(kPageUnitsShared), "every block of several records fits a shared page");

}  // namespace

Result<std::unique_ptr<RunWriter>> RunWriter::Create(IoEngine* engine, const Directory* directory,
                                                     RunWriterOptions options) {
  if (options.metadata.size() > kMetadataBytesMax) {
    return Status::InvalidArgument("the metadata of run file " + options.name + " is larger than " +
                                   std::to_string(kMetadataBytesMax) + " bytes");
  }
  std::unique_ptr<RunWriter> writer(new RunWriter(std::move(options)));
  SPILLWAY_ASSIGN_OR_RETURN(writer->page_, AlignedBuffer::Allocate(kPageUnitsShared * kUnitBytes));
  writer->compressed_.resize(kBlockRawMax);
  SPILLWAY_ASSIGN_OR_RETURN(writer->file_, FileWriter::Create(engine, directory, writer->options_.name));
  return writer;
}

Status RunWriter::Keep(Status status) {
  if (failed_.ok() && !status.ok()) failed_ = status;
  return status;
}

Status RunWriter::BeginSection(uint32_t state, uint32_t key_group, SectionKind kind) {
  SPILLWAY_RETURN_IF_ERROR(failed_);
  if (stage_ != Stage::kBetween) {
    return Keep(Status::InvalidState("a section of " + file_->path() + " is begun within another or after the end"));
  }
  if (sections_.size() == kSectionsMax) {
    return Keep(Status::InvalidArgument("run file " + file_->path() + " cannot have more than " +
                                        std::to_string(kSectionsMax) + " sections"));
  }
  stage_ = Stage::kInSection;
  section_ = SectionEntry();
  section_.state = state;
  section_.key_group = key_group;
  section_.kind = kind;
  encoder_ = RecordEncoder(kind);
  any_record_ = false;
  page_has_section_ = false;
  return {};
}

Status RunWriter::Add(const RunRecord& record) {
  SPILLWAY_RETURN_IF_ERROR(failed_);
  return Keep(AddChecked(record));
}

Status RunWriter::CheckRecord(const RunRecord& record) const {
  if (stage_ != Stage::kInSection) return Status::InvalidState("a record of " + file_->path() + " is in no section");
  const auto refuse = [this](const char* why) {
    return Status::InvalidArgument("record of " + Describe(section_) + " of " + file_->path() + ": " + why);
  };
  const SectionKind kind = section_.kind;
  if (EncodedBytesMax(record) > kRecordBytesMax) return refuse("it is larger than 320 MiB");
  if (next_unit_ > kRunUnitsMax - kUnitsReserve) return refuse("the file has reached 16 TiB");
  if (record.map_entry && kind != SectionKind::kMap) return refuse("only maps have entries");
  if (record.op == RecordOp::kAppend && kind != SectionKind::kList) return refuse("only lists are appended to");
  const bool has_sub = kind == SectionKind::kList || kind == SectionKind::kTimer || record.map_entry;
  if (!has_sub && record.sub != 0)
    return refuse("it has a sub-order, as only list pieces, map entries and timers have");
  if (!record.map_entry && !record.map_key.empty()) return refuse("it has a map key and is no map entry");
  if (!any_record_) {
    if (kind == SectionKind::kList && record.sub != 0) return refuse("a list begins with piece 0");
    return {};
  }
  if (CompareKeys(kind, last_, record) >= 0) return refuse("it does not come after the one before");
  if (kind != SectionKind::kList) return {};
  if (!SameKey(last_, record)) {
    if (record.sub != 0) return refuse("a list begins with piece 0");
  } else if (record.sub != last_.sub + 1 || record.op != RecordOp::kAppend || last_.op == RecordOp::kDelete) {
    return refuse("it cannot follow the piece before it");
  }
  return {};
}

Status RunWriter::AddChecked(const RunRecord& record) {
  SPILLWAY_RETURN_IF_ERROR(CheckRecord(record));
  AddToFilter(record, !any_record_ || !SameKey(last_, record));
  if (any_record_ && record.order == last_.order && record.sub < last_.sub) section_.flags |= kSectionSubsUnordered;
  if (!any_record_) section_.first_order = record.order;
  section_.last_order = record.order;
  ++section_.records;
  if (record.op == RecordOp::kDelete) ++section_.deletes;
  const uint64_t bytes_max = EncodedBytesMax(record);
  if (bytes_max > kBlockRawMax) {
    SPILLWAY_RETURN_IF_ERROR(EmitAll());
    SPILLWAY_RETURN_IF_ERROR(EmitBig(record));
  } else {
    while (raw_.size() + bytes_max > kBlockRawMax) SPILLWAY_RETURN_IF_ERROR(EmitBlock());
    encoder_.Append(record, &raw_);
    const bool tied = any_record_ && record.order == last_.order;
    pending_.push_back(
        {static_cast<uint32_t>(raw_.size()), record.order, record.sub, tied, tied && record.sub == last_.sub});
  }
  Remember(record);
  return {};
}

void RunWriter::Remember(const RunRecord& record) {
  last_bytes_.assign(record.key);
  last_bytes_.append(record.state_namespace);
  last_bytes_.append(record.map_key);
  const BytesView bytes(last_bytes_);
  last_ = record;
  last_.key = bytes.substr(0, record.key.size());
  last_.state_namespace = bytes.substr(record.key.size(), record.state_namespace.size());
  last_.map_key = bytes.substr(record.key.size() + record.state_namespace.size());
  last_.value = BytesView();
  any_record_ = true;
}

void RunWriter::AddToFilter(const RunRecord& record, bool new_key) {
  const SectionKind kind = section_.kind;
  FilterBuilder& filter = index_.filter();
  if (kind == SectionKind::kList || kind == SectionKind::kMap) {
    if (new_key) filter.Add(record.order, 0, FilterHashOfKey(record.order));
    if (!record.map_entry) return;
  }
  filter.Add(record.order, kind == SectionKind::kValue ? 0 : record.sub, FilterHash(kind, record));
}

Status RunWriter::EmitAll() {
  while (!pending_.empty()) SPILLWAY_RETURN_IF_ERROR(EmitBlock());
  return {};
}

RunWriter::Fit RunWriter::FitBlock(uint64_t capacity) {
  const auto within = [this](uint64_t bytes) {
    return static_cast<size_t>(std::upper_bound(pending_.begin(), pending_.end(), bytes,
                                                [](uint64_t size, const Pending& one) { return size < one.end; }) -
                               pending_.begin());
  };
  int consumed = static_cast<int>(raw_.size());
  const int stored = LZ4_compress_destSize(raw_.data(), compressed_.data(), &consumed,
                                           static_cast<int>(std::min<uint64_t>(capacity, compressed_.size())));
  Fit fit;
  const size_t compressed_records = stored > 0 && stored < consumed ? within(static_cast<uint64_t>(consumed)) : 0;
  const size_t raw_records = within(capacity);
  fit.compressed =
      compressed_records > raw_records || (compressed_records == raw_records && compressed_records == pending_.size() &&
                                           stored > 0 && static_cast<size_t>(stored) < raw_.size());
  fit.records = fit.compressed ? compressed_records : raw_records;
  fit.used = fit.records == 0 ? 0 : pending_[fit.records - 1].end;
  fit.raw = fit.compressed ? static_cast<uint32_t>(consumed) : fit.used;
  fit.stored = fit.compressed ? static_cast<uint32_t>(stored) : fit.used;
  const uint64_t possible = fit.compressed ? fit.raw : std::min<uint64_t>(capacity, raw_.size());
  fit.poor = fit.records < pending_.size() && fit.used < possible / 8 * 7;
  return fit;
}

Status RunWriter::EmitBlock() {
  if (page_open_ && (page_has_section_ || page_units_ * kUnitBytes - page_used_ < kShareBytesMin)) {
    SPILLWAY_RETURN_IF_ERROR(ClosePage());
  }
  if (page_open_) {
    const Fit fit = FitBlock(page_units_ * kUnitBytes - page_used_ - sizeof(BlockHeader));
    if (fit.records > 0 && !fit.poor) {
      PutBlock(fit);
      return {};
    }
    SPILLWAY_RETURN_IF_ERROR(ClosePage());
  }
  OpenPage();
  Fit fit = FitBlock(Capacity(page_units_));
  while ((fit.records == 0 || fit.poor) && page_units_ < kPageUnitsShared) fit = FitBlock(Capacity(++page_units_));
  PutBlock(fit);
  return {};
}

void RunWriter::PutBlock(const Fit& fit) {
  const BlockHeader header{section_.state, section_.key_group, fit.stored,
                           fit.raw,        fit.used,           static_cast<uint32_t>(fit.records)};
  StoreBytes(page_.data() + page_used_, header);
  std::memcpy(page_.data() + page_used_ + sizeof(header), fit.compressed ? compressed_.data() : raw_.data(),
              fit.stored);
  page_used_ += static_cast<uint32_t>(sizeof(header)) + fit.stored;
  ++page_blocks_;
  page_has_section_ = true;
  const Pending& first = pending_.front();
  if (index_.blocks() == 0) section_.first_unit = next_unit_;
  index_.AddBlock(first.order, first.sub, next_unit_, first.tied_order);
  if (first.tied_sub) section_.flags |= kSectionBlocksTie;
  section_.end_unit = next_unit_ + page_units_;
  section_.raw_bytes += fit.used;
  section_.stored_bytes += fit.stored;
  DropPending(fit.records);
}

// What is left begins a block, so its first record is encoded anew, without reference to one before.
void RunWriter::DropPending(size_t records) {
  if (records == pending_.size()) {
    raw_.clear();
    pending_.clear();
    return;
  }
  RecordDecoder decoder(section_.kind, raw_);
  RunRecord first;
  for (size_t i = 0; i <= records; ++i) {
    if (!decoder.Next(&first)) std::abort();  // it was encoded here
  }
  std::string left;
  RecordEncoder encoder(section_.kind);
  encoder.Append(first, &left);
  const uint32_t old_end = pending_[records].end;
  const auto new_end = static_cast<uint32_t>(left.size());
  left.append(raw_, old_end);
  encoder_.Rebase(encoder, old_end, new_end);
  raw_.swap(left);
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(records));
  for (Pending& one : pending_) one.end = one.end - old_end + new_end;
}

Status RunWriter::EmitBig(const RunRecord& record) {
  if (page_open_) SPILLWAY_RETURN_IF_ERROR(ClosePage());
  std::string raw;
  RecordEncoder(section_.kind).Append(record, &raw);
  const int bound = LZ4_compressBound(static_cast<int>(raw.size()));
  std::string page(sizeof(PageHeader) + sizeof(BlockHeader) + static_cast<size_t>(bound), '\0');
  char* block = page.data() + sizeof(PageHeader) + sizeof(BlockHeader);
  const int compressed = LZ4_compress_default(raw.data(), block, static_cast<int>(raw.size()), bound);
  const bool helps = compressed > 0 && static_cast<size_t>(compressed) < raw.size();
  if (!helps) std::memcpy(block, raw.data(), raw.size());
  const auto stored = static_cast<uint32_t>(helps ? static_cast<size_t>(compressed) : raw.size());
  const auto raw_bytes = static_cast<uint32_t>(raw.size());
  const auto payload = static_cast<uint32_t>(sizeof(BlockHeader)) + stored;
  const BlockHeader header{section_.state, section_.key_group, stored, raw_bytes, raw_bytes, 1};
  StoreBytes(page.data() + sizeof(PageHeader), header);
  const auto units = static_cast<uint32_t>(IoAligned(sizeof(PageHeader) + payload) / kUnitBytes);
  page.resize(units * kUnitBytes);
  SealPage(page.data(), options_.file_id, next_unit_, units, PageKind::kRecords, 1, payload);
  const bool tied = any_record_ && record.order == last_.order;
  if (index_.blocks() == 0) section_.first_unit = next_unit_;
  index_.AddBlock(record.order, record.sub, next_unit_, tied);
  if (tied && record.sub == last_.sub) section_.flags |= kSectionBlocksTie;
  next_unit_ += units;
  section_.end_unit = next_unit_;
  section_.raw_bytes += raw_bytes;
  section_.stored_bytes += stored;
  return file_->Append(page);
}

void RunWriter::OpenPage() {
  page_open_ = true;
  page_has_section_ = false;
  page_blocks_ = 0;
  page_units_ = 1;
  page_used_ = sizeof(PageHeader);
}

Status RunWriter::ClosePage() {
  page_open_ = false;
  page_has_section_ = false;
  SealPage(page_.data(), options_.file_id, next_unit_, page_units_, PageKind::kRecords, page_blocks_,
           page_used_ - static_cast<uint32_t>(sizeof(PageHeader)));
  next_unit_ += page_units_;
  return file_->Append(page_.View(0, page_units_ * kUnitBytes));
}

Status RunWriter::EmitPage(PageKind kind, BytesView payload) {
  const uint64_t size = IoAligned(sizeof(PageHeader) + payload.size());
  std::string page(size, '\0');
  std::memcpy(page.data() + sizeof(PageHeader), payload.data(), payload.size());
  const auto units = static_cast<uint32_t>(size / kUnitBytes);
  SealPage(page.data(), options_.file_id, next_unit_, units, kind, 0, static_cast<uint32_t>(payload.size()));
  next_unit_ += units;
  return file_->Append(page);
}

Status RunWriter::EmitIndexes() {
  if (first_without_index_ == sections_.size()) return {};
  // The pages of a section follow each other, so the open one goes first.
  if (page_open_) SPILLWAY_RETURN_IF_ERROR(ClosePage());
  const uint32_t unit = next_unit_;
  SPILLWAY_RETURN_IF_ERROR(EmitPage(PageKind::kIndex, indexes_));
  for (; first_without_index_ < sections_.size(); ++first_without_index_) {
    sections_[first_without_index_].index_unit = unit;
    sections_[first_without_index_].index_units = next_unit_ - unit;
  }
  indexes_.clear();
  if (indexes_.capacity() > 4 * kIndexPageBytes) indexes_.shrink_to_fit();
  return {};
}

Status RunWriter::EndSection() {
  SPILLWAY_RETURN_IF_ERROR(failed_);
  if (stage_ != Stage::kInSection) return Keep(Status::InvalidState("no section of " + file_->path() + " is open"));
  stage_ = Stage::kBetween;
  return any_record_ ? Keep(CloseSection()) : Status();
}

Status RunWriter::CloseSection() {
  SPILLWAY_RETURN_IF_ERROR(EmitAll());
  page_has_section_ = false;
  section_.blocks = index_.blocks();
  section_.index_offset = static_cast<uint32_t>(indexes_.size());
  index_.Finish(section_.first_unit, &indexes_);
  if (indexes_.size() > UINT32_MAX / 2) {
    return Status::InvalidArgument(Describe(section_) + " of " + file_->path() + " is too large for its index");
  }
  section_.index_bytes = static_cast<uint32_t>(indexes_.size()) - section_.index_offset;
  sections_.push_back(section_);
  return indexes_.size() >= kIndexPageBytes ? EmitIndexes() : Status();
}

Result<RunSummary> RunWriter::Finish() {
  SPILLWAY_RETURN_IF_ERROR(failed_);
  Result<RunSummary> summary = FinishChecked();
  if (!summary.ok()) return Keep(summary.status());
  return summary;
}

Result<RunSummary> RunWriter::FinishChecked() {
  if (stage_ != Stage::kBetween) {
    return Status::InvalidState("run file " + file_->path() + " is finished within a section, or again");
  }
  stage_ = Stage::kFinished;
  SPILLWAY_RETURN_IF_ERROR(EmitIndexes());
  if (page_open_) SPILLWAY_RETURN_IF_ERROR(ClosePage());
  const auto place = [](const SectionEntry& section) { return std::tie(section.state, section.key_group); };
  std::sort(sections_.begin(), sections_.end(),
            [&](const SectionEntry& a, const SectionEntry& b) { return place(a) < place(b); });
  RunSummary summary;
  std::string footer;
  for (size_t i = 0; i < sections_.size(); ++i) {
    if (i > 0 && place(sections_[i - 1]) == place(sections_[i])) {
      return Status::InvalidArgument(Describe(sections_[i]) + " is twice in " + file_->path());
    }
    summary.records += sections_[i].records;
    footer.append(reinterpret_cast<const char*>(&sections_[i]), sizeof(SectionEntry));
  }
  footer.append(options_.metadata);
  RunTrailer trailer{};
  trailer.magic = kRunMagic;
  trailer.version = kRunFormatVersion;
  trailer.footer_unit = next_unit_;
  SPILLWAY_RETURN_IF_ERROR(EmitPage(PageKind::kFooter, footer));
  trailer.footer_units = next_unit_ - trailer.footer_unit;
  trailer.units = next_unit_ + 1;
  trailer.sections = static_cast<uint32_t>(sections_.size());
  trailer.metadata_bytes = static_cast<uint32_t>(options_.metadata.size());
  trailer.records = summary.records;
  SPILLWAY_RETURN_IF_ERROR(
      EmitPage(PageKind::kTrailer, BytesView(reinterpret_cast<const char*>(&trailer), sizeof(trailer))));
  SPILLWAY_RETURN_IF_ERROR(file_->Finish(options_.durable));
  summary.file_id = options_.file_id;
  summary.bytes = file_->size();
  summary.sections = trailer.sections;
  return summary;
}

void RunWriter::Abort() {
  file_->Abort();
  if (failed_.ok()) failed_ = Status::Cancelled("run file " + file_->path() + " was aborted");
}

uint64_t RunWriter::memory_bytes() const {
  return FileWriter::memory_bytes() + page_.size() + raw_.capacity() + compressed_.capacity() +
         pending_.capacity() * sizeof(Pending) + index_.memory_bytes() + indexes_.capacity() +
         sections_.capacity() * sizeof(SectionEntry);
}

}  // namespace spillway::spill
