#include "tests/spill/run_model.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "spill/run_lookup.h"
#include "spill/section_cursor.h"

namespace spillway::spill {
namespace {

class RandomRecords {
 public:
  RandomRecords(std::mt19937_64* random, const ModelShape& shape) : random_(*random), shape_(shape) {}

  ModelSection Make() {
    ModelSection section;
    section.kind = shape_.kind;
    std::vector<ModelRecord> keys;
    for (size_t i = 0; i < shape_.keys; ++i) keys.push_back(Key());
    Sort(&keys);
    for (const ModelRecord& key : keys) AddKey(key, &section.records);
    return section;
  }

 private:
  uint64_t Below(uint64_t bound) { return bound == UINT64_MAX ? random_() : random_() % bound; }
  bool Percent(uint32_t percent) { return random_() % 100 < percent; }
  std::string Bytes(size_t size) {
    std::string bytes(size, 'v');
    for (size_t i = 0; i < size; ++i) {
      if (!shape_.compressible || i % 8 == 0) bytes[i] = static_cast<char>(random_());
    }
    return bytes;
  }

  ModelRecord Key() {
    ModelRecord record;
    const uint64_t id = Below(shape_.key_space);
    record.key = "key" + std::to_string(id);
    if (id % 7 == 0) record.key.clear();
    if (id % 3 == 0) record.state_namespace = std::string(1, static_cast<char>('a' + id % 5));
    // As a hash would be: the same for the same key.
    const uint64_t hash = (id / 21 + 1) * 0x9e37'79b9'7f4a'7c15;
    record.fields.order = shape_.orders == UINT64_MAX ? hash : hash % shape_.orders;
    if (shape_.kind == SectionKind::kTimer) record.fields.sub = shape_.subs == UINT64_MAX ? hash : id % shape_.subs;
    return record;
  }

  void Sort(std::vector<ModelRecord>* records) {
    const SectionKind kind = shape_.kind;
    std::sort(records->begin(), records->end(),
              [kind](const ModelRecord& a, const ModelRecord& b) { return CompareKeys(kind, a.View(), b.View()) < 0; });
    const auto same = [kind](const ModelRecord& a, const ModelRecord& b) {
      return CompareKeys(kind, a.View(), b.View()) == 0;
    };
    records->erase(std::unique(records->begin(), records->end(), same), records->end());
  }

  void Fill(ModelRecord* record) {
    record->fields.schema_id = static_cast<uint32_t>(random_() % 3);
    record->fields.has_timestamp = Percent(20);
    record->fields.timestamp = record->fields.has_timestamp ? static_cast<int64_t>(random_()) : 0;
    if (shape_.kind == SectionKind::kTimer) {
      record->fields.schema_id = 0;
      return;
    }
    // Sizes of every magnitude.
    const size_t most = shape_.value_bytes_max >> (random_() % 8);
    record->value = Bytes(random_() % (most + 1));
  }
  void MakeDelete(ModelRecord* record) {
    record->fields.op = RecordOp::kDelete;
    record->fields.schema_id = 0;
    record->value.clear();
  }

  void AddKey(const ModelRecord& key, std::vector<ModelRecord>* out) {
    ModelRecord record = key;
    Fill(&record);
    if (Percent(shape_.delete_percent)) MakeDelete(&record);
    switch (shape_.kind) {
      case SectionKind::kValue:
      case SectionKind::kTimer:
        out->push_back(record);
        break;
      case SectionKind::kList:
        if (record.fields.op == RecordOp::kBase && Percent(50)) record.fields.op = RecordOp::kAppend;
        out->push_back(record);
        if (record.fields.op != RecordOp::kDelete) AddPieces(key, out);
        break;
      case SectionKind::kMap:
        AddMap(record, out);
        break;
    }
  }

  void AddPieces(const ModelRecord& key, std::vector<ModelRecord>* out) {
    for (size_t pieces = random_() % shape_.per_key_max, i = 1; i <= pieces; ++i) {
      ModelRecord piece = key;
      Fill(&piece);
      piece.fields.op = RecordOp::kAppend;
      piece.fields.sub = i;
      out->push_back(piece);
    }
  }

