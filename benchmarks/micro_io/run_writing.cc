// Writing run files, against what they are made of: LZ4 and the disk.
#include <lz4.h>

#include <cstdio>
#include <memory>
#include <random>
#include <string>

#include "benchmarks/micro_io/micro_io.h"
#include "spill/file_writer.h"
#include "spill/io_engine.h"
#include "spill/run_writer.h"

namespace spillway::spill {
namespace {

constexpr uint64_t kRecords = 2'000'000;
constexpr size_t kValueBytes = 100;

// Records as a flush would write them: keys of 16 bytes in hash order, values of which half repeats itself.
class Records {
 public:
  Records() : value_(kValueBytes, 'v') {}
  const RunRecord& At(uint64_t i) {
    key_ = "user" + std::to_string(100'000'000'000 + i * 7919 % 900'000'000);
    StoreBytes(value_.data(), i * 0x9e37'79b9'7f4a'7c15);
    for (size_t at = 8; at < kValueBytes / 2; at += 8) StoreBytes(value_.data() + at, random_());
    record_.order = i * (UINT64_MAX / kRecords);
    record_.key = key_;
    record_.value = value_;
    return record_;
  }

 private:
  std::mt19937_64 random_{1};
  std::string key_;
  std::string value_;
  RunRecord record_;
};

Result<uint64_t> WriteRunFile(IoEngine* engine, const Directory& directory) {
  RunWriterOptions options;
  options.name = "written";
  SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<RunWriter> writer, RunWriter::Create(engine, &directory, options));
  SPILLWAY_RETURN_IF_ERROR(writer->BeginSection(0, 0, SectionKind::kValue));
  Records records;
  for (uint64_t i = 0; i < kRecords; ++i) SPILLWAY_RETURN_IF_ERROR(writer->Add(records.At(i)));
  SPILLWAY_RETURN_IF_ERROR(writer->EndSection());
  SPILLWAY_ASSIGN_OR_RETURN(const RunSummary summary, writer->Finish());
  return summary.bytes;
}

// The same records, encoded alike, in blocks of 16 KiB that are compressed (or not) and written one behind the other.
Result<uint64_t> WritePlain(IoEngine* engine, const Directory& directory, bool compress) {
  SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<FileWriter> writer,
                            FileWriter::Create(engine, &directory, "written"));
  Records records;
  std::string raw;
  std::string compressed(LZ4_COMPRESSBOUND(32 * 1024), '\0');
  RecordEncoder encoder(SectionKind::kValue);
  for (uint64_t i = 0; i < kRecords; ++i) {
    encoder.Append(records.At(i), &raw);
    if (raw.size() < 16 * 1024 && i + 1 < kRecords) continue;
    BytesView block = raw;
    if (compress) {
      const int size = LZ4_compress_default(raw.data(), compressed.data(), static_cast<int>(raw.size()),
                                            static_cast<int>(compressed.size()));
      block = BytesView(compressed).substr(0, static_cast<size_t>(size));
    }
    SPILLWAY_RETURN_IF_ERROR(writer->Append(block));
    raw.clear();
  }
  SPILLWAY_RETURN_IF_ERROR(writer->Append(std::string(IoAligned(writer->size()) - writer->size(), '\0')));
  SPILLWAY_RETURN_IF_ERROR(writer->Finish(true));
  return writer->size();
}

}  // namespace

Status MeasureRunWriting(const Directory& directory, const MicroIoOptions& options) {
  constexpr IoEngineKind kKinds[] = {IoEngineKind::kUring, IoEngineKind::kPread};
  constexpr const char* kWays[] = {"run file", "LZ4 and disk", "disk alone"};
  std::vector<double> seconds[2][3];
  std::vector<double> cpu_seconds[2][3];
  uint64_t bytes[3] = {};
  for (int round = 0; round < options.rounds; ++round) {
    for (size_t k = 0; k < 2; ++k) {
      IoEngineOptions engine_options;
      engine_options.kind = kKinds[k];
      SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<IoEngine> engine, OpenIoEngine(engine_options));
      SPILLWAY_RETURN_IF_ERROR(engine->Bind());
      for (size_t way = 0; way < 3; ++way) {
        const double cpu_begin = CpuSeconds();
        const auto begin = std::chrono::steady_clock::now();
        SPILLWAY_ASSIGN_OR_RETURN(bytes[way], way == 0 ? WriteRunFile(engine.get(), directory)
                                                       : WritePlain(engine.get(), directory, way == 1));
        seconds[k][way].push_back(SecondsSince(begin));
        cpu_seconds[k][way].push_back(CpuSeconds() - cpu_begin);
        SPILLWAY_RETURN_IF_ERROR(directory.RemoveFile("written"));
      }
    }
  }
  const double mib = static_cast<double>(bytes[2]) / (1 << 20);
  std::printf("\nWriting %llu records, %.0f MiB encoded, with fsync; medians of %d interleaved rounds\n\n",
              static_cast<unsigned long long>(kRecords), mib, options.rounds);
  std::printf("| engine | what | MiB/s of records | MiB per CPU second | file MiB |\n|---|---|---|---|---|\n");
  for (size_t k = 0; k < 2; ++k) {
    for (size_t way = 0; way < 3; ++way) {
      std::printf("| %s | %s | %.0f | %.0f | %.0f |\n", std::string(IoEngineKindName(kKinds[k])).c_str(), kWays[way],
                  mib / Median(seconds[k][way]), mib / Median(cpu_seconds[k][way]),
                  static_cast<double>(bytes[way]) / (1 << 20));
    }
  }
  return {};
}

}  // namespace spillway::spill
