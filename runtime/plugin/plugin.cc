#include "runtime/plugin/plugin.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "runtime/plugin/backend_table.h"

namespace spillway::runtime {
namespace {

std::string VersionText(uint32_t major, uint32_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80                   ? 1
                          : lead >= 0xc2 && lead < 0xe0 ? 2
                          : lead >= 0xe0 && lead < 0xf0 ? 3
                          : lead >= 0xf0 && lead < 0xf5 ? 4
                                                        : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

// Empty when `text` is a proper, non-empty string of at most `limit` bytes; else what is wrong with it.
std::string StringFault(const char* field, const char* text, bool may_be_empty = false) {
  constexpr size_t kLimit = 4096;
  if (text == nullptr) return std::string("its ") + field + " is NULL";
  const std::string_view view(text, strnlen(text, kLimit + 1));
  if (view.size() > kLimit) return std::string("its ") + field + " is longer than 4096 bytes";
  if (view.empty() && !may_be_empty) return std::string("its ") + field + " is empty";
  if (!IsUtf8(view)) return std::string("its ") + field + " is not UTF-8";
  return {};
}

bool IsPluginName(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
}

std::string TextsFault(const spw_plugin_descriptor& descriptor) {
  if (std::string fault = StringFault("name", descriptor.name); !fault.empty()) return fault;
  if (!IsPluginName(descriptor.name)) {
    return std::string("its name '") + descriptor.name + "' has characters other than a-z, 0-9, '-' and '_'";
  }
  if (std::string fault = StringFault("version", descriptor.version); !fault.empty()) return fault;
  if (std::string fault = StringFault("description", descriptor.description); !fault.empty()) return fault;
  if (descriptor.config_key_count > 0 && descriptor.config_keys == nullptr) {
    return "it announces " + std::to_string(descriptor.config_key_count) +
           " configuration keys, and config_keys is NULL";
  }
  for (uint32_t i = 0; i < descriptor.config_key_count; ++i) {
    const spw_config_key& key = descriptor.config_keys[i];
    const std::string which = " of configuration key " + std::to_string(i);
    if (std::string fault = StringFault("name", key.name); !fault.empty()) return fault + which;
    if (std::string fault = StringFault("type", key.type); !fault.empty()) return fault + which;
    if (std::string fault = StringFault("default value", key.default_value, true); !fault.empty()) return fault + which;
    if (std::string fault = StringFault("help", key.help); !fault.empty()) return fault + which;
  }
  return {};
}

// The version first: its three numbers are where they are in every version, and nothing else is known before.
Status CheckVersion(const spw_plugin_descriptor& descriptor, const std::string& who) {
  constexpr size_t kNumbers = offsetof(spw_plugin_descriptor, config_key_count);
  if (descriptor.struct_size < kNumbers) {
    return Status::VersionMismatch(who + ": its descriptor says struct_size " + std::to_string(descriptor.struct_size) +
                                   ", too small even for its version; build it with this release's abi.h");
  }
  if (descriptor.abi_major != SPW_ABI_MAJOR || descriptor.abi_minor != SPW_ABI_MINOR) {
    return Status::VersionMismatch(who + " speaks plugin ABI " +
                                   VersionText(descriptor.abi_major, descriptor.abi_minor) + ", this host speaks " +
                                   VersionText(SPW_ABI_MAJOR, SPW_ABI_MINOR) +
                                   "; before 1.0 they must be equal: build the plugin with this release's abi.h");
  }
  if (descriptor.struct_size < sizeof(spw_plugin_descriptor)) {
    return Status::VersionMismatch(who + ": its descriptor says struct_size " + std::to_string(descriptor.struct_size) +
                                   ", ABI " + VersionText(SPW_ABI_MAJOR, SPW_ABI_MINOR) + " has " +
                                   std::to_string(sizeof(spw_plugin_descriptor)) +
                                   "; it was built with a header that is not the released one");
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const Plugin>> Plugin::FromDescriptor(const spw_plugin_descriptor* descriptor,
                                                             std::filesystem::path path) {
  const std::string who = "plugin " + path.string();
  SPILLWAY_RETURN_IF_ERROR(CheckVersion(*descriptor, who));
  const auto refuse = [&](const std::string& why) { return Status::InvalidArgument(who + " is not usable: " + why); };
  if (std::string fault = TextsFault(*descriptor); !fault.empty()) return refuse(fault);
  if (descriptor->live_handles == nullptr) return refuse("its live_handles is NULL");
  if (descriptor->api == nullptr) return refuse("its api is NULL");
  if (descriptor->api->struct_size < offsetof(spw_backend_api, open)) {
    return refuse("its api says struct_size " + std::to_string(descriptor->api->struct_size) +
                  ", too small for any slot");
  }
  std::shared_ptr<Plugin> plugin(new Plugin(descriptor, std::move(path)));
  plugin->own_table_ = CompleteBackendTable(descriptor->api);
  std::string missing = MissingSlots(*descriptor->api, descriptor->capabilities);
  if (!missing.empty()) return refuse(missing);
  return std::shared_ptr<const Plugin>(std::move(plugin));
}

std::shared_ptr<const Plugin> Plugin::InFrontOf(const Plugin& plugin, const spw_backend_api* api,
                                                std::shared_ptr<const void> keeper) {
  std::shared_ptr<Plugin> front(new Plugin(plugin.descriptor_, plugin.path_));
  front->api_ = api;
  front->keeper_ = std::move(keeper);
  return front;
}

}  // namespace spillway::runtime
