#include "io_thread.h"

#include <algorithm>
#include <utility>

namespace kingbase {

IoThread::IoThread(Owner role, bool portable_wait, DeliverySink* sink, IoThread* next)
    : role_(role), sink_(sink), next_(next), wait_set_(CreateWaitSet(portable_wait)) {}

IoThread::~IoThread() { Stop(); }

void IoThread::EnsureRunning() {
  if (!thread_.joinable()) thread_ = std::thread([this] { Loop(); });
}

void IoThread::Submit(std::shared_ptr<Connection> connection, Order order, bool hangup) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_.load(std::memory_order_relaxed)) return;
    EnsureRunning();
    if (role_ == Owner::kConnector && order == Order::kStart) {
      connections_.try_emplace(connection.get(), connection);
    }
    orders_.push_back({std::move(connection), order, hangup});
    any_orders_.store(true, std::memory_order_seq_cst);
  }
  if (order != Order::kDismiss || sleep_.load(std::memory_order_seq_cst) == Sleep::kAsleep) WakeUp();
}

void IoThread::WakeUp() {
  if (sleep_.exchange(Sleep::kAwake, std::memory_order_seq_cst) != Sleep::kAwake) wait_set_->Wake();
}

void IoThread::Relay(Deliveries deliveries) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_.load(std::memory_order_relaxed)) return;
    EnsureRunning();
    for (Delivery& delivery : deliveries) relayed_.push_back(std::move(delivery));
    any_orders_.store(true, std::memory_order_seq_cst);
  }
  WakeUp();
}

void IoThread::Adopt(const std::shared_ptr<Connection>& connection) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    connections_.try_emplace(connection.get(), connection);
    if (!stopping_.load(std::memory_order_relaxed)) EnsureRunning();
  }
  wait_set_->Add(connection->socket(), connection.get(), connection->interest());
}

void IoThread::Arm(Connection* connection, bool recheck) {
  wait_set_->Arm(connection->socket(), connection, connection->interest(), recheck);
}

// An edge-triggered set needs a system call only when what is waited for changes, or when the last reads may
// not have emptied the socket.
void IoThread::Rest(Connection* connection) {
  if (connection->closed()) return;
  const bool writing = connection->interest().write;
  const bool changed = writing || connection->was_writing();
  const bool recheck = !connection->running() && connection->may_have_more();
  if (!changed && !recheck && !wait_set_->disarms()) return;
  connection->note_writing(writing);
  Arm(connection, recheck);
}

void IoThread::Recheck(Connection* connection) {
  if (!connection->closed()) Arm(connection, true);
}

void IoThread::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_.store(true, std::memory_order_relaxed);
  }
  wait_set_->Wake();
  if (thread_.joinable()) thread_.join();
  // Nothing runs any more: whoever owned a connection is this thread or has ended.
  const std::lock_guard<std::mutex> lock(mutex_);
  orders_.clear();
  relayed_.clear();
  dismissed_.clear();
  again_.clear();
  out_.clear();
  Deliveries ignored;
  for (auto& [key, connection] : connections_) {
    wait_set_->Remove(connection->socket(), key);
    const RoleScope role(connection->owner());
    connection->Close("the environment is ending", &ignored);
  }
  connections_.clear();
}

void IoThread::Loop() {
  const RoleScope role(role_);
  bool worked = false;
  while (!stopping_.load(std::memory_order_acquire)) {
    const bool doze = worked && role_ == Owner::kConnector && wait_set_->lets_go();
    sleep_.store(doze ? Sleep::kDozing : Sleep::kAsleep, std::memory_order_seq_cst);
    const bool sleep =
        out_.empty() && again_.empty() && !TakeOrders() && !stopping_.load(std::memory_order_acquire);
    if (!sleep) sleep_.store(Sleep::kAwake, std::memory_order_relaxed);
    wait_set_->Wait(!sleep ? 0 : doze ? kDozeTime : -1, &ready_);
    sleep_.store(Sleep::kAwake, std::memory_order_relaxed);
    TakeOrders();
    if (ready_.empty()) PostAll();
    worked = !ready_.empty() || !taken_.empty();
    for (const ReadySocket& ready : ready_) OnReady(ready);
    ready_.clear();
    for (const auto& connection : std::exchange(again_, {})) {
      if (connection->owner() == role_) Proceed(connection.get(), false);
    }
    for (const Request& request : std::exchange(taken_, {})) Carry(request);
    if (!MayGather()) PostAll();
  }
}

void IoThread::PostAll() {
  if (out_.empty()) return;
  sink_->Post(&out_);
  out_.clear();
}

/**
 * Whether what there is to post may be joined by what is ready already: being woken costs the JavaScript
 * thread as much as several small results. Not where a connection has nothing to do until that thread has
 * heard of it.
 */
