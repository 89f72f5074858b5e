#include "backend/hybrid/restore.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "backend/hybrid/section_loader.h"
#include "backend/hybrid/snapshot_metadata.h"
#include "snapshot/host_storage.h"
#include "snapshot/keyed_state_file.h"

namespace spillway::hybrid {
namespace {

struct Source {
  spw_key_group_range key_groups;  // the part that is the instance's
  std::unique_ptr<snapshot::ReadableFile> file;
  std::unique_ptr<snapshot::KeyedStateFileReader> reader;
};

std::string RangeText(spw_key_group_range range) {
  return std::to_string(range.first) + " to " + std::to_string(range.last);
}

Status CheckFits(const Instance& instance, uint32_t max_parallelism, const std::string& key_group_function) {
  if (max_parallelism != instance.max_parallelism()) {
    return Status::InvalidArgument("the snapshot was taken with a max parallelism of " +
                                   std::to_string(max_parallelism) + ", instance '" + instance.name() + "' has " +
                                   std::to_string(instance.max_parallelism()) + "; it cannot be changed");
  }
  if (key_group_function != instance.key_group_function()) {
    return Status::InvalidArgument("the snapshot's key-groups were computed by '" + key_group_function +
                                   "', those of instance '" + instance.name() + "' are by '" +
                                   instance.key_group_function() + "'");
  }
  return {};
}

// The part of the range that is the instance's; first > last when there is none.
spw_key_group_range OwnPart(const Instance& instance, spw_key_group_range range) {
  return {std::max(range.first, instance.key_groups().first), std::min(range.last, instance.key_groups().last)};
}

Result<SnapshotMetadata> CheckSource(const Instance& instance, const spw_restore_source& source) {
  if (source.key_groups.first > source.key_groups.last || source.key_groups.last >= instance.max_parallelism()) {
    return Status::InvalidArgument("the source's key-groups " + RangeText(source.key_groups) +
                                   " are not a range within 0 to " + std::to_string(instance.max_parallelism() - 1));
  }
  if (source.file_count == 0 && source.metadata.size == 0) return SnapshotMetadata{};  // there was no state
  if (source.metadata.data == nullptr) {
    return Status::InvalidArgument("the source of key-groups " + RangeText(source.key_groups) +
                                   " has null for its metadata");
  }
  const BytesView bytes(reinterpret_cast<const char*>(source.metadata.data), source.metadata.size);
  SPILLWAY_ASSIGN_OR_RETURN(const SnapshotMetadata metadata, DecodeMetadata(bytes));
  SPILLWAY_RETURN_IF_ERROR(CheckFits(instance, metadata.max_parallelism, metadata.key_group_function));
  if (metadata.key_groups.first != source.key_groups.first || metadata.key_groups.last != source.key_groups.last) {
    return Status::InvalidArgument("the source is said to be of key-groups " + RangeText(source.key_groups) +
                                   " and was taken over " + RangeText(metadata.key_groups));
  }
  if (source.file_count != 1) {
    return Status::InvalidArgument("a full snapshot of the hybrid backend is one file, the source names " +
                                   std::to_string(source.file_count));
  }
  if (source.files == nullptr || source.files[0].name == nullptr) {
    return Status::InvalidArgument("the source of key-groups " + RangeText(source.key_groups) +
                                   " says that it has a file and gives null for it or for its name");
  }
  return metadata;
}

Status CheckOverlaps(const Instance& instance, std::span<const spw_restore_source> sources) {
  std::vector<spw_key_group_range> parts;
  for (const spw_restore_source& source : sources) {
    const spw_key_group_range part = OwnPart(instance, source.key_groups);
    if (part.first <= part.last) parts.push_back(part);
  }
  std::sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].first <= parts[i - 1].last) {
      return Status::InvalidArgument("two sources both hold key-group " + std::to_string(parts[i].first) +
                                     "; each may come from one source only");
    }
  }
  return {};
}

Result<std::vector<Source>> OpenSources(const Instance& instance, snapshot::CheckpointStorage* storage,
                                        std::span<const spw_restore_source> sources) {
  std::vector<Source> opened;
  for (const spw_restore_source& source : sources) {
    SPILLWAY_RETURN_IF_ERROR(CheckSource(instance, source).status());
    const spw_key_group_range part = OwnPart(instance, source.key_groups);
    if (source.file_count == 0 || part.first > part.last) continue;
    SPILLWAY_ASSIGN_OR_RETURN(std::unique_ptr<snapshot::ReadableFile> file, storage->Open(source.files[0].name));
    if (file->size() != source.files[0].size) {
      return Status::Corruption("the file '" + file->name() + "' has " + std::to_string(file->size()) +
                                " bytes, the snapshot says " + std::to_string(source.files[0].size));
    }
    SPILLWAY_ASSIGN_OR_RETURN(auto reader, snapshot::KeyedStateFileReader::Open(file.get()));
    SPILLWAY_RETURN_IF_ERROR(
        CheckFits(instance, reader->header().max_parallelism, reader->header().key_group_function));
    const spw_key_group_range written = reader->header().key_groups;
    if (written.first != source.key_groups.first || written.last != source.key_groups.last) {
      return Status::Corruption("the file '" + file->name() + "' is of key-groups " + RangeText(written) +
                                ", the snapshot that names it of " + RangeText(source.key_groups));
    }
    opened.push_back({part, std::move(file), std::move(reader)});
  }
  return opened;
}

