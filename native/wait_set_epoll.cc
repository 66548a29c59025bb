// Linux: one permanent edge-triggered registration per socket, so that a query costs no epoll_ctl. The
// wake-up is an eventfd that is never read: in edge mode every write wakes, and a read would be one more
// system call.

#if defined(__linux__)

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "wait_set.h"
#include "wait_set_poll.h"

namespace kingbase {
namespace {

class EpollWaitSet final : public WaitSet {
 public:
  EpollWaitSet() : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.u64 = kWakeTag;
    usable_ = epoll_ >= 0 && wake_ >= 0 && epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) == 0;
    error_ = usable_ ? 0 : errno;
  }
  ~EpollWaitSet() override {
    if (wake_ >= 0) close(wake_);
    if (epoll_ >= 0) close(epoll_);
  }

  bool usable() const { return usable_; }
  /** Why not, an errno. */
  int error() const { return error_; }

  bool Arm(Socket socket, uint64_t tag, Interest interest, bool /* MOD always looks again */) override {
    epoll_event event = EventOf(tag, interest);
    // The kernel drops a closed socket from the set by itself, and the library may reuse its number for the
    // next one.
    if (epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event) == 0) return true;
    if (errno != ENOENT) return errno != ENOMEM;
    return epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) == 0;
  }

  bool Add(Socket socket, uint64_t tag, Interest interest) override {
    epoll_event event = EventOf(tag, interest);
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) == 0) return true;
    return errno == EEXIST && epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event) == 0;
  }

  bool TakesBytes(Socket socket) override {
    pollfd polled{socket, POLLOUT, 0};
    return poll(&polled, 1, 0) == 1 && polled.revents == POLLOUT;
  }

  void Remove(Socket socket, uint64_t /* the kernel forgets closed sockets by itself */) override {
    if (socket != kNoSocket) epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
  }

  void Wait(int timeout, std::vector<ReadySocket>* ready) override {
    ready->clear();
    const int count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), timeout);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events_[static_cast<size_t>(i)];
      if (event.data.u64 == kWakeTag) continue;
      ReadySocket socket;
      socket.tag = event.data.u64;
      socket.hangup = (event.events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0;
      socket.readable = (event.events & EPOLLIN) != 0 || socket.hangup;
      socket.writable = (event.events & EPOLLOUT) != 0;
      ready->push_back(socket);
    }
  }

  void Wake() override {
    const uint64_t one = 1;
    // Fails only when the counter is full, and then the thread has been woken already.
    if (write(wake_, &one, sizeof one) < 0) return;
  }

  int descriptor() const override { return epoll_; }
  bool disarms() const override { return false; }
  bool lets_go() const override { return true; }

 private:
  /** Connections are numbered from 1. */
  static constexpr uint64_t kWakeTag = 0;

  static epoll_event EventOf(uint64_t tag, Interest interest) {
    epoll_event event{};
    event.events = EPOLLET | EPOLLRDHUP;
    if (interest.read) event.events |= EPOLLIN;
    if (interest.write) event.events |= EPOLLOUT;
    event.data.u64 = tag;
    return event;
  }

  int epoll_;
  int wake_;
  bool usable_ = false;
  int error_ = 0;
  std::array<epoll_event, kMostAtOnce> events_{};
};

}  // namespace

std::unique_ptr<WaitSet> CreateWaitSet(bool portable, std::string* error) {
  if (portable) return CreatePollWaitSet(error);
  auto epoll = std::make_unique<EpollWaitSet>();
  if (epoll->usable()) return epoll;
  // A kernel that lacks the calls; for want of descriptors poll(2) would fail as well.
  if (epoll->error() == ENOSYS) return CreatePollWaitSet(error);
  *error = std::system_category().message(epoll->error());
  return nullptr;
}

}  // namespace kingbase

#endif
