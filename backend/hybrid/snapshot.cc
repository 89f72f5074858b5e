#include "backend/hybrid/snapshot.h"

#include <utility>

#include "backend/hybrid/entry_walk.h"
#include "backend/hybrid/instance.h"
#include "backend/hybrid/snapshot_metadata.h"
#include "snapshot/host_storage.h"

namespace spillway::hybrid {
namespace {

// Entries between two looks at whether the snapshot was cancelled.
constexpr uint32_t kEntriesPerLook = 256;

std::string FileName(const char* prefix) {
  std::string name = prefix;
  if (!name.empty() && std::string_view("/.-_").find(name.back()) == std::string_view::npos) name += '-';
  return name + "keyed-state";
}

}  // namespace

void PinSet::Ended(View* view) {
  auto* set = static_cast<PinSet*>(view->pins);
  if (++set->ended_ == set->pins_.size()) delete set;
}

Result<std::unique_ptr<TableSnapshot>> TableSnapshot::Begin(Instance* instance, const spw_snapshot_options& options) {
  size_t filled = 0;
  std::vector<snapshot::StateDescriptor> descriptors;
  for (const auto& state : instance->states()) {
    descriptors.push_back(state->descriptor());
    for (const KeyGroupTable& table : state->tables()) {
      if (table.empty()) continue;
      ++filled;
      if (table.versions.exhausted()) {
        return Status::Internal("state '" + state->name() + "' has run out of epochs; release old iterators");
      }
    }
  }
  std::unique_ptr<TableSnapshot> snapshot(
      new TableSnapshot(instance, FileName(options.name_prefix), std::move(descriptors), filled));
  // From here until all are pinned nothing can throw: what is not pinned cannot be handed back.
  size_t next = 0;
  uint32_t state_index = 0;
  for (const auto& state : instance->states()) {
    for (uint32_t group = 0; group < instance->group_count(); ++group) {
      KeyGroupTable& table = state->table(group);
      if (table.empty()) continue;
      PinSet::Pin& pin = snapshot->pins_->pins()[next++];
      pin.state = state_index;
      pin.group = group;
      pin.runs = table.Pinned();
      pin.view.pins = snapshot->pins_;
      (void)instance->heap().BeginView(&table.versions, &pin.view, table.root.word);  // epochs were looked at above
    }
    ++state_index;
  }
  instance->snapshots().Add(snapshot.get());
  return snapshot;
}

TableSnapshot::TableSnapshot(Instance* instance, std::string file_name,
                             std::vector<snapshot::StateDescriptor> descriptors, size_t tables)
    : instance_(instance),
      file_name_(std::move(file_name)),
      descriptors_(std::move(descriptors)),
      pins_(tables == 0 ? nullptr : new PinSet(&instance->heap().account(), tables)),
      pin_count_(tables) {}

TableSnapshot::~TableSnapshot() {
  instance_->snapshots().Remove(this, [this] { HandBackRest(); });
}

void TableSnapshot::HandBackNext() {
  PinSet::Pin& pin = pins_->pins()[handed_back_++];
  pin.runs = {};  // files may go now
  View* view = &pin.view;
  if (handed_back_ == pin_count_) pins_ = nullptr;
  instance_->heap().HandBack(view);
}

void TableSnapshot::HandBackRest() {
  while (pins_ != nullptr) HandBackNext();
}

void TableSnapshot::EndByOwner() {
  Cancel();
  std::unique_lock lock(mutex_);
  run_ended_.wait(lock, [&] { return phase_ != Phase::kRunning; });
  phase_ = Phase::kClosed;
  HandBackRest();
}

Status TableSnapshot::CheckCancelled() const {
  if (!cancelled()) return {};
  return {StatusCode::kCancelled, "the snapshot '" + file_name_ + "' was cancelled"};
}

Result<SnapshotOutcome> TableSnapshot::Run() {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::kClosed) {
      return Status::Closed("instance '" + instance_->name() + "' is closed, and its snapshots with it");
    }
    if (phase_ != Phase::kReady) {
      return Status::InvalidState("the snapshot '" + file_name_ + "' was run before; begin another one");
    }
    phase_ = Phase::kRunning;
  }
  // Also when Write throws, else whoever closes would wait for ever.
  const RunEnd end(this);
  return Write();
}

