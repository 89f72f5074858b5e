// The keyed-state file: all keyed state of one backend instance, in one file that any backend can write and read.
//
// FORMAT.md beside this header describes the bytes. A file holds the descriptors of its states and, per (state, key
// group) with anything in it, a section of records. Writer and reader work in bounded memory: a block and the largest
// record, never a whole list, map or section; what grows with the file is the index, one entry per section.
//
// A KeyedStateFileWriter belongs to one thread; after an error it takes nothing more. A KeyedStateFileReader is
// immutable: any thread may open sections; a SectionCursor belongs to one thread. Both borrow their file, which must
// outlive them and the cursors. Every byte of a file is under a checksum: damage is kCorruption, naming file, section
// and offset.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "snapshot/file.h"
#include "spillway/bytes.h"
#include "spillway/plugin/abi.h"
#include "spillway/status.h"

namespace spillway::snapshot {

inline constexpr uint32_t kKeyedStateFormatVersion = 1;

// What a file may hold. Writers refuse more (kInvalidArgument), readers call it corruption; a backend refuses at its
// door what is beyond the first four.
inline constexpr uint64_t kKeyBytesMax = uint64_t{16} << 20;
inline constexpr uint64_t kNamespaceBytesMax = uint64_t{16} << 20;
inline constexpr uint64_t kMapKeyBytesMax = uint64_t{16} << 20;
inline constexpr uint64_t kValueBytesMax = uint64_t{256} << 20;
inline constexpr uint32_t kStatesMax = 4096;
inline constexpr uint64_t kStateNameBytesMax = 4096;
inline constexpr uint32_t kSchemasMax = 1024;  // per state and role
inline constexpr uint64_t kSchemaBytesMax = uint64_t{1} << 20;
inline constexpr uint64_t kFooterBytesMax = uint64_t{256} << 20;

// A block is closed when it has reached this size, so it is larger by at most one record.
inline constexpr uint64_t kBlockBytes = 64 * 1024;

// The serializer snapshots of one role of a state: schema id -> bytes. `current` is what new values are written with;
// an empty table means that the role has no serializer.
struct SchemaTable {
  std::vector<std::string> by_id;
  uint32_t current = 0;

  bool operator==(const SchemaTable&) const = default;
};

struct StateDescriptor {
  std::string name;
  spw_state_kind kind = SPW_STATE_VALUE;
  uint32_t alignment = 1;
  spw_ttl_update ttl_update = SPW_TTL_DISABLED;
  spw_ttl_visibility ttl_visibility = SPW_TTL_NEVER_RETURN_EXPIRED;
  int64_t ttl_ms = 0;
  SchemaTable key_schemas;
  SchemaTable namespace_schemas;
  SchemaTable value_schemas;
  SchemaTable map_key_schemas;

  bool operator==(const StateDescriptor&) const = default;
};

struct KeyedStateFileHeader {
  uint32_t max_parallelism = 0;
  spw_key_group_range key_groups{};
  std::string key_group_function;
};

// One value, list element, map entry or timer. Elements of one list come in their order, with nothing between them;
// entries of one map come together. Read records are views that live until the cursor's next Next.
struct KeyedStateRecord {
  BytesView key;
  BytesView state_namespace;
  BytesView map_key;           // map states only
  BytesView value;             // not of timers
  bool value_is_null = false;  // map states only
  uint32_t schema_id = 0;      // in value_schemas
  int64_t timestamp = 0;       // a timer's time; else the time that a TTL counts from, 0 when there is none
};

struct SectionInfo {
  uint32_t state = 0;  // index into the states
  uint32_t key_group = 0;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t blocks = 0;
  uint64_t records = 0;

  bool operator==(const SectionInfo&) const = default;
};

class KeyedStateFileWriter {
 public:
  // Writes the header.
  static Result<std::unique_ptr<KeyedStateFileWriter>> Create(WritableFile* file, KeyedStateFileHeader header);
  ~KeyedStateFileWriter();

  // At any time before Finish; indexes count from 0. Names are unique.
  Result<uint32_t> AddState(StateDescriptor descriptor);
  // Sections come by ascending state index and, within a state, by ascending key group. One without records leaves
  // no trace.
  Status BeginSection(uint32_t state, uint32_t key_group);
  Status Add(const KeyedStateRecord& record);
  Status EndSection();
  // Ends the file; committing it is the caller's business.
  Status Finish();

  // (key, namespace) pairs so far; of timer states, timers.
  [[nodiscard]] uint64_t entries() const;
  [[nodiscard]] uint64_t records() const;
  // Written to the file so far.
  [[nodiscard]] uint64_t bytes() const;

 private:
  class Impl;
  explicit KeyedStateFileWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class SectionCursor {
 public:
  SectionCursor(SectionCursor&&) noexcept;
  SectionCursor& operator=(SectionCursor&&) noexcept;
  ~SectionCursor();

  // False at the end of the section; after an error the cursor stays failed.
  Result<bool> Next(KeyedStateRecord* record);

 private:
  friend class KeyedStateFileReader;
  class Impl;
  explicit SectionCursor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class KeyedStateFileReader {
 public:
  // Reads and checks header, trailer and footer. kVersionMismatch for a format this code does not know.
  static Result<std::unique_ptr<KeyedStateFileReader>> Open(ReadableFile* file);

  [[nodiscard]] const KeyedStateFileHeader& header() const { return header_; }
  [[nodiscard]] const std::vector<StateDescriptor>& states() const { return states_; }
  // By state, then key group.
  [[nodiscard]] const std::vector<SectionInfo>& sections() const { return sections_; }
  // The index of the state of that name.
  [[nodiscard]] std::optional<uint32_t> FindState(std::string_view name) const;

  // A section that the file does not have is an empty one. The cursor lives by this reader.
  [[nodiscard]] Result<SectionCursor> OpenSection(uint32_t state, uint32_t key_group) const;

 private:
  explicit KeyedStateFileReader(ReadableFile* file) : file_(file) {}
  Status ReadHeader(uint64_t* sections_begin);
  Status ReadFooter(uint64_t sections_begin);

  ReadableFile* file_;
  KeyedStateFileHeader header_;
  std::vector<StateDescriptor> states_;
  std::vector<SectionInfo> sections_;
};

}  // namespace spillway::snapshot
