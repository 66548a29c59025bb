#include "core_object.h"

#include "environment.h"
#include "out_of_memory.h"

namespace kingbase {
namespace {

constexpr napi_type_tag kCoreTag = {0x6b696e6762617365ULL, 0x636f7265ULL};

}  // namespace

Napi::Function CoreObject::Define(Napi::Env env) {
  return DefineClass(env, "NativeCore",
                     {
                         InstanceMethod<&CoreObject::RegisterTypeMap>("registerTypeMap"),
                         InstanceMethod<&CoreObject::ReleaseTypeMap>("releaseTypeMap"),
                         InstanceMethod<&CoreObject::SetParameterBuffer>("setParameterBuffer"),
                         InstanceMethod<&CoreObject::RelieveConnectors>("relieveConnectors"),
                     });
}

CoreObject* CoreObject::From(Napi::Env env, const Napi::Value& value) {
  bool genuine = false;
  if (value.IsObject()) napi_check_object_type_tag(env, value, &kCoreTag, &genuine);
  return genuine ? Unwrap(value.As<Napi::Object>()) : nullptr;
}

/** Handlers, the two arrays that rows are read from, and how to wait: in the portable way, by the event loop.
 */
CoreObject::CoreObject(const Napi::CallbackInfo& info)
    : Wrapped(info), environment_(Environment::Of(info.Env())) {
  Sparing(info.Env(), [&] { Begin(info); });
}

void CoreObject::Begin(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  deliverer_ = std::make_unique<Deliverer>(env, memory_, environment_);
  if (!info[0].IsObject() || !info[1].IsTypedArray() || !info[2].IsTypedArray()) {
    Napi::TypeError::New(env, "handlers and row cells are needed").ThrowAsJavaScriptException();
    return;
  }
  const auto handlers = info[0].As<Napi::Object>();
  if (!deliverer_->SetHandlers(handlers)) return;
  deliverer_->SetRowCells(info[1].As<Napi::Float64Array>(), info[2].As<Napi::Uint8Array>());
  const auto self = info.This().As<Napi::Object>();
  self.DefineProperty(Napi::PropertyDescriptor::Value("handlers", handlers, napi_default));
  number_ = environment_->AddCore(this, {IsTrue(info[3]), IsTrue(info[4])});
  if (number_ == 0) {
    Napi::Error::New(env, "the event loop cannot be woken by other threads").ThrowAsJavaScriptException();
    return;
  }
  // Last: only what has it can have connections.
  napi_type_tag_object(env, self, &kCoreTag);
}

CoreObject::~CoreObject() {
  if (number_ != 0) environment_->RemoveCore(number_);
}

void CoreObject::Hold() {
  if (holds_++ == 0) Ref();
}

void CoreObject::Release() {
  if (--holds_ > 0) return;
  // What a shape holds may hold the program, and by that this object.
  memory_->shapes.Clear();
  deliverer_->FreeDeadShapes();
  Unref();
}

std::shared_ptr<const TypeMap> CoreObject::FindTypeMap(uint32_t id) const {
  const auto found = type_maps_.find(id);
  return found == type_maps_.end() ? nullptr : found->second;
}

Napi::Value CoreObject::RegisterTypeMap(const Napi::CallbackInfo& info) {
  const auto pairs = info[0].As<Napi::Uint32Array>();
  const uint32_t* const first = pairs.Data();
  Sparing(info.Env(), [&] {
    auto map = std::make_shared<TypeMap>(std::vector<uint32_t>{first, first + pairs.ElementLength()});
    type_maps_[next_type_map_] = std::move(map);
  });
  return Napi::Number::New(info.Env(), next_type_map_++);
}

void CoreObject::ReleaseTypeMap(const Napi::CallbackInfo& info) {
  type_maps_.erase(info[0].As<Napi::Number>().Uint32Value());
}

void CoreObject::RelieveConnectors(const Napi::CallbackInfo& info) {
  Sparing(info.Env(), [&] { environment_->RelieveConnectors(); });
}

void CoreObject::SetParameterBuffer(const Napi::CallbackInfo& info) {
  const auto buffer = info[0].As<Napi::Uint8Array>();
  parameter_buffer_ = Napi::Persistent(buffer);
  parameter_bytes_ = buffer.Data();
  parameter_capacity_ = buffer.ByteLength();
}

}  // namespace kingbase
