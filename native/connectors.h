#pragma once
// The threads that make connections: one as a rule. A library may keep the thread that calls it for as long
// as it likes, by a file on a disk that does not answer or a question on the terminal. Another thread then
// takes over what waits behind that call; the one that is kept has a single connection left, and serves again
// when it comes back. JavaScript thread only.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "io_thread.h"
#include "mailbox.h"

namespace kingbase {

class Connectors {
 public:
  Connectors(bool portable_wait, std::shared_ptr<Mailbox> mailbox, std::shared_ptr<IoThread> next)
      : portable_wait_(portable_wait), mailbox_(std::move(mailbox)), next_(std::move(next)) {}

  /** Begins the first thread. '' or why it cannot be had. */
  std::string Begin();

  /** Makes the connection, in a thread of its choice. */
  void Connect(const std::shared_ptr<Connection>& connection);
  /** Closes a connection that is being made. */
  void Close(const std::shared_ptr<Connection>& connection);
  /** Takes leave of an idle one. */
  void Dismiss(const std::shared_ptr<Connection>& connection);

  /** Takes what waits behind a library that does not come back to another thread. */
  void Relieve();

  void Stop(std::chrono::steady_clock::time_point deadline);

 private:
  /** A process whose library is kept this often has no more to gain from another thread. */
  static constexpr size_t kMost = 8;

  size_t Choose();
  void Submit(size_t index, const std::shared_ptr<Connection>& connection, IoThread::Order order);
  bool Add(std::string* error);

  const bool portable_wait_;
  const std::shared_ptr<Mailbox> mailbox_;
  const std::shared_ptr<IoThread> next_;
  std::vector<std::shared_ptr<IoThread>> threads_;
};

}  // namespace kingbase
