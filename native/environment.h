#pragma once
// What one JavaScript environment (the main thread, or one worker thread) has: its I/O threads, its handlers,
// and the way completions take to them. Held as the environment's instance data; there are no globals.
//
// Locking: `mutex_` guards `arrived_`, which the I/O threads fill. Everything else belongs to the JavaScript
// thread.

#include <atomic>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "napi_setup.h"

#include "connection.h"
#include "io_thread.h"
#include "row_builder.h"

namespace kingbase {

class Environment final : public DeliverySink {
 public:
  static Environment* Of(Napi::Env env);

  explicit Environment(Napi::Env env);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() override;

  /** Sets the functions that completions are handed to. */
  void SetHandlers(Napi::Object handlers, bool portable_wait);

  uint32_t AddTypeMap(const std::vector<uint32_t>& pairs);
  void RemoveTypeMap(uint32_t id) { type_maps_.erase(id); }
  std::shared_ptr<const TypeMap> FindTypeMap(uint32_t id) const;

  /** The buffer that the JavaScript side writes parameter records into; copied from at each command. */
  void SetParameterBuffer(Napi::Uint8Array buffer);
  /** The memory that rows are read from. Before SetHandlers. */
  void SetRowCells(Napi::Float64Array cells, Napi::Uint8Array kinds);
  const uint8_t* parameter_bytes() const { return parameter_bytes_; }
  size_t parameter_capacity() const { return parameter_capacity_; }

  const std::shared_ptr<Shared>& shared() const { return shared_; }

  /** Runs the connection's command: by the JavaScript thread itself when it is alone in flight, else queued.
   */
  void Run(const std::shared_ptr<Connection>& connection);
  /** Runs the command that was offered, which the owner did not go on with. */
  void RunNext(const std::shared_ptr<Connection>& connection);
  void Close(const std::shared_ptr<Connection>& connection);
  void Cancel(const std::shared_ptr<Connection>& connection, uint32_t slot);
  /** The program has used a chunk of a stream. */
  void Consumed(const std::shared_ptr<Connection>& connection);

  /** From the I/O threads. */
  void Post(Deliveries* deliveries) override;

  /** Ends the threads and closes every connection; nothing is handed to a handler afterwards. */
  void Stop();

  /** Hands what has arrived to the handlers, for a few milliseconds at most. */
  void Drain();

 private:
  enum class Handler : uint8_t {
    kDescribe,
    kAppender,
    kPackedAppender,
    kPackedResult,
    kTag,
    kResult,
    kThrew,
    kFailed,
    kConnected,
    kDescribed,
    kCopying,
    kCopyData,
    kNotice,
    kNotification,
    kLost,
    kCancelled,
    kLater,
    kCount,
  };
  /** A result whose rows come in several chunks: the array they go to, or what a converter threw. */
  struct Partial {
    napi_ref rows = nullptr;
    napi_ref thrown = nullptr;
    void Free(napi_env env) const;
  };

  static void CallJs(napi_env env, napi_value function, void* context, void* data);
  static void CleanUp(void* environment);

  void Begin();
  void End();
  void OnReady(const std::shared_ptr<Connection>& connection, bool hangup);
  void Deliver(Delivery* delivery);
  bool Outdated(Delivery* delivery);
  void DeliverRows(Delivery* delivery);
  bool DeliverPacked(Delivery* delivery);
  void DeliverStream(Delivery* delivery);
  void DeliverBytes(Delivery* delivery);
  void CallResult(const Delivery& delivery, napi_value rows, napi_value shape);
  void Call(Handler handler, std::initializer_list<napi_value> arguments);
  /** The number under which JavaScript knows a command tag. */
  uint32_t TagNumber(const std::string& tag);
  napi_value FailureObject(const Failure& failure) const;
  void CallConnected(napi_value slot, const ConnectionFacts& facts);
  void SurfaceException() const;

  Napi::Env env_;
  std::vector<Napi::FunctionReference> handlers_;
  napi_threadsafe_function wake_ = nullptr;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::shared_ptr<IoThread> io_thread_;
  std::shared_ptr<IoThread> connector_;
  std::unique_ptr<RowBuilder> row_builder_;

  std::unordered_map<uint32_t, std::shared_ptr<const TypeMap>> type_maps_;
  uint32_t next_type_map_ = 1;
  Napi::Reference<Napi::Uint8Array> parameter_buffer_;
  const uint8_t* parameter_bytes_ = nullptr;
  size_t parameter_capacity_ = 0;

  std::mutex mutex_;
  Deliveries arrived_;
  std::atomic<bool> wake_pending_{false};
  bool stopped_ = false;

  /** From `next_` on it has not been handed over yet. */
  Deliveries backlog_;
  size_t next_ = 0;
  std::unordered_map<uint32_t, Partial> partials_;
  /** Command tags by their numbers. There are as many as there are kinds of statements. */
  std::vector<std::string> tags_;
  bool draining_ = false;
  uint32_t in_flight_ = 0;
  /** Chunks of small results that have been used, given back together: the other side takes one for each. */
  std::vector<std::unique_ptr<RowChunk>> used_;
};

}  // namespace kingbase