void TableSnapshot::EndRun() noexcept {
  HandBackRest();
  const std::lock_guard lock(mutex_);
  phase_ = Phase::kOver;
  run_ended_.notify_all();  // under the lock: who waits may destroy this right after
}

Result<SnapshotOutcome> TableSnapshot::Write() {
  SPILLWAY_RETURN_IF_ERROR(CheckCancelled());
  if (descriptors_.empty()) return SnapshotOutcome{};
  const IoCharge buffers(&instance_->heap().account(), 3 * snapshot::kBlockBytes);
  const std::unique_ptr<snapshot::CheckpointStorage> storage = snapshot::MakeHostStorage(instance_->host());
  SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<snapshot::PendingFile> file, storage->Create(file_name_));
  SPILLWAY_ASSIGN_OR_RETURN(
      const std::unique_ptr<snapshot::KeyedStateFileWriter> writer,
      snapshot::KeyedStateFileWriter::Create(
          file.get(), {instance_->max_parallelism(), instance_->key_groups(), instance_->key_group_function()}));
  for (const snapshot::StateDescriptor& descriptor : descriptors_) {
    SPILLWAY_RETURN_IF_ERROR(writer->AddState(descriptor).status());
  }
  SPILLWAY_RETURN_IF_ERROR(WriteSections(writer.get()));
  SPILLWAY_RETURN_IF_ERROR(writer->Finish());
  SPILLWAY_RETURN_IF_ERROR(CheckCancelled());
  // All of the outcome before the file is committed: nothing that throws may come after.
  SnapshotOutcome outcome;
  outcome.file_name = file_name_;
  outcome.file_bytes = writer->bytes();
  outcome.entries = writer->entries();
  outcome.metadata = EncodeMetadata(
      {instance_->max_parallelism(), instance_->key_groups(), instance_->key_group_function(), outcome.entries});
  SPILLWAY_RETURN_IF_ERROR(file->Commit());
  return outcome;
}

Result<std::unique_ptr<spill::IoEngine>> TableSnapshot::OpenEngine() {
  bool any = false;
  if (pins_ != nullptr) {
    for (const PinSet::Pin& pin : pins_->pins()) any = any || !pin.runs.empty();
  }
  if (!any) return std::unique_ptr<spill::IoEngine>();
  SPILLWAY_ASSIGN_OR_RETURN(std::unique_ptr<spill::IoEngine> engine, spill::OpenIoEngine(instance_->engine_options()));
  SPILLWAY_RETURN_IF_ERROR(engine->Bind());
  return engine;
}

Status TableSnapshot::WriteSections(snapshot::KeyedStateFileWriter* writer) {
  SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<spill::IoEngine> engine, OpenEngine());
  while (pins_ != nullptr) {
    const PinSet::Pin& pin = pins_->pins()[handed_back_];
    SPILLWAY_RETURN_IF_ERROR(writer->BeginSection(pin.state, instance_->key_groups().first + pin.group));
    SPILLWAY_RETURN_IF_ERROR(WriteTable(pin, engine.get(), writer));
    SPILLWAY_RETURN_IF_ERROR(writer->EndSection());
    HandBackNext();
  }
  return {};
}

Status TableSnapshot::WriteTable(const PinSet::Pin& pin, spill::IoEngine* engine,
                                 snapshot::KeyedStateFileWriter* writer) {
  const snapshot::StateDescriptor& descriptor = descriptors_[pin.state];
  EntryWalk walk(descriptor.kind, descriptor.alignment, pin.view.root, pin.runs, engine);
  IoCharge buffers(&instance_->heap().account(), 0);
  WalkedEntry entry;
  uint32_t until_look = 0;
  for (;;) {
    SPILLWAY_ASSIGN_OR_RETURN(const bool any, walk.Next(&entry));
    if (!any) return {};
    if (until_look-- == 0) {
      SPILLWAY_RETURN_IF_ERROR(CheckCancelled());
      buffers.Set(walk.memory_bytes());
      until_look = kEntriesPerLook;
    }
    SPILLWAY_RETURN_IF_ERROR(writer->Add(
        {entry.key, entry.state_namespace, entry.map_key, entry.value, entry.null, entry.schema_id, entry.timestamp}));
  }
}

}  // namespace spillway::hybrid
