#include "runtime/config/yaml_settings.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

namespace spillway::runtime {
namespace {

constexpr uint64_t kFileBytesMax = 1 << 20;
constexpr size_t kSettingsMax = 1000;
constexpr size_t kDepthMax = 16;

class Flattener {
 public:
  explicit Flattener(std::string file) : file_(std::move(file)) {}

  Status Visit(const YAML::Node& node, const std::string& prefix, size_t depth) {
    if (depth > kDepthMax) return Refuse(node, fmt::format("nests keys deeper than {}", kDepthMax));
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return Refuse(entry.first, "has a key that is not plain text");
      const std::string key = prefix.empty() ? entry.first.Scalar() : prefix + "." + entry.first.Scalar();
      if (entry.second.IsMap()) {
        SPILLWAY_RETURN_IF_ERROR(Visit(entry.second, key, depth + 1));
      } else {
        SPILLWAY_RETURN_IF_ERROR(Add(key, entry.first, entry.second));
      }
    }
    return {};
  }

  std::vector<ConfigSetting> Take() && { return std::move(settings_); }

 private:
  Status Add(const std::string& key, const YAML::Node& at, const YAML::Node& value) {
    if (value.IsSequence()) return Refuse(at, fmt::format("gives '{}' a list; give it one value", key));
    if (!value.IsScalar()) return Refuse(at, fmt::format("gives '{}' no value", key));
    const int line = at.Mark().line + 1;
    if (const auto [first, inserted] = lines_.emplace(key, line); !inserted) {
      return Refuse(at, fmt::format("sets '{}' again, after line {}; keep one of them", key, first->second));
    }
    if (settings_.size() == kSettingsMax) return Refuse(at, fmt::format("has more than {} settings", kSettingsMax));
    settings_.push_back({key, value.Scalar(), fmt::format("{} line {}", file_, line)});
    return {};
  }

  [[nodiscard]] Status Refuse(const YAML::Node& at, std::string_view what) const {
    return Status::InvalidArgument(
        fmt::format("the configuration file {} {} (line {})", file_, what, at.Mark().line + 1));
  }

  std::string file_;
  std::map<std::string, int> lines_;
  std::vector<ConfigSetting> settings_;
};

Result<std::string> ReadWhole(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return Status::InvalidArgument(fmt::format("the configuration file {} is a directory", path.string()));
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return Status::NotFound(fmt::format("cannot read the configuration file {}: {}", path.string(), strerror(errno)));
  }
  std::string text(kFileBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kFileBytesMax) {
    return Status::InvalidArgument(
        fmt::format("the configuration file {} is larger than {} bytes", path.string(), kFileBytesMax));
  }
  return text;
}

}  // namespace

Result<std::vector<ConfigSetting>> ReadYamlSettings(const std::filesystem::path& path) {
  SPILLWAY_ASSIGN_OR_RETURN(const std::string text, ReadWhole(path));
  try {
    const YAML::Node root = YAML::Load(text);
    Flattener flattener(path.string());
    if (root.IsNull()) return std::vector<ConfigSetting>();
    if (!root.IsMap()) {
      return Status::InvalidArgument(
          fmt::format("the configuration file {} does not consist of 'key: value' lines", path.string()));
    }
    SPILLWAY_RETURN_IF_ERROR(flattener.Visit(root, "", 0));
    return std::move(flattener).Take();
  } catch (const YAML::Exception& error) {
    return Status::InvalidArgument(fmt::format("the configuration file {} is not valid YAML: {} (line {})",
                                               path.string(), error.msg, error.mark.line + 1));
  }
}

}  // namespace spillway::runtime
