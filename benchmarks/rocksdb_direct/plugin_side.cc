// The plugin as a stream runtime calls it: the current key is set, the state accessed, the record ended.
#include "benchmarks/rocksdb_direct/side.h"
#include "runtime/plugin/loader.h"
#include "spillway/key_groups.h"
#include "spillway/plugin/backend.h"
#include "spillway/plugin/handles.h"

namespace spillway::rocksdb_direct {
namespace {

using plugin::ToBytes;

std::string_view Text(const uint64_t& number) {
  return {reinterpret_cast<const char*>(&number), sizeof(number)};
}

class PluginSide final : public Side {
 public:
  PluginSide(const std::string& directory, uint64_t memory_share) {
    auto loaded = runtime::LoadPlugin(SPILLWAY_ROCKSDB_PLUGIN, {.debug_proxy = runtime::DebugProxyMode::kOff});
    if (!loaded.ok()) Die(loaded.status().ToString());
    plugin_ = *loaded;
    host_ = plugin::Sized<spw_host>();
    host_.abi_minor = SPW_ABI_MINOR;
    const char* directories[] = {directory.c_str()};
    auto options = plugin::Sized<spw_open_options>();
    options.max_parallelism = kKeyGroups;
    options.key_groups = {0, kKeyGroups - 1};
    options.key_group_function = kKeyGroupFunction.data();
    options.instance = "plugin";
    options.local_dirs = directories;
    options.local_dir_count = 1;
    options.memory_share_bytes = memory_share;
    Check(plugin::Backend::Open(plugin_->api(), options, &host_, &backend_, error_));
    Check(backend_.BindOwner(error_));
    values_ = Register("values", SPW_STATE_VALUE);
    lists_ = Register("lists", SPW_STATE_LIST);
    maps_ = Register("maps", SPW_STATE_MAP);
  }

  uint64_t Get(uint64_t key) override {
    SetKey(key);
    spw_view view{};
    Check(values_.ValueGet(kVoid, &view, error_));
    const uint64_t sum = view.data[0] + view.size;
    backend_.EndRecord();
    return sum;
  }
  void Put(uint64_t key, std::string_view value) override {
    SetKey(key);
    Check(values_.ValuePut(kVoid, ToBytes(value), error_));
    backend_.EndRecord();
  }
  void ReadModifyWrite(uint64_t key) override {
    SetKey(key);
    spw_mut_view view{};
    Check(values_.ValueGetForUpdate(kVoid, SPW_DO_NOT_CREATE, &view, error_));
    ++view.data[0];
    backend_.EndRecord();
  }
  void Append(uint64_t key, std::string_view element) override {
    SetKey(key);
    const spw_bytes bytes = ToBytes(element);
    Check(lists_.ListAppend(kVoid, &bytes, 1, error_));
    backend_.EndRecord();
  }
  uint64_t MapGet(uint64_t key, uint64_t map_key) override {
    SetKey(key);
    spw_view view{};
    Check(maps_.MapGet(kVoid, ToBytes(Text(map_key)), &view, error_));
    const uint64_t sum = view.data[0] + view.size;
    backend_.EndRecord();
    return sum;
  }
  void MapPut(uint64_t key, uint64_t map_key, std::string_view value) override {
    SetKey(key);
    Check(maps_.MapPut(kVoid, ToBytes(Text(map_key)), ToBytes(value), error_));
    backend_.EndRecord();
  }

 private:
  void Check(spw_code code) {
    if (code != SPW_OK) Die("plugin: code " + std::to_string(code) + " " + error_.message());
  }
  void SetKey(const uint64_t& key) {
    Check(backend_.SetCurrentKey(ToBytes(Text(key)), KeyGroupOf(Text(key), kKeyGroups), error_));
  }
  plugin::State Register(const char* name, spw_state_kind kind) {
    auto options = plugin::Sized<spw_state_options>();
    options.kind = kind;
    options.name = name;
    options.alignment = 8;
    plugin::State state;
    Check(backend_.RegisterState(options, &state, error_));
    return state;
  }

  const spw_bytes kVoid = plugin::VoidNamespace();
  std::shared_ptr<const runtime::Plugin> plugin_;
  spw_host host_;
  plugin::Error error_;
  plugin::Backend backend_;
  plugin::State values_, lists_, maps_;
};

}  // namespace

std::unique_ptr<Side> MakePluginSide(const std::string& directory, uint64_t memory_share) {
  return std::make_unique<PluginSide>(directory, memory_share);
}

}  // namespace spillway::rocksdb_direct
