// The module: what JavaScript sees of it, which is `NativeAddon` in lib/addon/interface.ts.

#include "napi_setup.h"

#include "connection_object.h"
#include "core_object.h"
#include "environment.h"
#include "library_object.h"

namespace kingbase {
namespace {

void Drain(const Napi::CallbackInfo& info) { Environment::Of(info.Env())->DeliverBacklog(); }

void Stop(const Napi::CallbackInfo& info) { Environment::Of(info.Env())->Stop(); }

Napi::Object Initialise(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment(env));
  exports.Set("openLibrary", Napi::Function::New<OpenLibrary>(env));
  exports.Set("drain", Napi::Function::New<Drain>(env));
  exports.Set("stop", Napi::Function::New<Stop>(env));
  exports.Set("NativeCore", CoreObject::Define(env));
  exports.Set("NativeConnection", DefineConnection(env));
  return exports;
}

}  // namespace
}  // namespace kingbase

static Napi::Object InitialiseModule(Napi::Env env, Napi::Object exports) {
  return kingbase::Initialise(env, exports);
}

NODE_API_MODULE(kingbase, InitialiseModule)
