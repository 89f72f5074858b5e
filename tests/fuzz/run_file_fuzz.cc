#include "tests/fuzz/run_file_fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "spill/io_engine.h"
#include "spill/page.h"
#include "spill/run_lookup.h"
#include "spill/section_cursor.h"

namespace spillway::spill {
namespace {

constexpr uint64_t kFuzzedFileId = 1;
constexpr uint64_t kRecordsMax = 20'000;
constexpr uint32_t kSectionsRead = 32;

void Seal(std::string* bytes) {
  const auto units = static_cast<uint32_t>(bytes->size() / kUnitBytes);
  for (uint32_t unit = 0; unit < units;) {
    char* page = bytes->data() + unit * kUnitBytes;
    auto header = LoadBytes<PageHeader>(page);
    header.units = std::clamp<uint32_t>(header.units, 1, units - unit);
    const auto payload_max = static_cast<uint32_t>(header.units * kUnitBytes - sizeof(PageHeader));
    SealPage(page, kFuzzedFileId, unit, header.units, header.kind, header.blocks,
             std::min(header.payload_bytes, payload_max));
    unit += header.units;
  }
}

Result<uint64_t> ReadOneSection(IoEngine* engine, const std::shared_ptr<const RunFile>& run, uint32_t section) {
  SectionCursor cursor(engine, run, section, kUnitBytes * 2);
  BlockingLookup lookup(engine);
  uint64_t records = 0;
  Status failed;
  for (;;) {
    const Result<bool> next = cursor.Next();
    if (!next.ok()) failed = next.status();
    if (!next.ok() || !*next || records == kRecordsMax) break;
    // The first and then fewer and fewer.
    if ((records & (records + 1)) == 0) {
      for (const auto find : {RunLookup::Find::kOne, RunLookup::Find::kKey, RunLookup::Find::kFrom}) {
        Result<const RunRecord*> found = lookup.Find(run, section, find, cursor.record());
        for (int i = 0; i < 50 && found.ok() && *found != nullptr; ++i) found = lookup.Next();
        if (!found.ok()) failed = found.status();
      }
    }
    ++records;
  }
  RecordKey nowhere;
  nowhere.order = 0x5555'5555'5555'5555;
  const Result<const RunRecord*> none = lookup.Find(run, section, RunLookup::Find::kOne, nowhere);
  if (!none.ok()) failed = none.status();
  if (!failed.ok()) return failed;
  return records;
}

}  // namespace

Result<uint64_t> ReadFuzzedRunFile(BytesView bytes, bool sealed) {
  std::string content(bytes);
  if (sealed) Seal(&content);
  IoEngineOptions options;
  options.kind = IoEngineKind::kPread;
  options.depth = 4;
  options.threads_max = 1;
  SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<IoEngine> engine, OpenIoEngine(options));
  SPILLWAY_RETURN_IF_ERROR(engine->Bind());
  File file(memfd_create("run", MFD_CLOEXEC), "fuzzed", false);
  if (write(file.descriptor(), content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
    return Status::IoError("cannot write the fuzzed file");
  }
  SPILLWAY_ASSIGN_OR_RETURN(const std::shared_ptr<const RunFile> run, RunFile::Open(engine.get(), std::move(file)));
  uint64_t records = 0;
  Status failed;
  const auto sections = std::min<uint32_t>(static_cast<uint32_t>(run->sections().size()), kSectionsRead);
  for (uint32_t section = 0; section < sections; ++section) {
    const Result<uint64_t> read = ReadOneSection(engine.get(), run, section);
    if (read.ok()) {
      records += *read;
    } else {
      failed = read.status();
    }
  }
  if (!failed.ok()) return failed;
  return records;
}

}  // namespace spillway::spill
