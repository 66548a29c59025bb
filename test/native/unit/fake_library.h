#pragma once
// A client library whose every answer a test decides: the table of functions is all that the core knows of
// one. Its socket is one end of a pair, so that the kernel says what it would of a real one.

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../../../native/connection.h"

namespace kingbase {

struct ClientResult {
  int status = result_status::kCommandOk;
  std::string tag;
  std::string message;
  std::string code;
  std::string severity = "NOTICE";
  std::vector<std::vector<std::string>> rows;
  int columns = 0;
  /** Asking for a value finds no memory. */
  bool without_memory = false;
};

struct ClientConnection {
  ClientConnection() { socketpair(AF_UNIX, SOCK_STREAM, 0, sockets.data()); }
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;
  ~ClientConnection() {
    for (const int socket : sockets) close(socket);
  }

  std::array<int, 2> sockets{};
  int status = connection_status::kOk;
  bool busy = true;
  bool tls = false;
  int reads = 0;
  int sends = 0;
  /** So many commands are taken; what comes after them is refused. */
  int takes = 1000;
  int put_copy_data = 1;
  std::string error;
  /** What the server has reported, as far as the library had memory for it. */
  std::map<std::string, std::string> parameters;
  std::deque<std::unique_ptr<ClientResult>> results;
  std::deque<std::string> notifications;
  /** What reading does; false where it finds the end. */
  std::function<bool(ClientConnection*)> read = [](ClientConnection*) { return true; };
  ClientNoticeReceiver notice_receiver = nullptr;
  void* notice_argument = nullptr;

