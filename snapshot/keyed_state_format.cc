#include "snapshot/keyed_state_format.h"

#include <xxhash.h>

#include <unordered_set>

#include "spillway/key_groups.h"

namespace spillway::snapshot::keyed_state_format {
namespace {

// The order in which a footer stores a state's four tables.
constexpr SchemaTable StateDescriptor::*kSchemaTables[] = {
    &StateDescriptor::key_schemas, &StateDescriptor::namespace_schemas, &StateDescriptor::value_schemas,
    &StateDescriptor::map_key_schemas};

std::string FaultOfSchemas(const SchemaTable& table) {
  if (table.by_id.size() > kSchemasMax) return "has more than " + std::to_string(kSchemasMax) + " schemas of one role";
  if (table.current != 0 && table.current >= table.by_id.size()) return "has a current schema that is not in its table";
  for (const std::string& schema : table.by_id) {
    if (schema.size() > kSchemaBytesMax)
      return "has a schema of more than " + std::to_string(kSchemaBytesMax) + " bytes";
  }
  return {};
}

void EncodeDescriptor(const StateDescriptor& descriptor, ByteWriter* out) {
  out->Framed(descriptor.name);
  out->Fixed<int32_t>(descriptor.kind);
  out->Fixed<uint32_t>(descriptor.alignment);
  out->Fixed<int32_t>(descriptor.ttl_update);
  out->Fixed<int32_t>(descriptor.ttl_visibility);
  out->Fixed<int64_t>(descriptor.ttl_ms);
  for (auto table : kSchemaTables) {
    out->Varint((descriptor.*table).by_id.size());
    for (const std::string& schema : (descriptor.*table).by_id) out->Framed(schema);
    out->Varint((descriptor.*table).current);
  }
}

std::string DecodeSchemas(ByteReader* in, SchemaTable* table) {
  const uint64_t count = in->Varint();
  if (count > kSchemasMax) return "has more than " + std::to_string(kSchemasMax) + " schemas of one role";
  for (uint64_t i = 0; i < count; ++i) {
    const BytesView schema = in->Framed();
    if (!in->ok()) return "is cut short in a schema";
    if (schema.size() > kSchemaBytesMax)
      return "has a schema of more than " + std::to_string(kSchemaBytesMax) + " bytes";
    table->by_id.emplace_back(schema);
  }
  const uint64_t current = in->Varint();
  if (current > kSchemasMax) return "has a current schema that is not in its table";
  table->current = static_cast<uint32_t>(current);
  return {};
}

std::string DecodeDescriptor(ByteReader* in, StateDescriptor* descriptor) {
  const BytesView name = in->Framed();
  if (name.size() > kStateNameBytesMax)
    return "has a name of more than " + std::to_string(kStateNameBytesMax) + " bytes";
  descriptor->name = name;
  descriptor->kind = in->Fixed<int32_t>();
  descriptor->alignment = in->Fixed<uint32_t>();
  descriptor->ttl_update = in->Fixed<int32_t>();
  descriptor->ttl_visibility = in->Fixed<int32_t>();
  descriptor->ttl_ms = in->Fixed<int64_t>();
  for (auto table : kSchemaTables) {
    if (std::string fault = DecodeSchemas(in, &(descriptor->*table)); !fault.empty()) return fault;
  }
  return in->ok() ? FaultOf(*descriptor) : "is cut short";
}

// Sections lie one behind the other, from the header to the footer, without gaps.
std::string DecodeSections(ByteReader* in, const KeyedStateFileHeader& header, size_t states, uint64_t begin,
                           uint64_t end, std::vector<SectionInfo>* sections) {
  const uint64_t count = in->Varint();
  if (count > in->remaining() / kSectionEntryBytesMin) return "announces more sections than it has room for";
  sections->reserve(count);
  uint64_t offset = begin;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t state = in->Varint(), key_group = in->Varint();
    SectionInfo section{.offset = in->Varint(), .bytes = in->Varint(), .blocks = in->Varint(), .records = in->Varint()};
    const std::string which = "section " + std::to_string(i) + " ";
    if (!in->ok()) return which + "is cut short";
    if (state >= states || key_group > header.key_groups.last)
      return which + "is of no state or key group of this file";
    section.state = static_cast<uint32_t>(state);
    section.key_group = static_cast<uint32_t>(key_group);
    const SectionInfo* previous = sections->empty() ? nullptr : &sections->back();
    if (std::string fault = OrderFaultOf(section.state, section.key_group, previous, header, states); !fault.empty()) {
      return which + fault;
    }
    if (section.offset != offset || section.bytes > end - offset) return which + "is not where it should be";
    if (section.records == 0 || section.blocks == 0 || section.blocks > section.bytes / kBlockHeaderBytes) {
      return which + "has impossible counts";
    }
    offset += section.bytes;
    sections->push_back(section);
  }
  return offset == end ? "" : "its sections end before it begins";
}

}  // namespace

