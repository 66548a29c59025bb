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

#include "wait_set.h"
#include "wait_set_poll.h"

namespace kingbase {
namespace {

class EpollWaitSet final : public WaitSet {
 public:
  EpollWaitSet() : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.ptr = this;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
  }
  ~EpollWaitSet() override {
    close(wake_);
    close(epoll_);
  }

  bool usable() const { return epoll_ >= 0 && wake_ >= 0; }

  void Arm(Socket socket, void* tag, Interest interest, bool /* MOD always looks again */) override {
    epoll_event event = EventOf(tag, interest);
    // The kernel drops a closed socket from the set by itself, and the library may reuse its number for the
    // next one.
    if (epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event) != 0 && errno == ENOENT) {
      epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
    }
  }

  void Add(Socket socket, void* tag, Interest interest) override {
    epoll_event event = EventOf(tag, interest);
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0 && errno == EEXIST) {
      epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event);
    }
  }

  bool TakesBytes(Socket socket) override {
    pollfd polled{socket, POLLOUT, 0};
    return poll(&polled, 1, 0) == 1 && polled.revents == POLLOUT;
  }

  void Remove(Socket socket, void* /* the kernel forgets closed sockets by itself */) override {
    if (socket != kNoSocket) epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
  }

  void Wait(int timeout, std::vector<ReadySocket>* ready) override {
    ready->clear();
    const int count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), timeout);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events_[static_cast<size_t>(i)];
      if (event.data.ptr == this) continue;
      ReadySocket socket;
      socket.tag = event.data.ptr;
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

  bool disarms() const override { return false; }
  bool lets_go() const override { return true; }

 private:
  static epoll_event EventOf(void* tag, Interest interest) {
    epoll_event event{};
    event.events = EPOLLET | EPOLLRDHUP;
    if (interest.read) event.events |= EPOLLIN;
    if (interest.write) event.events |= EPOLLOUT;
    event.data.ptr = tag;
    return event;
  }

  int epoll_;
  int wake_;
  std::array<epoll_event, 64> events_{};
};

}  // namespace

std::unique_ptr<WaitSet> CreateWaitSet(bool portable) {
  if (!portable) {
    auto epoll = std::make_unique<EpollWaitSet>();
    if (epoll->usable()) return epoll;
  }
  return CreatePollWaitSet();
}

}  // namespace kingbase

#endif