  void AddMap(ModelRecord header, std::vector<ModelRecord>* out) {
    const uint64_t generation = shape_.generation + random_() % 2;
    header.fields.generation = generation;
    if (Percent(60)) out->push_back(header);
    if (header.fields.op == RecordOp::kDelete) return;
    std::vector<ModelRecord> entries;
    for (size_t count = random_() % (shape_.per_key_max + 1); entries.size() < count;) {
      ModelRecord entry = header;
      Fill(&entry);
      const uint64_t id = Below(shape_.key_space);
      entry.map_key = id % 11 == 0 ? std::string() : "field" + std::to_string(id);
      entry.fields.map_entry = true;
      const uint64_t hash = (id % 11 == 0 ? 0 : id) * 0x9e37'79b9'7f4a'7c15;
      entry.fields.sub = shape_.subs == UINT64_MAX ? hash : hash % shape_.subs;
      if (Percent(10)) {
        entry.fields.value_is_null = true;
        entry.value.clear();
      }
      if (Percent(shape_.delete_percent)) {
        MakeDelete(&entry);
        entry.fields.value_is_null = false;
      }
      entries.push_back(entry);
    }
    Sort(&entries);
    out->insert(out->end(), entries.begin(), entries.end());
  }

  std::mt19937_64& random_;
  const ModelShape shape_;
};

// Key, then what the kind goes on with, as something a std::map orders in any way.
using EntryName = std::tuple<uint64_t, std::string, std::string, bool, uint64_t, std::string>;
EntryName NameOf(const ModelRecord& record) {
  return {record.fields.order,     record.key,        record.state_namespace,
          record.fields.map_entry, record.fields.sub, record.map_key};
}
EntryName KeyNameOf(const ModelRecord& record) {
  return {record.fields.order, record.key, record.state_namespace, false, 0, ""};
}

std::vector<ModelRecord> MergeLists(const std::vector<ModelSection>& newest_first, bool bottom) {
  std::map<EntryName, std::vector<ModelRecord>> lists;
  for (auto section = newest_first.rbegin(); section != newest_first.rend(); ++section) {
    for (const ModelRecord& record : section->records) {
      std::vector<ModelRecord>& list = lists[KeyNameOf(record)];
      const bool appends = record.fields.op == RecordOp::kAppend;
      const bool behind_delete = !list.empty() && list.back().fields.op == RecordOp::kDelete;
      if (!appends || behind_delete) list.clear();
      list.push_back(record);
      if (list.size() == 1 && behind_delete && appends) list.front().fields.op = RecordOp::kBase;
      list.back().fields.sub = list.size() - 1;
    }
  }
  std::vector<ModelRecord> merged;
  for (auto& [name, list] : lists) {
    if (bottom && list.front().fields.op == RecordOp::kDelete) continue;
    if (bottom) list.front().fields.op = RecordOp::kBase;
    merged.insert(merged.end(), list.begin(), list.end());
  }
  return merged;
}

}  // namespace

RunRecord ModelRecord::View() const {
  RunRecord view = fields;
  view.key = key;
  view.state_namespace = state_namespace;
  view.map_key = map_key;
  view.value = value;
  return view;
}

ModelRecord ModelRecord::Of(const RunRecord& record) {
  return {record, std::string(record.key), std::string(record.state_namespace), std::string(record.map_key),
          std::string(record.value)};
}

std::string Describe(const RunRecord& record) {
  return "order " + std::to_string(record.order) + " key '" + std::string(record.key) + "' namespace '" +
         std::string(record.state_namespace) + "' sub " + std::to_string(record.sub) + " map key '" +
         std::string(record.map_key) + "' op " + std::to_string(static_cast<int>(record.op)) + " generation " +
         std::to_string(record.generation) + ", " + std::to_string(record.value.size()) + " bytes";
}

bool SameRecord(const RunRecord& a, const RunRecord& b) {
  const auto all = [](const RunRecord& r) {
    return std::tie(r.order, r.key, r.state_namespace, r.map_entry, r.sub, r.map_key, r.op, r.value_is_null,
                    r.has_timestamp, r.schema_id, r.generation, r.timestamp, r.value);
  };
  return all(a) == all(b);
}

ModelSection RandomSection(std::mt19937_64* random, const ModelShape& shape) {
  return RandomRecords(random, shape).Make();
}

Status WriteSection(RunWriter* writer, const ModelSection& section) {
  SPILLWAY_RETURN_IF_ERROR(writer->BeginSection(section.state, section.key_group, section.kind));
  for (const ModelRecord& record : section.records) SPILLWAY_RETURN_IF_ERROR(writer->Add(record.View()));
  return writer->EndSection();
}

Result<std::shared_ptr<const RunFile>> WriteRun(IoEngine* engine, const Directory& directory, const std::string& name,
                                                uint64_t file_id, const std::vector<ModelSection>& sections) {
  RunWriterOptions options;
  options.name = name;
  options.file_id = file_id;
  options.metadata = "metadata of " + name;
  options.durable = false;
  SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<RunWriter> writer, RunWriter::Create(engine, &directory, options));
  for (const ModelSection& section : sections) SPILLWAY_RETURN_IF_ERROR(WriteSection(writer.get(), section));
  SPILLWAY_ASSIGN_OR_RETURN(const RunSummary summary, writer->Finish());
  EXPECT_EQ(summary.bytes % kUnitBytes, 0u);
  return RunFile::Open(engine, directory, name, file_id);
}

