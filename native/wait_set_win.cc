// Windows: select(), made to look edge-triggered by disarming a socket when it is reported. Not WSAPoll,
// which before Windows 10 2004 never tells of a connection attempt that failed; select does, in its third
// set.
//
// Locking: `mutex_` guards the entries and `waiting_`. Wait copies the entries, selects without the lock and
// takes it again to disarm. A change made while Wait sleeps wakes it, by a datagram that a socket sends to
// itself.

// clang-format off
#include <winsock2.h>
// clang-format on

#include <array>
#include <cstddef>
#include <iterator>
#include <mutex>
#include <system_error>
#include <unordered_map>

#include "wait_set.h"

namespace kingbase {
namespace {

/** An fd_set without its limit on the number of sockets, which is only the size of the array it declares. */
class SocketSet {
 public:
  void Clear() { slots_.assign(1, 0); }
  void Add(SOCKET socket) { slots_.push_back(socket); }
  /** What select takes; it leaves the sockets that are ready. */
  fd_set* Get() {
    auto* set = reinterpret_cast<fd_set*>(slots_.data());
    set->fd_count = static_cast<u_int>(slots_.size() - 1);
    return set;
  }
  size_t count() const { return reinterpret_cast<const fd_set*>(slots_.data())->fd_count; }
  SOCKET at(size_t index) const { return slots_[index + 1]; }

 private:
  static_assert(offsetof(fd_set, fd_array) == sizeof(SOCKET), "the first slot holds the count");
  std::vector<SOCKET> slots_ = {0};
};

/** A UDP socket connected to itself: nobody else's datagrams reach it. */
SOCKET CreateWakeSocket() {
  WSADATA ignored;
  WSAStartup(MAKEWORD(2, 2), &ignored);
  const SOCKET socket = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, nullptr, 0, WSA_FLAG_NO_HANDLE_INHERIT);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  int length = sizeof address;
  u_long nonblocking = 1;
  if (socket != INVALID_SOCKET && bind(socket, generic, length) == 0 &&
      getsockname(socket, generic, &length) == 0 && connect(socket, generic, length) == 0 &&
      ioctlsocket(socket, FIONBIO, &nonblocking) == 0) {
    return socket;
  }
  const int error = WSAGetLastError();
  if (socket != INVALID_SOCKET) closesocket(socket);
  WSASetLastError(error);
  return INVALID_SOCKET;
}

class SelectWaitSet final : public WaitSet {
 public:
  SelectWaitSet() : wake_(CreateWakeSocket()), error_(wake_ == INVALID_SOCKET ? WSAGetLastError() : 0) {}
  ~SelectWaitSet() override {
    if (wake_ != INVALID_SOCKET) closesocket(wake_);
    WSACleanup();
  }

  /** 0, or the Winsock error for which it cannot be used. */
  int error() const { return error_; }

  bool Arm(Socket socket, uint64_t tag, Interest interest, bool recheck) override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      Entry& entry = entries_[static_cast<SOCKET>(socket)];
      const bool changed = recheck || !entry.armed || entry.tag != tag ||
                           entry.interest.read != interest.read || entry.interest.write != interest.write;
      if (!changed) return true;
      entry = Entry{tag, interest, true};
      if (!waiting_) return true;
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
    read_.Clear();
    write_.Clear();
    except_.Clear();
    selected_.clear();
    read_.Add(wake_);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (const auto& [socket, entry] : entries_) {
        if (!entry.armed) continue;
        selected_[socket] = entry.tag;
        if (entry.interest.read) read_.Add(socket);
        if (entry.interest.write) {
          write_.Add(socket);
          except_.Add(socket);
        }
      }
      waiting_ = true;
    }
    timeval time{timeout / 1000, timeout % 1000 * 1000};
    const int count = select(0, read_.Get(), write_.Get(), except_.Get(), timeout < 0 ? nullptr : &time);
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_ = false;
    if (count == SOCKET_ERROR) {
      ReportClosed(ready);
      return;
    }
    for (size_t i = 0; i < read_.count(); ++i) {
      if (read_.at(i) == wake_) {
        std::array<char, 16> drained;
        while (recv(wake_, drained.data(), static_cast<int>(drained.size()), 0) > 0) {
        }
        continue;
      }
      Report(read_.at(i), {0, true, false, false}, ready);
    }
    for (size_t i = 0; i < write_.count(); ++i) Report(write_.at(i), {0, false, true, false}, ready);
    for (size_t i = 0; i < except_.count(); ++i) Report(except_.at(i), {0, true, false, true}, ready);
  }

  void Wake() override {
    const char byte = 0;
    // Where no more datagrams fit, the thread has been woken already.
    send(wake_, &byte, 1, 0);
  }

  bool disarms() const override { return true; }

 private:
  struct Entry {
    uint64_t tag = 0;
    Interest interest;
    bool armed = false;
  };

  /** Once for each socket: one in several sets is disarmed by the first. */
  void Report(SOCKET socket, ReadySocket what, std::vector<ReadySocket>* ready) {
    const auto found = entries_.find(socket);
    // Removed while the thread was asleep, and perhaps the number is another connection's by now.
    if (found == entries_.end() || found->second.tag != selected_[socket]) return;
    if (!found->second.armed) {
      for (ReadySocket& earlier : *ready) {
        if (earlier.tag != found->second.tag) continue;
        earlier.readable |= what.readable;
        earlier.writable |= what.writable;
        earlier.hangup |= what.hangup;
      }
      return;
    }
    found->second.armed = false;
    what.tag = found->second.tag;
    ready->push_back(what);
  }

  /** select fails as a whole when one of its sockets is closed, by the library, which has noticed a loss. */
  void ReportClosed(std::vector<ReadySocket>* ready) {
    for (auto& [socket, entry] : entries_) {
      int type = 0;
      int length = sizeof type;
      if (!entry.armed) continue;
      if (getsockopt(socket, SOL_SOCKET, SO_TYPE, reinterpret_cast<char*>(&type), &length) == 0) continue;
      entry.armed = false;
      ready->push_back({entry.tag, true, false, true});
    }
  }

  const SOCKET wake_;
  const int error_;
  std::mutex mutex_;
  std::unordered_map<SOCKET, Entry> entries_;
  bool waiting_ = false;
  /** Whose sockets are selected. */
  std::unordered_map<SOCKET, uint64_t> selected_;
  SocketSet read_;
  SocketSet write_;
  SocketSet except_;
};

}  // namespace

std::unique_ptr<WaitSet> CreateWaitSet(bool /* there is no other */, std::string* error) {
  auto set = std::make_unique<SelectWaitSet>();
  if (set->error() == 0) return set;
  *error = std::system_category().message(set->error());
  return nullptr;
}

}  // namespace kingbase
