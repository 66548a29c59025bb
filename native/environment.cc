#include "environment.h"

#include <chrono>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace kingbase {
namespace {

/** How long one delivery of rows may hold up the event loop before the rest waits for the next turn. */
constexpr std::chrono::milliseconds kDrainTime{2};

Deliveries Cancelled(uint32_t slot, std::string message) {
  Deliveries deliveries(1);
  deliveries[0].kind = Delivery::Kind::kCancelled;
  deliveries[0].slot = slot;
  deliveries[0].words = std::move(message);
  return deliveries;
}

}  // namespace

Environment* Environment::Of(Napi::Env env) { return env.GetInstanceData<Environment>(); }

Environment::Environment(Napi::Env env) : env_(env), deliverer_(env, memory_, this) {}

Environment::~Environment() { Stop(); }

void Environment::SetHandlers(Napi::Object handlers, bool portable_wait) {
  if (!deliverer_.SetHandlers(handlers) || wake_ != nullptr) return;
  napi_create_threadsafe_function(env_, nullptr, nullptr, Napi::String::New(env_, "kingbase-native"), 0, 1,
                                  nullptr, nullptr, this, &Environment::CallJs, &wake_);
  // An idle connection does not keep the process alive; a command in flight does.
  napi_unref_threadsafe_function(env_, wake_);
  // After the threadsafe function's own hook, so that ours runs first: hooks run in reverse order.
  napi_add_env_cleanup_hook(env_, &Environment::CleanUp, this);
  io_thread_ = std::make_shared<IoThread>(Owner::kIoThread, portable_wait, this, nullptr);
  connector_ = std::make_shared<IoThread>(Owner::kConnector, portable_wait, this, io_thread_.get());
  loop_owner_ = std::make_unique<LoopOwner>(io_thread_.get(), connector_.get());
}

uint32_t Environment::AddTypeMap(const std::vector<uint32_t>& pairs) {
  type_maps_[next_type_map_] = std::make_shared<TypeMap>(pairs);
  return next_type_map_++;
}

std::shared_ptr<const TypeMap> Environment::FindTypeMap(uint32_t id) const {
  const auto found = type_maps_.find(id);
  return found == type_maps_.end() ? nullptr : found->second;
}

void Environment::SetParameterBuffer(Napi::Uint8Array buffer) {
  parameter_buffer_ = Napi::Persistent(buffer);
  parameter_bytes_ = buffer.Data();
  parameter_capacity_ = buffer.ByteLength();
}

// ---- down: commands

void Environment::Begin() {
  if (in_flight_++ == 0) napi_ref_threadsafe_function(env_, wake_);
}

void Environment::End() {
  if (--in_flight_ == 0) napi_unref_threadsafe_function(env_, wake_);
}

void Environment::Run(const std::shared_ptr<Connection>& connection) {
  Begin();
  Deliveries out;
  loop_owner_->Run(connection, in_flight_ == 1, &out);
  // A command that failed at once still ends later, never inside the call that began it.
  if (!out.empty()) Post(&out);
}

void Environment::RunNext(const std::shared_ptr<Connection>& connection) {
  if (!connection->hand_over().TakeNext()) return;
  connection->TurnToNext();
  Run(connection);
}

void Environment::Close(const std::shared_ptr<Connection>& connection) {
  if (!stopped_ && loop_owner_ != nullptr) loop_owner_->Close(connection);
}

void Environment::Consumed(const std::shared_ptr<Connection>& connection) {
  if (!stopped_ && !connection->hand_over().closing()) loop_owner_->Consumed(connection);
}

