// From nothing to a connection that takes commands. Runs on the connector thread.

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "connection.h"
#include "socket_input.h"

namespace kingbase {
namespace {

/** A server has little to say before the session is ready: parameters, perhaps a notice. */
constexpr size_t kMostAtLogin = 1024 * 1024;

/** One may find half of a record, the next the other half, and a third that there is no more. */
constexpr int kPollsOverTls = 3;

}  // namespace

Step Connection::StartConnecting(Deliveries* out) {
  phase_ = Phase::kConnecting;
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  const char* const end = command().keywords.data() + command().keywords.size();
  for (const char* text = command().keywords.data(); text < end; text += std::strlen(text) + 1) {
    (keywords.size() == values.size() ? keywords : values).push_back(text);
  }
  values.resize(keywords.size(), nullptr);
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  // A first keyword without a name stands for a connection string. The library reads one where it expects the
  // first dbname, and takes only from it that an option is empty: in the lists an empty value counts as none.
  const bool expand = keywords.front() != nullptr && *keywords.front() == '\0';
  if (expand) keywords.front() = "dbname";
  connection_ = api_.connect_start_params(keywords.data(), values.data(), expand ? 1 : 0);
  // They hold the password; the library has its own copy now.
  std::fill(command().keywords.begin(), command().keywords.end(), '\0');
  command().keywords.clear();
  if (connection_ == nullptr) throw std::bad_alloc();
  // Verbose while connecting: a refusal at login comes only as text, and only this form of it holds the
  // SQLSTATE.
  api_.set_error_verbosity(connection_, error_verbosity::kVerbose);
  api_.set_notice_receiver(connection_, &Connection::OnNotice, this);
  if (api_.status(connection_) == connection_status::kBad) return Lose(out);
  socket_ = api_.socket(connection_);
  interest_ = {false, true};
  return Step::kWait;
}

Step Connection::PollConnecting(Deliveries* out) {
  const auto note_stage = [this](int status) {
    if (status == connection_status::kStarted || status == connection_status::kNeeded) stage_ = Stage::kTcp;
    if (status == connection_status::kTlsStartup) stage_ = Stage::kTls;
    if (status == connection_status::kMade || status == connection_status::kAwaitingResponse)
      stage_ = Stage::kStartup;
    if (status == connection_status::kAuthOk || status == connection_status::kSetEnvironment)
      stage_ = Stage::kAuth;
  };
  int polled = polling_status::kFailed;
  do {
    login_bytes_ += AvailableInput(socket_);
    if (login_bytes_ > kMostAtLogin) {
      Failure failure;
      failure.message = "the server sends without end before the session is ready";
      failure.reason = Failure::Reason::kProtocol;
      results_.Fail(std::move(failure));
      return Lose(out);
    }
    note_stage(api_.status(connection_));
    polled = api_.connect_poll(connection_);
    note_stage(api_.status(connection_));
    ++reads_since_input_;
    // The wait set looks at the kernel only, not into the TLS library.
  } while (polled == polling_status::kReading && IsOverTls() && reads_since_input_ < kPollsOverTls);
  switch (polled) {
    case polling_status::kReading:
    case polling_status::kWriting:
      socket_ = api_.socket(connection_);
      interest_ = {polled == polling_status::kReading, polled == polling_status::kWriting};
      return Step::kWait;
    case polling_status::kOk:
      FinishConnecting(out);
      return Step::kDone;
    default:
      return Lose(out);
  }
}

/** Where the library cannot tell, everything is read as if it were. */
bool Connection::IsOverTls() const { return api_.ssl_in_use == nullptr || api_.ssl_in_use(connection_) != 0; }

void Connection::FinishConnecting(Deliveries* out) {
  api_.set_error_verbosity(connection_, error_verbosity::kDefault);
  api_.set_nonblocking(connection_, 1);
  socket_ = api_.socket(connection_);
  interest_ = {true, false};
  // Who reads a cancel request can cancel every later statement of the session. What encrypts it costs some
  // 35 KB, so only an encrypted connection has it; made now, because later it would read what another thread
  // writes.
  if (api_.encrypts_cancel && api_.ssl_in_use(connection_) != 0) {
    encrypted_cancel_ = api_.cancel_connection_create(connection_);
  } else {
    cancel_ = api_.cancel_create(connection_);
  }
  cancel_ready_.store(cancel_ != nullptr || encrypted_cancel_ != nullptr, std::memory_order_release);

  const auto reported = [this](const char* name) {
    const char* value = api_.parameter_status(connection_, name);
    return std::string(value != nullptr ? value : "");
  };
  client_encoding_ = reported(kClientEncoding);
  conforming_strings_ = reported(kConformingStrings);
  knows_date_style_ = api_.parameter_status(connection_, kDateStyle) != nullptr;
  auto facts = std::make_unique<ConnectionFacts>();
  // What PostgreSQL 9.6 to 18 report; a server that reports less leaves some out.
  // Those that the driver looks for come first.
  for (const char* name :
       {"DateStyle", "integer_datetimes", "server_version", "server_encoding", "client_encoding",
        "application_name", "default_transaction_read_only", "in_hot_standby", "is_superuser",
        "session_authorization", "IntervalStyle", "TimeZone", "standard_conforming_strings", "search_path"}) {
    const char* value = api_.parameter_status(connection_, name);
    if (value != nullptr) facts->parameters.append(name).append(1, '\0').append(value).append(1, '\0');
  }
  facts->backend_pid = api_.backend_pid(connection_);
  facts->server_version = api_.server_version(connection_);
  tls_ = IsOverTls();
  facts->tls = tls_ && api_.ssl_in_use != nullptr;
  if (facts->tls && api_.ssl_attribute != nullptr) {
    facts->tls_protocol = Trimmed(api_.ssl_attribute(connection_, "protocol"));
    facts->tls_cipher = Trimmed(api_.ssl_attribute(connection_, "cipher"));
  }
  TakeMessages(out);
  auto delivery = NewDelivery(Delivery::Kind::kConnected);
  delivery.facts = std::move(facts);
  TellEnd(std::move(delivery), Phase::kIdle, out);
  idle_since_ = std::chrono::steady_clock::now();
}

}  // namespace kingbase
