#include "runtime/plugin/loader.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <system_error>

#include "runtime/plugin/debug_proxy/debug_proxy.h"

namespace spillway::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFilePrefix = "libspillway_";
constexpr std::string_view kFileSuffix = ".so";

std::string TextOfEnvironment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

bool WantsDebugProxy(DebugProxyMode mode) {
  if (mode != DebugProxyMode::kFromEnvironment) return mode == DebugProxyMode::kOn;
  const std::string text = TextOfEnvironment("SPILLWAY_DEBUG_PROXY");
  return !text.empty() && text != "0";
}

bool IsPath(std::string_view name_or_path) {
  return name_or_path.find('/') != std::string_view::npos || name_or_path.ends_with(kFileSuffix);
}

// "hybrid, model": the plugins that the directories hold.
std::string AvailableNames(const std::vector<fs::path>& directories) {
  std::vector<std::string> names;
  for (const fs::path& directory : directories) {
    std::error_code error;
    for (const fs::directory_entry& file : fs::directory_iterator(directory, error)) {
      const std::string name = file.path().filename().string();
      if (!name.starts_with(kFilePrefix) || !name.ends_with(kFileSuffix)) continue;
      names.push_back(name.substr(kFilePrefix.size(), name.size() - kFilePrefix.size() - kFileSuffix.size()));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

Result<fs::path> FindByName(std::string_view name, const LoadOptions& options) {
  std::vector<fs::path> directories = options.directories;
  for (fs::path& directory : UsualPluginDirectories()) directories.push_back(std::move(directory));
  const std::string file = std::string(kFilePrefix) + std::string(name) + std::string(kFileSuffix);
  std::string looked_in;
  for (const fs::path& directory : directories) {
    std::error_code error;
    if (!name.empty() && fs::exists(directory / file, error)) return directory / file;
    looked_in += (looked_in.empty() ? "" : ", ") + directory.string();
  }
  return Status::NotFound("there is no plugin '" + std::string(name) + "': looked for " + file + " in " + looked_in +
                          "; there are: " + AvailableNames(directories) +
                          "; give the path of the library, or set SPILLWAY_PLUGIN_PATH");
}

Status CheckFile(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return Status::NotFound("there is no plugin file " + path.string());
  if (error) return Status::IoError("cannot look at plugin file " + path.string() + ": " + error.message());
  if (status.type() != fs::file_type::regular) {
    return Status::InvalidArgument("plugin " + path.string() + " is not a file; name the library itself");
  }
  return {};
}

// The reason only: dlerror repeats the path in front.
std::string LoadErrorReason(const fs::path& path) {
  const char* text = dlerror();
  std::string reason = text == nullptr ? "no reason given" : text;
  const std::string prefix = path.string() + ": ";
  return reason.starts_with(prefix) ? reason.substr(prefix.size()) : reason;
}

Result<const spw_plugin_descriptor*> DescriptorOf(void* library, const fs::path& path) {
  dlerror();
  if (const void* symbol = dlsym(library, SPW_PLUGIN_SYMBOL)) return static_cast<const spw_plugin_descriptor*>(symbol);
  if (dlsym(library, "spw_plugin_v1") != nullptr) {
    return Status::VersionMismatch("plugin " + path.string() + " speaks plugin ABI 1, this host speaks " +
                                   std::to_string(SPW_ABI_MAJOR) + "." + std::to_string(SPW_ABI_MINOR));
  }
  return Status::InvalidArgument("library " + path.string() + " is no Spillway plugin: it does not export '" +
                                 SPW_PLUGIN_SYMBOL + "'");
}

}  // namespace

std::vector<fs::path> UsualPluginDirectories() {
  std::vector<fs::path> directories;
  const std::string listed = TextOfEnvironment("SPILLWAY_PLUGIN_PATH");
  for (size_t begin = 0; begin < listed.size();) {
    const size_t end = std::min(listed.find(':', begin), listed.size());
    if (end > begin) directories.emplace_back(listed.substr(begin, end - begin));
    begin = end + 1;
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) directories.push_back(program.parent_path().parent_path() / "lib" / "spillway" / "plugins");
  return directories;
}

Result<std::shared_ptr<const Plugin>> LoadPlugin(std::string_view name_or_path, const LoadOptions& options) {
  fs::path path(name_or_path);
  if (!IsPath(name_or_path)) {
    SPILLWAY_ASSIGN_OR_RETURN(path, FindByName(name_or_path, options));
  }
  SPILLWAY_RETURN_IF_ERROR(CheckFile(path));
  // An absolute path: dlopen looks a bare file name up in the system's own directories.
  std::error_code error;
  path = fs::absolute(path, error);
  if (error) return Status::IoError("cannot resolve plugin path " + path.string() + ": " + error.message());

  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    return Status::InvalidArgument("plugin " + path.string() +
                                   " cannot be loaded as a library: " + LoadErrorReason(path));
  }
  SPILLWAY_ASSIGN_OR_RETURN(const spw_plugin_descriptor* descriptor, DescriptorOf(library, path));
  SPILLWAY_ASSIGN_OR_RETURN(std::shared_ptr<const Plugin> plugin, Plugin::FromDescriptor(descriptor, path));
  if (!IsPath(name_or_path) && plugin->name() != name_or_path) {
    return Status::InvalidArgument("plugin " + path.string() + " calls itself '" + std::string(plugin->name()) +
                                   "', its file name says '" + std::string(name_or_path) + "'; rename the file");
  }
  return WantsDebugProxy(options.debug_proxy) ? WrapWithDebugProxy(plugin) : plugin;
}

}  // namespace spillway::runtime
