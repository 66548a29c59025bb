#include "deliverer.h"

#include <utility>

#include "connection.h"

namespace kingbase {
namespace {

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
         (delivery.goes_on ? 4U : 0U) | (static_cast<uint32_t>(delivery.transaction_status) << 3U) |
         (static_cast<uint32_t>(delivery.altered_settings) << 6U);
}

}  // namespace

Deliverer::Deliverer(Napi::Env env, std::shared_ptr<ResultMemory> memory, ConsumptionListener* listener)
    : env_(env),
      memory_(std::move(memory)),
      listener_(listener),
      row_builder_(env, HandlerAt(Handler::kDescribe), HandlerAt(Handler::kAppender),
                   HandlerAt(Handler::kPackedAppender)) {}

Deliverer::~Deliverer() {
  // Node frees no references by itself, and it ends many environments in the life of a process.
  for (auto& [slot, partial] : partials_) partial.Free(env_);
  memory_->shapes.Clear();
  FreeDeadShapes();
}

void Deliverer::Partial::Free(napi_env env) const {
  for (napi_ref reference : {rows, thrown}) {
    if (reference != nullptr) napi_delete_reference(env, reference);
  }
}

Deliverer::Partial Deliverer::TakePartial(uint32_t slot) {
  if (partials_.empty()) return {};
  const auto found = partials_.find(slot);
  if (found == partials_.end()) return {};
  const Partial partial = found->second;
  partials_.erase(found);
  return partial;
}

bool Deliverer::SetHandlers(Napi::Object handlers) {
  for (size_t i = 0; i < handlers_.size(); ++i) {
    Napi::Value handler;
    if (!handlers.Get(kHandlerNames[i]).UnwrapTo(&handler)) return false;
    if (!handler.IsFunction()) {
      Napi::TypeError::New(env_, std::string("the handler ") + kHandlerNames[i] + " is missing")
          .ThrowAsJavaScriptException();
      return false;
    }
    handlers_[i] = Napi::Weak(handler.As<Napi::Function>());
  }
  return true;
}

void Deliverer::SetRowCells(Napi::Float64Array cells, Napi::Uint8Array kinds) {
  row_builder_.SetCells(cells, kinds);
}

void Deliverer::Call(Handler handler, std::initializer_list<napi_value> arguments) {
  napi_value undefined = nullptr;
  napi_get_undefined(env_, &undefined);
  napi_call_function(env_, undefined, handlers_[static_cast<size_t>(handler)].Value(), arguments.size(),
                     arguments.begin(), nullptr);
}

void Deliverer::Deliver(Delivery* delivery) {
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
    case Delivery::Kind::kFailure:
      TakePartial(delivery->slot).Free(env_);
      CallFailure(Handler::kFailed, delivery->slot, *delivery->failure, Outcome(*delivery));
      return;
    case Delivery::Kind::kConnected:
      CallConnected(slot, *delivery->facts);
      return;
    case Delivery::Kind::kDescribed: {
      const napi_value parameters = Numbers(env_, delivery->description->parameter_types);
      const napi_value columns = Numbers(env_, delivery->description->column_types);
      // Null when the environment is being terminated.
      if (parameters != nullptr && columns != nullptr) Call(Handler::kDescribed, {slot, parameters, columns});
      return;
    }
    case Delivery::Kind::kNotice:
      Call(Handler::kNotice, {connection_id(), Text(env_, delivery->failure->fields.text())});
      listener_->Consumed(delivery->connection, delivery->weight);
      return;
    case Delivery::Kind::kLost:
      CallFailure(Handler::kLost, delivery->connection->id(), *delivery->failure, Outcome(*delivery));
      return;
    case Delivery::Kind::kNotification: {
      const Notification& notification = *delivery->notification;
      Call(Handler::kNotification,
           {connection_id(), Text(env_, notification.channel), Text(env_, notification.payload),
            Number(env_, notification.backend_pid)});
      listener_->Consumed(delivery->connection, delivery->weight);
      return;
    }
    case Delivery::Kind::kCancelled:
      Call(Handler::kCancelled, {slot, Text(env_, delivery->words)});
      return;
    case Delivery::Kind::kReady:
      return;
  }
}

/** A whole result of short values crosses in one call. False where it is not one. */
bool Deliverer::DeliverPacked(Delivery* delivery) {
  if (delivery->chunk == nullptr || !delivery->end_of_result || !delivery->end_of_command ||
      partials_.count(delivery->slot) > 0)
    return false;
  const napi_value shape = row_builder_.ShapeObject(delivery->shape.get());
  napi_value ascii = nullptr;
  napi_value utf16 = nullptr;
  if (shape == nullptr || !row_builder_.LayWhole(*delivery->shape, *delivery->chunk, &ascii, &utf16))
    return false;
  const uint32_t rows = delivery->chunk->groups.front().rows;
  used_.push_back(std::move(delivery->chunk));
  listener_->Consumed(delivery->connection, delivery->weight);
  const uint32_t tag = TagNumber(delivery->words);
  Call(Handler::kPackedResult,
       {Integer(env_, delivery->slot), shape, Integer(env_, static_cast<uint32_t>(delivery->row_mode)),
        Integer(env_, rows), ascii, utf16, Integer(env_, tag),
        Number(env_, static_cast<double>(delivery->count)), Integer(env_, Outcome(*delivery))});
  return true;
}

