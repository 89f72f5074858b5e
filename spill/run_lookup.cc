#include "spill/run_lookup.h"

#include <utility>

namespace spillway::spill {
namespace {

// What the index and the filter know of a key.
uint64_t SubOf(SectionKind kind, const RecordKey& key) {
  return kind == SectionKind::kValue ? 0 : key.sub;
}

}  // namespace

RunLookup::Step RunLookup::Start(std::shared_ptr<const RunFile> run, uint32_t section, Find find,
                                 const RecordKey& key) {
  Abandon();
  run_ = std::move(run);
  section_ = section;
  find_ = find;
  key_ = key;
  status_ = Status();
  return Begin();
}

void RunLookup::Abandon() {
  if (std::exchange(loading_, false)) [[maybe_unused]]
    const Status ended = run_->EndIndexLoad(section_, nullptr);
  index_.reset();
  run_.reset();
  decoder_ = RecordDecoder();
}

RunLookup::Step RunLookup::Fail(Status status) {
  Abandon();
  status_ = std::move(status);
  return Step::kFailed;
}

RunLookup::Step RunLookup::Begin() {
  const SectionEntry& entry = run_->sections()[section_];
  const bool from = find_ == Find::kFrom;
  if (key_.order > entry.last_order || (!from && key_.order < entry.first_order)) return Step::kAbsent;
  index_ = run_->Index(section_);
  if (index_ == nullptr) {
    if (!run_->BeginIndexLoad(section_)) return Step::kWait;
    loading_ = true;
    read_unit_ = entry.index_unit;
    read_units_ = entry.index_units;
    return Step::kRead;
  }
  const uint64_t sub = SubOf(entry.kind, key_);
  if (find_ == Find::kOne) {
    const uint64_t filter_sub = entry.kind == SectionKind::kList ? 0 : sub;
    if (!index_->MayHold(key_.order, filter_sub, FilterHash(entry.kind, key_))) return Step::kAbsent;
  } else if (find_ == Find::kKey && (entry.kind == SectionKind::kList || entry.kind == SectionKind::kMap)) {
    if (!index_->MayHold(key_.order, 0, FilterHashOfKey(key_.order))) return Step::kAbsent;
  }
  const std::optional<uint32_t> block = index_->FirstBlockOf(key_.order, sub);
  if (!block && find_ == Find::kOne) return Step::kAbsent;
  return ReadBlock(block.value_or(0));
}

RunLookup::Step RunLookup::ReadBlock(uint32_t block) {
  block_ = block;
  read_unit_ = index_->unit(block);
  read_units_ = index_->units(block);
  return Step::kRead;
}

RunLookup::Step RunLookup::Continue(BytesView bytes, PageScratch* scratch) {
  if (bytes.size() != read_size()) return Fail(Status::Internal("a look-up was given other bytes than it asked for"));
  if (std::exchange(loading_, false)) {
    if (Status status = run_->EndIndexLoad(section_, &bytes); !status.ok()) return Fail(std::move(status));
    return Begin();
  }
  Result<BytesView> block = OpenBlock(run_->PlaceOf(section_), static_cast<uint32_t>(read_unit_), bytes, scratch);
  if (!block.ok()) return Fail(block.status());
  const SectionKind kind = run_->sections()[section_].kind;
  decoder_ = RecordDecoder(kind, *block);
  while (decoder_.Next(&record_)) {
    const int order = CompareKeys(kind, record_, key_);
    if (order < 0) continue;
    const bool wanted = find_ == Find::kFrom || (find_ == Find::kOne ? order == 0 : SameKey(record_, key_));
    return wanted ? Step::kFound : Step::kAbsent;
  }
  return Advance();
}

RunLookup::Step RunLookup::Advance() {
  if (!status_.ok()) return Step::kFailed;
  if (index_ == nullptr) return Step::kAbsent;
  const SectionKind kind = run_->sections()[section_].kind;
  if (decoder_.Next(&record_)) {
    const bool wanted = find_ == Find::kFrom || (find_ == Find::kKey && SameKey(record_, key_));
    return wanted ? Step::kFound : Step::kAbsent;
  }
  if (!decoder_.ok()) {
    return Fail(CorruptPage(run_->PlaceOf(section_), read_unit_, "a record of the block is malformed"));
  }
  const uint32_t next = block_ + 1;
  if (next >= index_->blocks()) return Step::kAbsent;
  bool goes_on = true;
  if (find_ == Find::kOne) goes_on = index_->MayGoOnIn(next, key_.order, SubOf(kind, key_));
  if (find_ == Find::kKey) goes_on = index_->first_order(next) <= key_.order;
  return goes_on ? ReadBlock(next) : Step::kAbsent;
}

Result<const RunRecord*> BlockingLookup::Find(std::shared_ptr<const RunFile> run, uint32_t section,
                                              RunLookup::Find find, const RecordKey& key) {
  run_ = run;
  section_ = section;
  failed_ = Status();
  return Keep(Drive(lookup_.Start(std::move(run), section, find, key)));
}

Result<const RunRecord*> BlockingLookup::Next() {
  SPILLWAY_RETURN_IF_ERROR(failed_);
  return Keep(Drive(lookup_.Advance()));
}

Result<const RunRecord*> BlockingLookup::Keep(Result<const RunRecord*> found) {
  if (!found.ok()) {
    failed_ = found.status();
    lookup_.Abandon();
  }
  return found;
}

Result<const RunRecord*> BlockingLookup::Drive(RunLookup::Step step) {
  for (;;) {
    if (step == RunLookup::Step::kFound) return &lookup_.record();
    if (step == RunLookup::Step::kAbsent) return nullptr;
    if (step == RunLookup::Step::kFailed) return lookup_.status();
    // It cannot be told when another look-up has loaded the index, so this one loads it too.
    const bool index = step == RunLookup::Step::kWait;
    const SectionEntry& entry = run_->sections()[section_];
    const uint64_t offset = index ? entry.index_unit * kUnitBytes : lookup_.read_offset();
    const uint64_t size = index ? entry.index_units * kUnitBytes : lookup_.read_size();
    if (buffer_.size() < size) {
      Result<AlignedBuffer> larger = AlignedBuffer::Allocate(size);
      if (!larger.ok()) return larger.status();
      buffer_ = std::move(larger).value();
    }
    IoRequest request;
    request.Read(run_->file(), offset, buffer_.data(), size);
    SPILLWAY_RETURN_IF_ERROR(engine_->Execute(&request));
    if (index) {
      SPILLWAY_RETURN_IF_ERROR(run_->PutIndex(section_, buffer_.View(0, size)));
      step = lookup_.Retry();
    } else {
      step = lookup_.Continue(buffer_.View(0, size), &scratch_);
    }
  }
}

KeyCursor::KeyCursor(IoEngine* engine, std::shared_ptr<const RunFile> run, uint32_t section, const RecordKey& key)
    : run_(std::move(run)), section_(section), key_(key), lookup_(engine) {
  bytes_.append(key.key).append(key.state_namespace).append(key.map_key);
  const BytesView bytes(bytes_);
  key_.key = bytes.substr(0, key.key.size());
  key_.state_namespace = bytes.substr(key.key.size(), key.state_namespace.size());
  key_.map_key = bytes.substr(key.key.size() + key.state_namespace.size());
}

Result<bool> KeyCursor::Next() {
  if (ended_) return false;
  Result<const RunRecord*> next =
      std::exchange(begun_, true) ? lookup_.Next() : lookup_.Find(run_, section_, RunLookup::Find::kKey, key_);
  if (!next.ok()) return next.status();
  record_ = *next;
  ended_ = record_ == nullptr;
  return !ended_;
}

}  // namespace spillway::spill
