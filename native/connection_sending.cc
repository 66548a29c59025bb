// Sending a command: the look at the socket before it, and the library's calls for each kind.

#include <algorithm>
#include <utility>

#include "connection.h"
#include "socket_input.h"

namespace kingbase {
namespace {

/** Libraries send by themselves whenever they have gathered this much (libpq, pqPutMsgEnd). */
constexpr size_t kLibraryBuffer = 8192;

/** After an idle time like this a look at the socket costs nothing that counts, and finds the server's
 * farewell. */
constexpr std::chrono::microseconds kLongIdle{200};

}  // namespace

/** Whether it is worth two system calls to look before something is sent. */
bool Connection::MayHaveDied() {
  const bool something_came = hand_over_.needs_attention() || std::exchange(unread_, false);
  return something_came || std::chrono::steady_clock::now() - idle_since_ > kLongIdle;
}

/**
 * Whether the server has ended the connection while it was idle. Found before anything is sent, the loss is
 * harmless: the command can be run on another connection.
 */
bool Connection::DiedWhileIdle() {
  if (IsSilent(socket_)) return false;
  // The first read may give the server's last words, and the one after it the end.
  for (int reads = 0; reads < 2; ++reads) {
    if (!Read()) {
      api_.is_busy(connection_);  // parses what came before the end
      return true;
    }
  }
  api_.is_busy(connection_);
  return farewell_ != nullptr || !stray_.empty() || api_.status(connection_) != connection_status::kOk;
}

bool Connection::Send() {
  constexpr int kTextResults = 0;
  constexpr int kBinaryResults = 1;
  const ParameterBlock& parameters = command().parameters;
  int sent = 0;
  bool large = false;
  switch (command().kind) {
    case CommandKind::kExecute:
      sent = api_.send_query_params(connection_, command().sql.c_str(), parameters.count(),
                                    parameters.types(), parameters.values(), parameters.lengths(),
                                    parameters.formats(), kTextResults);
      break;
    case CommandKind::kPrepare:
      results_.ForgetStatement(command().statement);
      sent = api_.send_prepare(connection_, StatementName().c_str(), command().sql.c_str(), 0, nullptr);
      break;
    case CommandKind::kDescribe:
      sent = api_.send_describe_prepared(connection_, StatementName().c_str());
      break;
    case CommandKind::kExecutePrepared:
      large = results_.large(command().statement);
      sent = api_.send_query_prepared(
          connection_, StatementName().c_str(), parameters.count(), parameters.values(), parameters.lengths(),
          parameters.formats(),
          (large || command().stream) && BinaryIsAsText() ? kBinaryResults : kTextResults);
      break;
    case CommandKind::kExecutePreparedRows:
      sent = api_.send_query_prepared_rows(connection_, StatementName().c_str(),
                                           parameters.count() / static_cast<int>(command().rows),
                                           parameters.values(), parameters.lengths(), parameters.formats(),
                                           kTextResults, static_cast<int>(command().rows));
      break;
    case CommandKind::kScript:
    case CommandKind::kCopyIn:
    case CommandKind::kCopyOut:
      sent = api_.send_query(connection_, command().sql.c_str());
      break;
    case CommandKind::kNone:
    case CommandKind::kConnect:
    case CommandKind::kCopyData:
    case CommandKind::kCopyEnd:
      break;
  }
  if (sent == 1 && (large || command().stream)) AskForParts();
  return sent == 1;
}

/**
 * Has a large result come in parts, as it is read. Of a stream each row is told as soon as it is there, and
 * all that came before a failure: a library that gathers rows keeps the first ones waiting for others, and
 * drops those of a part that is not full when the statement fails.
 */
void Connection::AskForParts() {
  const int rows = command().stream ? 1 : results_.rows_at_a_time(command().statement);
  if (rows > 1 && api_.set_chunked_rows_mode != nullptr &&
      api_.set_chunked_rows_mode(connection_, rows) == 1) {
    return;
  }
  if (api_.set_single_row_mode != nullptr) api_.set_single_row_mode(connection_);
}

/** Either the library refuses the command, or it has found the connection dead while sending. Reading tells
 * which. */
Step Connection::NotSent(Deliveries* out) {
  if (!Read() || api_.status(connection_) != connection_status::kOk) {
    io_failed_ = true;
    // What fits its buffer goes out in one piece or not at all.
    sent_ = command().sql.size() + command().parameters.size() >= kLibraryBuffer;
    return Lose(out);
  }
  Failure failure;
  failure.message = LibraryMessage();
  failure.sent = false;
  if (TellsOfMemory(failure.message)) failure.reason = Failure::Reason::kMemory;
  results_.Fail(std::move(failure));
  return EndCommand(out);
}

std::string Connection::StatementName() const {
  return statement_prefix_ + std::to_string(command().statement);
}

/**
 * Whether rows in binary form become what they would from text, and cost the server and us less: it need not
 * write, nor we read, every number and time. Text in another DateStyle is handed on as it is.
 */
bool Connection::BinaryIsAsText() const {
  if (!command().binary_allowed) return false;
  const char* style = api_.parameter_status(connection_, kDateStyle);
  return style != nullptr && IsInIsoStyle(style);
}

// libpq manual, "Asynchronous Command Processing": while a flush is incomplete, wait for the socket to be
// readable as well and consume input, since the server may itself wait for us to read before it takes more.
bool Connection::Flush() {
  const int left = api_.flush(connection_);
  if (left < 0) {
    io_failed_ = true;
    return false;
  }
  sending_ = left > 0;
  interest_ = {true, sending_};
  return true;
}

}  // namespace kingbase
