#pragma once
// Back-pressure: how much of what a connection has read may wait for the JavaScript thread. The thread that
// reads counts up, the JavaScript thread counts down.

#include <atomic>

namespace kingbase {

class ConnectionFlow {
 public:
  /** Reading thread: a chunk is on its way up. */
  void Add() { unconsumed_.fetch_add(1, std::memory_order_seq_cst); }
  /** Reading thread: a chunk that was counted will not go up. */
  void TakeBack() { unconsumed_.fetch_sub(1, std::memory_order_seq_cst); }

  /** Reading thread: whether another chunk may be filled. False pauses the connection until enough of them
   * have been used. */
  bool MayGoOn(bool stream);

  /** Whether everything that was read has been used. */
  bool empty() const { return unconsumed_.load(std::memory_order_acquire) == 0; }

  /** JavaScript thread: a chunk has been used. True when the connection waits for this and must be resumed.
   */
  bool Consumed();

 private:
  std::atomic<int> unconsumed_{0};
  /** Where a paused connection goes on. */
  std::atomic<int> few_{0};
  std::atomic<bool> paused_{false};
};

}  // namespace kingbase
