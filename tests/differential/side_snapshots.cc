// Snapshots of a side, and restoring.
#include "tests/differential/side.h"

namespace spillway::differential {

using conformance::ShowCode;

std::string Side::Begin(SnapshotSlot* slot) {
  if (slot->snapshot) return "taken";
  *slot = {};
  std::string text = CheckHeld();
  held_.clear();
  const std::string prefix = "chk-" + std::to_string(++checkpoints_) + "/";
  auto options = plugin::Sized<spw_snapshot_options>();
  options.kind = SPW_SNAPSHOT_FULL;
  options.checkpoint_id = checkpoints_;
  options.name_prefix = prefix.c_str();
  plugin::Error err;
  return text + ShowCode(backend_.SnapshotBegin(options, &slot->snapshot, err));
}

void Side::Keep(SnapshotSlot* slot) {
  if (slot->code != SPW_OK) return;
  conformance::TakenSnapshot taken;
  taken.key_groups = key_groups_;
  taken.metadata = conformance::TextOf(slot->result->metadata);
  taken.entries = slot->result->entries;
  for (uint32_t i = 0; i < slot->result->file_count; ++i) {
    taken.files.emplace_back(slot->result->files[i].name, slot->result->files[i].size);
  }
  slot->taken = std::move(taken);
}

std::string Side::JoinRun(SnapshotSlot* slot) {
  if (!slot->thread.joinable()) return {};
  slot->thread.join();
  if (slot->cancelled_beside) return "open";
  Keep(slot);
  return ShowCode(slot->code) + (slot->taken ? " " + std::to_string(slot->taken->entries) + " entries" : "");
}

std::string Side::RunBeside(SnapshotSlot* slot) {
  if (!slot->snapshot || slot->thread.joinable()) return "nothing to run";
  if (slot->code != SPW_PENDING) return "ran already";
  slot->thread = std::thread([slot] { slot->code = slot->snapshot.Run(&slot->result, slot->err); });
  return "running";
}

// The snapshot of the slot becomes the state of a fresh instance, which has perhaps fewer key-groups.
std::string Side::Restore(const Operation& operation) {
  SnapshotSlot& from = snapshots_[operation.slot % kSlots];
  std::string text = JoinRun(&from);
  if (!from.taken) return text + " nothing to restore";
  const std::vector<conformance::TakenSnapshot> snapshots = {*from.taken};
  for (SnapshotSlot& slot : snapshots_) {
    text += JoinRun(&slot);
    slot = {};
  }
  for (IteratorSlot& slot : iterators_) slot = {};
  held_.clear();
  plugin::Error err;
  text += ShowCode(backend_.Close(0, err));
  constexpr spw_key_group_range kRanges[] = {{0, 127}, {0, 127}, {0, 127}, {0, 90}, {20, 127}};
  Open(kRanges[operation.content % std::size(kRanges)]);
  const conformance::RestoreSources sources(snapshots);
  text += ShowCode(backend_.Restore(sources.data(), sources.count(), err));
  Register();
  return text;
}

std::string Side::DoSnapshot(const Operation& operation) {
  SnapshotSlot* slot = &snapshots_[operation.slot % kSlots];
  switch (operation.action) {
    case Action::kSnapshotBegin:
      return JoinRun(slot) + Begin(slot);
    case Action::kSnapshotRun: {
      std::string text = JoinRun(slot);
      if (!slot->snapshot || slot->cancelled_beside) return text + "nothing to run";
      plugin::SnapshotResult result;
      const spw_code code = slot->snapshot.Run(&result, slot->err);
      if (slot->code != SPW_PENDING) return text + (plugin::IsError(code) ? "again refused" : "again taken");
      slot->code = code;
      slot->result = std::move(result);
      Keep(slot);
      return text + ShowCode(code) + (slot->taken ? " " + std::to_string(slot->taken->entries) + " entries" : "");
    }
    case Action::kSnapshotRunBeside:
      return RunBeside(slot);
    case Action::kSnapshotCancel:
      if (!slot->snapshot) return "nothing to cancel";
      if (slot->thread.joinable()) slot->cancelled_beside = true;
      slot->snapshot.Cancel();
      return "cancelled";
    case Action::kSnapshotRelease: {
      std::string text = JoinRun(slot);
      slot->snapshot.Reset();
      return text + "released";
    }
    default:
      return Restore(operation);
  }
}

}  // namespace spillway::differential