  void Notice(const std::string& text, const std::string& severity = "NOTICE") {
    ClientResult notice;
    notice.message = text;
    notice.severity = severity;
    notice.code = "00000";
    notice_receiver(notice_argument, &notice);
  }
  /** A message that may not come while nothing is asked. */
  void Stray() {
    ClientResult notice;
    notice.message = "message type 0x43 arrived from server while idle";
    notice_receiver(notice_argument, &notice);
  }
  ClientResult* Answer(int result, std::string tag) {
    results.push_back(std::make_unique<ClientResult>());
    results.back()->status = result;
    results.back()->tag = std::move(tag);
    return results.back().get();
  }
  /** Bytes that the library has not read. */
  void Arrive(size_t bytes) {
    const std::string some(bytes, 'x');
    if (write(sockets[1], some.data(), some.size()) < 0) return;
  }
  void TakeFromKernel(size_t bytes) {
    std::string taken(bytes, '\0');
    if (::read(sockets[0], taken.data(), taken.size()) < 0) return;
  }
};

/** The connection that the next attempt to connect gives. */
inline ClientConnection*& NextConnection() {
  static ClientConnection* next = nullptr;
  return next;
}

inline std::shared_ptr<const ClientApi> FakeLibrary() {
  auto api = std::make_shared<ClientApi>();
  api->connect_start_params = [](const char* const*, const char* const*, int) { return NextConnection(); };
  api->connect_poll = [](ClientConnection*) { return polling_status::kOk; };
  api->finish = [](ClientConnection*) {};
  api->status = [](const ClientConnection* c) { return c != nullptr ? c->status : connection_status::kBad; };
  api->socket = [](const ClientConnection* c) {
    return c != nullptr && c->status == connection_status::kOk ? c->sockets[0] : -1;
  };
  api->error_message = [](const ClientConnection* c) { return c != nullptr ? c->error.c_str() : ""; };
  api->parameter_status = [](const ClientConnection* c, const char* name) -> const char* {
    const auto found = c->parameters.find(name);
    return found == c->parameters.end() ? nullptr : found->second.c_str();
  };
  api->transaction_status = [](const ClientConnection*) { return transaction_status::kIdle; };
  api->backend_pid = [](const ClientConnection*) { return 1; };
  api->server_version = [](const ClientConnection*) { return 120001; };
  api->ssl_in_use = [](ClientConnection* c) { return c->tls ? 1 : 0; };
  api->set_nonblocking = [](ClientConnection*, int) { return 0; };
  api->set_error_verbosity = [](ClientConnection*, int) { return 0; };
  api->set_notice_receiver = [](ClientConnection* c, ClientNoticeReceiver receiver, void* argument) {
    c->notice_receiver = receiver;
    c->notice_argument = argument;
    return ClientNoticeReceiver{};
  };
  api->flush = [](ClientConnection*) { return 0; };
  api->consume_input = [](ClientConnection* c) {
    if (c == nullptr) return 0;
    ++c->reads;
    return c->read(c) ? 1 : 0;
  };
  api->is_busy = [](ClientConnection* c) { return c->busy ? 1 : 0; };
  api->send_query = [](ClientConnection* c, const char*) { return ++c->sends > 0 ? 1 : 0; };
  api->send_query_params = [](ClientConnection* c, const char*, int, const ClientOid*, const char* const*,
                              const int*, const int*, int) { return ++c->sends > 0 ? 1 : 0; };
  api->send_describe_prepared = [](ClientConnection* c, const char*) { return ++c->sends > 0 ? 1 : 0; };
  api->send_prepare = [](ClientConnection* c, const char*, const char*, int, const ClientOid*) {
    return ++c->sends > 0 ? 1 : 0;
  };
  api->send_query_prepared = [](ClientConnection* c, const char*, int, const char* const*, const int*,
                                const int*, int) { return ++c->sends <= c->takes ? 1 : 0; };
  api->enter_pipeline_mode = [](ClientConnection*) { return 1; };
  api->exit_pipeline_mode = [](ClientConnection*) { return 1; };
  api->pipeline_sync = [](ClientConnection*) { return 1; };
  api->pipelines = true;
  api->get_result = [](ClientConnection* c) -> ClientResult* {
    if (c->results.empty()) return nullptr;
    ClientResult* result = c->results.front().release();
    c->results.pop_front();
    return result;
  };
  api->put_copy_data = [](ClientConnection* c, const char*, int) { return c->put_copy_data; };
  api->put_copy_end = [](ClientConnection*, const char*) { return 1; };
  api->get_copy_data = [](ClientConnection*, char**, int) { return -1; };
  api->notifies = [](ClientConnection* c) -> ClientNotify* {
    if (c->notifications.empty()) return nullptr;
    static std::string payload;
    static char channel[] = "channel";
    payload = c->notifications.front();
    c->notifications.pop_front();
    auto* notify = new ClientNotify();
    *notify = {channel, 1, payload.data(), nullptr};
    return notify;
  };
  api->free_memory = [](void* memory) { delete static_cast<ClientNotify*>(memory); };
  api->result_status = [](const ClientResult* r) { return r->status; };
  api->result_error_message = [](const ClientResult* r) { return r->message.c_str(); };
  api->result_error_field = [](const ClientResult* r, int field) -> const char* {
    if (field == 'C') return r->code.empty() ? nullptr : r->code.c_str();
    if (field == 'V') return r->severity.c_str();
    if (field == 'M') return r->message.c_str();
    return nullptr;
  };
  api->clear = [](ClientResult* r) { delete r; };
  api->row_count = [](const ClientResult* r) { return static_cast<int>(r->rows.size()); };
  api->column_count = [](const ClientResult* r) { return r->columns; };
  api->column_name = [](const ClientResult*, int) { return "c"; };
  api->column_table = [](const ClientResult*, int) -> ClientOid { return 0; };
  api->column_number = [](const ClientResult*, int) { return 0; };
  api->column_format = [](const ClientResult*, int) { return 0; };
  api->column_type = [](const ClientResult*, int) -> ClientOid { return 25; };
  api->column_size = [](const ClientResult*, int) { return -1; };
  api->column_modifier = [](const ClientResult*, int) { return -1; };
  api->command_status = [](const ClientResult* r) { return r->tag.c_str(); };
  api->value = [](const ClientResult* r, int row, int column) -> const char* {
    if (r->without_memory) throw std::bad_alloc();
    return r->rows[static_cast<size_t>(row)][static_cast<size_t>(column)].c_str();
  };
  api->value_length = [](const ClientResult* r, int row, int column) {
    return static_cast<int>(r->rows[static_cast<size_t>(row)][static_cast<size_t>(column)].size());
  };
  api->value_is_null = [](const ClientResult*, int, int) { return 0; };
  api->parameter_count = [](const ClientResult*) { return 0; };
  api->cancel_create = [](ClientConnection*) -> ClientCancel* { return nullptr; };
  return api;
}

}  // namespace kingbase
