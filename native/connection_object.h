#pragma once
// A connection as a JavaScript object: `NativeConnection` in lib/addon/interface.ts. Reads a call's arguments
// into a command, and refuses what the connection cannot take.

#include "napi_setup.h"

namespace kingbase {

Napi::Function DefineConnection(Napi::Env env);

}  // namespace kingbase
