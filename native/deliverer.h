#pragma once
// Turns deliveries into calls of the JavaScript side's handlers: builds rows, joins the chunks of a result,
// numbers command tags. JavaScript thread only.

#include <array>
#include <initializer_list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "napi_setup.h"

#include "delivery.h"
#include "result_reader.h"
#include "row_builder.h"

namespace kingbase {

/** Hears how much of what connections have read has been used. */
class ConsumptionListener {
 public:
  ConsumptionListener() = default;
  ConsumptionListener(const ConsumptionListener&) = delete;
  ConsumptionListener& operator=(const ConsumptionListener&) = delete;
  virtual ~ConsumptionListener() = default;
  virtual void Consumed(const std::shared_ptr<Connection>& connection, size_t bytes) = 0;
};

class Deliverer {
 public:
  Deliverer(Napi::Env env, std::shared_ptr<ResultMemory> memory, ConsumptionListener* listener);
  Deliverer(const Deliverer&) = delete;
  Deliverer& operator=(const Deliverer&) = delete;
  ~Deliverer();

  /** Sets the functions that completions are handed to, which the caller keeps alive. False with a pending
   * exception where one is missing. */
  bool SetHandlers(Napi::Object handlers);
  /** The memory that rows are read from. */
  void SetRowCells(Napi::Float64Array cells, Napi::Uint8Array kinds);

  void Deliver(Delivery* delivery);
  /** Asks for another turn of the event loop. */
  void CallLater() { Call(Handler::kLater, {}); }

  /** Between deliveries: frees what belongs to shapes that died on other threads. */
  void FreeDeadShapes() { row_builder_.FreeDead(memory_->graveyard.get()); }
  /** Between deliveries: gives back the chunks that were used. */
  void GiveChunksBack() { memory_->chunks.GiveAll(&used_); }

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

  Napi::FunctionReference* HandlerAt(Handler handler) { return &handlers_[static_cast<size_t>(handler)]; }
  Partial TakePartial(uint32_t slot);
  void DeliverRows(Delivery* delivery);
  bool DeliverPacked(Delivery* delivery);
  void DeliverStream(Delivery* delivery);
  void DeliverBytes(Delivery* delivery);
  void CallResult(const Delivery& delivery, napi_value rows, napi_value shape, uint32_t outcome);
  void Call(Handler handler, std::initializer_list<napi_value> arguments);
  /** The number under which JavaScript knows a command tag. */
  uint32_t TagNumber(const std::string& tag);
  void CallFailure(Handler handler, uint32_t number, const Failure& failure, uint32_t outcome);
  void CallConnected(napi_value slot, const ConnectionFacts& facts);

  Napi::Env env_;
  const std::shared_ptr<ResultMemory> memory_;
  ConsumptionListener* const listener_;
  std::array<Napi::FunctionReference, static_cast<size_t>(Handler::kCount)> handlers_;
  RowBuilder row_builder_;
  std::unordered_map<uint32_t, Partial> partials_;
  /** Command tags by their numbers. There are as many as there are kinds of statements. */
  std::vector<std::string> tags_;
  /** Chunks of small results that have been used, given back together: the other side takes one for each. */
  std::vector<std::unique_ptr<RowChunk>> used_;
};

}  // namespace kingbase
