// The module: what JavaScript sees of it, which is `NativeAddon` in lib/addon/interface.ts.

#include "napi_setup.h"

#include "connection_object.h"
#include "environment.h"
#include "library_object.h"

namespace kingbase {
namespace {

Napi::Value RegisterTypeMap(const Napi::CallbackInfo& info) {
  const auto pairs = info[0].As<Napi::Uint32Array>();
  const uint32_t id =
      Environment::Of(info.Env())->AddTypeMap({pairs.Data(), pairs.Data() + pairs.ElementLength()});
  return Napi::Number::New(info.Env(), id);
}

void ReleaseTypeMap(const Napi::CallbackInfo& info) {
  Environment::Of(info.Env())->RemoveTypeMap(info[0].As<Napi::Number>());
}

void SetHandlers(const Napi::CallbackInfo& info) {
  Environment::Of(info.Env())->SetHandlers(info[0].As<Napi::Object>(), info[1].As<Napi::Boolean>());
}

void SetParameterBuffer(const Napi::CallbackInfo& info) {
  Environment::Of(info.Env())->SetParameterBuffer(info[0].As<Napi::Uint8Array>());
}

void SetRowCells(const Napi::CallbackInfo& info) {
  Environment::Of(info.Env())->SetRowCells(info[0].As<Napi::Float64Array>(), info[1].As<Napi::Uint8Array>());
}

void Drain(const Napi::CallbackInfo& info) { Environment::Of(info.Env())->DeliverBacklog(); }

void Stop(const Napi::CallbackInfo& info) { Environment::Of(info.Env())->Stop(); }

}  // namespace

static Napi::Object Initialise(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment(env));
  exports.Set("openLibrary", Napi::Function::New<OpenLibrary>(env));
  exports.Set("registerTypeMap", Napi::Function::New<RegisterTypeMap>(env));
  exports.Set("releaseTypeMap", Napi::Function::New<ReleaseTypeMap>(env));
  exports.Set("setHandlers", Napi::Function::New<SetHandlers>(env));
  exports.Set("setParameterBuffer", Napi::Function::New<SetParameterBuffer>(env));
  exports.Set("setRowCells", Napi::Function::New<SetRowCells>(env));
  exports.Set("drain", Napi::Function::New<Drain>(env));
  exports.Set("stop", Napi::Function::New<Stop>(env));
  exports.Set("NativeConnection", DefineConnection(env));
  return exports;
}

}  // namespace kingbase

static Napi::Object InitialiseModule(Napi::Env env, Napi::Object exports) {
  return kingbase::Initialise(env, exports);
}

NODE_API_MODULE(kingbase, InitialiseModule)
