#pragma once
// The single include point of Node-API: every file sees the same version and the same rules. Version 8 is
// what Node 18 has; external buffers are refused by Electron, so the core never makes one.

#ifndef NAPI_VERSION
#define NAPI_VERSION 8
#endif
#define NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED
#define NODE_ADDON_API_DISABLE_DEPRECATED
// A worker thread may be terminated while our handlers run; what fails then must not end the process.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#include <napi.h>
