// The bytes of a keyed-state file, for its writer and its reader only, as FORMAT.md describes them.
//
// Constants and pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot/keyed_state_file.h"
#include "spillway/bytes.h"

namespace spillway::snapshot::keyed_state_format {

inline constexpr std::string_view kMagic = "SPWKEYED";
static_assert(kMagic.size() == 8);

// Header: magic, u32 version, u32 body bytes, body, u64 checksum of all that.
inline constexpr uint64_t kHeaderPrefixBytes = 16;
inline constexpr uint64_t kHeaderBodyBytesMax = 1024;
inline constexpr uint64_t kKeyGroupFunctionBytesMax = 256;
inline constexpr uint64_t kChecksumBytes = 8;

// Trailer: u64 footer offset, u64 footer bytes, u64 footer checksum, u32 version, u32 zero, u64 checksum of these,
// magic.
inline constexpr uint64_t kTrailerBytes = 48;
inline constexpr uint64_t kTrailerCheckedBytes = 32;

// Block header: u32 stored bytes, u32 raw bytes, u32 records, u32 codec, u64 checksum.
inline constexpr uint64_t kBlockHeaderBytes = 24;
inline constexpr uint64_t kBlockHeaderCheckedBytes = 16;
inline constexpr uint32_t kCodecNone = 0;
inline constexpr uint32_t kCodecLz4 = 1;
inline constexpr uint64_t kLz4RatioMax = 255;  // no LZ4 block becomes more than this many times its size

// A record: flags, then what they and the state's kind say.
inline constexpr uint8_t kFlagNewKey = 1;     // key and namespace follow; else they are those of the record before
inline constexpr uint8_t kFlagNull = 2;       // the value is null and does not follow
inline constexpr uint8_t kFlagTimestamp = 4;  // an i64 follows
inline constexpr uint8_t kFlagSchema = 8;     // a varint schema id follows; else it is that of the record before
inline constexpr uint8_t kFlagsKnown = 15;

inline constexpr uint64_t kRecordOverheadMax = 64;  // flags, timestamp, schema id, four lengths
inline constexpr uint64_t kBlockRawBytesMax =
    kBlockBytes + kKeyBytesMax + kNamespaceBytesMax + kMapKeyBytesMax + kValueBytesMax + kRecordOverheadMax;
static_assert(kBlockRawBytesMax < 0x7E000000, "LZ4 takes no larger input");

// Smallest encodings, by which counts are checked before anything is allocated for them.
inline constexpr uint64_t kSectionEntryBytesMin = 6;

[[nodiscard]] uint64_t Checksum(BytesView bytes);
// Of a block: over its stored bytes, its header and its place, so that no block passes for another.
[[nodiscard]] uint64_t BlockChecksum(uint32_t state, uint32_t key_group, uint64_t block, BytesView checked_header,
                                     BytesView stored);

// What is wrong with it, as a clause; empty when nothing is.
[[nodiscard]] std::string FaultOf(const KeyedStateFileHeader& header);
[[nodiscard]] std::string FaultOf(const StateDescriptor& descriptor);
// `previous` is the section before this one, null for the first.
[[nodiscard]] std::string OrderFaultOf(uint32_t state, uint32_t key_group, const SectionInfo* previous,
                                       const KeyedStateFileHeader& header, size_t states);

[[nodiscard]] std::string EncodeHeader(const KeyedStateFileHeader& header);
[[nodiscard]] std::string EncodeFooter(const std::vector<StateDescriptor>& states,
                                       const std::vector<SectionInfo>& sections);
[[nodiscard]] std::string EncodeTrailer(uint64_t footer_offset, BytesView footer);

// These give what is wrong with the bytes; empty when they are right.
[[nodiscard]] std::string DecodeHeaderBody(BytesView body, KeyedStateFileHeader* header);
[[nodiscard]] std::string DecodeFooter(BytesView footer, const KeyedStateFileHeader& header, uint64_t sections_begin,
                                       uint64_t sections_end, std::vector<StateDescriptor>* states,
                                       std::vector<SectionInfo>* sections);

}  // namespace spillway::snapshot::keyed_state_format
