#pragma once
// A lack of memory in what JavaScript calls is an error of that call: nothing may be thrown through Node-API.

#include <new>

#include "napi_setup.h"

namespace kingbase {

inline void ThrowOutOfMemory(napi_env env) noexcept {
  napi_throw_error(env, "KB_OUT_OF_MEMORY", "out of memory");
}

/** Does `work`; where there is no memory for it, gives what `otherwise` is, with an exception. */
template <typename Work, typename Result>
Result Sparing(Napi::Env env, Work work, Result otherwise) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    ThrowOutOfMemory(env);
    return otherwise;
  }
}

template <typename Work>
void Sparing(Napi::Env env, Work work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
    ThrowOutOfMemory(env);
  }
}

}  // namespace kingbase
