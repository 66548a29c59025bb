// The I/O thread over a library that the test plays: that whoever leaves bytes of a socket unread looks
// again, since the system reports no readiness twice.

#include <cstdio>
#include <future>
#include <memory>
#include <string>

#include "../../../native/io_thread.h"
#include "../../../native/socket_input.h"
#include "checks.h"
#include "fake_library.h"

// What the thread wakes is Node's; here nobody sleeps.
extern "C" napi_status napi_call_threadsafe_function(napi_threadsafe_function, void*,
                                                     napi_threadsafe_function_call_mode) {
  return napi_ok;
}

namespace kingbase {
namespace {

/** Long for what takes no time. */
constexpr std::chrono::seconds kInVain{20};

/** An idle connection in the charge of an I/O thread, which has not been told of it. */
class Subject {
 public:
  explicit Subject(bool portable_wait) {
    std::string error;
    thread = IoThread::Create(Owner::kIoThread, portable_wait, std::make_shared<Mailbox>(nullptr), nullptr,
                              &error);
    CHECK(error.empty());
    NextConnection() = &far;
    connection = std::make_shared<Connection>(Connection::Origin{1, 1, 1}, FakeLibrary(),
                                              std::make_shared<ResultMemory>(), "s");
    Deliveries out;
    connection->command().kind = CommandKind::kConnect;
    connection->Start(&out);
    connection->Advance(false, 1, &out);
    CHECK(connection->idle());
  }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  ~Subject() {
    thread->AskToStop();
    thread->Stop(std::chrono::steady_clock::now() + kInVain);
  }

  ClientConnection far;
  std::shared_ptr<IoThread> thread;
  std::shared_ptr<Connection> connection;
};

/** The library takes 100 bytes at a time; `all` is fulfilled once there are none left. */
void ReadInSmallPieces(ClientConnection* far, std::promise<void>* all) {
  far->read = [all, told = false](ClientConnection* self) mutable {
    self->TakeFromKernel(100);
    if (!told && AvailableInput(self->sockets[0]) == 0) {
      told = true;
      all->set_value();
    }
    return true;
  };
}

void OrderStillToCome(bool portable_wait) {
  test_name = "what comes in for a connection that was given, but not with an order yet, is read to its end";
  Subject subject(portable_wait);
  std::promise<void> all;
  ReadInSmallPieces(&subject.far, &all);
  // As when the JavaScript thread has given it away and is kept from giving the order.
  CHECK(subject.thread->Adopt(subject.connection));
  subject.connection->hand_over().GiveTo(Owner::kIoThread);
  subject.far.Arrive(20'000);
  CHECK(all.get_future().wait_for(kInVain) == std::future_status::ready);
}

void OrderBehindIt(bool portable_wait) {
  test_name = "the same where the order comes in the middle";
  Subject subject(portable_wait);
  std::promise<void> all;
  ReadInSmallPieces(&subject.far, &all);
  CHECK(subject.thread->Adopt(subject.connection));
  subject.far.Arrive(20'000);
  subject.connection->hand_over().GiveTo(Owner::kIoThread);
  subject.thread->Submit(subject.connection, IoThread::Order::kReadiness);
  CHECK(all.get_future().wait_for(kInVain) == std::future_status::ready);
}

}  // namespace
}  // namespace kingbase

int main() {
  for (const bool portable_wait : {false, true}) {
    kingbase::OrderStillToCome(portable_wait);
    kingbase::OrderBehindIt(portable_wait);
  }
  std::printf("%s\n", kingbase::failures == 0 ? "passed" : "failed");
  return kingbase::failures == 0 ? 0 : 1;
}
