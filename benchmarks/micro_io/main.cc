// micro_io [DIRECTORY [FILE_MIB [ROUNDS]]]: figures for benchmarks/RESULTS.md.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "benchmarks/micro_io/micro_io.h"

namespace spillway::spill {

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

namespace {

Status Run(const MicroIoOptions& options) {
  SPILLWAY_ASSIGN_OR_RETURN(const Directory directory, Directory::Open(options.directory));
  std::printf("%s, direct I/O: %s\n", directory.path().c_str(), directory.direct() ? "yes" : directory.note().c_str());
  SPILLWAY_RETURN_IF_ERROR(MeasureRunWriting(directory, options));
  return MeasureRandomReads(directory, options);
}

}  // namespace
}  // namespace spillway::spill

int main(int argc, char** argv) {
  spillway::spill::MicroIoOptions options;
  options.directory = argc > 1 ? argv[1] : "micro_io.tmp";
  if (argc > 2) options.file_mib = std::strtoull(argv[2], nullptr, 10);
  if (argc > 3) options.rounds = std::atoi(argv[3]);
  const spillway::Status status = spillway::spill::Run(options);
  if (!status.ok()) std::fprintf(stderr, "micro_io: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
