#pragma once
// Lets the event loop of the JavaScript thread see for itself when the socket of a connection becomes ready
// that this thread runs alone: a wait set of ours, which libuv polls as one descriptor. That saves the way
// over the I/O thread. Real Node.js on Linux only, which JavaScript decides: other runtimes export libuv's
// names as well, with nothing that works behind them. JavaScript thread only.
//
// Libuv is never given the sockets themselves: the client library closes them inside its calls, and libuv
// would go on with their numbers, which may be another's by then.

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "napi_setup.h"

#include "connection.h"
#include "wait_set.h"

namespace kingbase {

class LoopWatch {
 public:
  /** Called where JavaScript may be called. */
  class Listener {
   public:
    Listener() = default;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    virtual ~Listener() = default;
    virtual void OnReady(const std::shared_ptr<Connection>& connection, bool hangup) = 0;
    /** All that were ready have been told of. */
    virtual void OnAllTold() = 0;
  };

  /** Null where it cannot be had; readiness takes the way over the I/O thread then. */
  static std::unique_ptr<LoopWatch> Create(Napi::Env env, Listener* listener);
  LoopWatch(const LoopWatch&) = delete;
  LoopWatch& operator=(const LoopWatch&) = delete;
  ~LoopWatch();

  /** Reports the readiness of the connection from now on, also what is there already. False where the system
   * has no room. */
  bool Enter(const std::shared_ptr<Connection>& connection);
  void Leave(Connection* connection);

  /** For connections that have entered. */
  WaitSet* wait_set() { return wait_set_.get(); }

  /** Nothing is reported afterwards. At the latest when the environment ends. */
  void Stop();

 private:
  struct Poll;

  LoopWatch(Napi::Env env, Listener* listener, std::unique_ptr<WaitSet> wait_set);
  bool Begin();
  void Look();

  const Napi::Env env_;
  Listener* const listener_;
  const std::shared_ptr<WaitSet> wait_set_;
  napi_async_context context_ = nullptr;
  /** Null once it has been stopped. */
  std::unique_ptr<Poll> poll_;
  std::unordered_map<uint64_t, std::shared_ptr<Connection>> connections_;
  std::vector<ReadySocket> ready_;
};

}  // namespace kingbase
