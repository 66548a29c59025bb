// Longer than other files: the loop and what it does with orders, readiness and connections belong to one
// thread.
#include "io_thread.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <iterator>
#include <utility>

#include "patience.h"

namespace kingbase {
namespace {

/** How long a call of the library may take before others need not wait for it: a handshake or a password's
 * hash takes less. */
constexpr std::chrono::milliseconds kLongCall{250};

}  // namespace

std::shared_ptr<IoThread> IoThread::Create(Owner role, bool portable_wait, std::shared_ptr<Mailbox> mailbox,
                                           std::shared_ptr<IoThread> next, std::string* error) {
  try {
    auto wait_set = CreateWaitSet(portable_wait, error);
    if (wait_set == nullptr) return nullptr;
    std::shared_ptr<IoThread> self(
        new IoThread(role, std::move(wait_set), std::move(mailbox), std::move(next)));
    // Keeps itself alive: it may outlive the environment, see Stop.
    self->thread_ = std::thread([self] { self->Loop(); });
    return self;
  } catch (const std::exception& failure) {
    // The system has no more threads or memory to give.
    Insist([&] { *error = failure.what(); });
    return nullptr;
  }
}

IoThread::IoThread(Owner role, std::unique_ptr<WaitSet> wait_set, std::shared_ptr<Mailbox> mailbox,
                   std::shared_ptr<IoThread> next)
    : role_(role), mailbox_(std::move(mailbox)), next_(std::move(next)), wait_set_(std::move(wait_set)) {
  // An edge that has been reported is not reported again: there must be room for it.
  ready_.reserve(WaitSet::kMostAtOnce);
}

void IoThread::Submit(std::shared_ptr<Connection> connection, Order order, bool hangup) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_.load(std::memory_order_relaxed)) return;
    Insist([&] { orders_.push_back({connection, order, hangup}); });
    any_orders_.store(true, std::memory_order_seq_cst);
  }
  if (order != Order::kDismiss || sleep_.load(std::memory_order_seq_cst) == Sleep::kAsleep) WakeUp();
}

void IoThread::WakeUp() {
  if (sleep_.exchange(Sleep::kAwake, std::memory_order_seq_cst) != Sleep::kAwake) wait_set_->Wake();
}

bool IoThread::Adopt(const std::shared_ptr<Connection>& connection) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    Insist([&] { adopted_.push_back(connection); });
    any_orders_.store(true, std::memory_order_seq_cst);
  }
  return wait_set_->Add(connection->socket(), connection->number(), connection->interest());
}

bool IoThread::Arm(Connection* connection, bool recheck) {
  return wait_set_->Arm(connection->socket(), connection->number(), connection->interest(), recheck);
}

void IoThread::Unwatch(Connection* connection) {
  connection->hand_over().Touch();
  // Not removed: taking it in again could fail for want of memory.
  connection->note_writing(false);
  wait_set_->Arm(connection->socket(), connection->number(), {false, false}, false);
}

void IoThread::Watch(Connection* connection) {
  connection->hand_over().Touch();
  if (connection->closed()) return;
  connection->note_writing(connection->interest().write);
  Arm(connection, true);
}

void IoThread::Recheck(Connection* connection) {
  if (!connection->closed()) Arm(connection, true);
}

IoThread::Inside::Inside(IoThread* thread, uint64_t number)
    : thread_(thread->role_ == Owner::kConnector ? thread : nullptr) {
  if (thread_ == nullptr) return;
  // What is to be told must not wait for a call that may not come back.
  thread_->PostAll();
  const std::lock_guard<std::mutex> lock(thread_->mutex_);
  thread_->inside_ = number;
  thread_->inside_since_ = std::chrono::steady_clock::now();
}

IoThread::Inside::~Inside() {
  if (thread_ == nullptr) return;
  const std::lock_guard<std::mutex> lock(thread_->mutex_);
  thread_->inside_ = 0;
}

bool IoThread::IsKept() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return inside_ != 0 && std::chrono::steady_clock::now() - inside_since_ > kLongCall;
}

