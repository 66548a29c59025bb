#pragma once
// An opened client library as a JavaScript object.

#include <memory>

#include "napi_setup.h"

#include "client_library.h"

namespace kingbase {

/** `openLibrary` in lib/addon/interface.ts. */
Napi::Value OpenLibrary(const Napi::CallbackInfo& info);

/** The library that a handle stands for; null where it is no such handle. */
std::shared_ptr<const ClientLibrary> LibraryOf(Napi::Env env, const Napi::Value& handle);

}  // namespace kingbase
