#include "environment.h"

#include <chrono>
#include <new>
#include <thread>
#include <utility>

#include "patience.h"

namespace kingbase {
namespace {

/** How long one delivery may hold up the event loop before the rest waits for the next turn. */
constexpr std::chrono::milliseconds kTurn{2};
/** So many small deliveries go between two looks at the clock, which costs as much as some of them. */
constexpr unsigned kSmallOnes = 16;
/** How long the end of the environment waits for threads that are inside the library. */
constexpr std::chrono::seconds kStopTime{2};
/** Where the part of the backlog that has been handed over is given back. */
constexpr size_t kLongBacklog = 512;

Failure OutOfMemory() {
  Failure failure;
  failure.message = "out of memory";
  failure.reason = Failure::Reason::kMemory;
  failure.lost = true;
  return failure;
}

Deliveries Cancelled(const std::shared_ptr<Connection>& connection, uint32_t slot, std::string message) {
  Deliveries deliveries(1);
  deliveries[0].kind = Delivery::Kind::kCancelled;
  deliveries[0].connection = connection;
  deliveries[0].slot = slot;
  deliveries[0].words = std::move(message);
  return deliveries;
}

}  // namespace

Environment* Environment::Of(Napi::Env env) { return env.GetInstanceData<Environment>(); }

Environment::~Environment() { Stop(); }

uint32_t Environment::AddCore(CoreObject* core, Waiting waiting) {
  cores_.push_back(core);
  if (wake_ == nullptr) {
    waiting_ = waiting;
    const Napi::String name = Napi::String::New(env_, "kingbase-native");
    if (napi_create_threadsafe_function(env_, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this,
                                        &Environment::CallJs, &wake_) != napi_ok) {
      cores_.pop_back();
      return 0;
    }
    // An idle connection does not keep the process alive; a command in flight does.
    napi_unref_threadsafe_function(env_, wake_);
    // After the threadsafe function's own hook, so that ours runs first: hooks run in reverse order.
    napi_add_env_cleanup_hook(env_, &Environment::CleanUp, this);
    mailbox_ = std::make_shared<Mailbox>(wake_);
  }
  return static_cast<uint32_t>(cores_.size() - 1);
}

/** '' or why the threads cannot be had; then the next connection tries again. */
std::string Environment::BeginThreads() {
  if (loop_owner_ != nullptr) return "";
  std::string error;
  if (io_thread_ == nullptr) {
    io_thread_ = IoThread::Create(Owner::kIoThread, waiting_.portable, mailbox_, nullptr, &error);
    if (io_thread_ == nullptr) return error;
  }
  auto connectors = std::make_unique<Connectors>(waiting_.portable, mailbox_, io_thread_);
  error = connectors->Begin();
  if (!error.empty()) return error;
  connectors_ = std::move(connectors);
  if (waiting_.loop_watch && !waiting_.portable) loop_watch_ = LoopWatch::Create(env_, this);
  loop_owner_ = std::make_unique<LoopOwner>(io_thread_.get(), connectors_.get(), loop_watch_.get());
  return "";
}

// ---- down: commands

void Environment::Begin(const Connection& connection) {
  if (in_flight_++ == 0) napi_ref_threadsafe_function(env_, wake_);
  CoreOf(connection)->Hold();
}

void Environment::End() {
  if (--in_flight_ == 0) napi_unref_threadsafe_function(env_, wake_);
}

void Environment::Run(const std::shared_ptr<Connection>& connection) {
  Begin(*connection);
  if (connection->command().kind == CommandKind::kConnect) {
    std::string error = BeginThreads();
    if (!error.empty()) {
      Refuse(connection, error);
      return;
    }
  }
  Deliveries out;
  loop_owner_->Run(connection, in_flight_ == 1, &out);
  // A command that failed at once still ends later, never inside the call that began it.
  if (!out.empty()) mailbox_->Post(&out);
}

void Environment::Refuse(const std::shared_ptr<Connection>& connection, const std::string& reason) {
  Insist([&] {
    Deliveries out(1);
    Delivery& delivery = out[0];
    delivery.kind = Delivery::Kind::kFailure;
    delivery.connection = connection;
    delivery.slot = connection->command().slot;
    delivery.end_of_command = true;
    delivery.transaction_status = transaction_status::kUnknown;
    delivery.failure = std::make_unique<Failure>();
    delivery.failure->message = "no thread to run it: " + reason;
    delivery.failure->reason = Failure::Reason::kResources;
    delivery.failure->lost = true;
    delivery.failure->sent = false;
    mailbox_->Post(&out);
  });
}

void Environment::RunNext(const std::shared_ptr<Connection>& connection) {
  if (!connection->hand_over().TakeNextBack()) return;
  connection->TurnToNext();
  Run(connection);
}

void Environment::Close(const std::shared_ptr<Connection>& connection) {
  if (stopped_ || loop_owner_ == nullptr) return;
  HandOver& hand_over = connection->hand_over();
  // The library may keep the thread that connects for ever.
  if (hand_over.owner() == Owner::kConnector && hand_over.under_way() && !hand_over.forsaken()) {
    hand_over.note_forsaken();
    End();
  }
  loop_owner_->Close(connection);
}

void Environment::RelieveConnectors() {
  if (!stopped_ && connectors_ != nullptr) connectors_->Relieve();
}

void Environment::Consumed(const std::shared_ptr<Connection>& connection, size_t bytes) {
  if (!stopped_ && !connection->hand_over().closing()) loop_owner_->Consumed(connection, bytes);
}

// The library's cancel call connects and waits for the server, so it gets a thread to itself: one that hangs
// on a black-holed host must hold up neither the commands nor another cancel. The thread outlives the
// environment if it must, since waiting for it could take minutes; it touches only what it holds.
void Environment::Cancel(const std::shared_ptr<Connection>& connection, uint32_t slot) {
  // Not counted as in flight: the command that it is for keeps the process alive, the request itself need
  // not.
  CoreOf(*connection)->Hold();
  const char* failure = "the connection cannot be cancelled";
  if (connection->can_cancel()) {
    try {
      std::thread([connection, slot, mailbox = mailbox_] {
        Insist([&] {
          Deliveries out = Cancelled(connection, slot, connection->SendCancel());
          mailbox->Post(&out);
        });
      }).detach();
      return;
    } catch (const std::exception&) {
      // The system has no more threads or memory to give, which need not be the end of the process.
      failure = "no thread could be had for it";
    }
  }
  Insist([&] {
    Deliveries out = Cancelled(connection, slot, failure);
    mailbox_->Post(&out);
  });
}

// ---- up: completions

void Environment::CallJs(napi_env env, napi_value /* no function of its own */, void* context,
                         void* /* no data */) {
  if (env == nullptr) return;  // the environment is ending
  static_cast<Environment*>(context)->DeliverBacklog();
}

void Environment::DeliverBacklog() {
  if (delivering_ || stopped_ || mailbox_ == nullptr) return;
  delivering_ = true;
  if (next_ == backlog_.size()) {
    backlog_.clear();
    next_ = 0;
  } else if (next_ > kLongBacklog && next_ > backlog_.size() / 2) {
    backlog_.erase(backlog_.begin(), backlog_.begin() + static_cast<std::ptrdiff_t>(next_));
    next_ = 0;
  }
  mailbox_->TakeAll(&backlog_);
  for (CoreObject* core : cores_) {
    if (core != nullptr) core->deliverer().FreeDeadShapes();
  }
  std::chrono::steady_clock::time_point deadline{};
  unsigned small_ones = 0;
  bool told = false;
  while (next_ < backlog_.size() && !stopped_) {
    // The promise of a call that failed takes some microtasks to be rejected, and none run before this turn's
    // end: what a command brings that was begun by the handler of another's end waits for the next.
    if (told && backlog_[next_].kind == Delivery::Kind::kReady && CallLater()) break;
    // Out of the list, which grows while it is delivered.
    Delivery delivery = std::move(backlog_[next_++]);
    const bool heavy = delivery.chunk != nullptr && delivery.chunk->rows != 1;
    const bool look = heavy || ++small_ones % kSmallOnes == 0;
    if (look && deadline == std::chrono::steady_clock::time_point{}) {
      deadline = std::chrono::steady_clock::now() + kTurn;
    }
    {
      const Napi::HandleScope scope(env_);
      told = told || delivery.end_of_command;
      Handle(&delivery);
      SurfaceException();
    }
    if (look && next_ < backlog_.size() && std::chrono::steady_clock::now() > deadline && CallLater()) break;
  }
  for (CoreObject* core : cores_) {
    if (core != nullptr) core->deliverer().GiveChunksBack();
  }
  delivering_ = false;
}

/** Asks for another turn of the event loop, of whichever driver waits for what comes next. */
bool Environment::CallLater() {
  CoreObject* core = CoreOf(*backlog_[next_].connection);
  if (core == nullptr) return false;
  const Napi::HandleScope scope(env_);
  core->deliverer().CallLater();
  return true;
}

void Environment::SurfaceException() const {
  if (!env_.IsExceptionPending()) return;
  // A handler is the driver's own code and must not throw; if it does, it is an uncaught exception like any
  // other.
  napi_value exception = nullptr;
  if (napi_get_and_clear_last_exception(env_, &exception) == napi_ok) napi_fatal_exception(env_, exception);
}

void Environment::Handle(Delivery* delivery) {
  Connection& connection = *delivery->connection;
  CoreObject* core = CoreOf(connection);
  if (core == nullptr) return;  // closed all its connections long ago, and is gone
  if (delivery->kind == Delivery::Kind::kReady) {
    Deliveries out;
    loop_owner_->React(delivery->connection, &out);
    AddToBacklog(std::move(out));
    return;
  }
  const bool cancelled = delivery->kind == Delivery::Kind::kCancelled;
  const bool ends = delivery->end_of_command && !delivery->goes_on;
  // Before the handler, which may give the next command.
  if (ends && !connection.hand_over().forsaken()) End();
  if (loop_owner_ == nullptr || loop_owner_->Reconcile(delivery)) {
    try {
      core->deliverer().Deliver(delivery);
    } catch (const std::bad_alloc&) {
      // Before the handler was called, which gets this instead.
      Insist([&] {
        delivery->kind = Delivery::Kind::kFailure;
        delivery->failure = std::make_unique<Failure>(OutOfMemory());
        core->deliverer().Deliver(delivery);
      });
      Close(delivery->connection);
    }
  }
  if (ends || cancelled) core->Release();
}

void Environment::OnReady(const std::shared_ptr<Connection>& connection, bool hangup) {
  Deliveries out;
  loop_owner_->GoOn(connection, hangup, &out);
  AddToBacklog(std::move(out));
}

void Environment::AddToBacklog(Deliveries deliveries) {
  Insist([&] { backlog_.reserve(backlog_.size() + deliveries.size()); });
  for (Delivery& delivery : deliveries) backlog_.push_back(std::move(delivery));
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
  if (mailbox_ != nullptr) mailbox_->Close();
  if (loop_watch_ != nullptr) loop_watch_->Stop();
  // The connectors first: they hand connections over to the other. They have one time in common, since the
  // library may keep several. The other has a time of its own: who comes too late leaves its connections
  // open.
  const auto soon = [] { return std::chrono::steady_clock::now() + kStopTime; };
  if (connectors_ != nullptr) connectors_->Stop(soon());
  if (io_thread_ != nullptr) {
    io_thread_->AskToStop();
    io_thread_->Stop(soon());
  }
  backlog_.clear();
  next_ = 0;
}

}  // namespace kingbase
