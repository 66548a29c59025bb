#pragma once
// A thread that waits on the sockets of the connections it owns and moves their commands on. An environment
// has one that runs commands, and connectors (connectors.h), one as a rule, that run only connection
// attempts, so that a TLS handshake or a password hash holds up nothing else.
//
// Locking: `mutex_` guards the orders and what other threads have done to the set of connections. Everything
// else belongs to the thread itself. Lost wake-ups: the thread says that it will sleep, looks at the orders
// once more, then sleeps; whoever gives an order looks after giving it whether the thread sleeps, and wakes
// it.
//
// Of idle connections that the program closes the connector takes leave, since waking a thread costs more
// than that: a program that closes one often makes another, for which the connector is woken anyway. After
// its last work it dozes for a moment before it sleeps, and who dozes is not woken for that.
//
// A library may keep its caller for as long as it likes, by a question on the terminal or a file on a dead
// disk. Stop does not wait for that: the thread is left alone, and ends when it comes back. Of a connector
// that is kept so, the JavaScript thread gives the other connections to another connector.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "connection_owner.h"
#include "mailbox.h"
#include "wait_set.h"

namespace kingbase {

class IoThread final : public std::enable_shared_from_this<IoThread>, private ConnectionOwner {
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
    /** To a connector: the connection's socket cannot be waited for. */
    kGiveUp,
  };

  /**
   * Begins the thread; null with the reason in `error` where the system does not give what it needs. `next`
   * takes over the connections that this thread has connected; null for the one that runs commands.
   */
  static std::shared_ptr<IoThread> Create(Owner role, bool portable_wait, std::shared_ptr<Mailbox> mailbox,
                                          std::shared_ptr<IoThread> next, std::string* error);
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;
  ~IoThread() override = default;

  /** Any thread. The connection must have been given to this thread's role, except for kClose while
   * connecting. `hangup` is for kReadiness: what was seen of the socket. */
  void Submit(std::shared_ptr<Connection> connection, Order order, bool hangup = false);

  /** Takes charge of a connected connection's socket. Called by its owner. False where the system has no
   * room. */
  bool Adopt(const std::shared_ptr<Connection>& connection);

  /** Makes sure that the next readiness of a connection that the calling thread owns is reported. */
  void Rest(Connection* connection) { RestIn(wait_set_.get(), connection); }

  /** Reports the readiness of a connection no more, until Watch; perhaps its end still, once. Called by its
   * owner. */
  void Unwatch(Connection* connection);
  /** Reports the readiness of a connection again, also what is there already. Called by its owner. */
  void Watch(Connection* connection);

  /** Whether another thread may close the sockets of connections in the charge of this one. */
  bool lets_go() const { return wait_set_->lets_go(); }

  /** Has the readiness that is there already reported again. Called by the owner of a connected connection.
   */
  void Recheck(Connection* connection);

  // For the connectors, see connectors.h. Called by the JavaScript thread.

  /** Whether the thread has been inside the library for longer than a call takes. */
  bool IsKept();

  /**
   * Takes to `other` all connections that this thread, which is kept, is to make or to take leave of, but the
   * one that it is inside of. Returns them.
   */
  std::vector<std::shared_ptr<Connection>> GiveAllTo(IoThread* other);

  void AskToStop();
  /** Ends the thread, which has been asked to, and closes every connection it has charge of. Once. */
  void Stop(std::chrono::steady_clock::time_point deadline);

 private:
  struct Request {
    std::shared_ptr<Connection> connection;
    Order order;
    bool hangup;
  };

  /**
   * Around what a connector has the library do, which can take any time. Meanwhile the JavaScript thread may
   * take the other connections away, under the lock: so `connections_` is touched outside only, and looked at
   * again afterwards.
   */
  class Inside {
   public:
    Inside(IoThread* thread, uint64_t number);
    ~Inside();
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    IoThread* const thread_;
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

  IoThread(Owner role, std::unique_ptr<WaitSet> wait_set, std::shared_ptr<Mailbox> mailbox,
           std::shared_ptr<IoThread> next);

  void Loop();
  bool TakeOrders();
  void OnReady(const ReadySocket& ready);
  void Carry(const Request& request);
  void Begin(const std::shared_ptr<Connection>& connection);
  void React(const std::shared_ptr<Connection>& connection, bool hangup);
  void AwaitSocket(Connection* connection) override;
  void GoOnLater(Connection* connection) override;
  void AwaitRoom(Connection* connection) override;
  void BeginNext(Connection* connection) override;
  void HandBack(Connection* connection) override;
  bool Arm(Connection* connection, bool recheck);
  void GiveUp(Connection* connection);
  void PostAll();
  bool MayGather() const;
  void Dismiss(const std::shared_ptr<Connection>& connection);
  void WakeUp();
  std::shared_ptr<Connection> Find(uint64_t number);
  void TakeCharges();

  const Owner role_;
  const std::shared_ptr<Mailbox> mailbox_;
  const std::shared_ptr<IoThread> next_;
  const std::unique_ptr<WaitSet> wait_set_;

  std::mutex mutex_;
  std::vector<Request> orders_;
  /** Whether it is worth locking to look. */
  std::atomic<bool> any_orders_{false};
  /** Connected by the connector, and closed by it: not in `connections_` yet, and to be taken out of it. */
  std::vector<std::shared_ptr<Connection>> adopted_;
  std::vector<uint64_t> dismissed_;
  /** A connector: the number of the connection that it is inside the library with, and since when; 0 for
   * none. */
  uint64_t inside_ = 0;
  std::chrono::steady_clock::time_point inside_since_;
  bool ended_ = false;
  std::condition_variable end_;

  std::atomic<Sleep> sleep_{Sleep::kAwake};
  std::atomic<bool> stopping_{false};
  std::thread thread_;

  /** In the charge of this thread, by their numbers. */
  std::unordered_map<uint64_t, std::shared_ptr<Connection>> connections_;
  std::vector<Request> taken_;
  std::vector<ReadySocket> ready_;
  std::vector<std::shared_ptr<Connection>> again_;
  Deliveries out_;
};

}  // namespace kingbase
