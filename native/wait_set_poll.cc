// Every other system: poll(2), made to look edge-triggered by disarming a socket when it is reported.
//
// Locking: `mutex_` guards the entries, which any thread may change; Wait copies them, polls without the lock
// and takes it again to disarm. A change made while Wait sleeps wakes it.

#include "wait_set_poll.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iterator>
#include <mutex>
#include <system_error>
#include <unordered_map>

namespace kingbase {
namespace {

class PollWaitSet final : public WaitSet {
 public:
  PollWaitSet() {
    if (pipe(wake_.data()) != 0) {
      error_ = errno;
      return;
    }
    for (const int end : wake_) {
      fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK);  // NOLINT: fcntl is variadic by nature
      fcntl(end, F_SETFD, FD_CLOEXEC);                        // NOLINT
    }
  }
  ~PollWaitSet() override {
    for (const int end : wake_) {
      if (end >= 0) close(end);
    }
  }

  /** 0, or the errno for which it cannot be used. */
  int error() const { return error_; }

  bool Arm(Socket socket, uint64_t tag, Interest interest, bool recheck) override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      Entry& entry = entries_[socket];
      const bool changed = recheck || !entry.armed || entry.tag != tag ||
                           entry.interest.read != interest.read || entry.interest.write != interest.write;
      if (!changed) return true;
      entry = Entry{tag, interest, true};
    }
    Wake();
    return true;
  }

  void Remove(Socket /* closed ones are here too */, uint64_t tag) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      entry = entry->second.tag == tag ? entries_.erase(entry) : std::next(entry);
    }
  }

  void Wait(int timeout, std::vector<ReadySocket>* ready) override {
    ready->clear();
    polled_.clear();
    tags_.assign(1, 0);
    polled_.push_back({wake_[0], POLLIN, 0});
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (const auto& [socket, entry] : entries_) {
        if (!entry.armed) continue;
        const int events = (entry.interest.read ? POLLIN : 0) | (entry.interest.write ? POLLOUT : 0);
        polled_.push_back({socket, static_cast<short>(events), 0});
        tags_.push_back(entry.tag);
      }
    }
    if (poll(polled_.data(), static_cast<nfds_t>(polled_.size()), timeout) <= 0) return;
    if (polled_[0].revents != 0) {
      std::array<char, 64> drained;
      while (read(wake_[0], drained.data(), drained.size()) > 0) {
      }
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    for (size_t i = 1; i < polled_.size(); ++i) {
      const pollfd& polled = polled_[i];
      if (polled.revents == 0) continue;
      const auto found = entries_.find(polled.fd);
      // Removed while the poll was going on, and perhaps the number is another connection's by now.
      if (found == entries_.end() || found->second.tag != tags_[i]) continue;
      found->second.armed = false;
      ReadySocket socket;
      socket.tag = found->second.tag;
      socket.hangup = (polled.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
      socket.readable = (polled.revents & POLLIN) != 0 || socket.hangup;
      socket.writable = (polled.revents & POLLOUT) != 0;
      ready->push_back(socket);
    }
  }

  void Wake() override {
    const char byte = 0;
    // A full pipe has woken the thread already.
    if (write(wake_[1], &byte, 1) < 0) return;
  }

  bool disarms() const override { return true; }

 private:
  struct Entry {
    uint64_t tag = 0;
    Interest interest;
    bool armed = false;
  };

  std::array<int, 2> wake_{-1, -1};
  std::mutex mutex_;
  std::unordered_map<Socket, Entry> entries_;
  std::vector<pollfd> polled_;
  /** Whose sockets are polled. */
  std::vector<uint64_t> tags_;
  int error_ = 0;
};

}  // namespace

std::unique_ptr<WaitSet> CreatePollWaitSet(std::string* error) {
  auto set = std::make_unique<PollWaitSet>();
  if (set->error() == 0) return set;
  *error = std::system_category().message(set->error());
  return nullptr;
}

#if !defined(__linux__)
std::unique_ptr<WaitSet> CreateWaitSet(bool, std::string* error) { return CreatePollWaitSet(error); }
#endif

}  // namespace kingbase