// The ids that the table's schemas have in `into`, which takes those that it does not have yet.
std::vector<uint32_t> JoinSchemas(const snapshot::SchemaTable& from, snapshot::SchemaTable* into) {
  std::vector<uint32_t> ids;
  for (const std::string& schema : from.by_id) {
    const auto found = std::find(into->by_id.begin(), into->by_id.end(), schema);
    ids.push_back(static_cast<uint32_t>(found - into->by_id.begin()));
    if (found == into->by_id.end()) into->by_id.push_back(schema);
  }
  if (from.current < ids.size()) into->current = ids[from.current];
  return ids;
}

// Makes all states of all sources, with the strongest alignment of each.
Status MakeStates(Instance* instance, const std::vector<Source>& sources) {
  for (const Source& source : sources) {
    for (const snapshot::StateDescriptor& descriptor : source.reader->states()) {
      State* state = instance->FindState(descriptor.name);
      if (state == nullptr) {
        instance->AddState(descriptor);
        continue;
      }
      if (state->kind() != descriptor.kind) {
        return Status::InvalidArgument("state '" + descriptor.name + "' is a " + KindName(state->kind()) +
                                       " state in one source and a " + KindName(descriptor.kind) + " state in another");
      }
      state->set_alignment(std::max(state->alignment(), descriptor.alignment));
      JoinSchemas(descriptor.key_schemas, &state->schemas(SPW_SCHEMA_KEY));
      JoinSchemas(descriptor.namespace_schemas, &state->schemas(SPW_SCHEMA_NAMESPACE));
      JoinSchemas(descriptor.map_key_schemas, &state->schemas(SPW_SCHEMA_MAP_KEY));
      JoinSchemas(descriptor.value_schemas, &state->schemas(SPW_SCHEMA_VALUE));
    }
  }
  return {};
}

Status LoadSource(Instance* instance, const Source& source) {
  for (const snapshot::SectionInfo& section : source.reader->sections()) {
    if (section.key_group < source.key_groups.first || section.key_group > source.key_groups.last) continue;
    const snapshot::StateDescriptor& descriptor = source.reader->states()[section.state];
    State* state = instance->FindState(descriptor.name);
    std::vector<uint32_t> ids = JoinSchemas(descriptor.value_schemas, &state->schemas(SPW_SCHEMA_VALUE));
    SPILLWAY_ASSIGN_OR_RETURN(snapshot::SectionCursor cursor,
                              source.reader->OpenSection(section.state, section.key_group));
    SectionLoader loader(state, section.key_group, std::move(ids));
    SPILLWAY_RETURN_IF_ERROR(loader.Load(&cursor));
  }
  return {};
}

// Whatever way a restore fails, the instance is empty afterwards.
class EmptyUnlessDone {
 public:
  explicit EmptyUnlessDone(Instance* instance) : instance_(instance) {}
  ~EmptyUnlessDone() {
    if (!done_) instance_->DropStates();
  }
  EmptyUnlessDone(const EmptyUnlessDone&) = delete;
  EmptyUnlessDone& operator=(const EmptyUnlessDone&) = delete;
  void Done() {
    done_ = true;
    instance_->set_restored();
  }

 private:
  Instance* const instance_;
  bool done_ = false;
};

}  // namespace

Status RestoreInstance(Instance* instance, std::span<const spw_restore_source> sources) {
  if (instance->restored() || !instance->states().empty()) {
    return Status::InvalidState("instance '" + instance->name() +
                                "' has state already: restore once, before any state is registered");
  }
  SPILLWAY_RETURN_IF_ERROR(CheckOverlaps(*instance, sources));
  const std::unique_ptr<snapshot::CheckpointStorage> storage = snapshot::MakeHostStorage(instance->host());
  const IoCharge buffers(&instance->heap().account(), 4 * snapshot::kBlockBytes);
  SPILLWAY_ASSIGN_OR_RETURN(const std::vector<Source> opened, OpenSources(*instance, storage.get(), sources));
  EmptyUnlessDone empty_unless_done(instance);
  SPILLWAY_RETURN_IF_ERROR(MakeStates(instance, opened));
  for (const Source& source : opened) SPILLWAY_RETURN_IF_ERROR(LoadSource(instance, source));
  empty_unless_done.Done();
  return {};
}

}  // namespace spillway::hybrid
