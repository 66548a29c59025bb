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
