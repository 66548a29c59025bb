#include "connection.h"

#include <array>
#include <utility>

namespace kingbase {

Connection::Connection(uint32_t id, std::shared_ptr<const ClientLibrary> library,
                       std::shared_ptr<ResultMemory> memory, std::string statement_prefix)
    : id_(id),
      library_(std::move(library)),
      api_(library_->api()),
      statement_prefix_(std::move(statement_prefix)),
      results_(api_, std::move(memory), this, &flow_) {}

Connection::~Connection() {
  Release();
  if (cancel_ != nullptr) api_.cancel_free(cancel_);
}

void Connection::Release() {
  results_.Discard();
  if (connection_ != nullptr) api_.finish(std::exchange(connection_, nullptr));
  results_.ForgetStatements();
  phase_ = Phase::kClosed;
  socket_ = kNoSocket;
}

Delivery Connection::NewDelivery(Delivery::Kind kind) {
  Delivery delivery;
  delivery.kind = kind;
  delivery.slot = command_.slot;
  delivery.row_mode = command_.row_mode;
  delivery.stream = command_.stream;
  delivery.connection = shared_from_this();
  return delivery;
}

std::string Connection::LibraryMessage() const { return Trimmed(api_.error_message(connection_)); }

Step Connection::Start(Deliveries* out) {
  hand_over_.Touch();
  results_.Begin(command_);
  hangup_ = false;
  may_have_more_ = false;
  goes_on_ = false;
  if (command_.kind == CommandKind::kConnect) return StartConnecting(out);
  if (phase_ == Phase::kCopying) return StartCopying(out);
  phase_ = Phase::kBusy;
  sent_ = false;
  single_row_ = false;
  copy_out_ = false;
  copy_in_ready_ = false;
  if (api_.status(connection_) != connection_status::kOk || (MayHaveDied() && DiedWhileIdle())) {
    return Lose(out);
  }
  if (!Send()) return NotSent(out);
  sent_ = true;
  sending_ = true;
  return Flush() ? Step::kWait : Lose(out);
}

Step Connection::Advance(bool hangup, int reads, Deliveries* out) {
  hand_over_.Touch();
  hangup_ = hangup_ || hangup;
  switch (phase_) {
    case Phase::kConnecting:
      return PollConnecting(out);
    case Phase::kBusy: {
      const bool sending_bytes = command_.kind == CommandKind::kCopyData;
      const Step step = sending_bytes ? SendCopyData(out) : Fetch(reads, hangup_, out);
      if (!notices_.empty() && step != Step::kDone) TakeMessages(out);
      return step;
    }
    case Phase::kIdle:
    case Phase::kCopying:
      ReadUnasked(hangup, out);
      return Step::kDone;
    case Phase::kNew:
    case Phase::kClosed:
      break;
  }
  return Step::kDone;
}

void Connection::Close(const char* reason, Deliveries* out) {
  hand_over_.Touch();
  if (running()) {
    const bool connecting = phase_ == Phase::kConnecting;
    auto delivery = NewDelivery(Delivery::Kind::kFailure);
    delivery.end_of_command = true;
    delivery.transaction_status = transaction_status::kUnknown;
    delivery.failure = std::make_unique<Failure>();
    delivery.failure->message = reason;
    delivery.failure->lost = true;
    delivery.failure->sent = !connecting && sent_;
    delivery.failure->stage = connecting ? stage_ : "";
    out->push_back(std::move(delivery));
  }
  Release();
}

bool Connection::expects_much() const {
  if (command_.kind == CommandKind::kExecutePreparedRows) return true;
  if (command_.kind != CommandKind::kExecutePrepared) return command_.stream;
  return command_.stream || results_.large(command_.statement);
}

std::string Connection::SendCancel() const {
  std::array<char, 256> error{};
  if (api_.cancel_send(cancel_, error.data(), static_cast<int>(error.size())) == 1) return "";
  std::string message = Trimmed(error.data());
  return message.empty() ? "the cancel request could not be sent" : message;
}

}  // namespace kingbase
