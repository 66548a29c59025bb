#include "connection.h"

#include <array>
#include <new>
#include <utility>

#include "patience.h"

namespace kingbase {

Connection::Connection(Origin origin, std::shared_ptr<const ClientApi> library,
                       std::shared_ptr<ResultMemory> memory, std::string statement_prefix)
    : origin_(origin),
      library_(std::move(library)),
      api_(*library_),
      statement_prefix_(std::move(statement_prefix)),
      results_(api_, std::move(memory), this, &flow_) {}

Connection::~Connection() {
  Release();
  if (cancel_ != nullptr) api_.cancel_free(cancel_);
  if (encrypted_cancel_ != nullptr) api_.cancel_connection_finish(encrypted_cancel_);
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
  delivery.slot = command().slot;
  delivery.row_mode = command().row_mode;
  delivery.stream = command().stream;
  delivery.connection = shared_from_this();
  return delivery;
}

std::string Connection::LibraryMessage() const { return Trimmed(api_.error_message(connection_)); }

/** Does a step; where memory is short it ends the connection, which sets some free. */
template <typename Work>
Step Connection::Sparing(Work work, Deliveries* out) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    Failure failure;
    failure.reason = Failure::Reason::kMemory;
    results_.Discard();
    Insist([&] {
      failure.message = "out of memory";
      End(failure, out);
    });
    goes_on_ = false;
    return Step::kDone;
  }
}

Step Connection::Start(Deliveries* out) {
  hand_over_.Touch();
  results_.Begin(command());
  goes_on_ = false;
  if (in_group() && !group_.at_first()) {
    return Sparing([&] { return GoOnInGroup(out); }, out);
  }
  hangup_ = false;
  may_have_more_ = false;
  return Sparing(
      [&] {
        if (command().kind == CommandKind::kConnect) return StartConnecting(out);
        if (phase_ == Phase::kCopying) return StartCopying(out);
        phase_ = Phase::kBusy;
        sent_ = false;
        copy_out_ = false;
        copy_in_ready_ = false;
        reads_of_command_ = 0;
        if (connection_ == nullptr || api_.status(connection_) != connection_status::kOk ||
            (MayHaveDied() && DiedWhileIdle())) {
          return Lose(out);
        }
        if (in_group()) return StartGroup(out);
        if (!Send()) return NotSent(out);
        sent_ = true;
        sending_ = true;
        content_ = *api_.error_message(connection_) == '\0';
        return Flush() ? Step::kWait : Lose(out);
      },
      out);
}

Step Connection::Advance(bool hangup, int reads, Deliveries* out) {
  hand_over_.Touch();
  hangup_ = hangup_ || hangup;
  reads_since_input_ = 0;
  return Sparing(
      [&] {
        switch (phase_) {
          case Phase::kConnecting:
            return PollConnecting(out);
          case Phase::kBusy: {
            const bool sending_bytes = command().kind == CommandKind::kCopyData;
            return sending_bytes ? SendCopyData(out) : Fetch(reads, out);
          }
          case Phase::kIdle:
          case Phase::kCopying:
            ReadUnasked(reads, out);
            return Step::kDone;
          case Phase::kNew:
          case Phase::kClosed:
            break;
        }
        return Step::kDone;
      },
      out);
}

void Connection::Close(Deliveries* out) {
  hand_over_.Touch();
  Failure failure;
  failure.message = "the connection was closed by the program";
  if (running()) {
    End(std::move(failure), out);
  } else {
    Release();
  }
}

void Connection::GiveUp(std::string message, Deliveries* out) {
  hand_over_.Touch();
  Failure failure;
  failure.message = std::move(message);
  failure.reason = Failure::Reason::kResources;
  End(std::move(failure), out);
}

/** Tells of the end, as that of what is going on or by itself when idle, and frees what there is. */
void Connection::End(Failure failure, Deliveries* out) {
  const bool connecting = phase_ == Phase::kConnecting;
  failure.lost = true;
  failure.sent = phase_ == Phase::kCopying || (phase_ == Phase::kBusy && sent_);
  failure.stage = connecting ? stage_ : Stage::kNone;
  auto delivery = NewDelivery(running() ? Delivery::Kind::kFailure : Delivery::Kind::kLost);
  delivery.end_of_command = running();
  delivery.transaction_status = transaction_status::kUnknown;
  delivery.failure = std::make_unique<Failure>(std::move(failure));
  TellLost(std::move(delivery), out);
  Release();
}

bool Connection::expects_much() const {
  if (command().kind == CommandKind::kExecutePreparedRows) return true;
  if (command().kind != CommandKind::kExecutePrepared) return command().stream;
  return command().stream || results_.large(command().statement);
}

std::string Connection::SendCancel() {
  if (encrypted_cancel_ != nullptr) {
    // It is a connection of its own, which one thread at a time may use, and which has to be made anew each
    // time.
    const std::lock_guard<std::mutex> lock(cancel_mutex_);
    api_.cancel_connection_reset(encrypted_cancel_);
    if (api_.cancel_connection_send(encrypted_cancel_) == 1) return "";
    std::string message = Trimmed(api_.cancel_connection_error(encrypted_cancel_));
    return message.empty() ? "the cancel request could not be sent" : message;
  }
  std::array<char, 256> error{};
  if (api_.cancel_send(cancel_, error.data(), static_cast<int>(error.size())) == 1) return "";
  std::string message = Trimmed(error.data());
  return message.empty() ? "the cancel request could not be sent" : message;
}

}  // namespace kingbase
