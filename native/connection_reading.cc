// What comes from the server: answers to commands, and what it says unasked.
//
// The library is asked until it gives no more. A read takes at most what fits its buffer, at least 8 KB, and
// over TLS at most one record: what did not fit stays inside the TLS library, where the kernel does not see
// it, and no event would come for it. A record has at most 16 KB, so two reads after the last that found the
// kernel with something to read have taken everything.

#include <new>
#include <string_view>
#include <utility>

#include "connection.h"
#include "socket_input.h"

namespace kingbase {
namespace {

/** Reads after which everything has been taken, from when the kernel was last known to hold something. */
constexpr int kReads = 1;
constexpr int kReadsOverTls = 2;
/** The last tells the end. */
constexpr int kReadsAtHangup = 3;

/** An answer of fewer bytes leaves room in the library's buffer (16 KB) for all that came in one read with
 * it, but for a single message of 12 KB. */
constexpr size_t kMuch = 4 * 1024;

/** What a notice or a notification takes besides its text, about. */
constexpr size_t kMessageOverhead = 512;

}  // namespace

/** False when the library has found the connection ended. */
bool Connection::Read() {
  ++reads_since_input_;
  if (api_.consume_input(connection_) != 0) return true;
  io_failed_ = true;
  return false;
}

bool Connection::HaveReadAll() {
  if (AvailableInput(socket_) > 0) {
    reads_since_input_ = 0;
    return false;
  }
  return reads_since_input_ >= (hangup_ ? kReadsAtHangup : tls_ ? kReadsOverTls : kReads);
}

/**
 * Where libpq (of all versions up to 18) has no memory for the result that a COPY begins with, it takes the
 * message for one that is not whole, and looks at it again only when more comes, which it never does. Asked
 * again, it does so now.
 */
bool Connection::MissedCopy() {
  const bool begins = command().kind == CommandKind::kCopyIn || command().kind == CommandKind::kCopyOut;
  return begins && !copy_out_ && api_.is_busy(connection_) == 0;
}

Step Connection::Fetch(int reads, Deliveries* out) {
  const bool grouped = in_group();
  bool answer_ended = false;
  int done = 0;
  for (;;) {
    if (sending_) {
      if (!Flush()) return Lose(out);
      if (sending_) {
        if (!Read() || !Flush()) return Lose(out);
        if (sending_ && api_.is_busy(connection_) != 0) {
          TakeMessages(out);
          return api_.status(connection_) == connection_status::kOk ? Step::kWait : Lose(out);
        }
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
      if (grouped) NoteComplaint();
      ClientResult* result = api_.get_result(connection_);
      if (result == nullptr) {
        if (!grouped) return EndCommand(out);
        // The answer has ended, and that to its Sync follows: at once, unless the library has lost its place.
        if (std::exchange(answer_ended, true)) return Lose(out);
        continue;
      }
      answer_ended = false;
      if (grouped && api_.result_status(result) == result_status::kPipelineSync) {
        api_.clear(result);
        return EndCommand(out);
      }
      TakeResult(result, out);
      if (unusable_) return Lose(out);
      if (copy_in_ready_) return EndCopyStep(out);
      if (results_.packing() && !results_.Pack(out)) return Step::kPaused;
      if (sending_) break;
    }
    if (sending_) continue;
    results_.EmitForIdleStream(out);
    if (done > 0) {
      TakeMessages(out);
      // A library that has closed the socket itself may say for ever that it is busy.
      if (api_.status(connection_) != connection_status::kOk) return Lose(out);
      // The first read needs no question: an event or a resumption says that there may be something.
      if (HaveReadAll()) {
        hangup_ = false;
        if (grouped && MissedSync()) return Lose(out);
        if (!MissedCopy()) return Step::kWait;
        continue;
      }
      if (done >= reads && reads_since_input_ == 0) return Step::kYield;
    }
    if (!flow_.MayGoOn(command().stream)) return Step::kPaused;
    ++done;
    ++reads_of_command_;
    if (!Read()) return Lose(out);
  }
}

void Connection::TakeResult(ClientResult* result, Deliveries* out) {
  OwnedResult owned(result, api_.clear);
  switch (api_.result_status(result)) {
    case result_status::kTuplesOk:
      results_.TakeRows(std::move(owned), true, out);
      break;
    case result_status::kSingleTuple:
    case result_status::kTuplesChunk:
      results_.TakeRows(std::move(owned), false, out);
      break;
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
    default: {
      Failure failure = ReadFailure(api_, result);
      // What the library says of an answer while the connection is open: it had no memory for it, and goes on
      // behind it; or it has not understood it, and where it goes on is anybody's guess.
      if (!failure.from_server && api_.status(connection_) == connection_status::kOk) {
        const bool memory = TellsOfMemory(failure.message);
        failure.reason = memory ? Failure::Reason::kMemory : Failure::Reason::kProtocol;
        // In a group it may also have been that of a Sync, after which every answer is taken for the one
        // before.
        unusable_ = unusable_ || !memory || in_group();
      }
      if (failure.from_server) results_.EmitBeforeFailure(out);
      results_.Fail(std::move(failure));
      break;
    }
  }
  if (!results_.too_many()) return;
  // Not at the end of the command, which may never come.
  Failure failure;
  failure.message = "the server's answer had more than one result where there is one";
  failure.reason = Failure::Reason::kProtocol;
  results_.Fail(std::move(failure));
  unusable_ = true;
}

// ---- what comes unasked

/**
 * Whether the library tells of a message that came while nothing was asked, which it then drops. It has no
 * SQLSTATE as all that servers say has, and names the message's letter by its number in every language.
 */
bool TellsOfStray(const char* code, std::string_view text) {
  return code == nullptr && text.find("0x") != std::string_view::npos;
}

/** Called by the library, through whose frames nothing may be thrown. */
void Connection::OnNotice(void* self, const ClientResult* result) {
  auto* connection = static_cast<Connection*>(self);
  try {
    // What a server that is shut down at once, or whose other process has crashed, says to everybody before
    // it ends, comes as a warning.
    const char* code = connection->api_.result_error_field(result, 'C');
    const std::string_view state = code != nullptr ? code : "";
    const bool farewell = IsFatal(connection->api_, result) || state == "57P01" || state == "57P02";
    connection->had_messages_ = true;
    const char* text = connection->api_.result_error_field(result, 'M');
    if (TellsOfStray(code, text != nullptr ? text : "")) {
      connection->stray_ = text;
      return;
    }
    if (!farewell && !connection->wants_notices_.load(std::memory_order_relaxed)) return;
    auto notice = std::make_unique<Failure>(ReadFailure(connection->api_, result));
    notice->from_server = true;
    if (farewell) {
      connection->farewell_ = std::make_unique<Failure>(*notice);
      if (IsFatal(connection->api_, result)) return;
    }
    connection->notices_.push_back(std::move(notice));
  } catch (const std::bad_alloc&) {
    return;  // it is not told
  }
}

/** Reads an idle connection's socket, which is ready. More than `reads` times would take too long at once. */
void Connection::ReadUnasked(int reads, Deliveries* out) {
  for (int done = 1;; ++done) {
    const bool read = Read();
    api_.is_busy(connection_);  // parses what came, also before the end: the server's farewell
    if (!read || !stray_.empty() || api_.status(connection_) != connection_status::kOk) {
      Lose(out);
      return;
    }
    TakeMessages(out);
    may_have_more_ = !HaveReadAll();
    if (!may_have_more_ || (done >= reads && reads_since_input_ == 0)) break;
  }
  hangup_ = false;
}

/**
 * After an answer: what came right behind it may not all have been read, and no event would come for it.
 * Returns false when that was the end of the connection.
 */
bool Connection::ReadBehindAnswer(bool messages, Deliveries* out) {
  const bool much = messages || reads_of_command_ > 1 || results_.answered() >= kMuch || had_messages_;
  if (hangup_) may_have_more_ = true;
  if (may_have_more_ || !(much || tls_)) return true;
  for (;;) {
    may_have_more_ = AvailableInput(socket_) > 0;
    if (may_have_more_ || !tls_ || !much || reads_since_input_ >= kReadsOverTls) return true;
    const bool read = Read();
    api_.is_busy(connection_);
    if (!read || !stray_.empty() || api_.status(connection_) != connection_status::kOk) return false;
    TakeMessages(out);
  }
}

void Connection::TakeMessages(Deliveries* out) {
  const auto add = [&](Delivery delivery, size_t bytes) {
    delivery.weight = static_cast<uint32_t>(bytes + kMessageOverhead);
    flow_.Add(delivery.weight);
    out->push_back(std::move(delivery));
  };
  if (!notices_.empty()) {
    for (auto& notice : std::exchange(notices_, {})) {
      auto delivery = NewDelivery(Delivery::Kind::kNotice);
      const size_t bytes = notice->fields.text().size() + notice->message.size();
      delivery.failure = std::move(notice);
      add(std::move(delivery), bytes);
    }
  }
  if (connection_ == nullptr) return;
  while (ClientNotify* notify = api_.notifies(connection_)) {
    had_messages_ = true;
    auto delivery = NewDelivery(Delivery::Kind::kNotification);
    delivery.notification = std::make_unique<Notification>();
    delivery.notification->channel = notify->channel;
    delivery.notification->payload = notify->payload != nullptr ? notify->payload : "";
    delivery.notification->backend_pid = notify->backend_pid;
    api_.free_memory(notify);
    const size_t bytes = delivery.notification->channel.size() + delivery.notification->payload.size();
    add(std::move(delivery), bytes);
  }
}

}  // namespace kingbase
