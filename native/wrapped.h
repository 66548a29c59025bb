#pragma once
// The base of every class whose instances stand behind a JavaScript object. JavaScript thread only.

#include <memory>
#include <new>

#include "out_of_memory.h"

namespace kingbase {

/**
 * Napi::ObjectWrap, whose constructor gives the instance to the JavaScript object, which frees it. In a
 * worker thread that is being terminated that fails from one moment to the next, without an exception: then
 * nobody has the instance, and it is freed with its environment.
 *
 * Node-API's wrapper makes the instance, outside of whatever could catch: so there is none where there is no
 * memory for one, and an exception instead.
 */
template <typename T>
class Wrapped : public Napi::ObjectWrap<T> {
 public:
  ~Wrapped() override {
    if (!taken_) napi_remove_env_cleanup_hook(env_, Free, this);
  }

  static void* operator new(size_t size) noexcept {
    void* const memory = ::operator new(size, std::nothrow);
    if (memory == nullptr) ThrowOutOfMemory(EnvironmentOfThread());
    return memory;
  }
  static void operator delete(void* memory) { ::operator delete(memory); }

  static Napi::Function DefineClass(Napi::Env env, const char* name,
                                    const std::initializer_list<Napi::ClassPropertyDescriptor<T>>& members) {
    EnvironmentOfThread() = env;
    return Napi::ObjectWrap<T>::DefineClass(env, name, members);
  }

 private:
  friend T;

  /** Where the class was defined last: an exception may go by any environment of its thread. */
  static napi_env& EnvironmentOfThread() {
    static thread_local napi_env env = nullptr;
    return env;
  }

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
