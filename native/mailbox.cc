#include "mailbox.h"

#include <iterator>

#include "patience.h"

namespace kingbase {

void Mailbox::Post(Deliveries* deliveries) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) {
    deliveries->clear();
    return;
  }
  if (arrived_.empty()) {
    arrived_.swap(*deliveries);
  } else {
    Insist([&] { arrived_.reserve(arrived_.size() + deliveries->size()); });
    std::move(deliveries->begin(), deliveries->end(), std::back_inserter(arrived_));
    deliveries->clear();
  }
  if (!wake_pending_.exchange(true)) napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
}

void Mailbox::TakeAll(Deliveries* backlog) {
  // Cleared before the completions are taken: one that arrives after the taking wakes us again.
  wake_pending_.store(false);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (backlog->empty()) {
    backlog->swap(arrived_);
    return;
  }
  Insist([&] { backlog->reserve(backlog->size() + arrived_.size()); });
  std::move(arrived_.begin(), arrived_.end(), std::back_inserter(*backlog));
  arrived_.clear();
}

void Mailbox::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  arrived_.clear();
}

}  // namespace kingbase
