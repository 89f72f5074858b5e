#include "backend/rocksdb/settings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace spillway::rocks {
namespace {

#define SPILLWAY_KEY(name) "state.backend.rocksdb." name

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

template <typename Number>
std::optional<Number> NumberOf(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "64mb", "64 mb", "67108864": the units of Flink's memory sizes.
std::optional<uint64_t> BytesOf(std::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  const std::optional<uint64_t> number = NumberOf<uint64_t>(text.substr(0, digits));
  if (!number) return std::nullopt;
  const std::string unit = Lower(Trimmed(text.substr(digits)));
  constexpr std::array<std::pair<std::string_view, int>, 18> kUnits = {{{"", 0},
                                                                        {"b", 0},
                                                                        {"bytes", 0},
                                                                        {"k", 10},
                                                                        {"kb", 10},
                                                                        {"kib", 10},
                                                                        {"kibibytes", 10},
                                                                        {"m", 20},
                                                                        {"mb", 20},
                                                                        {"mib", 20},
                                                                        {"mebibytes", 20},
                                                                        {"g", 30},
                                                                        {"gb", 30},
                                                                        {"gib", 30},
                                                                        {"gibibytes", 30},
                                                                        {"t", 40},
                                                                        {"tb", 40},
                                                                        {"tebibytes", 40}}};
  for (const auto& [name, shift] : kUnits) {
    if (unit != name) continue;
    if (*number > std::numeric_limits<uint64_t>::max() >> shift) return std::nullopt;
    return *number << shift;
  }
  return std::nullopt;
}

constexpr std::string_view kBytesForm = "a size such as 64mb, greater than zero";
constexpr std::string_view kBoolForm = "true or false";

// What a parser says: true when the value was taken over.
using Take = bool (*)(std::string_view value, Settings* settings);

template <auto kMember>
bool TakeBytes(std::string_view value, Settings* settings) {
  const std::optional<uint64_t> bytes = BytesOf(value);
  if (!bytes || *bytes == 0 || *bytes > uint64_t{1} << 50) return false;
  settings->*kMember = *bytes;
  return true;
}

template <auto kMember, int32_t kMin, int32_t kMax>
bool TakeInt(std::string_view value, Settings* settings) {
  const std::optional<int32_t> number = NumberOf<int32_t>(value);
  if (!number || *number < kMin || *number > kMax) return false;
  settings->*kMember = *number;
  return true;
}

bool TakeFilesOpen(std::string_view value, Settings* settings) {
  const std::optional<int32_t> number = NumberOf<int32_t>(value);
  if (!number || (*number != -1 && *number < 16)) return false;
  settings->files_open = *number;
  return true;
}

template <auto kMember>
bool TakeRatio(std::string_view value, Settings* settings) {
  const std::optional<double> number = NumberOf<double>(value);
  if (!number || !(*number >= 0 && *number <= 1)) return false;
  settings->*kMember = *number;
  return true;
}

template <auto kMember>
bool TakeBool(std::string_view value, Settings* settings) {
  const std::string word = Lower(value);
  if (word != "true" && word != "false") return false;
  settings->*kMember = word == "true";
  return true;
}

bool TakeCacheIndex(std::string_view value, Settings* settings) {
  const std::string word = Lower(value);
  if (word == "auto") {
    settings->cache_index_and_filter_blocks = CacheIndexAndFilterBlocks::kWithShare;
  } else if (word == "true") {
    settings->cache_index_and_filter_blocks = CacheIndexAndFilterBlocks::kAlways;
  } else if (word == "false") {
    settings->cache_index_and_filter_blocks = CacheIndexAndFilterBlocks::kNever;
  } else {
    return false;
  }
  return true;
}

bool TakeCompression(std::string_view value, Settings* settings) {
  constexpr std::array<std::pair<std::string_view, rocksdb::CompressionType>, 7> kTypes = {
      {{"NO_COMPRESSION", rocksdb::kNoCompression},
       {"SNAPPY_COMPRESSION", rocksdb::kSnappyCompression},
       {"ZLIB_COMPRESSION", rocksdb::kZlibCompression},
       {"BZLIB2_COMPRESSION", rocksdb::kBZip2Compression},
       {"LZ4_COMPRESSION", rocksdb::kLZ4Compression},
       {"LZ4HC_COMPRESSION", rocksdb::kLZ4HCCompression},
       {"ZSTD_COMPRESSION", rocksdb::kZSTD}}};
  std::vector<rocksdb::CompressionType> levels;
  while (true) {
    const size_t end = value.find_first_of(",;");
    const std::string_view word = Trimmed(value.substr(0, end));
    const auto* found =
        std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& type) { return type.first == word; });
    if (found == kTypes.end()) return false;
    levels.push_back(found->second);
    if (end == std::string_view::npos) break;
    value.remove_prefix(end + 1);
  }
  settings->compression = std::move(levels);
  return true;
}

