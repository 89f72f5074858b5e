#include "tests/conformance/memory_storage.h"

#include <algorithm>
#include <cstring>

namespace spillway::conformance {
namespace {

bool IsName(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-' || c == '/';
  };
  return !name.empty() && name.front() != '/' && name.back() != '/' && std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace

// Counts the call, waits at the gate, and fails if it is this call's turn.
Status MemoryStorage::Enter(const char* call, const std::string& name, bool through_gate) {
  std::unique_lock lock(mutex_);
  const bool fails = ++calls_ == failing_call_;
  if (through_gate && gate_closed_) {
    const uint64_t seen = openings_;
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return openings_ != seen; });
    --waiting_;
  }
  if (!fails) return {};
  return Status::IoError(std::string("the kit lets '") + call + "' of file '" + name + "' fail");
}

Result<FileBeingWritten*> MemoryStorage::Create(const std::string& name) {
  SPILLWAY_RETURN_IF_ERROR(Enter("create", name, false));
  if (!IsName(name)) return Status::InvalidArgument("'" + name + "' is not a name for a file in checkpoint storage");
  const std::lock_guard lock(mutex_);
  auto* file = new FileBeingWritten{name, {}};
  writing_.insert(file);
  return file;
}

Status MemoryStorage::Write(FileBeingWritten* file, std::string_view bytes) {
  SPILLWAY_RETURN_IF_ERROR(Enter("write", file->name, true));
  file->content.append(bytes);
  return {};
}

Status MemoryStorage::Commit(FileBeingWritten* file) {
  const Status status = Enter("commit", file->name, true);
  const std::unique_ptr<FileBeingWritten> ended(file);
  const std::lock_guard lock(mutex_);
  writing_.erase(file);
  if (!status.ok()) return status;
  const bool is_new = files_.emplace(file->name, std::make_shared<const std::string>(file->content)).second;
  return is_new ? Status() : Status::InvalidState("file '" + file->name + "' exists already and is immutable");
}

void MemoryStorage::Abort(FileBeingWritten* file) {
  const std::unique_ptr<FileBeingWritten> ended(file);
  const std::lock_guard lock(mutex_);
  writing_.erase(file);
}

Result<FileBeingRead*> MemoryStorage::Open(const std::string& name) {
  SPILLWAY_RETURN_IF_ERROR(Enter("open", name, false));
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(name);
  if (found == files_.end()) return Status::NotFound("there is no file '" + name + "' in checkpoint storage");
  auto* file = new FileBeingRead{found->second};
  reading_.insert(file);
  return file;
}

Status MemoryStorage::ReadAt(const FileBeingRead* file, uint64_t offset, uint8_t* buffer, uint64_t size) {
  SPILLWAY_RETURN_IF_ERROR(Enter("read_at", "(open)", false));
  const std::string& content = *file->content;
  if (offset > content.size() || size > content.size() - offset) {
    return Status::Corruption("a read of " + std::to_string(size) + " bytes at " + std::to_string(offset) +
                              " is beyond the end of a file of " + std::to_string(content.size()));
  }
  if (size > 0) std::memcpy(buffer, content.data() + offset, size);
  return {};
}

void MemoryStorage::Close(FileBeingRead* file) {
  const std::unique_ptr<FileBeingRead> ended(file);
  const std::lock_guard lock(mutex_);
  reading_.erase(file);
}

Status MemoryStorage::Delete(const std::string& name) {
  SPILLWAY_RETURN_IF_ERROR(Enter("delete", name, false));
  const std::lock_guard lock(mutex_);
  return files_.erase(name) == 1 ? Status() : Status::NotFound("there is no file '" + name + "' in checkpoint storage");
}

std::set<std::string> MemoryStorage::FileNames() {
  const std::lock_guard lock(mutex_);
  std::set<std::string> names;
  for (const auto& [name, content] : files_) names.insert(name);
  return names;
}

std::optional<std::string> MemoryStorage::Content(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(name);
  if (found == files_.end()) return std::nullopt;
  return *found->second;
}

void MemoryStorage::SetContent(const std::string& name, std::string content) {
  const std::lock_guard lock(mutex_);
  files_[name] = std::make_shared<const std::string>(std::move(content));
}

std::string MemoryStorage::OpenHandles() {
  const std::lock_guard lock(mutex_);
  if (writing_.empty() && reading_.empty()) return {};
  return std::to_string(writing_.size()) + " files being written and " + std::to_string(reading_.size()) +
         " being read";
}

void MemoryStorage::FailCall(uint64_t n) {
  const std::lock_guard lock(mutex_);
  calls_ = 0;
  failing_call_ = n;
}

uint64_t MemoryStorage::calls() {
  const std::lock_guard lock(mutex_);
  return calls_;
}

void MemoryStorage::CloseGate() {
  const std::lock_guard lock(mutex_);
  gate_closed_ = true;
}

void MemoryStorage::WaitUntilSomebodyWaits() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_ > 0; });
}

void MemoryStorage::LetOthersThrough() {
  const std::lock_guard lock(mutex_);
  gate_closed_ = false;
}

void MemoryStorage::OpenGate() {
  const std::lock_guard lock(mutex_);
  gate_closed_ = false;
  ++openings_;
  changed_.notify_all();
}

}  // namespace spillway::conformance
