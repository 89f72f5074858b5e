#include "spill/run_file.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "spill/aligned_buffer.h"

namespace spillway::spill {
namespace {

// Read at first, from the end; larger footers take a second read.
constexpr uint64_t kTailBytes = 64 * 1024;

}  // namespace

Result<std::shared_ptr<const RunFile>> RunFile::Open(IoEngine* engine, const Directory& directory,
                                                     const std::string& name, std::optional<uint64_t> file_id) {
  SPILLWAY_ASSIGN_OR_RETURN(File file, directory.OpenFile(name));
  return Open(engine, std::move(file), file_id);
}

Result<std::shared_ptr<const RunFile>> RunFile::Open(IoEngine* engine, File file, std::optional<uint64_t> file_id) {
  std::shared_ptr<RunFile> run(new RunFile());
  run->file_ = std::move(file);
  SPILLWAY_RETURN_IF_ERROR(run->ReadFooter(engine, file_id));
  return std::shared_ptr<const RunFile>(std::move(run));
}

RunFile::~RunFile() {
  file_.Close();
  // What stays behind is found by whoever clears the directory of an instance at its start.
  if (remove_from_ != nullptr) [[maybe_unused]]
    const Status removed = remove_from_->RemoveFile(remove_name_);
}

Status RunFile::ReadFooter(IoEngine* engine, std::optional<uint64_t> file_id) {
  SPILLWAY_ASSIGN_OR_RETURN(const uint64_t size, file_.Size());
  if (size == 0 || size % kUnitBytes != 0 || size / kUnitBytes > kRunUnitsMax) {
    return CorruptPage(Place(), size / kUnitBytes,
                       "a run file has whole pages of 4096 bytes, this one " + std::to_string(size) + " bytes");
  }
  units_ = size / kUnitBytes;
  const uint64_t tail = std::min(size, kTailBytes);
  SPILLWAY_ASSIGN_OR_RETURN(AlignedBuffer buffer, AlignedBuffer::Allocate(tail));
  IoRequest request;
  request.Read(file_, size - tail, buffer.data(), tail);
  SPILLWAY_RETURN_IF_ERROR(engine->Execute(&request));
  RunTrailer trailer{};
  SPILLWAY_RETURN_IF_ERROR(ParseTrailer(buffer.View(tail - kUnitBytes, kUnitBytes), file_id, &trailer));
  const uint64_t footer_bytes = trailer.footer_units * kUnitBytes;
  if (footer_bytes + kUnitBytes <= tail) {
    return ParseFooter(buffer.View(tail - kUnitBytes - footer_bytes, footer_bytes), trailer);
  }
  SPILLWAY_ASSIGN_OR_RETURN(buffer, AlignedBuffer::Allocate(footer_bytes));
  request.Read(file_, trailer.footer_unit * kUnitBytes, buffer.data(), footer_bytes);
  SPILLWAY_RETURN_IF_ERROR(engine->Execute(&request));
  return ParseFooter(buffer.View(0, footer_bytes), trailer);
}

Status RunFile::ParseTrailer(BytesView page, std::optional<uint64_t> file_id, RunTrailer* trailer) {
  file_id_ = file_id.value_or(LoadBytes<PageHeader>(page.data()).file_id);
  const auto unit = static_cast<uint32_t>(units_ - 1);
  SPILLWAY_ASSIGN_OR_RETURN(const PageHeader header, VerifyPage(Place(), unit, PageKind::kTrailer, page));
  if (header.payload_bytes < sizeof(RunTrailer)) return CorruptPage(Place(), unit, "the trailer is too short");
  *trailer = LoadBytes<RunTrailer>(page.data() + sizeof(PageHeader));
  if (trailer->magic != kRunMagic) return CorruptPage(Place(), unit, "this is no run file");
  if (trailer->version != kRunFormatVersion) {
    return Status::VersionMismatch(file_.path() + " is a run file of version " + std::to_string(trailer->version) +
                                   ", this is for version " + std::to_string(kRunFormatVersion));
  }
  const uint64_t table = uint64_t{trailer->sections} * sizeof(SectionEntry) + trailer->metadata_bytes;
  if (trailer->units != units_ || uint64_t{trailer->footer_unit} + trailer->footer_units + 1 != units_ ||
      trailer->sections > kSectionsMax || trailer->metadata_bytes > kMetadataBytesMax ||
      trailer->footer_units * kUnitBytes != IoAligned(sizeof(PageHeader) + table)) {
    return CorruptPage(Place(), unit, "the trailer does not fit the file");
  }
  return {};
}

Status RunFile::ParseFooter(BytesView page, const RunTrailer& trailer) {
  const PagePlace place = Place();
  const uint32_t unit = trailer.footer_unit;
  SPILLWAY_ASSIGN_OR_RETURN(const PageHeader header, VerifyPage(place, unit, PageKind::kFooter, page));
  ByteReader reader(page.substr(sizeof(PageHeader), header.payload_bytes));
  sections_.reserve(trailer.sections);
  for (uint32_t i = 0; i < trailer.sections; ++i) {
    const BytesView bytes = reader.Raw(sizeof(SectionEntry));
    if (!reader.ok()) break;
    sections_.push_back(LoadBytes<SectionEntry>(bytes.data()));
    SPILLWAY_RETURN_IF_ERROR(CheckSection(sections_.back(), unit));
    records_ += sections_.back().records;
    const auto at = [this](size_t j) { return std::tie(sections_[j].state, sections_[j].key_group); };
    if (i > 0 && at(i - 1) >= at(i)) return CorruptPage(place, unit, "the sections are out of order");
  }
  metadata_ = reader.Raw(trailer.metadata_bytes);
  if (!reader.ok() || !reader.AtEnd() || records_ != trailer.records) {
    return CorruptPage(place, unit, "the footer does not fit the trailer");
  }
  indexes_.resize(sections_.size());
  fixed_bytes_ = sizeof(RunFile) + sections_.capacity() * sizeof(SectionEntry) + metadata_.capacity() +
                 indexes_.capacity() * sizeof(IndexSlot);
  return {};
}

// Every read that follows is bounded by these numbers, so they are bounded here by the file.
Status RunFile::CheckSection(const SectionEntry& section, uint32_t footer_unit) const {
  const bool kind_known = section.kind >= SectionKind::kValue && section.kind <= SectionKind::kTimer;
  const bool fits =
      section.first_unit < section.end_unit && section.end_unit <= footer_unit && section.index_units > 0 &&
      section.index_unit < footer_unit && section.index_units <= footer_unit - section.index_unit &&
      uint64_t{section.index_offset} + section.index_bytes <= section.index_units * kUnitBytes - sizeof(PageHeader) &&
      section.blocks > 0 && section.blocks <= section.end_unit - section.first_unit &&
      section.records >= section.blocks && section.first_order <= section.last_order;
  if (kind_known && fits) return {};
  PagePlace place = Place();
  place.in_section = true;
  place.state = section.state;
  place.key_group = section.key_group;
  return CorruptPage(
      place, footer_unit,
      kind_known ? "its entry in the footer does not fit the file" : "it is of a kind that is not known");
}

PagePlace RunFile::Place() const {
  PagePlace place;
  place.path = &file_.path();
  place.file_id = file_id_;
  return place;
}

PagePlace RunFile::PlaceOf(uint32_t section) const {
  PagePlace place = Place();
  place.in_section = true;
  place.state = sections_[section].state;
  place.key_group = sections_[section].key_group;
  return place;
}

std::optional<uint32_t> RunFile::FindSection(uint32_t state, uint32_t key_group) const {
  const auto at = std::lower_bound(sections_.begin(), sections_.end(), std::tie(state, key_group),
                                   [](const SectionEntry& section, const auto& wanted) {
                                     return std::tie(section.state, section.key_group) < wanted;
                                   });
  if (at == sections_.end() || at->state != state || at->key_group != key_group) return std::nullopt;
  return static_cast<uint32_t>(at - sections_.begin());
}

std::shared_ptr<const SectionIndex> RunFile::Index(uint32_t section) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  IndexSlot& slot = indexes_[section];
  slot.used = slot.index != nullptr;
  return slot.index;
}

