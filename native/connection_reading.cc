// What comes from the server: answers to commands, and what it says unasked.

#include <utility>

#if defined(_WIN32)
#include <winsock2.h>
#else
#include <sys/ioctl.h>
#endif

#include "connection.h"

namespace kingbase {

bool Connection::HasInput() const {
#if defined(_WIN32)
  unsigned long available = 0;
  return ioctlsocket(static_cast<SOCKET>(socket_), FIONREAD, &available) == 0 && available > 0;
#else
  int available = 0;
  return ioctl(socket_, FIONREAD, &available) == 0 && available > 0;  // NOLINT: ioctl is variadic by nature
#endif
}

Step Connection::Fetch(int reads, bool hangup, Deliveries* out) {
  int done = 0;
  for (;;) {
    if (sending_) {
      if (!Flush()) return Lose(out);
      if (sending_) {
        if (api_.consume_input(connection_) == 0 || !Flush()) return Lose(out);
        if (sending_ && api_.is_busy(connection_) != 0) return Step::kWait;
      }
    }
    if (results_.packing() && !results_.Pack(out)) return Step::kPaused;
    while (api_.is_busy(connection_) == 0) {
      if (copy_out_) {
        const CopyRead read = ReadCopy(out);
        if (read == CopyRead::kPaused) return Step::kPaused;
        if (read == CopyRead::kMore) break;
        copy_out_ = false;
        continue;
      }
      ClientResult* result = api_.get_result(connection_);
      if (result == nullptr) return EndCommand(out);
      TakeResult(result, out);
      if (unusable_) return Lose(out);
      if (copy_in_ready_) return EndCopyStep(out);
      if (results_.packing() && !results_.Pack(out)) return Step::kPaused;
      if (sending_) break;
    }
    if (sending_) continue;
    results_.EmitForIdleStream(out);
    // The first read needs no question: an event or a resumption says that there may be something. After it,
    // ask the kernel, since the library does not tell whether its read emptied the socket.
    if (done > 0 && !hangup && !HasInput()) return Step::kWait;
    if (done == reads) return Step::kYield;
    ++done;
    if (done > 1) may_have_more_ = true;
    if (api_.consume_input(connection_) == 0) return Lose(out);
  }
}

void Connection::TakeResult(ClientResult* result, Deliveries* out) {
  switch (api_.result_status(result)) {
    case result_status::kTuplesOk:
      results_.TakeRows(result, true, out);
      return;
    case result_status::kSingleTuple:
      results_.TakeRows(result, false, out);
      return;
    case result_status::kCommandOk:
    case result_status::kEmptyQuery:
      results_.EndResult(result, out);
      break;
    case result_status::kCopyIn:
      TakeCopy(result, true, out);
      break;
    case result_status::kCopyOut:
      TakeCopy(result, false, out);
      break;
    case result_status::kCopyBoth: {
      Failure failure;
      failure.message = "the replication protocol is not supported";
      results_.Fail(std::move(failure));
      unusable_ = true;
      break;
    }
    default:
      results_.Fail(ReadFailure(api_, result));
      break;
  }
  api_.clear(result);
}

// ---- what comes unasked

void Connection::OnNotice(void* self, const ClientResult* result) {
  auto* connection = static_cast<Connection*>(self);
  auto notice = std::make_unique<Failure>(ReadFailure(connection->api_, result));
  notice->from_server = true;
  connection->notices_.push_back(std::move(notice));
}

void Connection::ReadUnasked(bool hangup, Deliveries* out) {
  do {
    if (api_.consume_input(connection_) == 0) {
      api_.is_busy(connection_);  // parses what came before the end: the server's farewell
      Lose(out);
      return;
    }
    api_.is_busy(connection_);
  } while (hangup || HasInput());
  TakeMessages(out);
}

void Connection::TakeMessages(Deliveries* out) {
  for (auto& notice : std::exchange(notices_, {})) {
    if (IsFatal(*notice)) {
      farewell_ = std::move(notice);
      continue;
    }
    // What a server that is shut down at once, or whose other process has crashed, says to everybody before
    // it ends.
    const std::string* code = notice->fields.Find('C');
    if (code != nullptr && (*code == "57P01" || *code == "57P02"))
      farewell_ = std::make_unique<Failure>(*notice);
    auto delivery = NewDelivery(Delivery::Kind::kNotice);
    delivery.failure = std::move(notice);
    out->push_back(std::move(delivery));
  }
  if (connection_ == nullptr) return;
  while (ClientNotify* notify = api_.notifies(connection_)) {
    auto delivery = NewDelivery(Delivery::Kind::kNotification);
    delivery.notification = std::make_unique<Notification>();
    delivery.notification->channel = notify->channel;
    delivery.notification->payload = notify->payload != nullptr ? notify->payload : "";
    delivery.notification->backend_pid = notify->backend_pid;
    api_.free_memory(notify);
    out->push_back(std::move(delivery));
  }
}

}  // namespace kingbase
