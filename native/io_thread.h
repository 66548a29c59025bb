#pragma once
// A thread that waits on the sockets of the connections it owns and moves their commands on. An environment
// has two: one runs commands; the other, the connector, runs only connection attempts, so that a TLS
// handshake or a password hash holds up nothing else.
//
// Locking: `mutex_` guards the orders and the set of connections. Everything else belongs to the thread
// itself. Lost wake-ups: the thread says that it will sleep, looks at the orders once more, then sleeps;
// whoever gives an order looks after giving it whether the thread sleeps, and wakes it.
//
// Of idle connections that the program closes the connector takes leave, since waking a thread costs more
// than that: a program that closes one often makes another, for which the connector is woken anyway. After
// its last work it dozes for a moment before it sleeps, and who dozes is not woken for that.

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "connection_owner.h"
#include "wait_set.h"

namespace kingbase {

/** Where completions go; called from the I/O threads. */
class DeliverySink {
 public:
  DeliverySink() = default;
  DeliverySink(const DeliverySink&) = delete;
  DeliverySink& operator=(const DeliverySink&) = delete;
  virtual ~DeliverySink() = default;
  virtual void Post(Deliveries* deliveries) = 0;
};

class IoThread final : private ConnectionOwner {
 public:
  enum class Order : uint8_t {
    /** Begin the connection's command. */
    kStart,
    /** Go on with a command that the JavaScript thread has begun and given away. */
    kTakeOver,
    /** Go on with a paused connection: the JavaScript thread has made room. */
    kResume,
    /** The socket is ready: reported to the JavaScript thread when the connection was no longer its. */
    kReadiness,
    kClose,
    /** To the connector: close an idle connection that is in the charge of `next`. Nobody waits for it. */
    kDismiss,
  };

  /** `next` takes over the connections that this thread has connected; null for the one that runs commands.
   */
  IoThread(Owner role, bool portable_wait, DeliverySink* sink, IoThread* next);
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;
  ~IoThread() override;

  /** Any thread. The connection must have been given to this thread's role, except for kClose while
   * connecting. `hangup` is for kReadiness: what was seen of the socket. */
  void Submit(std::shared_ptr<Connection> connection, Order order, bool hangup = false);

  /** Posts `deliveries` from this thread's loop, for threads that may outlive the environment. */
  void Relay(Deliveries deliveries);

  /** Takes charge of a connected connection's socket. Called by its owner. */
  void Adopt(const std::shared_ptr<Connection>& connection);

  /** Makes sure that the next readiness of a connection that the calling thread owns is reported. */
  void Rest(Connection* connection);

  /** Whether another thread may close the sockets of connections in the charge of this one. */
  bool lets_go() const { return wait_set_->lets_go(); }

  /** Has the readiness that is there already reported again. Called by the owner of a connected connection.
   */
  void Recheck(Connection* connection);

  /** Ends the thread and closes every connection it has charge of. */
  void Stop();

 private:
  struct Request {
    std::shared_ptr<Connection> connection;
    Order order;
    bool hangup;
  };

  enum class Sleep : uint8_t { kAwake, kDozing, kAsleep };

  /** ms. */
  static constexpr int kDozeTime = 10;
  /** So many connections may wait for this thread to forget them before it is woken for that. */
  static constexpr size_t kMostDismissed = 64;
  // How often one connection may read its socket before the others have their turn.
  static constexpr int kReadsPerTurn = 16;
  // How many completions may be kept back to be posted together.
  static constexpr size_t kMostGathered = 8;

  void EnsureRunning();
  void Loop();
  bool TakeOrders();
  void OnReady(const ReadySocket& ready);
  void Carry(const Request& request);
  void Proceed(Connection* connection, bool hangup);
  void AwaitSocket(Connection* connection) override;
  void GoOnLater(Connection* connection) override;
  void AwaitRoom(Connection* connection) override;
  void BeginNext(Connection* connection) override;
  void HandBack(Connection* connection) override;
  void Arm(Connection* connection, bool recheck);
  void PostAll();
  bool MayGather() const;
  void Dismiss(const std::shared_ptr<Connection>& connection);
  void WakeUp();
  void Forget(Connection* connection);
  std::shared_ptr<Connection> Find(Connection* connection);

  const Owner role_;
  DeliverySink* const sink_;
  IoThread* const next_;
  const std::unique_ptr<WaitSet> wait_set_;

  std::mutex mutex_;
  std::vector<Request> orders_;
  /** Whether it is worth locking to look. */
  std::atomic<bool> any_orders_{false};
  Deliveries relayed_;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
  /** Closed by the connector. Kept until this thread holds no report of their sockets any more. */
  std::vector<std::shared_ptr<Connection>> dismissed_;

  std::atomic<Sleep> sleep_{Sleep::kAwake};
  std::atomic<bool> stopping_{false};
  std::thread thread_;

  std::vector<Request> taken_;
  std::vector<ReadySocket> ready_;
  std::vector<std::shared_ptr<Connection>> again_;
  Deliveries out_;
};

}  // namespace kingbase
