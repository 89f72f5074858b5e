// Checkpoint storage in memory that can be made to fail and to block: what the kit's hosts stand on.
//
// Any thread. Files are visible once committed and immutable from then on. Calls that may fail are counted from 1; the
// n-th can be told to fail, and calls can be held at a gate until it is opened. Several hosts may share one storage,
// which must outlive them. It counts the handles that plugins have open, so that the runner can tell what was left.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "spillway/status.h"

namespace spillway::conformance {

struct FileBeingWritten {
  std::string name;
  std::string content;
};
struct FileBeingRead {
  std::shared_ptr<const std::string> content;
};

class MemoryStorage {
 public:
  Result<FileBeingWritten*> Create(const std::string& name);
  Status Write(FileBeingWritten* file, std::string_view bytes);
  Status Commit(FileBeingWritten* file);  // ends the handle, also on error
  void Abort(FileBeingWritten* file);
  Result<FileBeingRead*> Open(const std::string& name);
  Status ReadAt(const FileBeingRead* file, uint64_t offset, uint8_t* buffer, uint64_t size);
  void Close(FileBeingRead* file);
  Status Delete(const std::string& name);

  // What is committed.
  [[nodiscard]] std::set<std::string> FileNames();
  [[nodiscard]] std::optional<std::string> Content(const std::string& name);
  void SetContent(const std::string& name, std::string content);

  // Handles that are open: "2 files being written, 1 being read"; empty when there are none.
  [[nodiscard]] std::string OpenHandles();

  // From now on the n-th fallible call (1 is the next) fails, and no other; 0: none does.
  void FailCall(uint64_t n);
  // How many fallible calls there were since FailCall was called last.
  [[nodiscard]] uint64_t calls();

  // From now on whoever writes or commits waits until OpenGate.
  void CloseGate();
  void WaitUntilSomebodyWaits();
  // Who waits goes on waiting, who comes from now on does not.
  void LetOthersThrough();
  void OpenGate();

 private:
  Status Enter(const char* call, const std::string& name, bool through_gate);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::shared_ptr<const std::string>> files_;
  std::set<FileBeingWritten*> writing_;
  std::set<FileBeingRead*> reading_;
  uint64_t calls_ = 0;
  uint64_t failing_call_ = 0;
  bool gate_closed_ = false;
  uint64_t openings_ = 0;
  uint64_t waiting_ = 0;
};

}  // namespace spillway::conformance
