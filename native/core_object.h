#pragma once
// One JavaScript driver's part of the core: its handlers, its numbers for type maps, shapes and command tags,
// and the memory that it shares with us. A process may evaluate the JavaScript twice over one copy of this
// library (test runners do, and servers that reload), and what is one driver's must never reach the other.
// `NativeCore` in lib/addon/interface.ts. JavaScript thread only.
//
// Lifetime: the JavaScript object holds the handlers, we hold them weakly. So a driver that nobody uses any
// more is collected. While it has an open connection, or something of it is under way, we hold the object.

#include <memory>
#include <unordered_map>

#include "napi_setup.h"

#include "deliverer.h"
#include "wrapped.h"

namespace kingbase {

class Environment;

class CoreObject final : public Wrapped<CoreObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  /** The core that a value stands for; null where it is no such object. */
  static CoreObject* From(Napi::Env env, const Napi::Value& value);

  explicit CoreObject(const Napi::CallbackInfo& info);
  CoreObject(const CoreObject&) = delete;
  CoreObject& operator=(const CoreObject&) = delete;
  ~CoreObject() override;

  uint32_t number() const { return number_; }
  Deliverer& deliverer() { return *deliverer_; }
  const std::shared_ptr<ResultMemory>& memory() const { return memory_; }

  std::shared_ptr<const TypeMap> FindTypeMap(uint32_t id) const;
  /** The buffer that the JavaScript side writes parameter records into; copied from at each command. */
  const uint8_t* parameter_bytes() const { return parameter_bytes_; }
  size_t parameter_capacity() const { return parameter_capacity_; }

  /** Keeps the JavaScript object, until as many calls of Release. */
  void Hold();
  void Release();

 private:
  void Begin(const Napi::CallbackInfo& info);
  Napi::Value RegisterTypeMap(const Napi::CallbackInfo& info);
  void ReleaseTypeMap(const Napi::CallbackInfo& info);
  void SetParameterBuffer(const Napi::CallbackInfo& info);
  void RelieveConnectors(const Napi::CallbackInfo& info);

  Environment* environment_;
  uint32_t number_ = 0;
  const std::shared_ptr<ResultMemory> memory_ = std::make_shared<ResultMemory>();
  std::unique_ptr<Deliverer> deliverer_;
  uint32_t holds_ = 0;

  std::unordered_map<uint32_t, std::shared_ptr<const TypeMap>> type_maps_;
  uint32_t next_type_map_ = 1;
  Napi::Reference<Napi::Uint8Array> parameter_buffer_;
  const uint8_t* parameter_bytes_ = nullptr;
  size_t parameter_capacity_ = 0;
};

}  // namespace kingbase