uint64_t Checksum(BytesView bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

uint64_t BlockChecksum(uint32_t state, uint32_t key_group, uint64_t block, BytesView checked_header, BytesView stored) {
  std::string place;
  ByteWriter out(&place);
  out.Fixed(state);
  out.Fixed(key_group);
  out.Fixed(block);
  out.Raw(checked_header);
  return XXH3_64bits_withSeed(stored.data(), stored.size(), Checksum(place));
}

std::string FaultOf(const KeyedStateFileHeader& header) {
  if (header.max_parallelism == 0 || header.max_parallelism > kMaxParallelismLimit) {
    return "the maximum parallelism " + std::to_string(header.max_parallelism) + " is not in 1 … " +
           std::to_string(kMaxParallelismLimit);
  }
  if (header.key_groups.first > header.key_groups.last || header.key_groups.last >= header.max_parallelism) {
    return "the key groups " + std::to_string(header.key_groups.first) + " … " +
           std::to_string(header.key_groups.last) + " are no range below the maximum parallelism " +
           std::to_string(header.max_parallelism);
  }
  if (header.key_group_function.empty() || header.key_group_function.size() > kKeyGroupFunctionBytesMax) {
    return "the name of the key-group function is empty or longer than " + std::to_string(kKeyGroupFunctionBytesMax) +
           " bytes";
  }
  return {};
}

std::string FaultOf(const StateDescriptor& descriptor) {
  if (descriptor.name.empty() || descriptor.name.size() > kStateNameBytesMax) {
    return "has a name that is empty or longer than " + std::to_string(kStateNameBytesMax) + " bytes";
  }
  if (descriptor.kind < SPW_STATE_VALUE || descriptor.kind > SPW_STATE_TIMER) {
    return "has the unknown kind " + std::to_string(descriptor.kind);
  }
  const uint32_t alignment = descriptor.alignment;
  if (alignment == 0 || alignment > 16 || (alignment & (alignment - 1)) != 0) {
    return "has the alignment " + std::to_string(alignment) + ", which is not 1, 2, 4, 8 or 16";
  }
  if (descriptor.ttl_update < SPW_TTL_DISABLED || descriptor.ttl_update > SPW_TTL_ON_READ_AND_WRITE ||
      descriptor.ttl_visibility < SPW_TTL_NEVER_RETURN_EXPIRED ||
      descriptor.ttl_visibility > SPW_TTL_RETURN_EXPIRED_UNTIL_CLEANED ||
      (descriptor.ttl_update != SPW_TTL_DISABLED && descriptor.ttl_ms <= 0)) {
    return "has an unknown time-to-live";
  }
  for (auto table : kSchemaTables) {
    if (std::string fault = FaultOfSchemas(descriptor.*table); !fault.empty()) return fault;
  }
  return {};
}

std::string OrderFaultOf(uint32_t state, uint32_t key_group, const SectionInfo* previous,
                         const KeyedStateFileHeader& header, size_t states) {
  if (state >= states) return "is of state " + std::to_string(state) + " of " + std::to_string(states);
  if (key_group < header.key_groups.first || key_group > header.key_groups.last) {
    return "is of key group " + std::to_string(key_group) + ", outside " + std::to_string(header.key_groups.first) +
           " … " + std::to_string(header.key_groups.last);
  }
  if (previous != nullptr &&
      (state < previous->state || (state == previous->state && key_group <= previous->key_group))) {
    return "comes out of order: (state " + std::to_string(state) + ", key group " + std::to_string(key_group) +
           ") after (" + std::to_string(previous->state) + ", " + std::to_string(previous->key_group) + ")";
  }
  return {};
}

std::string EncodeHeader(const KeyedStateFileHeader& header) {
  std::string body;
  ByteWriter body_out(&body);
  body_out.Fixed(header.max_parallelism);
  body_out.Fixed(header.key_groups.first);
  body_out.Fixed(header.key_groups.last);
  body_out.Framed(header.key_group_function);

  std::string bytes;
  ByteWriter out(&bytes);
  out.Raw(kMagic);
  out.Fixed(kKeyedStateFormatVersion);
  out.Fixed(static_cast<uint32_t>(body.size()));
  out.Raw(body);
  out.Fixed(Checksum(bytes));
  return bytes;
}

std::string EncodeFooter(const std::vector<StateDescriptor>& states, const std::vector<SectionInfo>& sections) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Varint(states.size());
  for (const StateDescriptor& state : states) EncodeDescriptor(state, &out);
  out.Varint(sections.size());
  for (const SectionInfo& section : sections) {
    for (uint64_t number : {uint64_t{section.state}, uint64_t{section.key_group}, section.offset, section.bytes,
                            section.blocks, section.records}) {
      out.Varint(number);
    }
  }
  return bytes;
}