bool IoThread::MayGather() const {
  return out_.size() < kMostGathered &&
         std::all_of(out_.begin(), out_.end(), [](const Delivery& delivery) { return delivery.goes_on; });
}

bool IoThread::TakeOrders() {
  // The flag is set before `sleep_` is looked at, and `sleep_` before the flag is.
  if (!any_orders_.load(std::memory_order_seq_cst)) return !taken_.empty() || !out_.empty();
  std::vector<std::shared_ptr<Connection>> forgotten;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (ready_.empty()) forgotten.swap(dismissed_);
  any_orders_.store(!dismissed_.empty(), std::memory_order_relaxed);
  if (taken_.empty()) {
    taken_.swap(orders_);
  } else {
    for (Request& request : orders_) taken_.push_back(std::move(request));
    orders_.clear();
  }
  for (Delivery& delivery : std::exchange(relayed_, {})) out_.push_back(std::move(delivery));
  return !taken_.empty() || !out_.empty();
}

std::shared_ptr<Connection> IoThread::Find(Connection* connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = connections_.find(connection);
  return found == connections_.end() ? nullptr : found->second;
}

void IoThread::OnReady(const ReadySocket& ready) {
  auto* connection = static_cast<Connection*>(ready.tag);
  if (connection->owner() == role_) {
    Proceed(connection, ready.hangup);
    return;
  }
  Delivery delivery;
  delivery.kind = Delivery::Kind::kReady;
  delivery.hangup = ready.hangup;
  delivery.connection = Find(connection);
  if (delivery.connection == nullptr) return;
  connection->hand_over().NoteAttention();
  out_.push_back(std::move(delivery));
}

void IoThread::Proceed(Connection* connection, bool hangup) {
  const bool running = connection->running();
  const Step step = connection->Advance(hangup, kReadsPerTurn, &out_);
  // Otherwise the connection has been given to this thread for an order that is still to come, and stays
  // here: given back now, it would have two owners when the order is carried out.
  if (running) Follow(connection, step);
}

void IoThread::Carry(const Request& request) {
  Connection* connection = request.connection.get();
  switch (request.order) {
    case Order::kStart: {
      Step step = connection->Start(&out_);
      if (role_ == Owner::kConnector && step == Step::kWait) {
        // On the same machine the connection is there at once: no need to wait for that first.
        if (wait_set_->TakesBytes(connection->socket())) step = connection->Advance(false, 1, &out_);
        if (step == Step::kWait) {
          wait_set_->Add(connection->socket(), connection, connection->interest());
          return;
        }
      }
      Follow(connection, step);
      return;
    }
    case Order::kTakeOver:
    case Order::kResume:
    case Order::kReadiness:
      OnReady({connection, true, false, request.hangup});
      return;
    case Order::kClose:
      if (role_ == Owner::kConnector && connection->owner() != role_) {
        // The attempt has ended in the meantime. Its end is on the way to the JavaScript thread, which owns
        // the connection now and will have it closed.
        Forget(connection);
        return;
      }
      wait_set_->Remove(connection->socket(), connection);
      connection->Close("the connection was closed by the program", &out_);
      Forget(connection);
      return;
    case Order::kDismiss:
      next_->Dismiss(request.connection);
      return;
  }
}

/** Called by the connector, whose the connection is. */
void IoThread::Dismiss(const std::shared_ptr<Connection>& connection) {
  wait_set_->Remove(connection->socket(), connection.get());
  Deliveries none;
  connection->Close("", &none);
  bool many = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    connections_.erase(connection.get());
    dismissed_.push_back(connection);
    any_orders_.store(true, std::memory_order_seq_cst);
    many = dismissed_.size() >= kMostDismissed;
  }
  if (many) WakeUp();
}

void IoThread::AwaitSocket(Connection* connection) {
  if (role_ == Owner::kIoThread) {
    Rest(connection);
    return;
  }
  // While connecting, the library changes its mind about what it waits for, and even the socket, at every
  // step.
  wait_set_->Remove(kNoSocket, connection);
  Arm(connection, true);
}

void IoThread::GoOnLater(Connection* connection) { again_.push_back(connection->shared_from_this()); }

void IoThread::AwaitRoom(Connection* /* kResume comes by itself */) {}

void IoThread::BeginNext(Connection* connection) { Follow(connection, connection->Start(&out_)); }

void IoThread::HandBack(Connection* connection) {
  if (role_ == Owner::kIoThread) {
    Rest(connection);
    connection->hand_over().GiveTo(Owner::kJavaScript);
    return;
  }
  const std::shared_ptr<Connection> kept = connection->shared_from_this();
  wait_set_->Remove(connection->socket(), connection);
  Forget(connection);
  if (connection->idle()) next_->Adopt(kept);
  connection->hand_over().GiveTo(Owner::kJavaScript);
}

void IoThread::Forget(Connection* connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  connections_.erase(connection);
}

}  // namespace kingbase
