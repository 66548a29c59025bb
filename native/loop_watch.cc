#include "loop_watch.h"

#include <new>
#include <string>
#include <utility>

#if defined(__linux__)

#include <dlfcn.h>

#include <cstddef>
#include <cstring>

namespace kingbase {
namespace {

// What is used of libuv, whose binary interface is stable in all of its versions 1: the type of a handle that
// polls, and an event.
constexpr int kPollHandle = 8;
constexpr int kReadable = 1;

/** Libuv's functions, found at run time. */
struct Uv {
  size_t (*handle_size)(int type) = nullptr;
  int (*poll_init)(uv_loop_s* loop, void* handle, int descriptor) = nullptr;
  int (*poll_start)(void* handle, int events, void (*ready)(void* handle, int status, int events)) = nullptr;
  void (*unref)(void* handle) = nullptr;
  void (*close)(void* handle, void (*closed)(void* handle)) = nullptr;

  bool Find() {
    return Find("uv_handle_size", &handle_size) && Find("uv_poll_init", &poll_init) &&
           Find("uv_poll_start", &poll_start) && Find("uv_unref", &unref) && Find("uv_close", &close);
  }

 private:
  template <typename Function>
  static bool Find(const char* name, Function* function) {
    *function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
    return *function != nullptr;
  }
};

}  // namespace

/**
 * What libuv uses until it has closed the handle, which it does at the end of a turn of the loop. Nothing of
 * the environment, which may be gone by then: Node.js runs the loop once more after that, so that handles can
 * close.
 */
struct LoopWatch::Poll {
  static void OnReadable(void* handle, int /* a failure is found by looking */, int) {
    Poll* poll = Of(handle);
    if (poll->watch != nullptr) poll->watch->Look();
  }
  static void OnClosed(void* handle) { const std::unique_ptr<Poll> closed(Of(handle)); }

  /** The first member of every handle is a pointer of the user's. */
  static Poll* Of(const void* handle) {
    Poll* poll = nullptr;
    std::memcpy(static_cast<void*>(&poll), handle, sizeof(void*));
    return poll;
  }
  void NoteIn(void* handle_memory) {
    Poll* const self = this;
    std::memcpy(handle_memory, static_cast<const void*>(&self), sizeof(void*));
  }

  Uv uv;
  /** Null from when the handle is being closed. */
  LoopWatch* watch = nullptr;
  /** Kept open for as long as libuv polls it. */
  std::shared_ptr<WaitSet> wait_set;
  std::vector<std::max_align_t> handle;
};

LoopWatch::LoopWatch(Napi::Env env, Listener* listener, std::unique_ptr<WaitSet> wait_set)
    : env_(env), listener_(listener), wait_set_(std::move(wait_set)) {
  // An edge that has been reported is not reported again: there must be room for it.
  ready_.reserve(WaitSet::kMostAtOnce);
}

LoopWatch::~LoopWatch() { Stop(); }

std::unique_ptr<LoopWatch> LoopWatch::Create(Napi::Env env, Listener* listener) {
  std::string ignored;
  auto wait_set = CreateWaitSet(false, &ignored);
  if (wait_set == nullptr || wait_set->descriptor() < 0) return nullptr;
  std::unique_ptr<LoopWatch> self(new LoopWatch(env, listener, std::move(wait_set)));
  return self->Begin() ? std::move(self) : nullptr;
}

bool LoopWatch::Begin() {
  uv_loop_s* loop = nullptr;
  auto poll = std::make_unique<Poll>();
  Uv& uv = poll->uv;
  if (!uv.Find() || napi_get_uv_event_loop(env_, &loop) != napi_ok) return false;
  const Napi::HandleScope scope(env_);
  if (napi_async_init(env_, nullptr, Napi::String::New(env_, "kingbase-native"), &context_) != napi_ok) {
    return false;
  }
  poll->wait_set = wait_set_;
  poll->handle.resize(uv.handle_size(kPollHandle) / sizeof(std::max_align_t) + 1);
  void* const handle = poll->handle.data();
  if (uv.poll_init(loop, handle, wait_set_->descriptor()) != 0) return false;
  poll->NoteIn(handle);
  poll->watch = this;
  poll_ = std::move(poll);
  // What is in flight keeps the process alive, not the looking for it.
  uv.unref(handle);
  if (uv.poll_start(handle, kReadable, &Poll::OnReadable) == 0) return true;
  Stop();
  return false;
}

bool LoopWatch::Enter(const std::shared_ptr<Connection>& connection) {
  if (poll_ == nullptr) return false;
  try {
    connections_.emplace(connection->number(), connection);
  } catch (const std::bad_alloc&) {
    return false;
  }
  if (wait_set_->Add(connection->socket(), connection->number(), connection->interest())) return true;
  connections_.erase(connection->number());
  return false;
}

void LoopWatch::Leave(Connection* connection) {
  wait_set_->Remove(connection->socket(), connection->number());
  connections_.erase(connection->number());
}

void LoopWatch::Look() {
  const Napi::HandleScope scope(env_);
  napi_callback_scope callbacks = nullptr;
  if (napi_open_callback_scope(env_, nullptr, context_, &callbacks) != napi_ok) return;
  wait_set_->Wait(0, &ready_);
  for (const ReadySocket& ready : ready_) {
    // One that has left meanwhile is watched by another set, which has reported what is there.
    const auto found = connections_.find(ready.tag);
    if (found == connections_.end()) continue;
    const std::shared_ptr<Connection> connection = found->second;
    listener_->OnReady(connection, ready.hangup);
  }
  listener_->OnAllTold();
  napi_close_callback_scope(env_, callbacks);
}

void LoopWatch::Stop() {
  if (context_ != nullptr) napi_async_destroy(env_, std::exchange(context_, nullptr));
  if (poll_ == nullptr) return;
  connections_.clear();
  poll_->watch = nullptr;
  // Libuv has it until OnClosed.
  Poll* const closing = poll_.release();
  closing->uv.close(closing->handle.data(), &Poll::OnClosed);
}

}  // namespace kingbase

#else

namespace kingbase {

struct LoopWatch::Poll {};

LoopWatch::~LoopWatch() = default;
std::unique_ptr<LoopWatch> LoopWatch::Create(Napi::Env, Listener*) { return nullptr; }
bool LoopWatch::Enter(const std::shared_ptr<Connection>&) { return false; }
void LoopWatch::Leave(Connection*) {}
void LoopWatch::Stop() {}

}  // namespace kingbase

#endif
