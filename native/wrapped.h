#pragma once
// The base of every class whose instances stand behind a JavaScript object. JavaScript thread only.

#include <memory>

#include "napi_setup.h"

namespace kingbase {

/**
 * Napi::ObjectWrap, whose constructor gives the instance to the JavaScript object, which frees it. In a
 * worker thread that is being terminated that fails from one moment to the next, without an exception: then
 * nobody has the instance, and it is freed with its environment.
 */
template <typename T>
class Wrapped : public Napi::ObjectWrap<T> {
 public:
  ~Wrapped() override {
    if (!taken_) napi_remove_env_cleanup_hook(env_, Free, this);
  }

 private:
  friend T;

  explicit Wrapped(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<T>(info), env_(info.Env()), taken_(!this->IsEmpty()) {
    if (!taken_) napi_add_env_cleanup_hook(env_, Free, this);
  }

  Wrapped(const Wrapped&) = delete;
  Wrapped& operator=(const Wrapped&) = delete;

  static void Free(void* self) { const std::unique_ptr<Wrapped> freed(static_cast<Wrapped*>(self)); }

  napi_env env_;
  bool taken_;
};

}  // namespace kingbase
