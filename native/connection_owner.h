#pragma once
// What follows a step of a connection: the same for every owner, each of which has its own way of doing it.

#include "connection.h"

namespace kingbase {

class ConnectionOwner {
 public:
  ConnectionOwner() = default;
  ConnectionOwner(const ConnectionOwner&) = delete;
  ConnectionOwner& operator=(const ConnectionOwner&) = delete;
  virtual ~ConnectionOwner() = default;

 protected:
  /**
   * Makes sure that the set reports the next readiness of a connection that it has. An edge-triggered set
   * needs a system call only when what is waited for changes, or when the last reads may not have emptied the
   * socket.
   */
  static void RestIn(WaitSet* wait_set, Connection* connection) {
    connection->hand_over().Touch();
    if (connection->closed()) return;
    const bool writing = connection->interest().write;
    const bool changed = writing || connection->was_writing();
    const bool recheck = !connection->running() && connection->may_have_more();
    if (!changed && !recheck && !wait_set->disarms()) return;
    connection->note_writing(writing);
    wait_set->Arm(connection->socket(), connection->number(), connection->interest(), recheck);
  }

  void Follow(Connection* connection, Step step) {
    switch (step) {
      case Step::kWait:
        AwaitSocket(connection);
        return;
      case Step::kYield:
        GoOnLater(connection);
        return;
      case Step::kPaused:
        AwaitRoom(connection);
        return;
      case Step::kDone:
        break;
    }
    if (connection->goes_on()) {
      connection->TurnToNext();
      BeginNext(connection);
    } else {
      HandBack(connection);
    }
  }

  /** Has the next readiness of the socket reported. */
  virtual void AwaitSocket(Connection* connection) = 0;
  /** Advances it again, after what else there is to do. */
  virtual void GoOnLater(Connection* connection) = 0;
  /** Lets it rest until the JavaScript thread has caught up. */
  virtual void AwaitRoom(Connection* connection) = 0;
  /** Starts the command that was offered and is now the connection's own. */
  virtual void BeginNext(Connection* connection) = 0;
  /** Nothing is going on: sees that the connection is the JavaScript thread's. */
  virtual void HandBack(Connection* connection) = 0;
};

}  // namespace kingbase
