#include "runtime/state/keyed_backend.h"

#include <algorithm>

#include "spillway/key_groups.h"
#include "spillway/plugin/error.h"
#include "spillway/plugin_status.h"

namespace spillway::runtime {

namespace {

constexpr uint32_t kMetricsExpected = 64;
constexpr uint32_t kMetricsMax = 4096;  // a plugin that claims more is wrong

}  // namespace

KeyedBackend::KeyedBackend(std::shared_ptr<const Plugin> plugin, const KeyedBackendOptions& options)
    : plugin_(std::move(plugin)),
      host_(options.instance, options.memory_share_bytes, options.storage, options.logger) {}

KeyedBackend::~KeyedBackend() {
  static_cast<void>(Close());
}

Result<std::unique_ptr<KeyedBackend>> KeyedBackend::Open(std::shared_ptr<const Plugin> plugin,
                                                         const KeyedBackendOptions& options) {
  std::unique_ptr<KeyedBackend> made(new KeyedBackend(std::move(plugin), options));
  SPILLWAY_RETURN_IF_ERROR(made->OpenInstance(options).WithContext("opening backend " + options.instance));
  SPILLWAY_RETURN_IF_ERROR(made->Restore(options.restore_from).WithContext("restoring backend " + options.instance));
  return made;
}

Status KeyedBackend::OpenInstance(const KeyedBackendOptions& options) {
  std::vector<std::string> directories;
  std::vector<const char*> directory_names;
  for (const std::filesystem::path& directory : options.local_directories) directories.push_back(directory.string());
  for (const std::string& directory : directories) directory_names.push_back(directory.c_str());
  std::vector<spw_config_entry> config;
  for (const auto& [key, value] : options.config) config.push_back({key.c_str(), value.c_str()});
  const std::string key_group_function(kKeyGroupFunction);

  auto open = plugin::Sized<spw_open_options>();
  open.max_parallelism = options.max_parallelism;
  open.key_groups = options.key_groups;
  open.key_group_function = key_group_function.c_str();
  open.instance = options.instance.c_str();
  open.local_dirs = directory_names.data();
  open.local_dir_count = static_cast<uint32_t>(directory_names.size());
  open.config_count = static_cast<uint32_t>(config.size());
  open.config = config.data();
  open.memory_share_bytes = options.memory_share_bytes;

  plugin::Error err;
  SPILLWAY_RETURN_IF_ERROR(StatusOf(plugin::Backend::Open(plugin_->api(), open, host_.table(), &backend_, err), err));
  {
    const std::lock_guard lock(usage_mutex_);
    open_ = true;
  }
  return StatusOf(backend_.BindOwner(err), err);
}

Status KeyedBackend::Restore(const std::vector<snapshot::KeyedStateSnapshot>& from) {
  if (from.empty()) return {};
  std::vector<std::vector<spw_file_ref>> files(from.size());
  std::vector<spw_restore_source> sources;
  for (size_t i = 0; i < from.size(); ++i) {
    for (const snapshot::StoredFile& file : from[i].files) files[i].push_back({file.name.c_str(), file.size});
    auto source = plugin::Sized<spw_restore_source>();
    source.key_groups = from[i].key_groups;
    source.metadata = plugin::ToBytes(from[i].metadata);
    source.files = files[i].data();
    source.file_count = static_cast<uint32_t>(files[i].size());
    sources.push_back(source);
  }
  plugin::Error err;
  return StatusOf(backend_.Restore(sources.data(), static_cast<uint32_t>(sources.size()), err), err);
}

spw_memory_usage KeyedBackend::Usage() const {
  const std::lock_guard lock(usage_mutex_);
  auto usage = plugin::Sized<spw_memory_usage>();
  if (!open_) return usage;
  plugin::Error err;
  if (backend_.MemoryUsage(&usage, err) != SPW_OK) return plugin::Sized<spw_memory_usage>();
  return usage;
}

std::vector<spw_metric> KeyedBackend::Metrics() const {
  const std::lock_guard lock(usage_mutex_);
  if (!open_) return {};
  plugin::Error err;
  // A plugin may come to export more from one call to the next, so what was room enough may not be.
  std::vector<spw_metric> metrics(kMetricsExpected);
  for (int attempt = 0; attempt < 2; ++attempt) {
    uint32_t count = 0;
    const auto capacity = static_cast<uint32_t>(metrics.size());
    if (backend_.Metrics(metrics.data(), capacity, &count, err) != SPW_OK) return {};
    metrics.resize(std::min(count, kMetricsMax));
    if (count <= capacity) break;
  }
  return metrics;
}

Status KeyedBackend::Close() {
  {
    const std::lock_guard lock(usage_mutex_);
    if (!std::exchange(open_, false)) return {};
  }
  plugin::Error err;
  const spw_code code = backend_.Close(0, err);
  backend_.Reset();
  return StatusOf(code, err).WithContext("closing a backend");
}

}  // namespace spillway::runtime
