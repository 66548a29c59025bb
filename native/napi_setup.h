#pragma once
// The single include point of Node-API: every file sees the same version and the same rules. Version 8 is
// what Node 18 has; external buffers are refused by Electron, so the core never makes one.

#ifndef NAPI_VERSION
#define NAPI_VERSION 8
#endif
#define NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED
#define NODE_ADDON_API_DISABLE_DEPRECATED
// A worker thread may be terminated between any two calls of Node-API; what fails from then on must not end
// the process. So whatever can fail in that way is a Maybe, of which nobody takes the value without looking
// (`Unwrap` would end the process).
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#define NODE_ADDON_API_ENABLE_MAYBE
// Which goes without C++ exceptions only; whoever compiles a file by itself need not know it.
#ifndef NAPI_DISABLE_CPP_EXCEPTIONS
#define NAPI_DISABLE_CPP_EXCEPTIONS
#endif
#include <napi.h>

namespace kingbase {

/** False also for what is no boolean: nothing is converted, which could fail. */
inline bool IsTrue(const Napi::Value& value) {
  bool is_true = false;
  if (value.Env() != nullptr) napi_get_value_bool(value.Env(), value, &is_true);
  return is_true;
}

}  // namespace kingbase
