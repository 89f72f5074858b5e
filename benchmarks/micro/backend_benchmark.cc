// What state access costs: read-modify-write of values through the plugin, beside a bare chained table behind the same
// call; and how long the owner stands still when a snapshot begins, by the number of entries.
//
// Figures are per operation. Run with --benchmark_enable_random_interleaving=true --benchmark_repetitions=7, so that
// what is compared is measured in turns; see benchmarks/RESULTS.md.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/micro/bare_table.h"
#include "runtime/plugin/loader.h"
#include "spillway/key_groups.h"
#include "spillway/plugin/backend.h"

namespace spillway::benchmarks {
namespace {

constexpr uint32_t kKeyGroups = 128;
constexpr uint32_t kValueBytes = 64;
constexpr uint64_t kAccesses = uint64_t{1} << 22;  // of each benchmark's endless round

struct Access {
  uint64_t key;
  uint32_t key_group;
};

void Demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "backend_benchmark: %s\n", what);
  std::abort();
}

spw_bytes BytesOf(const uint64_t& key) {
  return {reinterpret_cast<const uint8_t*>(&key), sizeof(key)};
}

Access AccessOf(uint64_t number) {
  const uint64_t key = number * 0x9E37'79B9'7F4A'7C15;
  return {key, KeyGroupOf({reinterpret_cast<const char*>(&key), sizeof(key)}, kKeyGroups)};
}

// Uniform over the keys.
std::vector<Access> MakeAccesses(uint64_t keys) {
  std::mt19937_64 random(42);
  std::vector<Access> accesses(kAccesses);
  for (Access& access : accesses) access = AccessOf(random() % keys);
  return accesses;
}

class LoadedBackend {
 public:
  LoadedBackend(std::shared_ptr<const runtime::Plugin> plugin, uint64_t keys) : plugin_(std::move(plugin)) {
    auto options = plugin::Sized<spw_open_options>();
    options.max_parallelism = kKeyGroups;
    options.key_groups = {0, kKeyGroups - 1};
    options.key_group_function = kKeyGroupFunction.data();
    options.instance = "benchmark";
    Demand(plugin::Backend::Open(plugin_->api(), options, &host_, &backend, error) == SPW_OK, error.message());
    Demand(backend.BindOwner(error) == SPW_OK, error.message());
    auto state_options = plugin::Sized<spw_state_options>();
    state_options.kind = SPW_STATE_VALUE;
    state_options.name = "values";
    state_options.alignment = 8;
    Demand(backend.RegisterState(state_options, &state, error) == SPW_OK, error.message());
    for (uint64_t i = 0; i < keys; ++i) {
      const Access access = AccessOf(i);
      spw_mut_view view{};
      Demand(state.ValueGetForUpdateAt(BytesOf(access.key), access.key_group, plugin::VoidNamespace(), kValueBytes,
                                       &view, error) == SPW_OK,
             error.message());
      backend.EndRecord();
    }
  }

 private:
  std::shared_ptr<const runtime::Plugin> plugin_;
  spw_host host_ = plugin::Sized<spw_host>();

 public:
  plugin::Error error;
  plugin::Backend backend;
  plugin::State state;
};

std::shared_ptr<const runtime::Plugin> LoadedPlugin() {
  runtime::LoadOptions options;
  options.debug_proxy = runtime::DebugProxyMode::kOff;
  const char* given = std::getenv("SPILLWAY_BENCHMARK_PLUGIN");
  auto loaded = runtime::LoadPlugin(given == nullptr ? SPILLWAY_BENCHMARK_PLUGIN : given, options);
  Demand(loaded.ok(), loaded.status().ToString().c_str());
  return std::move(loaded).value();
}

// Tables are filled once for each size and kept: benchmarks run in turns.
struct Tables {
  std::map<uint64_t, std::unique_ptr<LoadedBackend>> backends;
  std::map<std::pair<uint64_t, bool>, std::unique_ptr<BareTable>> bare;
  std::map<uint64_t, std::vector<Access>> accesses;

  LoadedBackend& Backend(uint64_t keys) {
    auto& backend = backends[keys];
    if (!backend) backend = std::make_unique<LoadedBackend>(LoadedPlugin(), keys);
    return *backend;
  }
  BareTable& Bare(uint64_t keys, bool huge_pages) {
    auto& table = bare[{keys, huge_pages}];
    if (!table) {
      table = std::make_unique<BareTable>(keys, kValueBytes, huge_pages);
      for (uint64_t i = 0; i < keys; ++i) {
        const Access access = AccessOf(i);
        spw_mut_view view{};
        table->get_for_update_at(table.get(), BytesOf(access.key), 0, plugin::VoidNamespace(), kValueBytes, &view,
                                 nullptr);
      }
    }
    return *table;
  }
  const std::vector<Access>& Accesses(uint64_t keys) {
    auto& made = accesses[keys];
    if (made.empty()) made = MakeAccesses(keys);
    return made;
  }
};

