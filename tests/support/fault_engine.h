// FaultEngine: an I/O engine that does its work by another one, badly as told.
//
// Counts the pieces of requests it begins, so that a test can run once without faults, learn how many there are, and
// then fail each in turn. All chance comes from the seed. For the thread that bound it, like any engine.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "spill/io_engine.h"

namespace spillway::spill {

struct IoFaults {
  static constexpr uint64_t kNever = UINT64_MAX;
  uint64_t fail_at = kNever;  // the number of the first piece to fail, from 0
  uint64_t fail_count = 1;    // and of how many
  int error = 5;              // by which errno
  bool torn = false;          // half of the bytes are transferred before the failure
  // In percent of the pieces: cut short, answered EAGAIN or EINTR.
  uint32_t short_percent = 0;
  uint32_t again_percent = 0;
  // Completions wait so many rounds of Poll or Wait, at most, and overtake each other.
  uint32_t delay_rounds_max = 0;
  uint64_t seed = 1;
};

class FaultEngine final : public IoEngine {
 public:
  FaultEngine(std::unique_ptr<IoEngine> inner, const IoFaults& faults);
  ~FaultEngine() override;

  // Pieces begun so far.
  [[nodiscard]] uint64_t pieces() const { return pieces_; }
  void set_faults(const IoFaults& faults);

  Result<int> EventDescriptor() override;
  void RegisterFile(const File& file) override { inner_->RegisterFile(file); }
  void ForgetFile(const File& file) override { inner_->ForgetFile(file); }
  void RegisterBuffers(std::span<const iovec> buffers) override { inner_->RegisterBuffers(buffers); }

 protected:
  Status Rebind() override { return inner_->Bind(); }
  void Start() override;
  bool Reap(int64_t timeout_us) override;
  void CancelStarted(IoRequest* request) override;
  void SetEventDescriptor(int) override {}

 private:
  // A piece as the inner engine sees it.
  struct Part : IoRequest {
    IoRequest* whole = nullptr;
    bool torn = false;
  };
  struct Held {
    IoRequest* whole;
    int64_t result;  // bytes, a negative errno, or of `error` when that is not OK
    Status error;
    bool torn;
    uint32_t rounds;
  };

  void Begin(IoRequest* request);
  void Hold(IoRequest* request, int64_t result, Status error, bool torn);
  bool Release();  // true when a request has ended
  Part* TakePart();
  uint32_t Chance(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }

  std::unique_ptr<IoEngine> inner_;
  IoFaults faults_;
  std::mt19937_64 random_;
  uint64_t pieces_ = 0;
  std::vector<std::unique_ptr<Part>> parts_;
  std::vector<Part*> free_parts_;
  std::vector<Held> held_;
  int own_event_ = -1;
  File events_;  // readable when the own event or that of the inner engine is
};

}  // namespace spillway::spill