bool TakeCompactionStyle(std::string_view value, Settings* settings) {
  if (value != "LEVEL" && value != "UNIVERSAL") return false;
  settings->compaction_style = value == "LEVEL" ? CompactionStyle::kLevel : CompactionStyle::kUniversal;
  return true;
}

bool TakeLogLevel(std::string_view value, Settings* settings) {
  constexpr std::array<std::pair<std::string_view, rocksdb::InfoLogLevel>, 6> kLevels = {
      {{"DEBUG_LEVEL", rocksdb::DEBUG_LEVEL},
       {"INFO_LEVEL", rocksdb::INFO_LEVEL},
       {"WARN_LEVEL", rocksdb::WARN_LEVEL},
       {"ERROR_LEVEL", rocksdb::ERROR_LEVEL},
       {"FATAL_LEVEL", rocksdb::FATAL_LEVEL},
       {"HEADER_LEVEL", rocksdb::HEADER_LEVEL}}};
  for (const auto& [word, level] : kLevels) {
    if (word != value) continue;
    settings->log_level = level;
    return true;
  }
  return false;
}

struct Setting {
  spw_config_key key;
  std::string_view form;
  Take take;
};

constexpr std::string_view kCompressionForm =
    "one of NO_, SNAPPY_, ZLIB_, BZLIB2_, LZ4_, LZ4HC_ and ZSTD_COMPRESSION, or one for each level with ';' between";