std::string EncodeTrailer(uint64_t footer_offset, BytesView footer) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Fixed(footer_offset);
  out.Fixed<uint64_t>(footer.size());
  out.Fixed(Checksum(footer));
  out.Fixed(kKeyedStateFormatVersion);
  out.Fixed(uint32_t{0});
  out.Fixed(Checksum(bytes));
  out.Raw(kMagic);
  return bytes;
}

std::string DecodeHeaderBody(BytesView body, KeyedStateFileHeader* header) {
  ByteReader in(body);
  header->max_parallelism = in.Fixed<uint32_t>();
  header->key_groups.first = in.Fixed<uint32_t>();
  header->key_groups.last = in.Fixed<uint32_t>();
  header->key_group_function = in.Framed();
  if (!in.ok() || !in.AtEnd()) return "the header has another length than its fields";
  return FaultOf(*header);
}

std::string DecodeFooter(BytesView footer, const KeyedStateFileHeader& header, uint64_t sections_begin,
                         uint64_t sections_end, std::vector<StateDescriptor>* states,
                         std::vector<SectionInfo>* sections) {
  ByteReader in(footer);
  const uint64_t count = in.Varint();
  if (!in.ok() || count > kStatesMax) return "announces more than " + std::to_string(kStatesMax) + " states";
  std::unordered_set<std::string> names;
  for (uint64_t i = 0; i < count; ++i) {
    StateDescriptor descriptor;
    std::string fault = DecodeDescriptor(&in, &descriptor);
    if (fault.empty() && !names.insert(descriptor.name).second) fault = "has the name of another";
    if (!fault.empty()) return "state " + std::to_string(i) + " " + fault;
    states->push_back(std::move(descriptor));
  }
  std::string fault = DecodeSections(&in, header, states->size(), sections_begin, sections_end, sections);
  if (!fault.empty()) return fault;
  return in.ok() && in.AtEnd() ? "" : "has another length than its fields";
}

}  // namespace spillway::snapshot::keyed_state_format
