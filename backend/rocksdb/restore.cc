// Restoring from snapshots of any ranges of key-groups.
#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/restored_states.h"
#include "backend/rocksdb/slot.h"
#include "snapshot/host_storage.h"

namespace spillway::rocks {
namespace {

// Each key-group of the instance must come from one source.
Status CheckOverlaps(const spw_backend& backend, std::span<const spw_restore_source> sources) {
  std::vector<bool> seen(backend.max_parallelism, false);
  for (const spw_restore_source& source : sources) {
    const uint32_t last = std::min(source.key_groups.last, backend.key_groups.last);
    for (uint32_t group = std::max(source.key_groups.first, backend.key_groups.first); group <= last; ++group) {
      if (seen[group]) {
        return Status::InvalidArgument("key-group " + std::to_string(group) +
                                       " is in two of the snapshots to restore from");
      }
      seen[group] = true;
    }
  }
  return {};
}

Status ReadFile(spw_backend* backend, snapshot::CheckpointStorage* storage, const std::string& name) {
  SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<snapshot::ReadableFile> file, storage->Open(name));
  SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<snapshot::KeyedStateFileReader> reader,
                            snapshot::KeyedStateFileReader::Open(file.get()));
  const snapshot::KeyedStateFileHeader& header = reader->header();
  if (header.max_parallelism != backend->max_parallelism || header.key_group_function != backend->key_group_function) {
    return Status::InvalidArgument("file '" + name + "' was written with " + std::to_string(header.max_parallelism) +
                                   " key-groups by function '" + header.key_group_function + "', this job has " +
                                   std::to_string(backend->max_parallelism) + " by '" + backend->key_group_function +
                                   "'");
  }
  RestoredStates restored(backend);
  return restored.Read(*reader);
}

Status ReadAll(spw_backend* backend, std::span<const spw_restore_source> sources) {
  const auto storage = snapshot::MakeHostStorage(backend->host);
  for (const spw_restore_source& source : sources) {
    for (const spw_file_ref& file : std::span(source.files, source.file_count)) {
      SPILLWAY_RETURN_IF_ERROR(ReadFile(backend, storage.get(), file.name));
    }
  }
  return {};
}

Answer Restore(spw_backend* backend, std::span<const spw_restore_source> sources) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  SPILLWAY_RETURN_IF_ERROR(backend->Safepoint());
  if (backend->restored) return Status::InvalidState("the instance was restored already; open a new one");
  if (!backend->states.empty()) return Status::InvalidState("states are registered already; restore before that");
  SPILLWAY_RETURN_IF_ERROR(CheckOverlaps(*backend, sources));
  const Status status = ReadAll(backend, sources);
  if (!status.ok()) {
    while (!backend->states.empty()) {
      (void)backend->DropState(backend->states.begin()->second.get()).ok();  // what failed first is what counts
    }
    return status;
  }
  backend->restored = true;
  return SPW_OK;
}

}  // namespace

void FillRestoreSlots(spw_backend_api* api) {
  api->restore = [](spw_backend* backend, const spw_restore_source* sources, uint32_t count, spw_error* err) noexcept {
    return Slot(err, [&] { return Restore(backend, {sources, count}); });
  };
}

}  // namespace spillway::rocks
