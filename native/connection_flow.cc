#include "connection_flow.h"

namespace kingbase {
namespace {

/** What may wait for the JavaScript thread before a connection stops reading: about 1.5 MB. */
constexpr int64_t kMost = 16 * ConnectionFlow::kChunk;
/** Where reading goes on. */
constexpr int64_t kFew = 4 * ConnectionFlow::kChunk;
/** The same for a stream, whose consumer takes its time: enough to have the next chunk ready. */
constexpr int64_t kMostOfStream = 4 * ConnectionFlow::kChunk;
constexpr int64_t kFewOfStream = 2 * ConnectionFlow::kChunk;

}  // namespace

bool ConnectionFlow::MayGoOn(bool stream) {
  const int64_t most = stream ? kMostOfStream : kMost;
  const int64_t few = stream ? kFewOfStream : kFew;
  return waiting_.load(std::memory_order_acquire) < most || AwaitFew(few);
}

/** True where no more than that waits; else the connection is resumed when it does. */
bool ConnectionFlow::AwaitFew(int64_t few) {
  if (waiting_.load(std::memory_order_acquire) <= few) return true;
  few_.store(few, std::memory_order_seq_cst);
  paused_.store(true, std::memory_order_seq_cst);
  // The last of it may have been used between the look and the flag; then nobody would resume us.
  return waiting_.load(std::memory_order_seq_cst) <= few &&
         paused_.exchange(false, std::memory_order_seq_cst);
}

bool ConnectionFlow::Consumed(size_t bytes) {
  const auto used = static_cast<int64_t>(bytes);
  const int64_t left = waiting_.fetch_sub(used, std::memory_order_seq_cst) - used;
  return left <= few_.load(std::memory_order_seq_cst) && paused_.load(std::memory_order_seq_cst) &&
         paused_.exchange(false, std::memory_order_seq_cst);
}

}  // namespace kingbase