Result<std::vector<ModelRecord>> ReadSection(IoEngine* engine, std::shared_ptr<const RunFile> run, uint32_t section) {
  SectionCursor cursor(engine, std::move(run), section);
  std::vector<ModelRecord> records;
  for (;;) {
    SPILLWAY_ASSIGN_OR_RETURN(const bool any, cursor.Next());
    if (!any) return records;
    records.push_back(ModelRecord::Of(cursor.record()));
  }
}

void ExpectRecords(const std::vector<ModelRecord>& got, const std::vector<ModelRecord>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_TRUE(SameRecord(got[i].View(), expected[i].View()))
        << "record " << i << ": " << Describe(got[i].View()) << ", expected " << Describe(expected[i].View());
  }
}

void ExpectRun(IoEngine* engine, const std::shared_ptr<const RunFile>& run, const std::vector<ModelSection>& sections) {
  BlockingLookup lookup(engine);
  for (const ModelSection& section : sections) {
    const std::optional<uint32_t> number = run->FindSection(section.state, section.key_group);
    ASSERT_EQ(number.has_value(), !section.records.empty());
    if (!number) continue;
    const Result<std::vector<ModelRecord>> read = ReadSection(engine, run, *number);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    ExpectRecords(*read, section.records);
    for (const ModelRecord& record : section.records) {
      const Result<const RunRecord*> found = lookup.Find(run, *number, RunLookup::Find::kOne, record.View());
      ASSERT_TRUE(found.ok()) << found.status().ToString();
      ASSERT_NE(*found, nullptr) << Describe(record.View());
      ASSERT_TRUE(SameRecord(**found, record.View())) << Describe(**found);
      ModelRecord absent = record;
      absent.key += "?";
      const Result<const RunRecord*> none = lookup.Find(run, *number, RunLookup::Find::kOne, absent.View());
      ASSERT_TRUE(none.ok()) << none.status().ToString();
      ASSERT_EQ(*none, nullptr) << Describe(**none);
    }
  }
}

std::vector<ModelRecord> MergeModel(SectionKind kind, const std::vector<ModelSection>& newest_first, bool bottom) {
  std::vector<ModelRecord> merged;
  if (kind == SectionKind::kList) {
    merged = MergeLists(newest_first, bottom);
  } else {
    std::map<EntryName, ModelRecord> entries;
    for (auto section = newest_first.rbegin(); section != newest_first.rend(); ++section) {
      for (const ModelRecord& record : section->records) entries[NameOf(record)] = record;
    }
    for (const auto& [name, record] : entries) {
      const auto header = entries.find(KeyNameOf(record));
      const bool is_void = kind == SectionKind::kMap && record.fields.map_entry && header != entries.end() &&
                           record.fields.generation < header->second.fields.generation;
      if (!is_void && !(bottom && record.fields.op == RecordOp::kDelete)) merged.push_back(record);
    }
  }
  std::stable_sort(merged.begin(), merged.end(), [kind](const ModelRecord& a, const ModelRecord& b) {
    return CompareKeys(kind, a.View(), b.View()) < 0;
  });
  return merged;
}

}  // namespace spillway::spill
