#pragma once
// What one JavaScript environment (the main thread, or one worker thread) has: its I/O threads, and the way
// completions take to it. Held as the environment's instance data; there are no globals.
//
// Locking: `mutex_` guards `arrived_`, which the I/O threads fill. Everything else belongs to the JavaScript
// thread.

#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "napi_setup.h"

#include "deliverer.h"
#include "io_thread.h"
#include "loop_owner.h"

namespace kingbase {

class Environment final : public DeliverySink, private ChunkListener {
 public:
  static Environment* Of(Napi::Env env);

  explicit Environment(Napi::Env env);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() override;

  /** Sets the functions that completions are handed to. */
  void SetHandlers(Napi::Object handlers, bool portable_wait);
  /** The memory that rows are read from. Before SetHandlers. */
  void SetRowCells(Napi::Float64Array cells, Napi::Uint8Array kinds) { deliverer_.SetRowCells(cells, kinds); }

  uint32_t AddTypeMap(const std::vector<uint32_t>& pairs);
  void RemoveTypeMap(uint32_t id) { type_maps_.erase(id); }
  std::shared_ptr<const TypeMap> FindTypeMap(uint32_t id) const;

  /** The buffer that the JavaScript side writes parameter records into; copied from at each command. */
  void SetParameterBuffer(Napi::Uint8Array buffer);
  const uint8_t* parameter_bytes() const { return parameter_bytes_; }
  size_t parameter_capacity() const { return parameter_capacity_; }

  const std::shared_ptr<ResultMemory>& memory() const { return memory_; }

  /** Runs the connection's command. */
  void Run(const std::shared_ptr<Connection>& connection);
  /** Runs the command that was offered, which the owner did not go on with. */
  void RunNext(const std::shared_ptr<Connection>& connection);
  void Close(const std::shared_ptr<Connection>& connection);
  void Cancel(const std::shared_ptr<Connection>& connection, uint32_t slot);
  /** The program has used a chunk of a stream. */
  void Consumed(const std::shared_ptr<Connection>& connection) override;

  /** From the I/O threads. */
  void Post(Deliveries* deliveries) override;

  /** Hands what has arrived to the handlers, for a few milliseconds at most. */
  void DeliverBacklog();

  /** Ends the threads and closes every connection; nothing is handed to a handler afterwards. */
  void Stop();

 private:
  static void CallJs(napi_env env, napi_value function, void* context, void* data);
  static void CleanUp(void* environment);

  void Begin();
  void End();
  void Handle(Delivery* delivery);
  void SurfaceException() const;

  Napi::Env env_;
  const std::shared_ptr<ResultMemory> memory_ = std::make_shared<ResultMemory>();
  Deliverer deliverer_;
  napi_threadsafe_function wake_ = nullptr;
  std::shared_ptr<IoThread> io_thread_;
  std::shared_ptr<IoThread> connector_;
  std::unique_ptr<LoopOwner> loop_owner_;

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
  bool draining_ = false;
  uint32_t in_flight_ = 0;
};

}  // namespace kingbase