void Modify(const spw_mut_view& view) {
  uint64_t count;
  __builtin_memcpy(&count, view.data, sizeof(count));
  ++count;
  __builtin_memcpy(view.data, &count, sizeof(count));
}

void BareSingle(benchmark::State& run, Tables* tables, bool huge_pages) {
  const auto keys = static_cast<uint64_t>(run.range(0));
  BareTable& table = tables->Bare(keys, huge_pages);
  const std::vector<Access>& accesses = tables->Accesses(keys);
  uint64_t next = 0;
  for (auto _ : run) {
    const Access& access = accesses[next++ % kAccesses];
    spw_mut_view view{};
    table.get_for_update_at(&table, BytesOf(access.key), access.key_group, plugin::VoidNamespace(), SPW_DO_NOT_CREATE,
                            &view, nullptr);
    Modify(view);
  }
}

void HybridSingle(benchmark::State& run, Tables* tables) {
  const auto keys = static_cast<uint64_t>(run.range(0));
  LoadedBackend& loaded = tables->Backend(keys);
  const std::vector<Access>& accesses = tables->Accesses(keys);
  uint64_t next = 0;
  for (auto _ : run) {
    const Access& access = accesses[next++ % kAccesses];
    spw_mut_view view{};
    loaded.state.ValueGetForUpdateAt(BytesOf(access.key), access.key_group, plugin::VoidNamespace(), SPW_DO_NOT_CREATE,
                                     &view, loaded.error);
    Modify(view);
    loaded.backend.EndRecord();
  }
}

// Sixty-four announced together, then single calls.
void HybridAnnounced(benchmark::State& run, Tables* tables) {
  constexpr uint32_t kBatch = 64;
  const auto keys = static_cast<uint64_t>(run.range(0));
  LoadedBackend& loaded = tables->Backend(keys);
  const std::vector<Access>& accesses = tables->Accesses(keys);
  std::vector<spw_access> batch(kBatch);
  uint64_t next = 0;
  while (run.KeepRunningBatch(kBatch)) {
    for (uint32_t i = 0; i < kBatch; ++i) {
      const Access& access = accesses[(next + i) % kAccesses];
      batch[i] = {loaded.state.get(),  BytesOf(access.key), plugin::VoidNamespace(),
                  plugin::NullBytes(), access.key_group,    0};
    }
    loaded.backend.Prefetch(batch.data(), kBatch, loaded.error);
    for (uint32_t i = 0; i < kBatch; ++i) {
      const Access& access = accesses[next++ % kAccesses];
      spw_mut_view view{};
      loaded.state.ValueGetForUpdateAt(BytesOf(access.key), access.key_group, plugin::VoidNamespace(),
                                       SPW_DO_NOT_CREATE, &view, loaded.error);
      Modify(view);
      loaded.backend.EndRecord();
    }
  }
}

// The pause of the owner, and what letting go of the views costs it.
void SnapshotPause(benchmark::State& run, Tables* tables) {
  LoadedBackend& loaded = tables->Backend(static_cast<uint64_t>(run.range(0)));
  auto options = plugin::Sized<spw_snapshot_options>();
  options.kind = SPW_SNAPSHOT_FULL;
  options.name_prefix = "benchmark";
  uint32_t count = 0;
  for (auto _ : run) {
    plugin::Snapshot snapshot;
    Demand(loaded.backend.SnapshotBegin(options, &snapshot, loaded.error) == SPW_OK, loaded.error.message());
    run.PauseTiming();
    snapshot.Reset();
    loaded.backend.Poll(nullptr, 0, &count, loaded.error);
    run.ResumeTiming();
  }
}

void RegisterAll(Tables* tables) {
  for (const int64_t keys : {1'000'000, 10'000'000}) {
    benchmark::RegisterBenchmark("rmw/bare_small_pages", BareSingle, tables, false)->Arg(keys);
    benchmark::RegisterBenchmark("rmw/bare_huge_pages", BareSingle, tables, true)->Arg(keys);
    benchmark::RegisterBenchmark("rmw/hybrid_single", HybridSingle, tables)->Arg(keys);
    benchmark::RegisterBenchmark("rmw/hybrid_announced_64", HybridAnnounced, tables)->Arg(keys);
  }
  for (const int64_t keys : {10'000, 100'000, 1'000'000, 10'000'000}) {
    benchmark::RegisterBenchmark("snapshot_begin", SnapshotPause, tables)->Arg(keys)->Iterations(2000);
  }
}

}  // namespace
}  // namespace spillway::benchmarks

int main(int argc, char** argv) {
  spillway::benchmarks::Tables tables;
  spillway::benchmarks::RegisterAll(&tables);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
