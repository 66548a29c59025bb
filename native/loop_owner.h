#pragma once
// The JavaScript thread as an owner of connections: it gives commands to the I/O threads, or runs one that is
// alone in flight by itself, and reacts to the readiness of idle connections. JavaScript thread only.

#include <memory>

#include "connection_owner.h"
#include "connectors.h"
#include "io_thread.h"
#include "loop_watch.h"

namespace kingbase {

class LoopOwner final : private ConnectionOwner {
 public:
  /** `watch` is null where readiness comes by way of the I/O thread only. */
  LoopOwner(IoThread* io_thread, Connectors* connectors, LoopWatch* watch)
      : io_thread_(io_thread), connectors_(connectors), watch_(watch) {}

  /** Runs the connection's command: by itself when it is `alone` in flight and small, else it is queued. */
  void Run(const std::shared_ptr<Connection>& connection, bool alone, Deliveries* out);

  /** The I/O thread has seen that the connection's socket is ready. */
  void React(const std::shared_ptr<Connection>& connection, Deliveries* out);
  /** The event loop has seen it. */
  void GoOn(const std::shared_ptr<Connection>& connection, bool hangup, Deliveries* out);

  /** The program has used so much of what the connection has read. */
  void Consumed(const std::shared_ptr<Connection>& connection, size_t bytes);

  void Close(const std::shared_ptr<Connection>& connection);

  /**
   * Brings what happened on the I/O thread in line with what the program has done since. False when there is
   * nothing to be told of it any more.
   */
  bool Reconcile(Delivery* delivery);

 private:
  void AwaitSocket(Connection* connection) override;
  void GoOnLater(Connection* connection) override;
  void AwaitRoom(Connection* connection) override;
  void BeginNext(Connection* connection) override;
  void HandBack(Connection* connection) override;
  void GiveAway(Connection* connection, IoThread::Order order);
  void Rest(Connection* connection);
  void Recheck(Connection* connection);
  void Unwatch(Connection* connection);

  IoThread* const io_thread_;
  Connectors* const connectors_;
  LoopWatch* const watch_;
};

}  // namespace kingbase
