#include "connectors.h"

namespace kingbase {

std::string Connectors::Begin() {
  std::string error;
  Add(&error);
  return error;
}

bool Connectors::Add(std::string* error) {
  auto thread = IoThread::Create(Owner::kConnector, portable_wait_, mailbox_, next_, error);
  if (thread == nullptr) return false;
  threads_.push_back(std::move(thread));
  return true;
}

/** The first that is not kept, or else one more; the first of all where there cannot be more. */
size_t Connectors::Choose() {
  for (size_t index = 0; index < threads_.size(); ++index) {
    if (!threads_[index]->IsKept()) return index;
  }
  std::string ignored;
  return threads_.size() < kMost && Add(&ignored) ? threads_.size() - 1 : 0;
}

void Connectors::Submit(size_t index, const std::shared_ptr<Connection>& connection, IoThread::Order order) {
  connection->hand_over().note_connector(index);
  threads_[index]->Submit(connection, order);
}

void Connectors::Connect(const std::shared_ptr<Connection>& connection) {
  connection->hand_over().GiveTo(Owner::kConnector);
  Submit(Choose(), connection, IoThread::Order::kStart);
}

void Connectors::Close(const std::shared_ptr<Connection>& connection) {
  threads_[connection->hand_over().connector()]->Submit(connection, IoThread::Order::kClose);
}

void Connectors::Dismiss(const std::shared_ptr<Connection>& connection) {
  connection->hand_over().GiveTo(Owner::kConnector);
  Submit(Choose(), connection, IoThread::Order::kDismiss);
}

void Connectors::Relieve() {
  // Those that Choose adds have nothing to be relieved of.
  for (size_t kept = 0, count = threads_.size(); kept < count; ++kept) {
    if (!threads_[kept]->IsKept()) continue;
    const size_t other = Choose();
    if (other == kept || threads_[other]->IsKept()) return;
    for (const auto& connection : threads_[kept]->GiveAllTo(threads_[other].get())) {
      connection->hand_over().note_connector(other);
    }
  }
}

void Connectors::Stop(std::chrono::steady_clock::time_point deadline) {
  for (const auto& thread : threads_) thread->AskToStop();
  for (const auto& thread : threads_) thread->Stop(deadline);
}

}  // namespace kingbase