std::vector<std::shared_ptr<Connection>> IoThread::GiveAllTo(IoThread* other) {
  std::vector<std::shared_ptr<Connection>> given;
  std::vector<Request> orders;
  std::vector<std::shared_ptr<Connection>> being_made;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    // It may have come back in the meantime.
    if (inside_ == 0) return given;
    for (std::vector<Request>* here : {&taken_, &orders_}) {
      std::vector<Request> kept;
      for (Request& request : *here) {
        auto& list = request.connection->number() == inside_ ? kept : orders;
        Insist([&] { list.push_back(std::move(request)); });
      }
      here->swap(kept);
    }
    for (auto& connection : std::exchange(adopted_, {})) {
      Insist([&] { connections_.emplace(connection->number(), connection); });
    }
    for (auto next = connections_.begin(); next != connections_.end();) {
      if (next->first == inside_) {
        ++next;
        continue;
      }
      Insist([&] { being_made.push_back(std::move(next->second)); });
      next = connections_.erase(next);
    }
  }
  // Their owner is a connector, whichever it is: the one that had them is inside another one's call.
  const RoleScope role(Owner::kConnector);
  for (const auto& connection : being_made) {
    wait_set_->Remove(connection->socket(), connection->number());
    Insist([&] { given.push_back(connection); });
  }
  for (const auto& connection : being_made) {
    // As after any step: the socket's readiness is reported, also where it has been reported here.
    if (!other->Adopt(connection)) other->Submit(connection, Order::kGiveUp);
  }
  for (const Request& request : orders) {
    Insist([&] { given.push_back(request.connection); });
    other->Submit(request.connection, request.order, request.hangup);
  }
  return given;
}

void IoThread::AskToStop() {
  stopping_.store(true, std::memory_order_seq_cst);
  wait_set_->Wake();
}

void IoThread::Stop(std::chrono::steady_clock::time_point deadline) {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!end_.wait_until(lock, deadline, [this] { return ended_; })) {
      // Inside the library, which does not come back. What it has charge of stays with it.
      thread_.detach();
      return;
    }
  }
  thread_.join();
  // Nothing runs any more: whoever owned a connection is this thread or has ended.
  TakeCharges();
  Deliveries ignored;
  for (auto& [number, connection] : connections_) {
    const RoleScope role(connection->owner());
    wait_set_->Remove(connection->socket(), number);
    connection->Close(&ignored);
  }
  connections_.clear();
  orders_.clear();
  again_.clear();
  taken_.clear();
  out_.clear();
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
    Insist([&] { wait_set_->Wait(!sleep ? 0 : doze ? kDozeTime : -1, &ready_); });
    sleep_.store(Sleep::kAwake, std::memory_order_relaxed);
    TakeOrders();
    if (ready_.empty()) PostAll();
    worked = !ready_.empty() || !taken_.empty();
    for (const ReadySocket& ready : ready_) OnReady(ready);
    ready_.clear();
    for (const auto& connection : std::exchange(again_, {})) {
      if (connection->owner() == role_) React(connection, false);
    }
    for (const Request& request : std::exchange(taken_, {})) Carry(request);
    if (!MayGather()) PostAll();
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  ended_ = true;
  end_.notify_all();
}

void IoThread::PostAll() {
  if (!out_.empty()) mailbox_->Post(&out_);
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
  if (any_orders_.load(std::memory_order_seq_cst)) {
    TakeCharges();
    const std::lock_guard<std::mutex> lock(mutex_);
    any_orders_.store(!adopted_.empty() || !dismissed_.empty(), std::memory_order_relaxed);
    if (role_ == Owner::kConnector) {
      // One at a time: what has not been begun can be given to another connector.
      if (taken_.empty() && !orders_.empty()) {
        Insist([&] { taken_.push_back(std::move(orders_.front())); });
        orders_.erase(orders_.begin());
      }
      if (!orders_.empty()) any_orders_.store(true, std::memory_order_relaxed);
    } else if (taken_.empty()) {
      taken_.swap(orders_);
    } else {
      Insist([&] { taken_.reserve(taken_.size() + orders_.size()); });
      std::move(orders_.begin(), orders_.end(), std::back_inserter(taken_));
      orders_.clear();
    }
  }
  return !taken_.empty() || !out_.empty();
}

/** Takes in what the connector has given to this thread's charge, and forgets what it has taken from it. */
void IoThread::TakeCharges() {
  std::vector<std::shared_ptr<Connection>> adopted;
  std::vector<uint64_t> dismissed;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    adopted.swap(adopted_);
    dismissed.swap(dismissed_);
  }
  for (const auto& connection : adopted) {
    Insist([&] { connections_.emplace(connection->number(), connection); });
  }
  for (const uint64_t number : dismissed) connections_.erase(number);
}

/** Null for one that is gone: a report of its socket came late. */
std::shared_ptr<Connection> IoThread::Find(uint64_t number) {
  auto found = connections_.find(number);
  if (found == connections_.end()) {
    TakeCharges();
    found = connections_.find(number);
  }
  return found == connections_.end() ? nullptr : found->second;
}

