#include "connection_flow.h"

namespace kingbase {
namespace {

/** Chunks that may wait for the JavaScript thread before a connection stops reading: about 1.5 MB. */
constexpr int kMost = 16;
/** Where reading goes on. */
constexpr int kFew = 4;
/** The same for a stream, whose consumer takes its time: enough to have the next chunk ready. */
constexpr int kMostOfStream = 4;
constexpr int kFewOfStream = 2;

}  // namespace

bool ConnectionFlow::MayGoOn(bool stream) {
  const int most = stream ? kMostOfStream : kMost;
  const int few = stream ? kFewOfStream : kFew;
  if (unconsumed_.load(std::memory_order_acquire) < most) return true;
  few_.store(few, std::memory_order_relaxed);
  paused_.store(true, std::memory_order_seq_cst);
  // The last chunk may have been consumed between the look and the flag; then nobody would resume us.
  return unconsumed_.load(std::memory_order_seq_cst) <= few &&
         paused_.exchange(false, std::memory_order_seq_cst);
}

bool ConnectionFlow::Consumed() {
  const int left = unconsumed_.fetch_sub(1, std::memory_order_seq_cst) - 1;
  return left <= few_.load(std::memory_order_relaxed) && paused_.load(std::memory_order_seq_cst) &&
         paused_.exchange(false, std::memory_order_seq_cst);
}

}  // namespace kingbase
