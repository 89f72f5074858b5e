// Random reads of 4 KiB at several depths, by both engines in turn.
#include <array>
#include <cstdio>
#include <deque>
#include <memory>
#include <random>

#include "benchmarks/micro_io/micro_io.h"
#include "spill/aligned_buffer.h"
#include "spill/file_writer.h"
#include "spill/io_engine.h"

namespace spillway::spill {
namespace {

constexpr double kSecondsPerRound = 1.5;

struct Figure {
  std::vector<double> reads_per_second;
  std::vector<double> cpu_us_per_read;
};

Status WriteFile(const Directory& directory, uint64_t mib) {
  IoEngineOptions options;
  SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<IoEngine> engine, OpenIoEngine(options));
  SPILLWAY_RETURN_IF_ERROR(engine->Bind());
  SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<FileWriter> writer,
                            FileWriter::Create(engine.get(), &directory, "random"));
  std::string bytes(1 << 20, '\0');
  std::mt19937_64 random(1);
  for (size_t i = 0; i < bytes.size(); i += 8) StoreBytes(bytes.data() + i, random());
  for (uint64_t i = 0; i < mib; ++i) SPILLWAY_RETURN_IF_ERROR(writer->Append(bytes));
  return writer->Finish(true);
}

// Keeps `depth` reads under way until the time is over.
Status Measure(IoEngineKind kind, uint32_t depth, const File& file, std::mt19937_64* random, Figure* figure) {
  IoEngineOptions options;
  options.kind = kind;
  options.depth = depth;
  options.threads_max = std::min(depth, 32u);
  SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<IoEngine> engine, OpenIoEngine(options));
  SPILLWAY_RETURN_IF_ERROR(engine->Bind());
  SPILLWAY_ASSIGN_OR_RETURN(AlignedBuffer buffer, AlignedBuffer::Allocate(depth * kIoAlignment));
  const iovec memory{buffer.data(), buffer.size()};
  engine->RegisterBuffers({&memory, 1});
  engine->RegisterFile(file);
  SPILLWAY_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  std::deque<IoRequest> requests(depth);
  const auto submit = [&](IoRequest* request, uint32_t slot) {
    request->Read(file, (*random)() % (size / kIoAlignment) * kIoAlignment, buffer.data() + slot * kIoAlignment,
                  kIoAlignment);
    engine->Submit(request);
  };
  const double cpu_begin = CpuSeconds();
  const auto begin = std::chrono::steady_clock::now();
  for (uint32_t i = 0; i < depth; ++i) submit(&requests[i], i);
  uint64_t reads = 0;
  std::array<IoRequest*, 64> done;
  while (SecondsSince(begin) < kSecondsPerRound) {
    engine->Wait(kIoWaitForever);
    const uint32_t count = engine->Poll(done);
    for (uint32_t i = 0; i < count; ++i) {
      SPILLWAY_RETURN_IF_ERROR(done[i]->status());
      submit(done[i], static_cast<uint32_t>((done[i]->buffer() - buffer.data()) / kIoAlignment));
    }
    reads += count;
  }
  figure->reads_per_second.push_back(static_cast<double>(reads) / SecondsSince(begin));
  figure->cpu_us_per_read.push_back((CpuSeconds() - cpu_begin) * 1e6 / static_cast<double>(reads));
  engine->Drain();
  while (engine->Poll(done) > 0) {
  }
  engine->ForgetFile(file);
  return {};
}

}  // namespace

Status MeasureRandomReads(const Directory& directory, const MicroIoOptions& options) {
  SPILLWAY_RETURN_IF_ERROR(WriteFile(directory, options.file_mib));
  SPILLWAY_ASSIGN_OR_RETURN(const File file, directory.OpenFile("random"));
  constexpr uint32_t kDepths[] = {1, 32, 128};
  constexpr IoEngineKind kKinds[] = {IoEngineKind::kUring, IoEngineKind::kPread};
  Figure figures[3][2];
  std::mt19937_64 random(2);
  for (int round = 0; round < options.rounds; ++round) {
    for (size_t d = 0; d < 3; ++d) {
      for (size_t k = 0; k < 2; ++k) {
        SPILLWAY_RETURN_IF_ERROR(Measure(kKinds[k], kDepths[d], file, &random, &figures[d][k]));
      }
    }
  }
  std::printf("\nRandom 4 KiB reads of %llu MiB, medians of %d interleaved rounds (lowest-highest)\n\n",
              static_cast<unsigned long long>(options.file_mib), options.rounds);
  std::printf("| depth | engine | reads/s | CPU us per read |\n|---|---|---|---|\n");
  for (size_t d = 0; d < 3; ++d) {
    for (size_t k = 0; k < 2; ++k) {
      const auto [low, high] =
          std::minmax_element(figures[d][k].reads_per_second.begin(), figures[d][k].reads_per_second.end());
      std::printf("| %u | %s | %.0f (%.0f-%.0f) | %.1f |\n", kDepths[d],
                  std::string(IoEngineKindName(kKinds[k])).c_str(), Median(figures[d][k].reads_per_second), *low, *high,
                  Median(figures[d][k].cpu_us_per_read));
    }
  }
  return directory.RemoveFile("random");
}

}  // namespace spillway::spill
