// Compares the RocksDB plugin, through its .so, with direct calls of the same library: what does the door cost?
//
//   rocksdb_direct DIRECTORY [ROUNDS]
//
// Both sides hold the same keys and values under the same options, and take turns, A B A B, round by round, each with
// the same random keys. The figures are medians of the rounds, in nanoseconds of the calling thread's CPU time per
// operation, so that other work on the machine disturbs little; flushes and compactions run on RocksDB's threads and
// are not in them. The ratio is direct / plugin: 1 is as fast as direct calls. Most of what is read lies in memtables,
// where the library does least and the door costs most.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <vector>

#include "benchmarks/rocksdb_direct/side.h"

namespace spillway::rocksdb_direct {

void Die(const std::string& why) {
  std::fprintf(stderr, "rocksdb_direct: %s\n", why.c_str());
  std::exit(1);
}

namespace {

constexpr uint64_t kKeys = 200'000;
constexpr uint64_t kMapKeys = kKeys / kMapEntries;  // with ten entries each
constexpr uint64_t kOperations = 40'000;            // of a round
constexpr uint64_t kShare = uint64_t{512} << 20;    // all of it fits: the library works, not the disk

double ThreadNs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double Median(std::vector<double> figures) {
  std::sort(figures.begin(), figures.end());
  return figures[figures.size() / 2];
}

struct Workload {
  const char* name;
  std::function<uint64_t(Side*, uint64_t random)> operation;
};

std::vector<Workload> Workloads(const std::string& value) {
  return {
      {"value get", [](Side* side, uint64_t random) { return side->Get(random % kKeys); }},
      {"value put",
       [&value](Side* side, uint64_t random) {
         side->Put(random % kKeys, value);
         return uint64_t{0};
       }},
      {"value read-modify-write",
       [](Side* side, uint64_t random) {
         side->ReadModifyWrite(random % kKeys);
         return uint64_t{0};
       }},
      {"list append",
       [&value](Side* side, uint64_t random) {
         side->Append(random % kKeys, value);
         return uint64_t{0};
       }},
      {"map get",
       [](Side* side, uint64_t random) { return side->MapGet(random % kMapKeys, random / kMapKeys % kMapEntries); }},
      {"map put",
       [&value](Side* side, uint64_t random) {
         side->MapPut(random % kMapKeys, random / kMapKeys % kMapEntries, value);
         return uint64_t{0};
       }},
  };
}

void Preload(Side* side, const std::string& value) {
  std::vector<uint64_t> keys(kKeys);
  for (uint64_t i = 0; i < kKeys; ++i) keys[i] = i;
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(1));
  for (const uint64_t key : keys) {
    side->Put(key, value);
    side->MapPut(key / kMapEntries, key % kMapEntries, value);
  }
}

// Nanoseconds per operation of one round.
double Round(Side* side, const Workload& workload, uint64_t seed, uint64_t* sum) {
  std::mt19937_64 random(seed);
  const double begin = ThreadNs();
  for (uint64_t i = 0; i < kOperations; ++i) *sum += workload.operation(side, random());
  return (ThreadNs() - begin) / kOperations;
}

int Run(const std::string& directory, int rounds) {
  std::filesystem::create_directories(directory);
  const std::unique_ptr<Side> direct = MakeDirectSide(directory, kShare);
  const std::unique_ptr<Side> plugin = MakePluginSide(directory, kShare);
  const std::string value(kValueBytes, 'v');
  Preload(direct.get(), value);
  Preload(plugin.get(), value);
  std::printf("%-26s %12s %12s %8s\n", "ns per operation", "direct", "plugin", "ratio");
  for (const Workload& workload : Workloads(value)) {
    std::vector<double> of_direct, of_plugin;
    uint64_t sum_direct = 0, sum_plugin = 0;
    for (int round = 0; round <= rounds; ++round) {
      const double a = Round(direct.get(), workload, static_cast<uint64_t>(round), &sum_direct);
      const double b = Round(plugin.get(), workload, static_cast<uint64_t>(round), &sum_plugin);
      if (round == 0) continue;  // warms up
      of_direct.push_back(a);
      of_plugin.push_back(b);
    }
    if (sum_direct != sum_plugin) Die(std::string(workload.name) + ": the sides read different values");
    const double a = Median(of_direct), b = Median(of_plugin);
    std::printf("%-26s %12.0f %12.0f %8.2f\n", workload.name, a, b, a / b);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace spillway::rocksdb_direct

int main(int argc, char** argv) {
  if (argc < 2) spillway::rocksdb_direct::Die("usage: rocksdb_direct DIRECTORY [ROUNDS]");
  return spillway::rocksdb_direct::Run(argv[1], argc > 2 ? std::max(1, std::atoi(argv[2])) : 15);
}
