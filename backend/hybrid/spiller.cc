#include "backend/hybrid/spiller.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "backend/hybrid/compaction_choice.h"
#include "backend/hybrid/instance.h"

namespace spillway::hybrid {
namespace {

constexpr uint64_t kUnlimited = UINT64_MAX;
// What one safepoint does at most, in segments of some hundred entries.
constexpr uint64_t kSegmentsAtSafepoint = 2;
constexpr uint64_t kSegmentsUnderPressure = 16;
// Evicted at once when a write finds no room, and before cold entries come in.
constexpr uint64_t kRoomBytes = 256 << 10;
constexpr uint64_t kLoadBytes = 64 << 10;
constexpr uint64_t kReserveBytes = 1 << 20;
constexpr int64_t kWaitUs = 20'000;
constexpr int64_t kIdleUs = 2'000;
constexpr int64_t kRetryUs = 500'000;
constexpr int64_t kLogEveryUs = 10'000'000;
constexpr int64_t kNothingDirtyUs = 10'000;
constexpr uint32_t kLoadsPerCount = 1024;
// The owner's look-ups and the two workers: I/O buffers, a writer's block and index, cursors.
constexpr uint64_t kOwnerBufferBytes = 64 << 10;
// Where buffers would take too much of the share, fewer are used at once.
constexpr uint64_t kSmallShare = 32 << 20;
constexpr uint32_t kBatchOfSmallShare = 16;
constexpr uint64_t kWriterBytes = 1792 << 10;
constexpr uint64_t kCursorBytes = 96 << 10;

int64_t NowUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// About as many entries of the table are dirty.
uint64_t DirtyOf(const KeyGroupTable& table) {
  return std::min<uint64_t>(table.versions.stamps(), table.root.count);
}

}  // namespace

Result<std::unique_ptr<Spiller>> Spiller::Open(Instance* instance, const SpillOptions& options,
                                               std::span<const std::string> parents) {
  SPILLWAY_ASSIGN_OR_RETURN(std::unique_ptr<spill::IoEngine> engine, spill::OpenIoEngine(options.engine));
  SPILLWAY_RETURN_IF_ERROR(engine->Bind());
  SPILLWAY_ASSIGN_OR_RETURN(std::unique_ptr<SpillDirectories> directories,
                            SpillDirectories::Open(parents, instance->name()));
  const plugin::CompleteHost& host = instance->host();
  for (const std::string& orphan : directories->orphans_removed()) {
    host.Log(SPW_LOG_INFO, ("removed " + orphan + ", left by an instance that is gone").c_str());
  }
  for (const std::string& note : directories->notes()) host.Log(SPW_LOG_WARN, note.c_str());
  std::string chosen =
      "spills to " + directories->all().front()->path() + " by " + std::string(spill::IoEngineKindName(engine->kind()));
  for (const std::string& note : {engine->note(), directories->all().front()->note()}) {
    if (!note.empty()) chosen += "; " + note;
  }
  host.Log(SPW_LOG_INFO, chosen.c_str());
  return std::unique_ptr<Spiller>(new Spiller(instance, options, std::move(engine), std::move(directories)));
}

Spiller::Spiller(Instance* instance, const SpillOptions& options, std::unique_ptr<spill::IoEngine> engine,
                 std::unique_ptr<SpillDirectories> directories)
    : instance_(instance),
      options_(options),
      directories_(std::move(directories)),
      engine_(std::move(engine)),
      reader_(engine_.get()),
      heat_(instance->group_count()),
      evictor_(instance, &heat_),
      batch_(engine_.get(), IsSmall() ? kBatchOfSmallShare : ColdBatch::kInFlightMax),
      flusher_(directories_.get(), [engine = options.engine] { return spill::OpenIoEngine(engine); }),
      compactor_(directories_.get(), [engine = options.engine] { return spill::OpenIoEngine(engine); }),
      spill_every_(options.spill_every),
      index_charge_(&instance->heap().account(), 0),
      buffer_charge_(&instance->heap().account(), kOwnerBufferBytes) {}

Spiller::~Spiller() {
  Close();
}

uint64_t Spiller::Pressure() const {
  const MemoryAccount& account = instance_->heap().account();
  const uint64_t parts =
      account.of(Category::kEntries) + account.of(Category::kIndex) + account.of(Category::kRetired) + account.io();
  // What lies free inside the allocator is taken again by entries of the same size, so some of it does not count.
  const uint64_t tolerated = account.share() - std::min(account.share(), StartBytes());
  const uint64_t used = account.used();
  return std::max(parts, used - std::min(used, tolerated));
}

bool Spiller::IsSmall() const {
  const uint64_t share = instance_->heap().account().share();
  return share != 0 && share < kSmallShare;
}

uint64_t Spiller::StartBytes() const {
  const uint64_t share = instance_->heap().account().share();
  return share == 0 ? kUnlimited : static_cast<uint64_t>(static_cast<double>(share) * options_.start_ratio);
}

uint64_t Spiller::StopBytes() const {
  const uint64_t share = instance_->heap().account().share();
  return share == 0 ? kUnlimited : static_cast<uint64_t>(static_cast<double>(share) * options_.stop_ratio);
}

void Spiller::NoteCold(SpilledTable* table, int64_t more) {
  // About: a put does not look whether it replaces an entry that is on disk.
  if (more < 0) more = -static_cast<int64_t>(std::min<uint64_t>(table->cold, static_cast<uint64_t>(-more)));
  table->cold += static_cast<uint64_t>(more);
  Counters::Add(figures_.cold, static_cast<uint64_t>(more));
}

spill::IoCounters Spiller::io_counters() const {
  spill::IoCounters all = engine_->counters();
  for (const spill::IoCounters& more : {flusher_.counters(), compactor_.counters()}) {
    all.reads += more.reads;
    all.writes += more.writes;
    all.read_bytes += more.read_bytes;
    all.written_bytes += more.written_bytes;
    all.retries += more.retries;
    all.errors += more.errors;
  }
  return all;
}

void Spiller::Relieve() {
  if (closed_) return;
  TakeFinished();
  const uint64_t pressure = Pressure();
  if (pressure > StartBytes()) relieving_ = true;
  if (pressure <= StopBytes()) relieving_ = false;
  if (relieving_) {
    const bool much = pressure > (StartBytes() + instance_->heap().account().share()) / 2;
    evictor_.Evict(pressure - StopBytes(), much ? kSegmentsUnderPressure : kSegmentsAtSafepoint,
                   Evictor::When::kSafepoint);
    if (flushing_.empty() && Pressure() > StopBytes()) (void)BeginFlush(Flush::kAhead);
  }
  GiveBack();
  busy_ = relieving_ || giving_back_ != 0 || !flushing_.empty() || !compacting_.empty();
}

void Spiller::GiveBack() {
  giving_back_ += reclaim_.exchange(0, std::memory_order_relaxed);
  if (giving_back_ == 0) return;
  const uint64_t freed = evictor_.Evict(giving_back_, kSegmentsUnderPressure, Evictor::When::kSafepoint);
  giving_back_ -= std::min(freed, giving_back_);
  const bool more_comes = !flushing_.empty() || BeginFlush(Flush::kSome);
  if (evictor_.exhausted() && !more_comes) giving_back_ = 0;  // there is no more
  if (giving_back_ == 0) instance_->heap().Trim();
}

bool Spiller::MakeRoom() {
  if (closed_) return false;
  const uint64_t wanted = std::max(kRoomBytes, instance_->heap().account().share() / 32);
  busy_ = true;
  evictor_.Refresh();
  const uint64_t used = instance_->heap().account().used();
  for (;;) {
    TakeFinished();
    // A job that has ended gives its buffers back.
    if (instance_->heap().account().used() < used) return true;
    if (instance_->may_evict() && evictor_.Evict(wanted, UINT64_MAX, Evictor::When::kInOperation) > 0) {
      return true;
    }
    if (waited_us_ > options_.stall_timeout_us) return false;
    const int64_t begin = NowUs();
    if (!flushing_.empty() || BeginFlush(Flush::kSome)) {
      flusher_.WaitDone(kWaitUs);
    } else if (instance_->heap().HasHandedBack()) {
      instance_->EndHandedBack();
      evictor_.Refresh();
    } else if (retry_at_us_ > begin || instance_->snapshots_run()) {
      // The disk is full, or a snapshot holds everything: it can only get better.
      std::this_thread::sleep_for(std::chrono::microseconds(kIdleUs));
    } else if (!compacting_.empty()) {
      compactor_.WaitDone(kWaitUs);
    } else {
      return GrantReserve();
    }
    const auto waited = static_cast<uint64_t>(NowUs() - begin);
    waited_us_ += waited;
    Counters::Add(figures_.stall_us, waited);
  }
}

bool Spiller::GrantReserve() {
  if (reserve_granted_) return false;
  reserve_granted_ = true;
  MemoryAccount& account = instance_->heap().account();
  account.set_reserve(std::max(kReserveBytes, account.share() / 16));
  return true;
}

void Spiller::TakeReserveBack() {
  reserve_granted_ = false;
  instance_->heap().account().set_reserve(0);
  evictor_.Refresh();
  instance_->heap().Trim();
}

void Spiller::PrepareLoad() {
  evictor_.Refresh();
  if (++loads_since_count_ >= kLoadsPerCount) CountFiles();
  const MemoryAccount& account = instance_->heap().account();
  if (account.Allows(kLoadBytes) || !instance_->may_evict()) return;
  busy_ = true;
  evictor_.Evict(kRoomBytes, kSegmentsUnderPressure, Evictor::When::kInOperation);
}

bool Spiller::BeginFlush(Flush how) {
  if (IsSmall() && !compacting_.empty()) return false;  // there is room for the buffers of one
  const int64_t now = NowUs();
  if (now < retry_at_us_ || (how == Flush::kAhead && now < ahead_at_us_)) return false;
  uint64_t dirty = 0;
  uint64_t held = 0;
  for (const auto& state : instance_->states()) {
    if (state->kind() == SPW_STATE_TIMER) continue;
    for (const KeyGroupTable& table : state->tables()) {
      dirty += DirtyOf(table);
      held += table.root.count;
    }
  }
  if (dirty == 0 || (how == Flush::kAhead && dirty * 16 < held && !evictor_.exhausted())) {
    ahead_at_us_ = now + kNothingDirtyUs;  // enough is clean to be evicted first
    return false;
  }
  auto job = std::make_unique<SpillJob>();
  uint64_t chosen = 0;
  for (const uint32_t group : heat_.ColdestFirst()) {
    for (const auto& state : instance_->states()) {
      if (state->kind() == SPW_STATE_TIMER) continue;
      const uint64_t of_table = DirtyOf(state->table(group));
      if (of_table != 0 && AddToFlush(job.get(), state.get(), group)) chosen += of_table;
    }
    if (how != Flush::kAll && chosen * 3 >= dirty) break;
  }
  if (job->flush.empty()) return false;
  flusher_.Submit(std::move(job));
  ChargeBuffers();
  return true;
}

bool Spiller::AddToFlush(SpillJob* job, State* state, uint32_t group) {
  KeyGroupTable& table = state->table(group);
  if (table.spilled == nullptr) table.spilled = std::make_unique<SpilledTable>();
  auto flushing = std::make_unique<Flushing>();
  flushing->state = state;
  flushing->group = group;
  flushing->stamps = table.versions.stamps();
  if (!instance_->BeginOwnerView(state, group, &flushing->view)) return false;
  table.versions.ResetStamps();
  table.spilled->flushing_epoch = flushing->view.epoch;
  job->flush.push_back({instance_->IndexOf(*state), group, state->kind(), state->alignment(), flushing->view.root,
                        table.spilled->flushed_epoch, !table.spilled->runs->empty()});
  flushing_.push_back(std::move(flushing));
  return true;
}

void Spiller::TakeFinished() {
  while (std::unique_ptr<SpillJob> job = flusher_.TakeDone()) FinishOne(std::move(job));
  while (std::unique_ptr<SpillJob> job = compactor_.TakeDone()) FinishOne(std::move(job));
}

void Spiller::FinishOne(std::unique_ptr<SpillJob> job) {
  if (job->file != nullptr) {
    files_.push_back(job->file);
    figures_.run_files.fetch_add(1, std::memory_order_relaxed);
  }
  if (job->flush.empty()) {
    PublishCompaction(job.get());
  } else {
    PublishFlush(*job);
  }
  evictor_.Refresh();
  CountFiles();
  if (!closed_) BeginCompaction();
  ChargeBuffers();
}

void Spiller::PublishFlush(const SpillJob& job) {
  for (const std::unique_ptr<Flushing>& flushing : flushing_) {
    KeyGroupTable& table = flushing->state->table(flushing->group);
    SpilledTable& spilled = *table.spilled;
    const uint32_t epoch = flushing->view.epoch;
    // What is written from now on must be newer than what was flushed.
    table.versions.NoteWrite();
    instance_->heap().EndView(&flushing->view);
    spilled.flushing_epoch = 0;
    if (!job.status.ok()) {
      table.versions.AddStamps(flushing->stamps);
      continue;
    }
    spilled.flushed_epoch = epoch;
    if (job.file == nullptr) continue;
    const std::optional<uint32_t> section =
        job.file->FindSection(instance_->IndexOf(*flushing->state), flushing->group);
    if (!section) continue;
    auto runs = std::make_shared<RunList>();
    runs->reserve(spilled.runs->size() + 1);
    runs->push_back({job.file, *section});
    runs->insert(runs->end(), spilled.runs->begin(), spilled.runs->end());
    spilled.runs = std::move(runs);
  }
  flushing_.clear();
  Counters::Add(job.status.ok() ? figures_.flushes : figures_.flushes_failed);
  if (job.status.ok()) return;
  retry_at_us_ = NowUs() + kRetryUs;
  if (!closed_) LogFailure(job.status, "cannot spill; everything stays in memory and is tried again");
}

void Spiller::BeginCompaction() {
  if (!compacting_.empty() || (IsSmall() && !flushing_.empty())) return;
  auto job = std::make_unique<SpillJob>();
  const uint64_t bytes_max = IsSmall() ? kCompactionBytesMax / 16 : kCompactionBytesMax;
  uint64_t bytes = 0;
  for (const auto& state : instance_->states()) {
    for (uint32_t group = 0; group < instance_->group_count() && bytes < bytes_max; ++group) {
      const KeyGroupTable& table = state->table(group);
      if (table.resident() || table.spilled->runs->size() < options_.max_runs) continue;
      const RunList& runs = *table.spilled->runs;
      const CompactionChoice choice = ChooseRuns(runs, options_.max_runs);
      CompactionTable chosen{instance_->IndexOf(*state), group, state->kind(), {}, choice.end == runs.size()};
      chosen.runs.assign(runs.begin() + static_cast<std::ptrdiff_t>(choice.begin),
                         runs.begin() + static_cast<std::ptrdiff_t>(choice.end));
      job->compaction.push_back(chosen);
      compacting_.push_back(std::move(chosen));
      bytes += choice.bytes;
    }
  }
  if (!job->compaction.empty()) compactor_.Submit(std::move(job));
}

void Spiller::PublishCompaction(SpillJob* job) {
  for (CompactionTable& merged : compacting_) {
    SpilledTable& spilled = *instance_->states()[merged.state]->table(merged.key_group).spilled;
    const RunList& before = *spilled.runs;
    const auto first = std::find_if(before.begin(), before.end(),
                                    [&](const RunRef& run) { return run.file == merged.runs.front().file; });
    if (job->status.ok() && first != before.end()) {
      auto runs = std::make_shared<RunList>(before.begin(), first);
      if (job->file != nullptr) {
        const std::optional<uint32_t> section = job->file->FindSection(merged.state, merged.key_group);
        if (section) runs->push_back({job->file, *section});
      }
      runs->insert(runs->end(), first + static_cast<std::ptrdiff_t>(merged.runs.size()), before.end());
      spilled.runs = std::move(runs);
    }
    compactor_.Bury(std::move(merged.runs));
  }
  compacting_.clear();
  for (CompactionTable& table : job->compaction) compactor_.Bury(std::move(table.runs));
  if (job->status.ok()) {
    Counters::Add(figures_.compactions);
  } else if (!closed_) {
    LogFailure(job->status, "cannot merge run files; they are kept as they are");
  }
}

void Spiller::ChargeBuffers() {
  uint64_t bytes = kOwnerBufferBytes + batch_.memory_bytes();
  if (!flushing_.empty()) bytes += kWriterBytes;
  size_t cursors = 0;  // of one table at a time
  for (const CompactionTable& table : compacting_) cursors = std::max(cursors, table.runs.size());
  if (cursors > 0) bytes += kWriterBytes + cursors * kCursorBytes;
  buffer_charge_.Set(bytes);
}

void Spiller::CountFiles() {
  loads_since_count_ = 0;
  uint64_t disk = 0;
  uint64_t index = 0;
  std::erase_if(files_, [](const auto& file) { return file.expired(); });
  std::vector<std::shared_ptr<const spill::RunFile>> alive;
  for (const auto& weak : files_) {
    if (std::shared_ptr<const spill::RunFile> file = weak.lock()) {
      disk += file->bytes();
      index += file->memory_bytes();
      alive.push_back(std::move(file));
    }
  }
  // Indexes and filters have no more than a quarter of the share; those go that were not used since last time.
  const uint64_t share = instance_->heap().account().share();
  for (const auto& file : alive) {
    if (share == 0 || index <= share / 4) break;
    for (uint32_t section = 0; section < file->sections().size() && index > share / 4; ++section) {
      if (!file->TestAndClearUsed(section)) index -= std::min(index, file->EvictIndex(section));
    }
  }
  figures_.run_files.store(alive.size(), std::memory_order_relaxed);
  figures_.disk_bytes.store(disk, std::memory_order_relaxed);
  figures_.index_bytes.store(index, std::memory_order_relaxed);
  index_charge_.Set(index);
}

void Spiller::FinishFlush() {
  while (!flushing_.empty()) {
    flusher_.WaitDone(kWaitUs);
    TakeFinished();
  }
}

void Spiller::SpillAll() {
  if (closed_) return;
  FinishFlush();
  if (BeginFlush(Flush::kAll)) FinishFlush();
  TakeFinished();
  busy_ = true;
  evictor_.Refresh();
  if (instance_->may_evict()) (void)evictor_.Evict(UINT64_MAX, UINT64_MAX, Evictor::When::kInOperation);
}

void Spiller::Forget() {
  FinishFlush();
  while (!compacting_.empty()) {
    compactor_.WaitDone(kWaitUs);
    TakeFinished();
  }
  for (const auto& state : instance_->states()) {
    for (KeyGroupTable& table : state->tables()) table.spilled.reset();
  }
  figures_.cold.store(0, std::memory_order_relaxed);
  CountFiles();
}

void Spiller::SpillForTest() {
  SpillAll();
  // Long runs go on with longer pauses, so that they end.
  constexpr uint64_t kSpillsPerPace = 64;
  if (++spills_ % kSpillsPerPace == 0) spill_every_ *= 2;
}

void Spiller::LogFailure(const Status& status, const char* what) {
  const int64_t now = NowUs();
  if (logged_at_us_ != 0 && now - logged_at_us_ < kLogEveryUs) return;
  logged_at_us_ = now;
  const std::string line = "instance '" + instance_->name() + "' " + what + ": " + std::string(status.message());
  instance_->host().Log(SPW_LOG_WARN, line.c_str());
}

void Spiller::Close() {
  if (std::exchange(closed_, true)) return;
  flusher_.Stop();
  compactor_.Stop();
  TakeFinished();
  for (const auto& state : instance_->states()) {
    for (KeyGroupTable& table : state->tables()) table.spilled.reset();
  }
  figures_.cold.store(0, std::memory_order_relaxed);
  CountFiles();
  engine_->Close();
  if (const Status removed = directories_->Remove(); !removed.ok()) LogFailure(removed, "leaves files behind");
}

}  // namespace spillway::hybrid
