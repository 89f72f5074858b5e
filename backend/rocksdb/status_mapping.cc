#include "backend/rocksdb/status_mapping.h"

#include <string>

namespace spillway::rocks {
namespace {

StatusCode CodeOf(const rocksdb::Status& status) {
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::SubCode::kSpaceLimit) return StatusCode::kNoSpace;
  switch (status.code()) {
    case rocksdb::Status::kIOError:
    case rocksdb::Status::kBusy:
    case rocksdb::Status::kTryAgain:
      return StatusCode::kIoError;
    case rocksdb::Status::kCorruption:
      return StatusCode::kCorruption;
    case rocksdb::Status::kTimedOut:
      return StatusCode::kTimedOut;
    case rocksdb::Status::kNotFound:
      return StatusCode::kNotFound;
    case rocksdb::Status::kNotSupported:
      return StatusCode::kUnsupported;
    default:
      return status.IsMemoryLimit() ? StatusCode::kOutOfMemory : StatusCode::kInternal;
  }
}

const char* AdviceFor(StatusCode code) {
  switch (code) {
    case StatusCode::kNoSpace:
      return "; free space in the instance's local directory";
    case StatusCode::kIoError:
      return "; look at the disk and the permissions of the local directory";
    case StatusCode::kCorruption:
      return "; restore from the last checkpoint";
    default:
      return "";
  }
}

}  // namespace

Status FromRocksDb(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return {};
  const StatusCode code = CodeOf(status);
  return {code, std::string(doing) + ": " + status.ToString() + AdviceFor(code)};
}

}  // namespace spillway::rocks
