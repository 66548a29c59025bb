// Several commands that are sent together, in the library's pipeline mode, which the connection is in for no
// longer than that: whatever else it does, it does as if there were no such mode.

#include <utility>

#include "connection.h"

namespace kingbase {
namespace {

/** As much as one command may read in a turn. */
constexpr int kReadsOfTurn = 16;

}  // namespace

Command* Connection::NewInGroup() {
  hand_over_.Touch();
  return api_.pipelines ? group_.Spare() : nullptr;
}

bool Connection::TakeIntoGroup() {
  // What gives much is asked for in parts, which is said when it is sent.
  const bool large = results_.large(group_.at(group_.size())->statement);
  return !large && group_.TakeSpare();
}

void Connection::TurnToGroup() {
  hand_over_.Touch();
  if (group_.size() == 1) {
    std::swap(commands_[present_], *group_.present());
    group_.Clear();
  } else {
    command_ = group_.present();
  }
}

void Connection::TurnToNext() {
  if (in_group()) {
    group_.Turn();
    command_ = group_.present();
    return;
  }
  present_ = 1 - present_;
  command_ = &commands_[present_];
}

/** Sends all; what they bring is read in their order. */
Step Connection::StartGroup(Deliveries* out) {
  group_.transaction_status = static_cast<uint8_t>(api_.transaction_status(connection_));
  const bool sent = SendGroup();
  command_ = group_.present();
  sent_ = group_.sent();
  if (!sent) {
    // Nobody knows which of them the library would still send.
    io_failed_ = !Read();
    return Lose(out);
  }
  sending_ = true;
  complaint_.clear();
  content_ = *api_.error_message(connection_) == '\0';
  return Flush() ? Step::kWait : Lose(out);
}

bool Connection::SendGroup() {
  if (api_.enter_pipeline_mode(connection_) != 1) return false;
  const auto sync = api_.send_pipeline_sync != nullptr ? api_.send_pipeline_sync : api_.pipeline_sync;
  for (size_t i = 0; i < group_.size(); ++i) {
    command_ = group_.at(i);
    if (!Send()) return false;
    group_.NoteSent();
    if (sync(connection_) != 1) return false;
  }
  return true;
}

/** Reads the answer to a command that has been sent with those before it, and that may be there already. */
Step Connection::GoOnInGroup(Deliveries* out) {
  phase_ = Phase::kBusy;
  interest_ = {true, sending_};
  sent_ = group_.sent();
  complaint_.clear();
  content_ = *api_.error_message(connection_) == '\0';
  if (group_.altered) {
    Failure failure;
    failure.message =
        "a statement has altered DateStyle or client_encoding when others had been sent behind it";
    failure.reason = Failure::Reason::kProtocol;
    results_.Fail(std::move(failure));
    unusable_ = true;
    return Lose(out);
  }
  return Fetch(kReadsOfTurn, out);
}

/** Before the library's results are asked for, the last of which makes it turn to the next command and
 * forget. */
void Connection::NoteComplaint() {
  if (content_ && complaint_.empty() && *api_.error_message(connection_) != '\0')
    complaint_ = LibraryMessage();
}

/**
 * Where libpq has no memory for the result that stands for a Sync, it has taken the message and waits for
 * another, which never comes.
 */
bool Connection::MissedSync() const {
  return content_ && !results_.failed() && TellsOfMemory(LibraryMessage());
}

bool Connection::LeavePipelineMode() { return api_.exit_pipeline_mode(connection_) == 1; }

/**
 * Tells of the loss of the connection: to the command under way, and to each that was to be sent or has been
 * sent with it. Begun again where memory was short, it goes on with the next that has not been told. A
 * connection that was lost while idle says only that: a group that was given and waits to be begun is told
 * when it is.
 */
void Connection::TellLost(Delivery delivery, Deliveries* out) {
  const bool under_way = delivery.end_of_command;
  while (under_way && in_group() && group_.more()) {
    auto failure = std::make_unique<Failure>(*delivery.failure);
    delivery.goes_on = true;
    out->push_back(std::move(delivery));
    TurnToNext();
    sent_ = group_.sent();
    failure->sent = sent_;
    delivery = NewDelivery(Delivery::Kind::kFailure);
    delivery.end_of_command = true;
    delivery.transaction_status = transaction_status::kUnknown;
    delivery.failure = std::move(failure);
  }
  out->push_back(std::move(delivery));
  if (!under_way) return;
  group_.Clear();
  command_ = &commands_[present_];
}

}  // namespace kingbase
