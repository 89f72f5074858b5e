#include "spill/file_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace spillway::spill {

Result<std::unique_ptr<FileWriter>> FileWriter::Create(IoEngine* engine, const Directory* directory,
                                                       const std::string& name) {
  std::unique_ptr<FileWriter> writer(new FileWriter(engine, directory, name));
  for (Half& half : writer->halves_) {
    SPILLWAY_ASSIGN_OR_RETURN(half.buffer, AlignedBuffer::Allocate(kIoPieceBytesMax));
    half.write.set_polled(false);
  }
  const std::string temporary_name = name + ".tmp";
  SPILLWAY_ASSIGN_OR_RETURN(writer->file_, directory->CreateFile(temporary_name));
  writer->temporary_name_ = temporary_name;
  return writer;
}

Status FileWriter::Append(BytesView bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    Half& half = halves_[current_];
    const uint64_t part = std::min<uint64_t>(bytes.size(), half.buffer.size() - filled_);
    std::memcpy(half.buffer.data() + filled_, bytes.data(), part);
    filled_ += part;
    bytes.remove_prefix(part);
    if (filled_ == half.buffer.size()) SPILLWAY_RETURN_IF_ERROR(Turn());
  }
  return {};
}

Status FileWriter::Turn() {
  Half& half = halves_[current_];
  half.write.Write(file_, written_, half.buffer.data(), filled_);
  engine_->Submit(&half.write);
  engine_->Flush();
  written_ += filled_;
  filled_ = 0;
  current_ = 1 - current_;
  return WaitFor(&halves_[current_]);
}

Status FileWriter::WaitFor(Half* half) {
  if (!half->write.under_way() && !half->write.done()) return {};  // never used
  return engine_->Await(&half->write);
}

Status FileWriter::Finish(bool durable) {
  if (!file_.is_open()) return Status::InvalidState("the file " + path_ + " is finished or aborted already");
  if (filled_ > 0) SPILLWAY_RETURN_IF_ERROR(Turn());
  for (Half& half : halves_) SPILLWAY_RETURN_IF_ERROR(WaitFor(&half));
  IoRequest sync;
  if (durable) {
    sync.Sync(file_);
    SPILLWAY_RETURN_IF_ERROR(engine_->Execute(&sync));
  }
  SPILLWAY_RETURN_IF_ERROR(directory_->RenameFile(temporary_name_, name_));
  temporary_name_ = name_;  // what Abort removes, should the next step fail
  if (durable) {
    sync.Sync(directory_->handle());
    SPILLWAY_RETURN_IF_ERROR(engine_->Execute(&sync));
  }
  file_.Close();
  temporary_name_.clear();
  return {};
}

void FileWriter::Abort() {
  for (Half& half : halves_) {
    if (half.write.under_way()) {
      engine_->Cancel(&half.write);
      // How it ended does not matter: the file goes.
      [[maybe_unused]] const Status ended = engine_->Await(&half.write);
    }
  }
  file_.Close();
  if (temporary_name_.empty()) return;
  // A file that cannot be removed is found by whoever clears the directory of an instance at its start.
  [[maybe_unused]] const Status removed = directory_->RemoveFile(std::exchange(temporary_name_, std::string()));
}

}  // namespace spillway::spill
