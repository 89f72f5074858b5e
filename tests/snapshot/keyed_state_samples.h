// Owned keyed-state records, and files made of them, for the tests of the keyed-state file.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "snapshot/keyed_state_file.h"
#include "tests/snapshot/memory_file.h"

namespace spillway::snapshot {

struct OwnedRecord {
  std::string key, state_namespace, map_key, value;
  bool value_is_null = false;
  uint32_t schema_id = 0;
  int64_t timestamp = 0;

  bool operator==(const OwnedRecord&) const = default;
  [[nodiscard]] KeyedStateRecord View() const {
    return {key, state_namespace, map_key, value, value_is_null, schema_id, timestamp};
  }
  static OwnedRecord Of(const KeyedStateRecord& r) {
    return {std::string(r.key),
            std::string(r.state_namespace),
            std::string(r.map_key),
            std::string(r.value),
            r.value_is_null,
            r.schema_id,
            r.timestamp};
  }
};

struct Content {
  std::vector<StateDescriptor> states;
  std::map<std::pair<uint32_t, uint32_t>, std::vector<OwnedRecord>> sections;  // by (state, key group)

  bool operator==(const Content&) const = default;
};

inline KeyedStateFileHeader SampleHeader() {
  return {.max_parallelism = 128, .key_groups = {8, 40}, .key_group_function = "xxh3-64-mod"};
}

inline StateDescriptor SampleState(std::string name, spw_state_kind kind) {
  StateDescriptor state{.name = std::move(name), .kind = kind, .alignment = 8};
  state.key_schemas = {{"string"}, 0};
  state.value_schemas = {{"v1", "v2", "v3"}, 2};
  return state;
}

inline Result<std::string> WriteContent(const Content& content, const KeyedStateFileHeader& header = SampleHeader()) {
  MemoryWritableFile file;
  SPILLWAY_ASSIGN_OR_RETURN(auto writer, KeyedStateFileWriter::Create(&file, header));
  for (const StateDescriptor& state : content.states) {
    SPILLWAY_ASSIGN_OR_RETURN(const uint32_t index, writer->AddState(state));
    (void)index;
  }
  for (const auto& [place, records] : content.sections) {
    SPILLWAY_RETURN_IF_ERROR(writer->BeginSection(place.first, place.second));
    for (const OwnedRecord& record : records) SPILLWAY_RETURN_IF_ERROR(writer->Add(record.View()));
    SPILLWAY_RETURN_IF_ERROR(writer->EndSection());
  }
  SPILLWAY_RETURN_IF_ERROR(writer->Finish());
  return file.bytes();
}

// All of a file, or the first error met.
inline Result<Content> ReadContent(ReadableFile* file) {
  SPILLWAY_ASSIGN_OR_RETURN(auto reader, KeyedStateFileReader::Open(file));
  Content content{.states = reader->states(), .sections = {}};
  for (const SectionInfo& section : reader->sections()) {
    SPILLWAY_ASSIGN_OR_RETURN(SectionCursor cursor, reader->OpenSection(section.state, section.key_group));
    auto& records = content.sections[{section.state, section.key_group}];
    for (;;) {
      KeyedStateRecord record;
      SPILLWAY_ASSIGN_OR_RETURN(const bool more, cursor.Next(&record));
      if (!more) break;
      records.push_back(OwnedRecord::Of(record));
    }
  }
  return content;
}

// Something of every kind.
inline Content SmallContent() {
  Content content;
  content.states = {SampleState("value", SPW_STATE_VALUE), SampleState("list", SPW_STATE_LIST),
                    SampleState("map", SPW_STATE_MAP), SampleState("timer", SPW_STATE_TIMER),
                    SampleState("empty", SPW_STATE_VALUE)};
  content.states[2].ttl_update = SPW_TTL_ON_CREATE_AND_WRITE;
  content.states[2].ttl_ms = 1000;
  content.sections[{0, 8}] = {
      {"a", "", "", "one", false, 2}, {"a", "n", "", "", false, 0}, {"", "", "", "three", false, 1}};
  content.sections[{0, 40}] = {{"b", "", "", std::string(300, 'x'), false, 2}};
  content.sections[{1, 9}] = {{"a", "n", "", "1", false, 2},
                              {"a", "n", "", "2", false, 1},
                              {"a", "n", "", "", false, 1},
                              {"a", "m", "", "4", false, 2},
                              {"b", "m", "", "5", false, 2}};
  content.sections[{2, 9}] = {
      {"a", "n", "k1", "1", false, 2, 77}, {"a", "n", "", "", true, 2, 78}, {"b", "n", "k1", "", false, 2, 0}};
  content.sections[{3, 10}] = {
      {"a", "n", "", "", false, 0, -5}, {"a", "n", "", "", false, 0, 0}, {"b", "", "", "", false, 0, INT64_MAX}};
  return content;
}

}  // namespace spillway::snapshot
