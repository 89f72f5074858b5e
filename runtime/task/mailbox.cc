#include "runtime/task/mailbox.h"

#include <utility>

namespace spillway::runtime {

void Mailbox::Post(const Mail& mail) {
  const std::lock_guard lock(mutex_);
  mail_.push_back(mail);
  has_mail_.store(true, std::memory_order_release);
  changed_.notify_all();
}

void Mailbox::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

std::vector<Mail> Mailbox::Take() {
  const std::lock_guard lock(mutex_);
  has_mail_.store(false, std::memory_order_release);
  return std::exchange(mail_, {});
}

void Mailbox::Wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || !mail_.empty(); });
}

void Mailbox::WaitFor(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return closed_ || !mail_.empty(); });
}

}  // namespace spillway::runtime
