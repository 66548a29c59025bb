#pragma once
// The set of sockets a thread waits on.
//
// Contract, the same for every implementation: a socket is reported once when it becomes ready and then not
// again until something new arrives (edge-triggered) or Arm is called with `recheck`. So an owner that is
// told must either read until there is nothing left or arm the socket again. Wait is called by one thread
// only; Add, Arm, Remove and Wake may be called by any thread. A tag is the number of a connection, since a
// report may outlive the connection that it is about: another process may hold a copy of its socket.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace kingbase {

using Socket = int;  // what the client library's socket function returns, on Windows too
constexpr Socket kNoSocket = -1;

struct Interest {
  bool read = true;
  bool write = false;
};

struct ReadySocket {
  uint64_t tag = 0;
  bool readable = false;
  bool writable = false;
  /** The peer has closed, or the socket failed: reading will find out which. */
  bool hangup = false;
};

class WaitSet {
 public:
  /** How many sockets an edge-triggered set reports at once. */
  static constexpr size_t kMostAtOnce = 64;

  WaitSet() = default;
  WaitSet(const WaitSet&) = delete;
  WaitSet& operator=(const WaitSet&) = delete;
  virtual ~WaitSet() = default;

  /** Adds the socket or changes its interest. With `recheck`, readiness that is there already is reported
   * (again). False where the system has no room for it. */
  virtual bool Arm(Socket socket, uint64_t tag, Interest interest, bool recheck) = 0;

  /**
   * Takes out everything under `tag`. `socket` is the one that is still open, kNoSocket when the library has
   * closed it already: then its number may belong to another connection by now and must not be touched.
   */
  virtual void Remove(Socket socket, uint64_t tag) = 0;

  /** As Arm, for a socket that is new here. */
  virtual bool Add(Socket socket, uint64_t tag, Interest interest) {
    return Arm(socket, tag, interest, true);
  }

  /** Whether the socket is known to take bytes at once. */
  virtual bool TakesBytes(Socket /* socket */) { return false; }

  /**
   * Waits for readiness, for Wake or for `timeout` ms, and replaces the content of `ready`. 0 only looks, -1
   * waits for as long as it takes.
   */
  virtual void Wait(int timeout, std::vector<ReadySocket>* ready) = 0;

  virtual void Wake() = 0;

  /** A descriptor that can be read from while Wait would report something at once; -1 where there is none. */
  virtual int descriptor() const { return -1; }

  /** Whether a socket must be armed again after each report even if nothing about it changed. */
  virtual bool disarms() const = 0;

  /** Whether any thread may close a socket that it has removed; else only the one that waits. */
  virtual bool lets_go() const { return false; }
};

/** The best wait the system has; `portable` asks for the poll(2) one that every system has. Null with the
 * reason in `error` where the system does not give what it needs. */
std::unique_ptr<WaitSet> CreateWaitSet(bool portable, std::string* error);

}  // namespace kingbase
