#include "environment.h"

#include <array>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

namespace kingbase {
namespace {

/** How long one delivery of rows may hold up the event loop before the rest waits for the next turn. */
constexpr std::chrono::milliseconds kDrainTime{2};
/** What the JavaScript thread sends by itself; more is queued, since sending it would take its time. */
constexpr size_t kInlineBytes = 16 * 1024;

constexpr std::array<const char*, 17> kHandlerNames = {
    "describe", "appender",     "packedAppender", "packedResult", "tag",     "result",
    "threw",    "failed",       "connected",      "described",    "copying", "copyData",
    "notice",   "notification", "lost",           "cancelled",    "later"};

napi_value Number(napi_env env, double number) {
  napi_value value = nullptr;
  napi_create_double(env, number, &value);
  return value;
}

napi_value Integer(napi_env env, uint32_t number) {
  napi_value value = nullptr;
  napi_create_uint32(env, number, &value);
  return value;
}

napi_value Boolean(napi_env env, bool boolean) {
  napi_value value = nullptr;
  napi_get_boolean(env, boolean, &value);
  return value;
}

napi_value Text(napi_env env, const std::string& text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

napi_value Numbers(Napi::Env env, const std::vector<uint32_t>& numbers) {
  Napi::Uint32Array array = Napi::Uint32Array::New(env, numbers.size());
  if (array.IsEmpty()) return nullptr;
  for (size_t i = 0; i < numbers.size(); ++i) array[i] = numbers[i];
  return array;
}

/** What is small of the end of a result, in one number: Node-API makes each value by a call. Twin: `Outcome`
 * in lib/addon/interface.ts. */
uint32_t Outcome(const Delivery& delivery) {
  return (delivery.end_of_result ? 1U : 0U) | (delivery.end_of_command ? 2U : 0U) |
         (delivery.goes_on ? 4U : 0U) | (static_cast<uint32_t>(delivery.transaction_status) << 3U);
}

Deliveries Cancelled(uint32_t slot, std::string message) {
  Deliveries deliveries(1);
  deliveries[0].kind = Delivery::Kind::kCancelled;
  deliveries[0].slot = slot;
  deliveries[0].command = std::move(message);
  return deliveries;
}

}  // namespace

Environment* Environment::Of(Napi::Env env) { return env.GetInstanceData<Environment>(); }

Environment::Environment(Napi::Env env)
    : env_(env),
      handlers_(static_cast<size_t>(Handler::kCount)),
      row_builder_(std::make_unique<RowBuilder>(env, &handlers_[static_cast<size_t>(Handler::kDescribe)],
                                                &handlers_[static_cast<size_t>(Handler::kAppender)],
                                                &handlers_[static_cast<size_t>(Handler::kPackedAppender)])) {}

Environment::~Environment() {
  Stop();
  // Node frees no references by itself, and it ends many environments in the life of a process.
  for (auto& [slot, partial] : partials_) partial.Free(env_);
  shared_->shapes.Clear();
  row_builder_->Bury(shared_->graveyard.get());
}

void Environment::Partial::Free(napi_env env) const {
  for (napi_ref reference : {rows, thrown}) {
    if (reference != nullptr) napi_delete_reference(env, reference);
  }
}

void Environment::SetHandlers(Napi::Object handlers, bool portable_wait) {
  for (size_t i = 0; i < handlers_.size(); ++i) {
    const Napi::Value handler = handlers.Get(kHandlerNames[i]);
    if (!handler.IsFunction()) {
      // Unless the environment is being terminated, when nothing can be read from an object.
      if (!env_.IsExceptionPending())
        Napi::TypeError::New(env_, std::string("the handler ") + kHandlerNames[i] + " is missing")
            .ThrowAsJavaScriptException();
      return;
    }
    handlers_[i] = Napi::Persistent(handler.As<Napi::Function>());
  }
  if (wake_ != nullptr) return;
  napi_create_threadsafe_function(env_, nullptr, nullptr, Text(env_, "kingbase-native"), 0, 1, nullptr,
                                  nullptr, this, &Environment::CallJs, &wake_);
  // An idle connection does not keep the process alive; a command in flight does.
  napi_unref_threadsafe_function(env_, wake_);
  // After the threadsafe function's own hook, so that ours runs first: hooks run in reverse order.
  napi_add_env_cleanup_hook(env_, &Environment::CleanUp, this);
  io_thread_ = std::make_shared<IoThread>(Owner::kIoThread, portable_wait, this, nullptr);
  connector_ = std::make_shared<IoThread>(Owner::kConnector, portable_wait, this, io_thread_.get());
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

void Environment::SetRowCells(Napi::Float64Array cells, Napi::Uint8Array kinds) {
  row_builder_->SetCells(cells, kinds);
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
  connection->note_under_way(true);
  const Command& command = connection->command();
  if (command.kind == CommandKind::kConnect) {
    connection->GiveTo(Owner::kConnector);
    connector_->Submit(connection, IoThread::Order::kStart);
    return;
  }
  // Alone in flight, sending here saves waking the I/O thread to do it, and reading here saves handing the
  // result over: a third of the CPU of a small query. With others in flight the I/O thread is awake anyway.
  const size_t bytes = command.sql.size() + command.parameters.size() + command.length;
  if (in_flight_ == 1 && bytes < kInlineBytes && !connection->expects_much()) {
    Deliveries out;
    const Step step = connection->Start(&out);
    if (step == Step::kWait && !connection->interest().write) {
      io_thread_->Rest(connection.get());
    } else if (step != Step::kDone) {
      connection->GiveTo(Owner::kIoThread);
      io_thread_->Submit(connection, IoThread::Order::kContinue);
    }
    // A command that failed at once still ends later, never inside the call that began it.
    if (!out.empty()) Post(&out);
    return;
  }
  connection->GiveTo(Owner::kIoThread);
  io_thread_->Submit(connection, IoThread::Order::kStart);
}

void Environment::RunNext(const std::shared_ptr<Connection>& connection) {
  if (!connection->TakeNextBack()) return;
  connection->TurnToNext();
  Run(connection);
}

void Environment::Close(const std::shared_ptr<Connection>& connection) {
  if (stopped_ || io_thread_ == nullptr) return;
  // The second time there may be an order of the first still on its way, to the I/O thread.
  const bool first = !connection->closing();
  connection->note_closing();
  const Owner owner = connection->owner();
  if (owner == Owner::kConnector) {
    connector_->Submit(connection, IoThread::Order::kClose);
    return;
  }
  if (first && owner == Owner::kJavaScript && connection->idle() && io_thread_->lets_go()) {
    connection->GiveTo(Owner::kConnector);
    connector_->Submit(connection, IoThread::Order::kDismiss);
    return;
  }
  if (owner == Owner::kJavaScript) connection->GiveTo(Owner::kIoThread);
  io_thread_->Submit(connection, IoThread::Order::kClose);
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
  static_cast<Environment*>(context)->Drain();
}

void Environment::Drain() {
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
  row_builder_->Bury(shared_->graveyard.get());
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
      Deliver(&delivery);
      SurfaceException();
    }
    if (heavy && next_ < backlog_.size() && std::chrono::steady_clock::now() > deadline) {
      const Napi::HandleScope scope(env_);
      Call(Handler::kLater, {});
      break;
    }
  }
  shared_->chunks.GiveAll(&used_);
  draining_ = false;
}

void Environment::SurfaceException() const {
  if (!env_.IsExceptionPending()) return;
  // A handler is the driver's own code and must not throw; if it does, it is an uncaught exception like any
  // other.
  napi_value exception = nullptr;
  if (napi_get_and_clear_last_exception(env_, &exception) == napi_ok) napi_fatal_exception(env_, exception);
}

void Environment::Call(Handler handler, std::initializer_list<napi_value> arguments) {
  napi_value undefined = nullptr;
  napi_get_undefined(env_, &undefined);
  napi_call_function(env_, undefined, handlers_[static_cast<size_t>(handler)].Value(), arguments.size(),
                     arguments.begin(), nullptr);
}

void Environment::OnReady(const std::shared_ptr<Connection>& connection, bool hangup) {
  connection->NoteTold();
  if (connection->closing()) return;
  if (connection->owner() != Owner::kJavaScript) {
    // Given away since the event was seen; the edge must not be lost.
    io_thread_->Submit(connection, IoThread::Order::kContinue, hangup);
    return;
  }
  if (!connection->connected()) return;
  const bool was_idle = connection->idle() || connection->copying();
  if (connection->under_way() && was_idle) {
    // The end of the last command is still on its way here, and what came after it must not be told before
    // it.
    connection->note_unread();
    io_thread_->Recheck(connection.get());
    return;
  }
  Deliveries out;
  // One read: what is larger than that would hold up the event loop with parsing.
  const Step step = connection->Advance(hangup, 1, &out);
  if (step == Step::kDone && connection->goes_on()) {
    connection->TurnToNext();
    connection->GiveTo(Owner::kIoThread);
    io_thread_->Submit(connection, IoThread::Order::kStart);
  } else if (step == Step::kDone || (step == Step::kWait && !connection->interest().write)) {
    io_thread_->Rest(connection.get());
  } else if (!was_idle) {
    connection->GiveTo(Owner::kIoThread);
    io_thread_->Submit(connection, IoThread::Order::kContinue);
  }
  for (Delivery& delivery : out) backlog_.push_back(std::move(delivery));
}

void Environment::Deliver(Delivery* delivery) {
  if (delivery->kind == Delivery::Kind::kReady) {
    OnReady(delivery->connection, delivery->hangup);
    return;
  }
  if (delivery->end_of_command && !delivery->goes_on) End();
  if (Outdated(delivery)) return;
  const napi_value slot = Integer(env_, delivery->slot);
  const auto connection_id = [&] { return Integer(env_, delivery->connection->id()); };
  switch (delivery->kind) {
    case Delivery::Kind::kResult:
      if (delivery->stream) {
        DeliverStream(delivery);
      } else {
        DeliverRows(delivery);
      }
      return;
    case Delivery::Kind::kCopying:
      Call(Handler::kCopying, {slot, Boolean(env_, delivery->binary)});
      return;
    case Delivery::Kind::kCopyData:
      DeliverBytes(delivery);
      return;
    case Delivery::Kind::kFailure: {
      const auto partial = partials_.find(delivery->slot);
      if (partial != partials_.end()) {
        partial->second.Free(env_);
        partials_.erase(partial);
      }
      Call(Handler::kFailed, {slot, FailureObject(*delivery->failure), Integer(env_, Outcome(*delivery))});
      return;
    }
    case Delivery::Kind::kConnected:
      CallConnected(slot, *delivery->facts);
      return;
    case Delivery::Kind::kDescribed: {
      const napi_value parameters = Numbers(env_, delivery->parameter_types);
      const napi_value columns = Numbers(env_, delivery->column_types);
      // Null when the environment is being terminated.
      if (parameters != nullptr && columns != nullptr) Call(Handler::kDescribed, {slot, parameters, columns});
      return;
    }
    case Delivery::Kind::kNotice:
      Call(Handler::kNotice, {connection_id(), FailureObject(*delivery->failure)});
      return;
    case Delivery::Kind::kLost:
      Call(Handler::kLost, {connection_id(), FailureObject(*delivery->failure)});
      return;
    case Delivery::Kind::kNotification: {
      const Notification& notification = *delivery->notification;
      Call(Handler::kNotification,
           {connection_id(), Text(env_, notification.channel), Text(env_, notification.payload),
            Number(env_, notification.backend_pid)});
      return;
    }
    case Delivery::Kind::kCancelled:
      Call(Handler::kCancelled, {slot, Text(env_, delivery->command)});
      return;
    case Delivery::Kind::kReady:
      return;
  }
}

/** Brings what happened on the I/O thread in line with what the program has done since. */
bool Environment::Outdated(Delivery* delivery) {
  Connection* connection = delivery->connection.get();
  if (connection == nullptr) return false;
  if (delivery->end_of_command) connection->note_under_way(delivery->goes_on);
  if (!connection->closing()) {
    // A command that was given in the meantime fails for the same reason, and says so.
    return delivery->kind == Delivery::Kind::kLost && connection->under_way();
  }
  // Of a closed connection nothing is told but that its command has ended, and that it is of no more use.
  if (!delivery->end_of_command) return true;
  if (connection->owner() == Owner::kJavaScript) Close(delivery->connection);
  if (delivery->kind == Delivery::Kind::kFailure && delivery->failure->lost) return false;
  delivery->kind = Delivery::Kind::kFailure;
  delivery->failure = std::make_unique<Failure>();
  delivery->failure->message = "the connection was closed by the program";
  delivery->failure->lost = true;
  return false;
}

/** A whole result of short values crosses in one call. False where it is not one. */
bool Environment::DeliverPacked(Delivery* delivery) {
  if (delivery->chunk == nullptr || !delivery->end_of_result || !delivery->end_of_command ||
      !partials_.empty())
    return false;
  const napi_value shape = row_builder_->ShapeObject(delivery->shape.get());
  napi_value ascii = nullptr;
  napi_value utf16 = nullptr;
  if (shape == nullptr || !row_builder_->LayWhole(*delivery->shape, *delivery->chunk, &ascii, &utf16))
    return false;
  const uint32_t rows = delivery->chunk->groups.front().rows;
  used_.push_back(std::move(delivery->chunk));
  Consumed(delivery->connection);
  const uint32_t tag = TagNumber(delivery->command);
  Call(Handler::kPackedResult,
       {Integer(env_, delivery->slot), shape, Integer(env_, static_cast<uint32_t>(delivery->row_mode)),
        Integer(env_, rows), ascii, utf16, Integer(env_, tag),
        Number(env_, static_cast<double>(delivery->count)), Integer(env_, Outcome(*delivery))});
  return true;
}

void Environment::DeliverRows(Delivery* delivery) {
  if (DeliverPacked(delivery)) return;
  napi_value undefined = nullptr;
  napi_get_undefined(env_, &undefined);
  napi_value rows = undefined;
  napi_value shape = undefined;
  Partial partial;
  if (!partials_.empty()) {
    const auto found = partials_.find(delivery->slot);
    if (found != partials_.end()) {
      partial = found->second;
      partials_.erase(found);
    }
  }
  if (delivery->shape != nullptr && partial.thrown == nullptr) {
    if (partial.rows != nullptr) {
      napi_get_reference_value(env_, partial.rows, &rows);
    } else {
      napi_create_array(env_, &rows);
    }
    shape = row_builder_->ShapeObject(delivery->shape.get());
    const bool built = shape != nullptr && (delivery->chunk == nullptr ||
                                            row_builder_->Append(rows, delivery->shape.get(),
                                                                 delivery->row_mode, *delivery->chunk));
    if (!built) {
      napi_value thrown = nullptr;
      // Nothing to catch when the environment is being terminated.
      if (napi_get_and_clear_last_exception(env_, &thrown) != napi_ok) return;
      napi_value holder = nullptr;  // what was thrown may be a primitive, which cannot be referenced
      napi_create_array_with_length(env_, 1, &holder);
      napi_set_element(env_, holder, 0, thrown);
      napi_create_reference(env_, holder, 1, &partial.thrown);
    }
  }
  if (delivery->chunk != nullptr) {
    if (delivery->end_of_result) {
      used_.push_back(std::move(delivery->chunk));
    } else {
      shared_->chunks.Give(std::move(delivery->chunk));
    }
    if (delivery->connection->ChunkConsumed()) {
      io_thread_->Submit(delivery->connection, IoThread::Order::kContinue);
    }
  }
  if (!delivery->end_of_result && !delivery->end_of_command) {
    if (partial.rows == nullptr && partial.thrown == nullptr)
      napi_create_reference(env_, rows, 1, &partial.rows);
    partials_[delivery->slot] = partial;
    return;
  }
  if (partial.rows != nullptr) napi_delete_reference(env_, partial.rows);
  if (partial.thrown != nullptr) {
    napi_value holder = nullptr;
    napi_value thrown = nullptr;
    napi_get_reference_value(env_, partial.thrown, &holder);
    if (!delivery->end_of_command) {
      partial.rows = nullptr;
      partials_[delivery->slot] = partial;
      return;
    }
    napi_get_element(env_, holder, 0, &thrown);
    napi_delete_reference(env_, partial.thrown);
    Call(Handler::kThrew, {Integer(env_, delivery->slot), thrown, Integer(env_, Outcome(*delivery))});
    return;
  }
  CallResult(*delivery, rows, shape);
}

void Environment::CallResult(const Delivery& delivery, napi_value rows, napi_value shape) {
  const uint32_t tag = TagNumber(delivery.command);
  Call(Handler::kResult,
       {Integer(env_, delivery.slot), rows, shape, Integer(env_, tag),
        Number(env_, static_cast<double>(delivery.count)), Integer(env_, Outcome(delivery))});
}

uint32_t Environment::TagNumber(const std::string& tag) {
  for (size_t i = 0; i < tags_.size(); ++i) {
    if (tags_[i] == tag) return static_cast<uint32_t>(i);
  }
  const auto number = static_cast<uint32_t>(tags_.size());
  tags_.push_back(tag);
  Call(Handler::kTag, {Integer(env_, number), Text(env_, tag)});
  return number;
}

/** One batch of rows of a stream, which is the program's at once. */
void Environment::DeliverStream(Delivery* delivery) {
  napi_value rows = nullptr;
  napi_get_undefined(env_, &rows);
  napi_value shape = rows;
  bool built = true;
  if (delivery->shape != nullptr) {
    if (delivery->chunk != nullptr) napi_create_array(env_, &rows);
    shape = row_builder_->ShapeObject(delivery->shape.get());
    built = shape != nullptr &&
            (delivery->chunk == nullptr ||
             row_builder_->Append(rows, delivery->shape.get(), delivery->row_mode, *delivery->chunk));
  }
  const bool batch = delivery->chunk != nullptr;
  if (batch) shared_->chunks.Give(std::move(delivery->chunk));
  if (built) {
    CallResult(*delivery, rows, shape);
    return;
  }
  napi_value thrown = nullptr;
  // Nothing to catch when the environment is being terminated.
  if (napi_get_and_clear_last_exception(env_, &thrown) != napi_ok) return;
  if (batch) Consumed(delivery->connection);
  Call(Handler::kThrew, {Integer(env_, delivery->slot), thrown, Integer(env_, Outcome(*delivery))});
}

void Environment::DeliverBytes(Delivery* delivery) {
  napi_value bytes = nullptr;
  napi_create_buffer_copy(env_, delivery->chunk->bytes.size(), delivery->chunk->bytes.data(), nullptr,
                          &bytes);
  shared_->chunks.Give(std::move(delivery->chunk));
  if (bytes != nullptr) Call(Handler::kCopyData, {Integer(env_, delivery->slot), bytes});
}

void Environment::Consumed(const std::shared_ptr<Connection>& connection) {
  if (connection->closing() || stopped_) return;
  if (connection->ChunkConsumed()) io_thread_->Submit(connection, IoThread::Order::kContinue);
}

napi_value Environment::FailureObject(const Failure& failure) const {
  Napi::Object object = Napi::Object::New(env_);
  if (failure.from_server) {
    Napi::Object fields = Napi::Object::New(env_);
    for (const auto& [letter, value] : failure.fields.values) fields.Set(std::string(1, letter), value);
    object.Set("fields", fields);
  } else {
    object.Set("fields", env_.Undefined());
  }
  object.Set("message", failure.message);
  object.Set("lost", failure.lost);
  object.Set("sent", failure.sent);
  object.Set("stage", failure.stage);
  return object;
}

/** As arguments and one text, since every property of an object is a call into the engine. */
void Environment::CallConnected(napi_value slot, const ConnectionFacts& facts) {
  Call(Handler::kConnected, {slot, Text(env_, facts.parameters), Number(env_, facts.backend_pid),
                             Number(env_, facts.server_version), Boolean(env_, facts.tls),
                             Text(env_, facts.tls_protocol), Text(env_, facts.tls_cipher)});
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
