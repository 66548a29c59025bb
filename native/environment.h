#pragma once
// What one JavaScript environment (the main thread, or one worker thread) has: its I/O threads, and the way
// completions take to it. Held as the environment's instance data; there are no globals. JavaScript thread
// only.

#include <memory>
#include <string>
#include <vector>

#include "napi_setup.h"

#include "connectors.h"
#include "core_object.h"
#include "io_thread.h"
#include "loop_owner.h"
#include "loop_watch.h"
#include "mailbox.h"

namespace kingbase {

class Environment final : public ConsumptionListener, private LoopWatch::Listener {
 public:
  static Environment* Of(Napi::Env env);

  explicit Environment(Napi::Env env) : env_(env) {}
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() override;

  /** How connections are waited for. */
  struct Waiting {
    /** In the way that every system has. */
    bool portable = false;
    /** Also by the event loop. */
    bool loop_watch = false;
  };

  /** A driver has come; its number, 0 where the event loop cannot be woken. The first decides how connections
   * are waited for. */
  uint32_t AddCore(CoreObject* core, Waiting waiting);
  void RemoveCore(uint32_t number) { cores_[number] = nullptr; }

  /** A number that no other connection of the environment has or had. */
  uint64_t NewConnectionNumber() { return ++last_connection_; }

  /** Runs the connection's command. */
  void Run(const std::shared_ptr<Connection>& connection);
  /** Runs the command that was offered, which the owner did not go on with. */
  void RunNext(const std::shared_ptr<Connection>& connection);
  void Close(const std::shared_ptr<Connection>& connection);
  void Cancel(const std::shared_ptr<Connection>& connection, uint32_t slot);
  /** A connection has been in the making for long: perhaps the library keeps the thread that makes it. */
  void RelieveConnectors();
  void Consumed(const std::shared_ptr<Connection>& connection, size_t bytes) override;

  /** Hands what has arrived to the handlers, for a few milliseconds at most. */
  void DeliverBacklog();

  /** Ends the threads and closes every connection; nothing is handed to a handler afterwards. */
  void Stop();

 private:
  static void CallJs(napi_env env, napi_value function, void* context, void* data);
  static void CleanUp(void* environment);

  CoreObject* CoreOf(const Connection& connection) const { return cores_[connection.core()]; }
  std::string BeginThreads();
  void OnReady(const std::shared_ptr<Connection>& connection, bool hangup) override;
  void OnAllTold() override { DeliverBacklog(); }
  void AddToBacklog(Deliveries deliveries);
  void Refuse(const std::shared_ptr<Connection>& connection, const std::string& reason);
  void Begin(const Connection& connection);
  void End();
  bool CallLater();
  void Handle(Delivery* delivery);
  void SurfaceException() const;

  Napi::Env env_;
  /** By their numbers, which begin at 1; null where one is gone. */
  std::vector<CoreObject*> cores_ = {nullptr};
  uint64_t last_connection_ = 0;

  napi_threadsafe_function wake_ = nullptr;
  Waiting waiting_;
  std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<IoThread> io_thread_;
  std::unique_ptr<Connectors> connectors_;
  std::unique_ptr<LoopWatch> loop_watch_;
  std::unique_ptr<LoopOwner> loop_owner_;
  bool stopped_ = false;

  /** From `next_` on it has not been handed over yet. */
  Deliveries backlog_;
  size_t next_ = 0;
  bool delivering_ = false;
  /** Commands whose end has not been delivered. */
  uint32_t in_flight_ = 0;
};

}  // namespace kingbase