void Deliverer::DeliverRows(Delivery* delivery) {
  if (DeliverPacked(delivery)) return;
  napi_value undefined = nullptr;
  napi_get_undefined(env_, &undefined);
  napi_value rows = undefined;
  napi_value shape = undefined;
  Partial partial = TakePartial(delivery->slot);
  if (delivery->shape != nullptr && partial.thrown == nullptr) {
    if (partial.rows != nullptr) {
      napi_get_reference_value(env_, partial.rows, &rows);
    } else {
      napi_create_array(env_, &rows);
    }
    shape = row_builder_.ShapeObject(delivery->shape.get());
    const bool built = shape != nullptr && (delivery->chunk == nullptr ||
                                            row_builder_.Append(rows, delivery->shape.get(),
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
      memory_->chunks.Give(std::move(delivery->chunk));
    }
    listener_->Consumed(delivery->connection, delivery->weight);
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
  CallResult(*delivery, rows, shape, Outcome(*delivery));
}

void Deliverer::CallResult(const Delivery& delivery, napi_value rows, napi_value shape, uint32_t outcome) {
  const uint32_t tag = TagNumber(delivery.words);
  Call(Handler::kResult, {Integer(env_, delivery.slot), rows, shape, Integer(env_, tag),
                          Number(env_, static_cast<double>(delivery.count)), Integer(env_, outcome)});
}

uint32_t Deliverer::TagNumber(const std::string& tag) {
  for (size_t i = 0; i < tags_.size(); ++i) {
    if (tags_[i] == tag) return static_cast<uint32_t>(i);
  }
  const auto number = static_cast<uint32_t>(tags_.size());
  tags_.push_back(tag);
  Call(Handler::kTag, {Integer(env_, number), Text(env_, tag)});
  return number;
}

/** One batch of rows of a stream, which is the program's at once. */
void Deliverer::DeliverStream(Delivery* delivery) {
  napi_value rows = nullptr;
  napi_get_undefined(env_, &rows);
  napi_value shape = rows;
  bool built = true;
  if (delivery->shape != nullptr) {
    if (delivery->chunk != nullptr) napi_create_array(env_, &rows);
    shape = row_builder_.ShapeObject(delivery->shape.get());
    built = shape != nullptr &&
            (delivery->chunk == nullptr ||
             row_builder_.Append(rows, delivery->shape.get(), delivery->row_mode, *delivery->chunk));
  }
  const bool batch = delivery->chunk != nullptr;
  if (batch) memory_->chunks.Give(std::move(delivery->chunk));
  if (built) {
    CallResult(*delivery, rows, shape, Outcome(*delivery));
    return;
  }
  napi_value thrown = nullptr;
  // Nothing to catch when the environment is being terminated.
  if (napi_get_and_clear_last_exception(env_, &thrown) != napi_ok) return;
  uint32_t before = 0;
  if (batch) napi_get_array_length(env_, rows, &before);
  if (before > 0) {
    // The rows before the one that could not be built: whoever reads them has them first.
    CallResult(*delivery, rows, shape, 0);
  } else if (batch) {
    listener_->Consumed(delivery->connection, delivery->weight);
  }
  Call(Handler::kThrew, {Integer(env_, delivery->slot), thrown, Integer(env_, Outcome(*delivery))});
}

void Deliverer::DeliverBytes(Delivery* delivery) {
  napi_value bytes = nullptr;
  napi_create_buffer_copy(env_, delivery->chunk->bytes.size(), delivery->chunk->bytes.data(), nullptr,
                          &bytes);
  memory_->chunks.Give(std::move(delivery->chunk));
  if (bytes != nullptr) Call(Handler::kCopyData, {Integer(env_, delivery->slot), bytes});
}

/** As few values as will do, since Node-API makes each by a call. */
void Deliverer::CallFailure(Handler handler, uint32_t number, const Failure& failure, uint32_t outcome) {
  napi_value fields = nullptr;
  if (failure.from_server) {
    fields = Text(env_, failure.fields.text());
  } else {
    napi_get_undefined(env_, &fields);
  }
  const uint32_t what = (failure.lost ? 1U : 0U) | (failure.sent ? 2U : 0U) |
                        (static_cast<uint32_t>(failure.stage) << 2U) |
                        (static_cast<uint32_t>(failure.reason) << 5U);
  Call(handler, {Integer(env_, number), fields, Text(env_, failure.message), Integer(env_, what),
                 Integer(env_, outcome)});
}

/** As arguments and one text, since every property of an object is a call into the engine. */
void Deliverer::CallConnected(napi_value slot, const ConnectionFacts& facts) {
  Call(Handler::kConnected, {slot, Text(env_, facts.parameters), Number(env_, facts.backend_pid),
                             Number(env_, facts.server_version), Boolean(env_, facts.tls),
                             Text(env_, facts.tls_protocol), Text(env_, facts.tls_cipher)});
}

}  // namespace kingbase
