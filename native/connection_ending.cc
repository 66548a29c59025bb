// How a command ends, well or with a failure, and how a connection is lost.

#include <utility>

#include "connection.h"

namespace kingbase {
namespace {

/** More than a library can have to say after it has noticed the end. */
constexpr int kMostLastWords = 100;

Failure NoAnswer(std::string why) {
  Failure failure;
  failure.reason = TellsOfMemory(why) ? Failure::Reason::kMemory : Failure::Reason::kProtocol;
  failure.message = std::move(why);
  return failure;
}

}  // namespace

/** So that what tells of an end can be added without fail: before anything is done that cannot be undone. */
void Connection::MakeRoom(Deliveries* out) {
  if (out->size() == out->capacity()) out->reserve(2 * out->size() + 1);
}

/**
 * Tells of the end of a command, or of an attempt to connect, by which the phase changes: one that has no
 * memory to be told by has not ended yet, and so fails as every command does that runs out of it.
 */
void Connection::TellEnd(Delivery end, Phase next, Deliveries* out) {
  MakeRoom(out);
  end.end_of_command = true;
  out->push_back(std::move(end));
  phase_ = next;
  interest_ = {true, false};
}

Step Connection::EndCommand(Deliveries* out) {
  if (api_.status(connection_) != connection_status::kOk) return Lose(out);
  if (!results_.failed()) {
    LookForFaults();
    if (unusable_) return Lose(out);
  }
  const bool grouped = in_group();
  const bool more = grouped && group_.more();
  const size_t before = out->size();
  TakeMessages(out);
  const bool messages = out->size() > before || farewell_ != nullptr;
  bool open = !grouped || more || LeavePipelineMode();
  auto status = static_cast<uint8_t>(api_.transaction_status(connection_));
  // Behind a group all that came with it is one answer.
  if (!more) open = open && ReadBehindAnswer(messages || grouped, out);
  if (results_.failed()) {
    results_.Discard();
    results_.Hold(NewDelivery(Delivery::Kind::kFailure));
  }
  MakeRoom(out);
  Delivery end = results_.TakeHeld();
  end.failure = results_.TakeFailure();
  end.altered_settings = AlteredSettings();
  if (more) {
    if (end.failure != nullptr && end.failure->from_server &&
        group_.transaction_status == transaction_status::kInTransaction) {
      group_.transaction_status = transaction_status::kInError;
    }
    status = group_.transaction_status;
    group_.altered = (end.altered_settings & ~AlteredSetting::kConformingStrings) != 0;
  }
  end.transaction_status = status;
  // After a failure, in a transaction block or at a farewell the JavaScript side decides what comes next, and
  // it sets settings back before they are read or written by.
  const bool well = end.kind == Delivery::Kind::kResult && open && !messages && !may_have_more_ &&
                    end.transaction_status == transaction_status::kIdle && end.altered_settings == 0;
  goes_on_ = more || (well && !grouped && hand_over_.GoOnWithNext());
  end.goes_on = goes_on_;
  TellEnd(std::move(end), Phase::kIdle, out);
  idle_since_ = std::chrono::steady_clock::now();
  command().parameters.Clear();
  command().kind = CommandKind::kNone;
  if (grouped && !more) {
    group_.Clear();
    command_ = &commands_[present_];
  }
  if (!open) Lose(out);
  return Step::kDone;
}

/**
 * Looked at after every command: whatever a statement calls can change a setting, and the server reports it.
 * What the library has known and no longer knows has changed: it forgets the old value before it has memory
 * for the new.
 */
uint8_t Connection::AlteredSettings() {
  uint8_t altered = 0;
  const char* style = api_.parameter_status(connection_, kDateStyle);
  if (style != nullptr) {
    knows_date_style_ = true;
    if (!IsInIsoStyle(style)) altered |= AlteredSetting::kDateStyle;
  } else if (knows_date_style_) {
    altered |= AlteredSetting::kDateStyle;
  }
  const auto differs = [this](const char* name, const std::string& at_login) {
    const char* now = api_.parameter_status(connection_, name);
    return now != nullptr ? at_login != now : !at_login.empty();
  };
  if (differs(kClientEncoding, client_encoding_)) altered |= AlteredSetting::kClientEncoding;
  if (differs(kConformingStrings, conforming_strings_)) altered |= AlteredSetting::kConformingStrings;
  return altered;
}

/**
 * Whether the answer that has ended was none. A message that may not come where it came is one of the
 * library's own errors, which it gives up again at the end of the command: only its text is left, since it
 * empties that whenever it sends.
 */
void Connection::LookForFaults() {
  std::string complaint = !content_ ? "" : in_group() ? std::move(complaint_) : LibraryMessage();
  if (complaint.empty()) complaint = stray_;
  if (!complaint.empty()) {
    results_.Fail(NoAnswer(std::move(complaint)));
  } else if (!results_.complete()) {
    results_.Fail(NoAnswer("the server's answer was incomplete"));
  }
  unusable_ = unusable_ || results_.failed();
}

/**
 * What the server said before it closed (why, usually) is still unread. get_result blocks on a socket that is
 * open and silent, so it is asked only when the library has noticed the end or has a whole result.
 */
void Connection::ReadLastWords(Deliveries* out) {
  if (api_.socket(connection_) >= 0) Read();
  for (int words = 0; words < kMostLastWords; ++words) {
    if (api_.socket(connection_) >= 0 && api_.is_busy(connection_) != 0) return;
    ClientResult* result = api_.get_result(connection_);
    if (result == nullptr) return;
    const int status = api_.result_status(result);
    if (status == result_status::kFatalError || status == result_status::kBadResponse) {
      TakeResult(result, out);
      continue;
    }
    api_.clear(result);
    const bool copying = status == result_status::kCopyIn || status == result_status::kCopyOut ||
                         status == result_status::kCopyBoth;
    if (copying) return;  // would be returned for ever
  }
}

/** The connection is gone: says so as the failure of what was going on, or by itself when idle. */
Step Connection::Lose(Deliveries* out) {
  const bool busy = phase_ == Phase::kBusy;
  const bool connecting = phase_ == Phase::kConnecting;
  // A piece of a COPY may be asked for after the loss and before anybody has heard of it.
  const bool copying = phase_ == Phase::kCopying || command().kind == CommandKind::kCopyData ||
                       command().kind == CommandKind::kCopyEnd;
  // The first reason is the one that is told: asked again, the library tells of the socket that it has closed
  // itself, and no longer why.
  const bool told = results_.failed();
  std::string words = LibraryMessage();
  if (busy && sent_ && !unusable_) {
    results_.Discard();
    ReadLastWords(out);
  }
  TakeMessages(out);
  auto failure = results_.TakeFailure();
  if (failure == nullptr && farewell_ != nullptr) failure = std::move(farewell_);
  if (failure == nullptr && !stray_.empty()) failure = std::make_unique<Failure>(NoAnswer(stray_));
  if (failure == nullptr) {
    failure = std::make_unique<Failure>();
    failure->message = std::move(words);
  } else if (!failure->from_server && !told && stray_.empty() && !words.empty()) {
    failure->message = std::move(words);
  }
  // Nothing was wrong with the socket: the library has closed it over what came.
  const bool understood = failure->from_server || io_failed_ || connecting || failure->message.empty();
  if (failure->reason == Failure::Reason::kOther && busy && sent_ && !understood) {
    failure->reason = TellsOfMemory(failure->message) ? Failure::Reason::kMemory : Failure::Reason::kProtocol;
  }
  failure->lost = true;
  failure->sent = (busy && sent_) || copying;
  failure->stage = connecting ? stage_ : Stage::kNone;
  auto delivery = NewDelivery(busy || connecting ? Delivery::Kind::kFailure : Delivery::Kind::kLost);
  delivery.end_of_command = busy || connecting;
  delivery.transaction_status = transaction_status::kUnknown;
  delivery.failure = std::move(failure);
  results_.Discard();
  TellLost(std::move(delivery), out);
  phase_ = Phase::kClosed;
  // The library closes the socket when it notices a loss; its number may be another connection's by now.
  socket_ = api_.socket(connection_);
  return Step::kDone;
}

}  // namespace kingbase
