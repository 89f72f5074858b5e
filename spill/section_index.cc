#include "spill/section_index.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace spillway::spill {
namespace {

template <typename T>
void AppendAll(const std::vector<T>& values, std::string* out) {
  out->append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

template <typename T>
bool ReadAll(ByteReader* reader, uint32_t count, std::vector<T>* values) {
  const BytesView bytes = reader->Raw(uint64_t{count} * sizeof(T));
  if (!reader->ok()) return false;
  values->resize(count);
  if (count > 0) std::memcpy(values->data(), bytes.data(), bytes.size());
  return true;
}

}  // namespace

void SectionIndexBuilder::AddBlock(uint64_t order, uint64_t sub, uint32_t unit, bool tied) {
  has_subs_ = has_subs_ || tied;
  orders_.push_back(order);
  subs_.push_back(sub);
  units_.push_back(unit);
}

void SectionIndexBuilder::Finish(uint32_t first_unit, std::string* out) {
  ByteWriter writer(out);
  writer.Fixed(blocks());
  writer.Fixed(static_cast<uint8_t>(has_subs_));
  for (uint32_t& unit : units_) unit -= first_unit;
  AppendAll(orders_, out);
  AppendAll(units_, out);
  if (has_subs_) AppendAll(subs_, out);
  filter_.Finish(out);
  orders_.clear();
  subs_.clear();
  units_.clear();
  has_subs_ = false;
}

uint64_t SectionIndexBuilder::memory_bytes() const {
  return orders_.capacity() * 8 + subs_.capacity() * 8 + units_.capacity() * 4 + filter_.memory_bytes();
}

Result<std::shared_ptr<const SectionIndex>> SectionIndex::Parse(const SectionEntry& section, const PagePlace& place,
                                                                uint32_t unit, BytesView bytes) {
  auto index = std::make_shared<SectionIndex>();
  ByteReader reader(bytes);
  const auto blocks = reader.Fixed<uint32_t>();
  const auto has_subs = reader.Fixed<uint8_t>();
  const bool read = reader.ok() && blocks == section.blocks && has_subs <= 1 &&
                    ReadAll(&reader, blocks, &index->orders_) && ReadAll(&reader, blocks, &index->units_) &&
                    (has_subs == 0 || ReadAll(&reader, blocks, &index->subs_)) &&
                    index->filter_.Parse(reader.Raw(reader.remaining()));
  if (!read) return CorruptPage(place, unit, "the index of the section is malformed");
  for (uint32_t i = 0; i < blocks; ++i) {
    const uint64_t at = uint64_t{section.first_unit} + index->units_[i];
    const bool ascends =
        i == 0 ? index->units_[0] == 0 : index->orders_[i] >= index->orders_[i - 1] && at > index->units_[i - 1];
    if (!ascends || at >= section.end_unit) {
      return CorruptPage(place, unit, "the index of the section is out of order at block " + std::to_string(i));
    }
    index->units_[i] = static_cast<uint32_t>(at);
  }
  index->end_unit_ = section.end_unit;
  index->subs_unordered_ = (section.flags & kSectionSubsUnordered) != 0;
  index->blocks_tie_ = (section.flags & kSectionBlocksTie) != 0;
  return std::shared_ptr<const SectionIndex>(std::move(index));
}

std::optional<uint32_t> SectionIndex::FirstBlockOf(uint64_t order, uint64_t target_sub) const {
  if (orders_.empty() || orders_[0] > order) return std::nullopt;
  if (subs_.empty()) {
    const auto after = std::upper_bound(orders_.begin(), orders_.end(), order);
    return static_cast<uint32_t>(after - orders_.begin()) - 1;
  }
  if (!subs_unordered_ && orders_[0] == order && sub(0) > target_sub) return std::nullopt;
  // The last block before which the record cannot be.
  uint32_t first = 0;
  uint32_t last = blocks();
  while (last - first > 1) {
    const uint32_t middle = first + (last - first) / 2;
    bool before = orders_[middle] < order;
    if (!subs_unordered_ && orders_[middle] == order) {
      before = sub(middle) < target_sub || (!blocks_tie_ && sub(middle) == target_sub);
    }
    (before ? first : last) = middle;
  }
  return first;
}

bool SectionIndex::MayGoOnIn(uint32_t block, uint64_t order, uint64_t target_sub) const {
  if (block >= blocks() || orders_[block] > order) return false;
  if (subs_unordered_ || orders_[block] < order) return true;
  return sub(block) <= target_sub;
}

uint64_t SectionIndex::memory_bytes() const {
  return sizeof(SectionIndex) + orders_.capacity() * 8 + units_.capacity() * 4 + subs_.capacity() * 8 +
         filter_.memory_bytes();
}

}  // namespace spillway::spill
