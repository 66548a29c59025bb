#pragma once
// Where completions wait for the JavaScript thread. Any thread may post, also one that outlives the
// environment: what is posted to a closed mailbox is dropped.
//
// Locking: `mutex_` guards what has arrived, and that `wake_` is not used after Close.

#include <atomic>
#include <memory>
#include <mutex>

#include "napi_setup.h"

#include "delivery.h"

namespace kingbase {

class Mailbox {
 public:
  /** `wake` is called when something has come, and once for all that comes until TakeAll. */
  explicit Mailbox(napi_threadsafe_function wake) : wake_(wake) {}

  /** Empties `deliveries`. Goes through even when memory is short, for the sake of who waits for it. */
  void Post(Deliveries* deliveries);

  /** JavaScript thread: appends what has come to `backlog`. */
  void TakeAll(Deliveries* backlog);

  /** JavaScript thread. `wake` may be released afterwards. */
  void Close();

 private:
  std::mutex mutex_;
  Deliveries arrived_;
  std::atomic<bool> wake_pending_{false};
  bool closed_ = false;
  const napi_threadsafe_function wake_;
};

}  // namespace kingbase
