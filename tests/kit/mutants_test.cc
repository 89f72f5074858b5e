// The kit can fail: it runs on the model with one slot misbehaving, and must notice each time.
//
// Bare, since the debug proxy would notice some of it first.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/plugin/loader.h"
#include "spillway/plugin/error.h"
#include "tests/conformance/conformance.h"

namespace spillway::conformance {
namespace {

// Slots are plain functions, so what a mutant needs to remember has to stand somewhere that functions reach.
struct Memory {
  const spw_backend_api* real = nullptr;
  uint64_t calls = 0;
  uint64_t leaked = 0;
  std::vector<uint8_t> scratch;
  std::map<spw_snapshot*, spw_backend*> backends;
  std::map<spw_backend*, int> restores;
};
Memory& Remembered() {
  static Memory memory;
  return memory;
}
const spw_backend_api& Real() {
  return *Remembered().real;
}

struct Mutant {
  const char* name;
  const char* theme;  // where it must be noticed
  void (*change)(spw_backend_api* table);
};

void PrintTo(const Mutant& mutant, std::ostream* out) {
  *out << mutant.name;
}

std::vector<Mutant> ValueMutants() {
  return {
      {"loses_an_update", "value",
       [](spw_backend_api* table) {
         table->value_put = [](spw_state* state, spw_bytes ns, spw_bytes value, spw_error* err) {
           return ++Remembered().calls % 97 == 0 ? spw_code{SPW_OK} : Real().value_put(state, ns, value, err);
         };
       }},
      {"loses_updates_in_place", "value",
       [](spw_backend_api* table) {
         table->value_get_for_update = [](spw_state* state, spw_bytes ns, uint64_t size, spw_mut_view* out,
                                          spw_error* err) {
           const spw_code code = Real().value_get_for_update(state, ns, size, out, err);
           if (code != SPW_OK) return code;
           Remembered().scratch.assign(out->data, out->data + out->size + 1);
           out->data = Remembered().scratch.data();
           return code;
         };
       }},
      {"shows_absent_as_empty", "value",
       [](spw_backend_api* table) {
         table->value_get = [](spw_state* state, spw_bytes ns, spw_view* out, spw_error* err) {
           const spw_code code = Real().value_get(state, ns, out, err);
           if (code != SPW_ABSENT) return code;
           *out = {reinterpret_cast<const uint8_t*>(""), 0, 0, 0};
           return spw_code{SPW_OK};
         };
       }},
      {"does_not_clear", "value",
       [](spw_backend_api* table) {
         table->state_clear = [](spw_state*, spw_bytes, spw_error*) { return spw_code{SPW_OK}; };
       }},
      {"mixes_up_namespaces", "value",
       [](spw_backend_api* table) {
         table->value_put = [](spw_state* state, spw_bytes ns, spw_bytes value, spw_error* err) {
           return Real().value_put(state, ns.data == nullptr ? ns : plugin::VoidNamespace(), value, err);
         };
       }},
      {"answers_queries_at_once", "value",
       [](spw_backend_api* table) {
         table->query_submit = [](spw_backend*, const spw_query* query, spw_error*) {
           query->answer(query->context, SPW_ABSENT, nullptr);
           return spw_code{SPW_OK};
         };
       }},
      {"moves_views", "views",
       [](spw_backend_api* table) {
         table->value_get = [](spw_state* state, spw_bytes ns, spw_view* out, spw_error* err) {
           const spw_code code = Real().value_get(state, ns, out, err);
           if (code != SPW_OK) return code;
           std::vector<uint8_t>& scratch = Remembered().scratch;
           scratch.resize(std::max<size_t>(scratch.size(), out->size + 1));
           std::memcpy(scratch.data(), out->data, out->size);
           out->data = scratch.data();
           return code;
         };
       }},
      {"shows_views_unaligned", "views",
       [](spw_backend_api* table) {
         table->value_get = [](spw_state* state, spw_bytes ns, spw_view* out, spw_error* err) {
           const spw_code code = Real().value_get(state, ns, out, err);
           if (code != SPW_OK) return code;
           std::vector<uint8_t>& scratch = Remembered().scratch;
           scratch.resize(std::max<size_t>(scratch.size(), out->size + 2));
           std::memcpy(scratch.data() + 1, out->data, out->size);
           out->data = scratch.data() + 1;
           return code;
         };
       }},
  };
}

std::vector<Mutant> CollectionMutants() {
  return {
      {"appends_backwards", "list",
       [](spw_backend_api* table) {
         table->list_append = [](spw_state* state, spw_bytes ns, const spw_bytes* elements, uint64_t count,
                                 spw_error* err) {
           const std::vector<spw_bytes> backwards(std::reverse_iterator(elements + count),
                                                  std::reverse_iterator(elements));
           return Real().list_append(state, ns, backwards.data(), count, err);
         };
       }},
      {"drops_null_elements", "list",
       [](spw_backend_api* table) {
         table->list_append = [](spw_state* state, spw_bytes ns, const spw_bytes* elements, uint64_t count,
                                 spw_error* err) {
           std::vector<spw_bytes> kept;
           std::copy_if(elements, elements + count, std::back_inserter(kept),
                        [](const spw_bytes& element) { return element.data != nullptr; });
           return Real().list_append(state, ns, kept.data(), kept.size(), err);
         };
       }},
      {"merges_one_source_only", "list",
       [](spw_backend_api* table) {
         table->merge_namespaces = [](spw_state* state, spw_bytes target, const spw_bytes* sources, uint64_t count,
                                      spw_error* err) {
           return Real().merge_namespaces(state, target, sources, std::min<uint64_t>(count, 1), err);
         };
       }},
      {"forgets_null_values", "map",
       [](spw_backend_api* table) {
         table->map_put = [](spw_state* state, spw_bytes ns, spw_bytes map_key, spw_bytes value, spw_error* err) {
           return Real().map_put(state, ns, map_key, value.data == nullptr ? plugin::EmptyBytes() : value, err);
         };
       }},
      {"is_never_empty", "map",
       [](spw_backend_api* table) {
         table->map_is_empty = [](spw_state* state, spw_bytes ns, uint8_t* out, spw_error* err) {
           const spw_code code = Real().map_is_empty(state, ns, out, err);
           *out = 0;
           return code;
         };
       }},
      {"removes_twice", "map",
       [](spw_backend_api* table) {
         table->iterator_remove = [](spw_iterator* iterator, uint32_t index, spw_error* err) {
           const spw_code code = Real().iterator_remove(iterator, index, err);
           if (code == SPW_OK) return code;
           if (err->release != nullptr) err->release(err);
           return spw_code{SPW_OK};
         };
       }},
      {"skips_an_item", "map",
       [](spw_backend_api* table) {
         table->iterator_next = [](spw_iterator* iterator, spw_item* out, uint32_t capacity, uint32_t* count,
                                   spw_error* err) {
           const spw_code code = Real().iterator_next(iterator, out, capacity, count, err);
           if (*count > 1 && ++Remembered().calls % 5 == 0) --*count;
           return code;
         };
       }},
      {"gives_keys_of_all_namespaces", "keys",
       [](spw_backend_api* table) {
         table->keys = [](spw_state* state, spw_bytes, spw_iterator** out, spw_error* err) {
           return Real().keys_and_namespaces(state, out, err);
         };
       }},
      {"iterates_over_all_key_groups", "keys",
       [](spw_backend_api* table) {
         table->entries = [](spw_state* state, spw_key_group_range, spw_iterator** out, spw_error* err) {
           return Real().entries(state, {0, 127}, out, err);
         };
       }},
      {"polls_timers_backwards", "timers",
       [](spw_backend_api* table) {
         table->timer_poll_due = [](spw_state* state, int64_t up_to, spw_timer* out, uint32_t capacity, uint32_t* count,
                                    spw_error* err) {
           const spw_code code = Real().timer_poll_due(state, up_to, out, capacity, count, err);
           std::reverse(out, out + *count);
           return code;
         };
       }},
      {"fires_a_moment_early", "timers",
       [](spw_backend_api* table) {
         table->timer_poll_due = [](spw_state* state, int64_t up_to, spw_timer* out, uint32_t capacity, uint32_t* count,
                                    spw_error* err) {
           return Real().timer_poll_due(state, up_to < INT64_MAX ? up_to + 1 : up_to, out, capacity, count, err);
         };
       }},
      {"always_changes_the_head", "timers",
       [](spw_backend_api* table) {
         table->timer_add = [](spw_state* state, const spw_timer* timers, uint64_t count, uint8_t* changed,
                               spw_error* err) {
           const spw_code code = Real().timer_add(state, timers, count, changed, err);
           *changed = 1;
           return code;
         };
       }},
  };
}

std::vector<Mutant> LifeMutants() {
  return {
      {"counts_nothing", "bookkeeping",
       [](spw_backend_api* table) {
         table->state_entry_count = [](spw_state*, uint64_t* out, spw_error*) {
           *out = 0;
           return spw_code{SPW_OK};
         };
       }},
      {"takes_any_kind", "bookkeeping",
       [](spw_backend_api* table) {
         table->register_state = [](spw_backend* backend, const spw_state_options* options, spw_state** out,
                                    spw_error* err) {
           const spw_code code = Real().register_state(backend, options, out, err);
           if (code != SPW_STATE_MIGRATION) return code;
           err->release(err);
           return Real().find_state(backend, options->name, out, err);
         };
       }},
      {"takes_any_key_group", "bookkeeping",
       [](spw_backend_api* table) {
         table->set_current_key = [](spw_backend* backend, spw_bytes key, uint32_t key_group, spw_error* err) {
           const spw_code code = Real().set_current_key(backend, key, key_group, err);
           if (code != SPW_INVALID_ARGUMENT) return code;
           err->release(err);
           return spw_code{SPW_OK};
         };
       }},
      {"leaks_iterators", "keys",
       [](spw_backend_api* table) {
         table->iterator_release = [](spw_iterator* iterator) {
           if (++Remembered().calls % 4 == 0)
             ++Remembered().leaked;  // only said to be leaked, so that a leak checker is content with the test
           Real().iterator_release(iterator);
         };
       }},
      {"says_nothing_of_errors", "bookkeeping",
       [](spw_backend_api* table) {
         table->value_get = [](spw_state* state, spw_bytes ns, spw_view* out, spw_error* err) {
           const spw_code code = Real().value_get(state, ns, out, err);
           if (err->release != nullptr) err->release(err);
           return code;
         };
       }},
      {"closes_twice", "life_cycle",
       [](spw_backend_api* table) {
         table->close = [](spw_backend* backend, uint32_t flags, spw_error* err) {
           const spw_code code = Real().close(backend, flags, err);
           if (err->release != nullptr) err->release(err);
           return code == SPW_CLOSED ? spw_code{SPW_OK} : code;
         };
       }},
      {"ignores_its_share", "life_cycle",
       [](spw_backend_api* table) {
         table->open = [](const spw_open_options* options, const spw_host* host, spw_backend** out, spw_error* err) {
           spw_open_options unlimited = *options;
           unlimited.memory_share_bytes = 0;
           return Real().open(&unlimited, host, out, err);
         };
       }},
  };
}

std::vector<Mutant> SnapshotMutants() {
  return {
      // Writes the state as it is when it is written, not as it was at the trigger.
      {"snapshots_too_late", "snapshots",
       [](spw_backend_api* table) {
         table->snapshot_begin = [](spw_backend* backend, const spw_snapshot_options* options, spw_snapshot** out,
                                    spw_error* err) {
           const spw_code code = Real().snapshot_begin(backend, options, out, err);
           if (code == SPW_OK) Remembered().backends[*out] = backend;
           return code;
         };
         table->snapshot_run = [](spw_snapshot* snapshot, spw_snapshot_result* out, spw_error* err) {
           auto options = plugin::Sized<spw_snapshot_options>();
           options.kind = SPW_SNAPSHOT_FULL;
           const std::string prefix = "late-" + std::to_string(++Remembered().calls) + "/";
           options.name_prefix = prefix.c_str();
           spw_snapshot* late = nullptr;
           spw_code code = Real().snapshot_begin(Remembered().backends[snapshot], &options, &late, err);
           if (code != SPW_OK) return code;
           code = Real().snapshot_run(late, out, err);
           Real().snapshot_release(late);
           return code;
         };
       }},
      {"ignores_cancelling", "snapshots",
       [](spw_backend_api* table) { table->snapshot_cancel = [](spw_snapshot*) {}; }},
      {"tells_no_files", "snapshots",
       [](spw_backend_api* table) {
         table->snapshot_run = [](spw_snapshot* snapshot, spw_snapshot_result* out, spw_error* err) {
           const spw_code code = Real().snapshot_run(snapshot, out, err);
           out->file_count = 0;
           return code;
         };
       }},
      {"restores_the_first_source_only", "rescale",
       [](spw_backend_api* table) {
         table->restore = [](spw_backend* backend, const spw_restore_source* sources, uint32_t count, spw_error* err) {
           return Real().restore(backend, sources, std::min(count, 1u), err);
         };
       }},
      {"restores_twice", "snapshots",
       [](spw_backend_api* table) {
         table->restore = [](spw_backend* backend, const spw_restore_source* sources, uint32_t count, spw_error* err) {
           const spw_code code = Real().restore(backend, sources, count, err);
           if (code != SPW_INVALID_STATE) return code;
           err->release(err);
           return spw_code{SPW_OK};
         };
       }},
  };
}

std::vector<Mutant> AllMutants() {
  std::vector<Mutant> all;
  for (const auto& some : {ValueMutants(), CollectionMutants(), LifeMutants(), SnapshotMutants()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

class KitOnMutant : public testing::TestWithParam<Mutant> {};

TEST_P(KitOnMutant, Notices) {
  auto loaded = runtime::LoadPlugin(SPILLWAY_KIT_PLUGIN, {.debug_proxy = runtime::DebugProxyMode::kOff});
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  const std::shared_ptr<const runtime::Plugin> plugin = *loaded;
  Remembered() = {};
  Remembered().real = plugin->api();
  Remembered().scratch.reserve(1 << 16);  // the mutants overwrite what they showed, and do not free it
  spw_backend_api table = *plugin->api();
  GetParam().change(&table);
  const Subject subject{
      &table, plugin->capabilities(), GetParam().name, [&] { return plugin->live_handles() + Remembered().leaked; }, {},
      {}};
  std::string first;
  const KitSummary summary =
      RunKit(subject, {.theme = GetParam().theme, .key_types = {KeyType::kShortString}}, [&](const CaseResult& result) {
        if (result.outcome != Outcome::kFailed || !first.empty()) return;
        first = std::string(result.name) + " (" + result.variant + "): " + result.message;
      });
  EXPECT_GT(summary.failed, 0u) << "the kit did not notice";
  EXPECT_GT(summary.passed, 0u) << "the mutant is wrong in too many ways to show anything: " << first;
  RecordProperty("noticed_by", first);
}

INSTANTIATE_TEST_SUITE_P(, KitOnMutant, testing::ValuesIn(AllMutants()),
                         [](const testing::TestParamInfo<Mutant>& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace spillway::conformance
