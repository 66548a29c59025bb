#pragma once
// Back-pressure: how much of what a connection has read may wait for the JavaScript thread: rows, bytes of
// COPY, notices and notifications alike. The thread that reads counts up, the JavaScript thread counts down.

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace kingbase {

class ConnectionFlow {
 public:
  /** What a chunk of rows counts, however full it is. */
  static constexpr size_t kChunk = 96 * 1024;

  /** Reading thread: something is on its way up. */
  void Add(size_t bytes) { waiting_.fetch_add(static_cast<int64_t>(bytes), std::memory_order_seq_cst); }
  /** Reading thread: something that was counted will not go up. */
  void TakeBack(size_t bytes) { waiting_.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_seq_cst); }

  /** Reading thread: whether more may be read. False pauses the connection until enough has been used. */
  bool MayGoOn(bool stream);

  /** Reading thread: whether everything that was read has been used. False has the connection resumed as soon
   * as it has: what is gathered then waits for nobody. */
  bool AwaitEmpty() { return AwaitFew(0); }

  /** JavaScript thread: something has been used. True when the connection waits for this and must be resumed.
   */
  bool Consumed(size_t bytes);

 private:
  bool AwaitFew(int64_t few);

  std::atomic<int64_t> waiting_{0};
  /** Where a paused connection goes on. */
  std::atomic<int64_t> few_{0};
  std::atomic<bool> paused_{false};
};

}  // namespace kingbase