void IoThread::OnReady(const ReadySocket& ready) {
  const std::shared_ptr<Connection> connection = Find(ready.tag);
  if (connection != nullptr) React(connection, ready.hangup);
}

void IoThread::React(const std::shared_ptr<Connection>& connection, bool hangup) {
  if (connection->owner() == role_) {
    const bool running = connection->running();
    Step step = Step::kWait;
    {
      const Inside inside(this, connection->number());
      step = connection->Advance(hangup, kReadsPerTurn, &out_);
    }
    // Otherwise the connection has been given to this thread for an order that is still to come, and stays
    // here: given back now, it would have two owners when the order is carried out. What has not been read by
    // then brings no event of its own, and none comes at all once the server has no room to send.
    if (running) {
      Follow(connection.get(), step);
    } else if (connection->may_have_more()) {
      Recheck(connection.get());
    }
    return;
  }
  if (role_ == Owner::kConnector || !connection->hand_over().NoteAttention(hangup)) return;
  Insist([&] {
    Delivery delivery;
    delivery.kind = Delivery::Kind::kReady;
    delivery.connection = connection;
    out_.push_back(std::move(delivery));
  });
}

void IoThread::Begin(const std::shared_ptr<Connection>& connection) {
  Step step = Step::kWait;
  {
    const Inside inside(this, connection->number());
    step = connection->Start(&out_);
  }
  if (role_ == Owner::kConnector && step == Step::kWait) {
    Insist([&] { connections_.emplace(connection->number(), connection); });
    // On the same machine the connection is there at once: no need to wait for that first.
    if (wait_set_->TakesBytes(connection->socket())) {
      const Inside inside(this, connection->number());
      step = connection->Advance(false, 1, &out_);
    }
    if (step == Step::kWait) {
      if (!wait_set_->Add(connection->socket(), connection->number(), connection->interest())) {
        GiveUp(connection.get());
      }
      return;
    }
  }
  Follow(connection.get(), step);
}

void IoThread::Carry(const Request& request) {
  const std::shared_ptr<Connection>& connection = request.connection;
  switch (request.order) {
    case Order::kStart:
      Begin(connection);
      return;
    case Order::kTakeOver:
    case Order::kResume:
    case Order::kReadiness:
      React(connection, request.hangup);
      return;
    case Order::kClose:
      // In the connector: the attempt may have ended in the meantime. Its end is on the way to the JavaScript
      // thread, which owns the connection now and will have it closed.
      if (role_ == Owner::kConnector && connection->owner() != role_) return;
      connection->hand_over().TakeClosed(role_);
      wait_set_->Remove(connection->socket(), connection->number());
      {
        const Inside inside(this, connection->number());
        connection->Close(&out_);
      }
      connections_.erase(connection->number());
      return;
    case Order::kDismiss: {
      const Inside inside(this, connection->number());
      next_->Dismiss(connection);
      return;
    }
    case Order::kGiveUp:
      GiveUp(connection.get());
      return;
  }
}

/** Called by the connector, whose the connection is. */
void IoThread::Dismiss(const std::shared_ptr<Connection>& connection) {
  wait_set_->Remove(connection->socket(), connection->number());
  Deliveries none;
  connection->Close(&none);
  bool many = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    Insist([&] { dismissed_.push_back(connection->number()); });
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
  wait_set_->Remove(kNoSocket, connection->number());
  if (!Arm(connection, true)) GiveUp(connection);
}

void IoThread::GiveUp(Connection* connection) {
  Insist([&] { connection->GiveUp("the system cannot wait on another socket", &out_); });
  HandBack(connection);
}

void IoThread::GoOnLater(Connection* connection) {
  Insist([&] { again_.push_back(connection->shared_from_this()); });
}

void IoThread::AwaitRoom(Connection* /* kResume comes by itself */) {}

void IoThread::BeginNext(Connection* connection) { Follow(connection, connection->Start(&out_)); }

void IoThread::HandBack(Connection* connection) {
  if (role_ == Owner::kIoThread) {
    Rest(connection);
    connection->hand_over().GiveTo(Owner::kJavaScript);
    return;
  }
  const std::shared_ptr<Connection> kept = connection->shared_from_this();
  wait_set_->Remove(connection->socket(), connection->number());
  connections_.erase(connection->number());
  if (connection->idle() && !next_->Adopt(kept)) {
    Insist([&] { connection->GiveUp("the system cannot wait on another socket", &out_); });
  }
  connection->hand_over().GiveTo(Owner::kJavaScript);
}

}  // namespace kingbase
