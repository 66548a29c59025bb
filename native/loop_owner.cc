#include "loop_owner.h"

#include "patience.h"

namespace kingbase {
namespace {

/** What the JavaScript thread sends by itself; more is queued, since sending it would take its time. */
constexpr size_t kInlineBytes = 16 * 1024;

}  // namespace

void LoopOwner::Run(const std::shared_ptr<Connection>& connection, bool alone, Deliveries* out) {
  connection->hand_over().note_under_way(true);
  const Command& command = connection->command();
  if (command.kind == CommandKind::kConnect) {
    connectors_->Connect(connection);
    return;
  }
  // Alone in flight, sending here saves waking the I/O thread to do it, and reading here saves handing the
  // result over: a third of the CPU of a small query. With others in flight the I/O thread is awake anyway.
  const size_t bytes = command.sql.size() + command.parameters.size() + command.length;
  if (alone && bytes < kInlineBytes && !connection->in_group() && !connection->expects_much()) {
    Follow(connection.get(), connection->Start(out));
  } else {
    GiveAway(connection.get(), IoThread::Order::kStart);
  }
}

void LoopOwner::GiveAway(Connection* connection, IoThread::Order order) {
  if (connection->hand_over().watched()) {
    Unwatch(connection);
    io_thread_->Watch(connection);
  }
  connection->hand_over().GiveTo(Owner::kIoThread);
  io_thread_->Submit(connection->shared_from_this(), order);
}

/** The set follows the owner: what this thread runs by itself, its event loop watches. */
void LoopOwner::Rest(Connection* connection) {
  HandOver& hand_over = connection->hand_over();
  if (hand_over.watched()) {
    RestIn(watch_->wait_set(), connection);
  } else if (watch_ != nullptr && connection->running() && watch_->Enter(connection->shared_from_this())) {
    io_thread_->Unwatch(connection);
    hand_over.note_watched(true);
  } else {
    io_thread_->Rest(connection);
  }
}

void LoopOwner::Recheck(Connection* connection) {
  if (!connection->hand_over().watched()) {
    io_thread_->Recheck(connection);
  } else if (!connection->closed()) {
    watch_->wait_set()->Arm(connection->socket(), connection->number(), connection->interest(), true);
  }
}

void LoopOwner::Unwatch(Connection* connection) {
  watch_->Leave(connection);
  connection->hand_over().note_watched(false);
}

void LoopOwner::AwaitSocket(Connection* connection) {
  if (connection->interest().write) {
    GiveAway(connection, IoThread::Order::kTakeOver);
  } else {
    Rest(connection);
  }
}

void LoopOwner::GoOnLater(Connection* connection) { GiveAway(connection, IoThread::Order::kTakeOver); }

void LoopOwner::AwaitRoom(Connection* connection) { GiveAway(connection, IoThread::Order::kTakeOver); }

void LoopOwner::BeginNext(Connection* connection) { GiveAway(connection, IoThread::Order::kStart); }

void LoopOwner::HandBack(Connection* connection) { Rest(connection); }

void LoopOwner::React(const std::shared_ptr<Connection>& connection, Deliveries* out) {
  HandOver& hand_over = connection->hand_over();
  const bool hangup = hand_over.TakeAttention();
  if (hand_over.closing()) return;
  if (hand_over.owner() != Owner::kJavaScript) {
    // Given away since the event was seen; the edge must not be lost.
    io_thread_->Submit(connection, IoThread::Order::kReadiness, hangup);
    return;
  }
  GoOn(connection, hangup, out);
}

void LoopOwner::GoOn(const std::shared_ptr<Connection>& connection, bool hangup, Deliveries* out) {
  HandOver& hand_over = connection->hand_over();
  if (!connection->connected()) return;
  if (hand_over.under_way() && !connection->running()) {
    // The end of the last command is still on its way here, and what came after it must not be told before
    // it.
    connection->note_unread();
    Recheck(connection.get());
    return;
  }
  // One read: what is larger than that would hold up the event loop with parsing.
  Follow(connection.get(), connection->Advance(hangup, 1, out));
}

void LoopOwner::Consumed(const std::shared_ptr<Connection>& connection, size_t bytes) {
  if (connection->flow().Consumed(bytes)) io_thread_->Submit(connection, IoThread::Order::kResume);
}

void LoopOwner::Close(const std::shared_ptr<Connection>& connection) {
  HandOver& hand_over = connection->hand_over();
  // The second time there may be an order of the first still on its way, to the I/O thread.
  const bool first = !hand_over.closing();
  hand_over.note_closing();
  const Owner owner = hand_over.owner();
  if (owner == Owner::kConnector) {
    connectors_->Close(connection);
    return;
  }
  if (hand_over.watched()) Unwatch(connection.get());
  if (first && owner == Owner::kJavaScript && connection->idle() && io_thread_->lets_go()) {
    connectors_->Dismiss(connection);
    return;
  }
  if (first && owner == Owner::kJavaScript) hand_over.GiveTo(Owner::kIoThread);
  io_thread_->Submit(connection, IoThread::Order::kClose);
}

bool LoopOwner::Reconcile(Delivery* delivery) {
  Connection* connection = delivery->connection.get();
  // Whoever waits for a cancel request does so whatever becomes of the connection.
  if (delivery->kind == Delivery::Kind::kCancelled) return true;
  HandOver& hand_over = connection->hand_over();
  if (delivery->end_of_command) hand_over.note_under_way(delivery->goes_on);
  if (delivery->goes_on) hand_over.NoteWentOn();
  if (!hand_over.closing()) {
    // A command that was given in the meantime fails for the same reason, and says so.
    return delivery->kind != Delivery::Kind::kLost || !hand_over.under_way();
  }
  // Of a closed connection nothing is told but that its command has ended, and that it is of no more use.
  if (!delivery->end_of_command) return false;
  if (hand_over.owner() == Owner::kJavaScript) Close(delivery->connection);
  if (delivery->kind == Delivery::Kind::kFailure && delivery->failure->lost) return true;
  delivery->kind = Delivery::Kind::kFailure;
  Insist([&] {
    delivery->failure = std::make_unique<Failure>();
    delivery->failure->message = "the connection was closed by the program";
  });
  delivery->failure->lost = true;
  return true;
}

}  // namespace kingbase