bool RunFile::BeginIndexLoad(uint32_t section) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return !std::exchange(indexes_[section].loading, true);
}

Status RunFile::EndIndexLoad(uint32_t section, const BytesView* page) const {
  Status status = page == nullptr ? Status() : PutIndex(section, *page);
  const std::lock_guard<std::mutex> lock(mutex_);
  indexes_[section].loading = false;
  return status;
}

Status RunFile::PutIndex(uint32_t section, BytesView page) const {
  const SectionEntry& entry = sections_[section];
  const PagePlace place = PlaceOf(section);
  SPILLWAY_ASSIGN_OR_RETURN(const PageHeader header, VerifyPage(place, entry.index_unit, PageKind::kIndex, page));
  if (uint64_t{entry.index_offset} + entry.index_bytes > header.payload_bytes) {
    return CorruptPage(place, entry.index_unit, "the index of the section lies beyond its page");
  }
  SPILLWAY_ASSIGN_OR_RETURN(
      std::shared_ptr<const SectionIndex> index,
      SectionIndex::Parse(entry, place, entry.index_unit,
                          page.substr(sizeof(PageHeader) + entry.index_offset, entry.index_bytes)));
  const std::lock_guard<std::mutex> lock(mutex_);
  IndexSlot& slot = indexes_[section];
  if (slot.index == nullptr) {
    index_bytes_.store(index_bytes_.load(std::memory_order_relaxed) + index->memory_bytes(), std::memory_order_relaxed);
    slot.index = std::move(index);
  }
  slot.used = true;
  return {};
}

uint64_t RunFile::EvictIndex(uint32_t section) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  IndexSlot& slot = indexes_[section];
  if (slot.index == nullptr) return 0;
  const uint64_t bytes = slot.index->memory_bytes();
  index_bytes_.store(index_bytes_.load(std::memory_order_relaxed) - bytes, std::memory_order_relaxed);
  slot.index.reset();
  slot.used = false;
  return bytes;
}

bool RunFile::TestAndClearUsed(uint32_t section) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(indexes_[section].used, false);
}

void RunFile::RemoveWhenUnused(const Directory* directory, std::string name) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  remove_from_ = directory;
  remove_name_ = std::move(name);
}

}  // namespace spillway::spill