const std::array kSettings = {
    Setting{{SPILLWAY_KEY("block.cache-size"), "bytes", "8mb",
             "Block cache of each column family when the instance has no memory share; with one, the share decides"},
            kBytesForm,
            &TakeBytes<&Settings::block_cache_bytes>},
    Setting{{SPILLWAY_KEY("block.blocksize"), "bytes", "4kb", "Size of a data block before compression"},
            kBytesForm,
            &TakeBytes<&Settings::block_bytes>},
    Setting{
        {SPILLWAY_KEY("block.metadata-blocksize"), "bytes", "4kb", "Size of a block of partitioned index or filter"},
        kBytesForm,
        &TakeBytes<&Settings::metadata_block_bytes>},
    Setting{{SPILLWAY_KEY("memory.partitioned-index-filters"), "bool", "false",
             "Two-level index and filters, of which the parts in use are cached"},
            kBoolForm,
            &TakeBool<&Settings::partitioned_index_filters>},
    Setting{{SPILLWAY_KEY("cache-index-and-filter-blocks"), "auto|true|false", "auto",
             "Whether index and filter blocks live in the block cache; auto: when there is a memory share"},
            "auto, true or false",
            &TakeCacheIndex},
    Setting{{SPILLWAY_KEY("use-bloom-filter"), "bool", "false", "A bloom filter for each table file"},
            kBoolForm,
            &TakeBool<&Settings::bloom_filter>},
    Setting{{SPILLWAY_KEY("bloom-filter.bits-per-key"), "int", "10", "Bits that the bloom filter spends on a key"},
            "a whole number from 1 to 100",
            &TakeInt<&Settings::bloom_bits_per_key, 1, 100>},
    Setting{{SPILLWAY_KEY("writebuffer.size"), "bytes", "64mb", "Size at which a memtable is flushed"},
            kBytesForm,
            &TakeBytes<&Settings::write_buffer_bytes>},
    Setting{{SPILLWAY_KEY("writebuffer.count"), "int", "2", "Memtables of a column family before writes stall"},
            "a whole number from 2 to 1000",
            &TakeInt<&Settings::write_buffer_count, 2, 1000>},
    Setting{{SPILLWAY_KEY("writebuffer.number-to-merge"), "int", "1", "Memtables that are merged into one flush"},
            "a whole number from 1 to 1000",
            &TakeInt<&Settings::write_buffers_to_merge, 1, 1000>},
    Setting{{SPILLWAY_KEY("memory.write-buffer-ratio"), "ratio", "0.5", "Part of the memory share for memtables"},
            "a number from 0 to 1",
            &TakeRatio<&Settings::write_buffer_ratio>},
    Setting{{SPILLWAY_KEY("memory.high-prio-pool-ratio"), "ratio", "0.1",
             "Part of the memory share for index and filter blocks"},
            "a number from 0 to 1",
            &TakeRatio<&Settings::high_prio_pool_ratio>},
    Setting{{SPILLWAY_KEY("write-batch-size"), "bytes", "2mb", "Bytes that a restore writes at once"},
            kBytesForm,
            &TakeBytes<&Settings::write_batch_bytes>},
    Setting{{SPILLWAY_KEY("files.open"), "int", "-1", "Files that are kept open; -1: all"},
            "-1 or a whole number of at least 16",
            &TakeFilesOpen},
    Setting{{SPILLWAY_KEY("thread.num"), "int", "2", "Background flushes and compactions at one time"},
            "a whole number from 1 to 1000",
            &TakeInt<&Settings::threads, 1, 1000>},
    Setting{{SPILLWAY_KEY("compression.per.level"), "string", "SNAPPY_COMPRESSION",
             "Compression of all levels, or of each, the first first, with ';' between; the last serves the rest"},
            kCompressionForm,
            &TakeCompression},
    Setting{{SPILLWAY_KEY("compaction.style"), "LEVEL|UNIVERSAL", "LEVEL", "How table files are compacted"},
            "LEVEL or UNIVERSAL",
            &TakeCompactionStyle},
    Setting{{SPILLWAY_KEY("compaction.level.use-dynamic-size"), "bool", "false",
             "Sizes of levels follow the size of the last one"},
            kBoolForm,
            &TakeBool<&Settings::dynamic_level_bytes>},
    Setting{
        {SPILLWAY_KEY("compaction.level.target-file-size-base"), "bytes", "64mb", "Size of a table file of level 1"},
        kBytesForm,
        &TakeBytes<&Settings::target_file_bytes>},
    Setting{{SPILLWAY_KEY("compaction.level.max-size-level-base"), "bytes", "256mb", "Size of level 1"},
            kBytesForm,
            &TakeBytes<&Settings::level_base_bytes>},
    Setting{{SPILLWAY_KEY("use-direct-reads"), "bool", "false", "O_DIRECT for reads of users and of compactions"},
            kBoolForm,
            &TakeBool<&Settings::direct_reads>},
    Setting{{SPILLWAY_KEY("use-direct-io-for-flush-and-compaction"), "bool", "false",
             "O_DIRECT for what flushes and compactions write"},
            kBoolForm,
            &TakeBool<&Settings::direct_flush_and_compaction>},
    Setting{{SPILLWAY_KEY("log.level"), "string", "INFO_LEVEL", "What RocksDB writes to its own LOG"},
            "one of DEBUG_, INFO_, WARN_, ERROR_, FATAL_ and HEADER_LEVEL",
            &TakeLogLevel},
    Setting{{SPILLWAY_KEY("log.max-file-size"), "bytes", "25mb", "Size at which RocksDB begins another LOG"},
            kBytesForm,
            &TakeBytes<&Settings::log_file_bytes>},
    Setting{{SPILLWAY_KEY("log.file-num"), "int", "4", "LOG files that are kept"},
            "a whole number from 1 to 1000",
            &TakeInt<&Settings::log_files, 1, 1000>},
    Setting{{SPILLWAY_KEY("timer-service.cache-size"), "int", "128",
             "Earliest timers of a key-group that are kept in memory"},
            "a whole number from 1 to 1000000",
            &TakeInt<&Settings::timer_cache_size, 1, 1000000>},
    Setting{{SPILLWAY_KEY("metrics.tickers"), "bool", "false",
             "Count and export cache hits, compaction bytes, stalls and the like; costs a little on each access"},
            kBoolForm,
            &TakeBool<&Settings::tickers>},
};

#undef SPILLWAY_KEY

}  // namespace

std::span<const spw_config_key> ConfigKeys() {
  static const auto kKeys = [] {
    std::array<spw_config_key, kSettings.size()> made{};
    std::transform(kSettings.begin(), kSettings.end(), made.begin(),
                   [](const Setting& setting) { return setting.key; });
    return made;
  }();
  return kKeys;
}

Result<Settings> ParseSettings(std::span<const spw_config_entry> config) {
  Settings settings;
  for (const spw_config_entry& entry : config) {
    if (entry.key == nullptr || entry.value == nullptr) {
      return Status::InvalidArgument("a configuration entry has no key or no value");
    }
    const std::string_view key = entry.key;
    const auto* found = std::find_if(kSettings.begin(), kSettings.end(),
                                     [&](const Setting& setting) { return setting.key.name == key; });
    if (found == kSettings.end()) {
      return Status::InvalidArgument("configuration key '" + std::string(key) + "' is unknown to the rocksdb backend");
    }
    if (!found->take(Trimmed(entry.value), &settings)) {
      return Status::InvalidArgument("configuration key '" + std::string(key) + "' has the value '" + entry.value +
                                     "'; it must be " + std::string(found->form));
    }
  }
  return settings;
}

}  // namespace spillway::rocks
