// COPY on a connection. COPY … FROM STDIN is a row of commands: one that begins it, one for every piece of
// bytes, one that ends it; between them the connection is in the phase kCopying and belongs to the JavaScript
// thread. COPY … TO STDOUT is one command whose bytes go up as chunks of a stream.

#include <algorithm>
#include <new>
#include <utility>

#include "connection.h"

namespace kingbase {
namespace {

/** What is given to the library at once: it copies what it is given and would hold any amount. */
constexpr size_t kCopySlice = 64 * 1024;
/** About how many bytes go to the JavaScript thread at once. */
constexpr size_t kCopyChunk = 64 * 1024;

constexpr const char* kCopyInRefusal = "COPY FROM STDIN cannot be run as a query: use copyFrom()";
constexpr const char* kCopyOutRefusal = "COPY TO STDOUT cannot be run as a query: use copyTo()";

}  // namespace

/** The server has answered a statement by asking for bytes, or by sending some. */
void Connection::TakeCopy(ClientResult* result, bool in, Deliveries* out) {
  const bool wanted = command().kind == (in ? CommandKind::kCopyIn : CommandKind::kCopyOut);
  if (wanted && !results_.failed()) {
    auto delivery = NewDelivery(Delivery::Kind::kCopying);
    delivery.binary = api_.column_count(result) > 0 && api_.column_format(result, 0) == 1;
    if (in) {
      copy_in_ready_ = true;
      results_.Hold(std::move(delivery));
    } else {
      copy_out_ = true;
      out->push_back(std::move(delivery));
    }
    return;
  }
  Failure failure;
  failure.message = in ? kCopyInRefusal : kCopyOutRefusal;
  results_.Fail(std::move(failure));
  if (in) {
    // Refuse the data so that the server ends the command with an error. Ours is kept as the command's
    // failure, since the server's (57014) would look like a cancel.
    api_.put_copy_end(connection_, kCopyInRefusal);
    sending_ = true;
  } else {
    copy_out_ = true;
  }
}

/** Gathers what has come of COPY … TO STDOUT; of one that was refused it only finds the end. */
Connection::CopyRead Connection::ReadCopy(Deliveries* out) {
  const bool wanted = !results_.failed();
  for (;;) {
    if (wanted && !flow_.MayGoOn(command().stream)) return CopyRead::kPaused;
    char* data = nullptr;
    const int length = api_.get_copy_data(connection_, &data, 1);
    const std::unique_ptr<char, void (*)(void*)> owned(data, api_.free_memory);
    if (length > 0 && wanted) results_.AddBytes(data, static_cast<size_t>(length));
    if (length == 0) return CopyRead::kMore;
    const size_t gathered = results_.gathered_bytes();
    if (gathered > 0 && (length < 0 || gathered >= kCopyChunk)) results_.Emit(Delivery::Kind::kCopyData, out);
    if (length < 0) return CopyRead::kEnd;
  }
}

/** Begins a command of a COPY … FROM STDIN that is going on. */
Step Connection::StartCopying(Deliveries* out) {
  phase_ = Phase::kBusy;
  sent_ = true;
  sending_ = false;
  if (command().kind == CommandKind::kCopyData) {
    piece_ = 0;
    copied_ = 0;
    return SendCopyData(out);
  }
  const char* reason = command().fail ? command().sql.c_str() : nullptr;
  if (api_.put_copy_end(connection_, reason) != 1) {
    io_failed_ = true;
    return Lose(out);
  }
  sending_ = true;
  if (!Flush()) return Lose(out);
  // The server may have refused the data before, and the library have read that: no event would come for it.
  return api_.is_busy(connection_) == 0 ? Fetch(1, out) : Step::kWait;
}

/**
 * Gives the library the rest of the bytes, slice by slice, each when the one before it has gone out. Should
 * the server refuse the data, it says so but goes on taking bytes; the library tells of it when the COPY
 * ends.
 */
Step Connection::SendCopyData(Deliveries* out) {
  for (;;) {
    if (sending_) {
      if (!Flush()) return Lose(out);
      if (sending_) {
        if (!flow_.MayGoOn(false)) return Step::kPaused;
        if (!Read() || !Flush()) return Lose(out);
        if (sending_) {
          api_.is_busy(connection_);
          TakeMessages(out);
          return api_.status(connection_) == connection_status::kOk ? Step::kWait : Lose(out);
        }
      }
    }
    while (piece_ < command().pieces.size() && copied_ == command().pieces[piece_].length) {
      ++piece_;
      copied_ = 0;
    }
    if (piece_ == command().pieces.size()) {
      results_.Hold(NewDelivery(Delivery::Kind::kResult));
      return EndCopyStep(out);
    }
    const Piece& piece = command().pieces[piece_];
    const size_t length = std::min(kCopySlice, piece.length - copied_);
    const auto* bytes = reinterpret_cast<const char*>(piece.bytes + copied_);
    const int taken = api_.put_copy_data(connection_, bytes, static_cast<int>(length));
    if (taken < 0) {
      io_failed_ = true;
      return Lose(out);
    }
    // Its buffer is empty: it could not have a larger one.
    if (taken == 0) throw std::bad_alloc();
    sending_ = true;
    copied_ += length;
  }
}

/** Ends a command after which the COPY goes on. */
Step Connection::EndCopyStep(Deliveries* out) {
  TakeMessages(out);
  may_have_more_ = hangup_ || had_messages_ || tls_;
  MakeRoom(out);
  Delivery end = results_.TakeHeld();
  end.transaction_status = static_cast<uint8_t>(api_.transaction_status(connection_));
  TellEnd(std::move(end), Phase::kCopying, out);
  copy_in_ready_ = false;
  command().pieces.clear();
  return Step::kDone;
}

}  // namespace kingbase