// The library's cancel call connects and waits for the server, so it gets a thread to itself: one that hangs
// on a black-holed host must hold up neither the commands nor another cancel. The thread outlives the
// environment if it must, since waiting for it could take minutes; it touches only what it holds.
void Environment::Cancel(const std::shared_ptr<Connection>& connection, uint32_t slot) {
  // Not counted as in flight: the command that it is for keeps the process alive, the request itself need
  // not.
  try {
    std::thread([connection, slot, io_thread = io_thread_] {
      io_thread->Relay(Cancelled(slot, connection->SendCancel()));
    }).detach();
  } catch (const std::system_error& error) {
    // The system has no more threads to give, which need not be the end of the process.
    Deliveries out = Cancelled(slot, std::string("no thread could be had for it: ") + error.what());
    Post(&out);
  }
}

// ---- up: completions

void Environment::Post(Deliveries* deliveries) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (arrived_.empty()) {
      arrived_.swap(*deliveries);
    } else {
      for (Delivery& delivery : *deliveries) arrived_.push_back(std::move(delivery));
    }
  }
  if (!wake_pending_.exchange(true)) napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
}

void Environment::CallJs(napi_env env, napi_value /* no function of its own */, void* context,
                         void* /* no data */) {
  if (env == nullptr) return;  // the environment is ending
  static_cast<Environment*>(context)->DeliverBacklog();
}

void Environment::DeliverBacklog() {
  if (draining_ || stopped_) return;
  draining_ = true;
  // Cleared before the completions are taken: one that arrives after the taking wakes us again.
  wake_pending_.store(false);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (next_ == backlog_.size()) {
      backlog_.clear();
      next_ = 0;
      backlog_.swap(arrived_);
    } else {
      for (Delivery& delivery : arrived_) backlog_.push_back(std::move(delivery));
      arrived_.clear();
    }
  }
  deliverer_.FreeDeadShapes();
  // Set at the first that takes long: reading the clock costs as much as delivering a small result.
  std::chrono::steady_clock::time_point deadline{};
  while (next_ < backlog_.size() && !stopped_) {
    // Out of the list, which grows while it is delivered.
    Delivery delivery = std::move(backlog_[next_++]);
    const bool heavy = delivery.chunk != nullptr && delivery.chunk->rows != 1;
    if (heavy && deadline == std::chrono::steady_clock::time_point{}) {
      deadline = std::chrono::steady_clock::now() + kDrainTime;
    }
    {
      const Napi::HandleScope scope(env_);
      Handle(&delivery);
      SurfaceException();
    }
    if (heavy && next_ < backlog_.size() && std::chrono::steady_clock::now() > deadline) {
      const Napi::HandleScope scope(env_);
      deliverer_.CallLater();
      break;
    }
  }
  deliverer_.GiveChunksBack();
  draining_ = false;
}

void Environment::SurfaceException() const {
  if (!env_.IsExceptionPending()) return;
  // A handler is the driver's own code and must not throw; if it does, it is an uncaught exception like any
  // other.
  napi_value exception = nullptr;
  if (napi_get_and_clear_last_exception(env_, &exception) == napi_ok) napi_fatal_exception(env_, exception);
}

void Environment::Handle(Delivery* delivery) {
  if (delivery->kind == Delivery::Kind::kReady) {
    Deliveries out;
    loop_owner_->React(delivery->connection, delivery->hangup, &out);
    for (Delivery& made : out) backlog_.push_back(std::move(made));
    return;
  }
  if (delivery->end_of_command && !delivery->goes_on) End();
  if (loop_owner_->Reconcile(delivery)) deliverer_.Deliver(delivery);
}

// ---- the end

void Environment::CleanUp(void* environment) {
  auto* self = static_cast<Environment*>(environment);
  self->Stop();
  if (self->wake_ != nullptr) {
    napi_release_threadsafe_function(std::exchange(self->wake_, nullptr), napi_tsfn_abort);
  }
}

void Environment::Stop() {
  if (stopped_) return;
  stopped_ = true;
  // The connector first: it hands connections over to the other.
  if (connector_ != nullptr) connector_->Stop();
  if (io_thread_ != nullptr) io_thread_->Stop();
  backlog_.clear();
  next_ = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    arrived_.clear();
  }
}

}  // namespace kingbase
