#include "connection.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#if defined(_WIN32)
#include <winsock2.h>
#else
#include <sys/ioctl.h>
#endif

namespace kingbase {
namespace {

/** Chunks that may wait for the JavaScript thread before a connection stops reading: about 1.5 MB. */
constexpr int kMostUnconsumed = 16;
/** Where reading goes on. */
constexpr int kFewUnconsumed = 4;
/** The same for a stream, whose consumer takes its time: enough to have the next chunk ready. */
constexpr int kMostUnconsumedOfStream = 4;
constexpr int kFewUnconsumedOfStream = 2;
/** A statement whose last result took more than this when packed is read row by row, so that packing and
 * building overlap with the transfer and the whole result is never held twice. For many short rows single-row
 * mode costs more than it saves: the library makes a result of its own for each. */
constexpr size_t kLargeResult = 128 * 1024;

/** Libraries send by themselves whenever they have gathered this much (libpq, pqPutMsgEnd). */
constexpr size_t kLibraryBuffer = 8192;

/** After an idle time like this a look at the socket costs nothing that counts, and finds the server's
 * farewell. */
constexpr std::chrono::microseconds kLongIdle{200};

std::string Trimmed(const char* text) {
  std::string trimmed = text != nullptr ? text : "";
  while (!trimmed.empty() && (trimmed.back() == '\n' || trimmed.back() == ' ')) trimmed.pop_back();
  return trimmed;
}

bool IsFatal(const Failure& notice) {
  const std::string* severity = notice.fields.Find('V');
  if (severity == nullptr) severity = notice.fields.Find('S');
  return severity != nullptr && (*severity == "FATAL" || *severity == "PANIC");
}

/** `INSERT 0 5` to `INSERT` and 5, `CREATE TABLE` to itself and -1. */
void SplitCommandTag(const char* tag, std::string* command, int64_t* count) {
  std::string words = tag != nullptr ? tag : "";
  *count = -1;
  const size_t last = words.find_last_not_of("0123456789");
  if (last != std::string::npos && last + 1 < words.size() && words[last] == ' ') {
    ParseInteger(words.data() + last + 1, words.size() - last - 1, count);
    words.resize(last);
    // INSERT has the OID of the inserted row before the count.
    const size_t before = words.find_last_not_of("0123456789");
    if (before != std::string::npos && before + 1 < words.size() && words[before] == ' ')
      words.resize(before);
  }
  *command = std::move(words);
}

}  // namespace

Connection::Connection(uint32_t id, std::shared_ptr<const ClientLibrary> library,
                       std::shared_ptr<Shared> shared, std::string statement_prefix)
    : id_(id),
      library_(std::move(library)),
      api_(library_->api()),
      shared_(std::move(shared)),
      statement_prefix_(std::move(statement_prefix)) {}

Connection::~Connection() {
  Release();
  if (cancel_ != nullptr) api_.cancel_free(cancel_);
}

void Connection::Release() {
  if (packing_ != nullptr) api_.clear(std::exchange(packing_, nullptr));
  if (connection_ != nullptr) api_.finish(std::exchange(connection_, nullptr));
  last_shape_.reset();
  statements_.clear();
  phase_ = Phase::kClosed;
  socket_ = kNoSocket;
}

Delivery Connection::NewDelivery(Delivery::Kind kind) {
  Delivery delivery;
  delivery.kind = kind;
  delivery.slot = command_.slot;
  delivery.row_mode = command_.row_mode;
  delivery.stream = command_.stream;
  delivery.connection = shared_from_this();
  return delivery;
}

std::string Connection::LibraryMessage() const { return Trimmed(api_.error_message(connection_)); }

void Connection::OnNotice(void* self, const ClientResult* result) {
  auto* connection = static_cast<Connection*>(self);
  auto notice = std::make_unique<Failure>();
  notice->from_server = true;
  notice->fields = ReadDiagnosticFields(connection->api_, result);
  notice->message = Trimmed(connection->api_.result_error_message(result));
  connection->notices_.push_back(std::move(notice));
}

// ---- connecting

Step Connection::Start(Deliveries* out) {
  failure_.reset();
  hangup_ = false;
  may_have_more_ = false;
  goes_on_ = false;
  if (command_.kind == CommandKind::kConnect) return StartConnecting(out);
  if (phase_ == Phase::kCopying) return StartCopying(out);
  phase_ = Phase::kBusy;
  sent_ = false;
  single_row_ = false;
  copy_out_ = false;
  copy_in_ready_ = false;
  packed_ = 0;
  held_.reset();
  if (api_.status(connection_) != connection_status::kOk || (MayHaveDied() && DiedWhileIdle())) {
    return Lose(out);
  }
  if (!Send()) {
    // Either the library refuses the command, or it has found the connection dead while sending. Reading
    // tells which.
    if (api_.consume_input(connection_) == 0 || api_.status(connection_) != connection_status::kOk) {
      // What fits its buffer goes out in one piece or not at all.
      sent_ = command_.sql.size() + command_.parameters.size() >= kLibraryBuffer;
      return Lose(out);
    }
    Failure failure;
    failure.message = LibraryMessage();
    failure.sent = false;
    Fail(std::move(failure));
    return EndCommand(out);
  }
  sent_ = true;
  sending_ = true;
  return Flush() ? Step::kWait : Lose(out);
}

/** Whether it is worth two system calls to look before something is sent. */
bool Connection::MayHaveDied() {
  const bool something_came = attention_.load(std::memory_order_acquire) > 0 || std::exchange(unread_, false);
  return something_came || std::chrono::steady_clock::now() - idle_since_ > kLongIdle;
}

/**
 * Whether the server has ended the connection while it was idle. Found before anything is sent, the loss is
 * harmless: the command can be run on another connection.
 */
bool Connection::DiedWhileIdle() {
  // The first read may give the server's last words, and the one after it the end.
  for (int reads = 0; reads < 2; ++reads) {
    if (api_.consume_input(connection_) == 0) {
      api_.is_busy(connection_);  // parses what came before the end
      return true;
    }
  }
  api_.is_busy(connection_);
  return std::any_of(notices_.begin(), notices_.end(), [](const auto& notice) { return IsFatal(*notice); });
}

Step Connection::StartConnecting(Deliveries* out) {
  phase_ = Phase::kConnecting;
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  const char* const end = command_.keywords.data() + command_.keywords.size();
  for (const char* text = command_.keywords.data(); text < end; text += std::strlen(text) + 1) {
    (keywords.size() == values.size() ? keywords : values).push_back(text);
  }
  values.resize(keywords.size(), nullptr);
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  connection_ = api_.connect_start_params(keywords.data(), values.data(), 0);
  // They hold the password; the library has its own copy now.
  std::fill(command_.keywords.begin(), command_.keywords.end(), '\0');
  command_.keywords.clear();
  if (connection_ == nullptr) {
    auto delivery = NewDelivery(Delivery::Kind::kFailure);
    delivery.failure = std::make_unique<Failure>();
    delivery.failure->message = "the client library is out of memory";
    delivery.failure->lost = true;
    delivery.end_of_command = true;
    out->push_back(std::move(delivery));
    phase_ = Phase::kClosed;
    return Step::kDone;
  }
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
    if (status == connection_status::kStarted || status == connection_status::kNeeded) stage_ = "tcp";
    if (status == connection_status::kTlsStartup) stage_ = "tls";
    if (status == connection_status::kMade || status == connection_status::kAwaitingResponse)
      stage_ = "startup";
    if (status == connection_status::kAuthOk || status == connection_status::kSetEnvironment) stage_ = "auth";
  };
  note_stage(api_.status(connection_));
  const int polled = api_.connect_poll(connection_);
  note_stage(api_.status(connection_));
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

void Connection::FinishConnecting(Deliveries* out) {
  api_.set_error_verbosity(connection_, error_verbosity::kDefault);
  api_.set_nonblocking(connection_, 1);
  socket_ = api_.socket(connection_);
  interest_ = {true, false};
  cancel_ = api_.cancel_create(connection_);
  cancel_ready_.store(cancel_ != nullptr, std::memory_order_release);
  phase_ = Phase::kIdle;
  idle_since_ = std::chrono::steady_clock::now();

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
  if (api_.ssl_in_use != nullptr) facts->tls = api_.ssl_in_use(connection_) != 0;
  if (facts->tls && api_.ssl_attribute != nullptr) {
    facts->tls_protocol = Trimmed(api_.ssl_attribute(connection_, "protocol"));
    facts->tls_cipher = Trimmed(api_.ssl_attribute(connection_, "cipher"));
  }
  TakeMessages(out);
  auto delivery = NewDelivery(Delivery::Kind::kConnected);
  delivery.facts = std::move(facts);
  delivery.end_of_command = true;
  out->push_back(std::move(delivery));
}

// ---- sending

bool Connection::Send() {
  constexpr int kTextResults = 0;
  constexpr int kBinaryResults = 1;
  const ParameterBlock& parameters = command_.parameters;
  int sent = 0;
  bool large = false;
  switch (command_.kind) {
    case CommandKind::kExecute:
      sent = api_.send_query_params(connection_, command_.sql.c_str(), parameters.count(), parameters.types(),
                                    parameters.values(), parameters.lengths(), parameters.formats(),
                                    kTextResults);
      break;
    case CommandKind::kPrepare:
      StatementOf(command_.statement) = Statement();
      sent = api_.send_prepare(connection_, StatementName().c_str(), command_.sql.c_str(), 0, nullptr);
      break;
    case CommandKind::kDescribe:
      sent = api_.send_describe_prepared(connection_, StatementName().c_str());
      break;
    case CommandKind::kExecutePrepared:
      large = StatementOf(command_.statement).large;
      sent = api_.send_query_prepared(
          connection_, StatementName().c_str(), parameters.count(), parameters.values(), parameters.lengths(),
          parameters.formats(),
          (large || command_.stream) && BinaryIsAsText() ? kBinaryResults : kTextResults);
      break;
    case CommandKind::kExecutePreparedRows:
      sent = api_.send_query_prepared_rows(connection_, StatementName().c_str(),
                                           parameters.count() / static_cast<int>(command_.rows),
                                           parameters.values(), parameters.lengths(), parameters.formats(),
                                           kTextResults, static_cast<int>(command_.rows));
      break;
    case CommandKind::kScript:
    case CommandKind::kCopyIn:
    case CommandKind::kCopyOut:
      sent = api_.send_query(connection_, command_.sql.c_str());
      break;
    case CommandKind::kNone:
    case CommandKind::kConnect:
    case CommandKind::kCopyData:
    case CommandKind::kCopyEnd:
      break;
  }
  if (sent == 1 && (large || command_.stream) && api_.set_single_row_mode != nullptr) {
    single_row_ = api_.set_single_row_mode(connection_) == 1;
  }
  return sent == 1;
}

/**
 * Whether rows in binary form become what they would from text, and cost the server and us less: it need not
 * write, nor we read, every number and time. Text in another DateStyle is handed on as it is.
 */
bool Connection::BinaryIsAsText() const {
  if (!command_.binary_allowed) return false;
  const char* style = api_.parameter_status(connection_, "DateStyle");
  return style != nullptr && std::strncmp(style, "ISO", 3) == 0;
}

// libpq manual, "Asynchronous Command Processing": while a flush is incomplete, wait for the socket to be
// readable as well and consume input, since the server may itself wait for us to read before it takes more.
bool Connection::Flush() {
  const int left = api_.flush(connection_);
  if (left < 0) return false;
  sending_ = left > 0;
  interest_ = {true, sending_};
  return true;
}

// ---- receiving

Step Connection::Advance(bool hangup, int reads, Deliveries* out) {
  hangup_ = hangup_ || hangup;
  switch (phase_) {
    case Phase::kConnecting:
      return PollConnecting(out);
    case Phase::kBusy: {
      const bool sending_bytes = command_.kind == CommandKind::kCopyData;
      const Step step = sending_bytes ? SendCopyData(out) : Fetch(reads, hangup_, out);
      if (!notices_.empty() && step != Step::kDone) TakeMessages(out);
      return step;
    }
    case Phase::kIdle:
    case Phase::kCopying:
      Drain(hangup, out);
      return Step::kDone;
    case Phase::kNew:
    case Phase::kClosed:
      break;
  }
  return Step::kDone;
}

bool Connection::HasInput() const {
#if defined(_WIN32)
  unsigned long available = 0;
  return ioctlsocket(static_cast<SOCKET>(socket_), FIONREAD, &available) == 0 && available > 0;
#else
  int available = 0;
  return ioctl(socket_, FIONREAD, &available) == 0 && available > 0;  // NOLINT: ioctl is variadic by nature
#endif
}

Step Connection::Fetch(int reads, bool hangup, Deliveries* out) {
  int done = 0;
  for (;;) {
    if (sending_) {
      if (!Flush()) return Lose(out);
      if (sending_) {
        if (api_.consume_input(connection_) == 0 || !Flush()) return Lose(out);
        if (sending_ && api_.is_busy(connection_) != 0) return Step::kWait;
      }
    }
    if (packing_ != nullptr && !PackCurrent(out)) return Step::kPaused;
    while (api_.is_busy(connection_) == 0) {
      if (copy_out_) {
        const CopyRead read = ReadCopy(out);
        if (read == CopyRead::kPaused) return Step::kPaused;
        if (read == CopyRead::kMore) break;
        copy_out_ = false;
        continue;
      }
      ClientResult* result = api_.get_result(connection_);
      if (result == nullptr) return EndCommand(out);
      TakeResult(result, out);
      if (unusable_) return Lose(out);
      if (copy_in_ready_) return EndCopyStep(out);
      if (packing_ != nullptr && !PackCurrent(out)) return Step::kPaused;
      if (sending_) break;
    }
    if (sending_) continue;
    // Whoever reads a stream gets what there is, rather than wait until a chunk is full.
    if (command_.stream && chunk_ != nullptr && unconsumed_.load(std::memory_order_acquire) == 0) {
      EmitChunk(out);
    }
    // The first read needs no question: an event or a resumption says that there may be something. After it,
    // ask the kernel, since the library does not tell whether its read emptied the socket.
    if (done > 0 && !hangup && !HasInput()) return Step::kWait;
    if (done == reads) return Step::kYield;
    ++done;
    if (done > 1) may_have_more_ = true;
    if (api_.consume_input(connection_) == 0) return Lose(out);
  }
}

void Connection::TakeResult(ClientResult* result, Deliveries* out) {
  switch (api_.result_status(result)) {
    case result_status::kTuplesOk:
      TakeRows(result, true, out);
      return;
    case result_status::kSingleTuple:
      TakeRows(result, false, out);
      return;
    case result_status::kCommandOk:
    case result_status::kEmptyQuery:
      EndResult(result, out);
      break;
    case result_status::kCopyIn:
      TakeCopy(result, true, out);
      break;
    case result_status::kCopyOut:
      TakeCopy(result, false, out);
      break;
    case result_status::kCopyBoth: {
      Failure failure;
      failure.message = "the replication protocol is not supported";
      Fail(std::move(failure));
      unusable_ = true;
      break;
    }
    default: {
      Failure failure;
      failure.fields = ReadDiagnosticFields(api_, result);
      // Losses that the library itself notices come as results without an SQLSTATE.
      failure.from_server = failure.fields.Find('C') != nullptr;
      failure.message = Trimmed(api_.result_error_message(result));
      Fail(std::move(failure));
      break;
    }
  }
  api_.clear(result);
}

/** The first failure of a command tells what went wrong; those after it only follow from it. */
void Connection::Fail(Failure failure) {
  if (failure_ == nullptr) failure_ = std::make_unique<Failure>(std::move(failure));
}

std::shared_ptr<ResultShape> Connection::ShapeOf(const ClientResult* result) {
  const uint32_t types = command_.type_map_id;
  std::shared_ptr<ResultShape>& known =
      command_.kind == CommandKind::kExecutePrepared ? StatementOf(command_.statement).shape : last_shape_;
  if (known == nullptr || !known->Matches(api_, result, types)) {
    known = shared_->shapes.Find(api_, result, types, *command_.types);
  }
  return known;
}

bool Connection::expects_much() const {
  if (command_.kind == CommandKind::kExecutePreparedRows) return true;
  if (command_.kind != CommandKind::kExecutePrepared) return command_.stream;
  return command_.stream ||
         (command_.statement < statements_.size() && statements_[command_.statement].large);
}

std::string Connection::StatementName() const {
  return statement_prefix_ + std::to_string(command_.statement);
}

Connection::Statement& Connection::StatementOf(uint32_t number) {
  if (number >= statements_.size()) statements_.resize(number + 1);
  return statements_[number];
}

void Connection::TakeRows(ClientResult* result, bool last, Deliveries* out) {
  if (!command_.typed) {
    // A script's rows are not asked for: only how many there were.
    if (last) EndResult(result, out);
    api_.clear(result);
    return;
  }
  if (shape_ == nullptr) shape_ = ShapeOf(result);
  packing_ = result;
  next_row_ = 0;
  packing_last_ = last;
}

/** Whether another chunk may be filled; false pauses the connection until enough of them have been used. */
bool Connection::MayEmit() {
  const int most = command_.stream ? kMostUnconsumedOfStream : kMostUnconsumed;
  const int few = command_.stream ? kFewUnconsumedOfStream : kFewUnconsumed;
  if (unconsumed_.load(std::memory_order_acquire) < most) return true;
  few_unconsumed_.store(few, std::memory_order_relaxed);
  paused_.store(true, std::memory_order_seq_cst);
  // The last chunk may have been consumed between the look and the flag; then nobody would resume us.
  return unconsumed_.load(std::memory_order_seq_cst) <= few &&
         paused_.exchange(false, std::memory_order_seq_cst);
}

/** Packs what is left of the current result; false when the JavaScript thread has to catch up first. */
bool Connection::PackCurrent(Deliveries* out) {
  const int rows = api_.row_count(packing_);
  while (next_row_ < rows) {
    if (!MayEmit()) return false;
    if (chunk_ == nullptr) chunk_ = shared_->chunks.Take();
    const int first = next_row_;
    bool malformed = false;
    next_row_ = PackRows(api_, packing_, *shape_, first, chunk_.get(), &malformed);
    if (malformed) FailMalformed();
    if (next_row_ == first || next_row_ < rows || chunk_->full()) EmitChunk(out);
  }
  if (packing_last_) EndResult(packing_, out);
  api_.clear(std::exchange(packing_, nullptr));
  return true;
}

void Connection::FailMalformed() {
  Failure failure;
  failure.message = "a value came in a binary form that its type is not known to have";
  failure.stage = "result";
  Fail(std::move(failure));
}

void Connection::EmitChunk(Deliveries* out) {
  auto delivery = NewDelivery(copy_out_ ? Delivery::Kind::kCopyData : Delivery::Kind::kResult);
  delivery.shape = shape_;
  packed_ += chunk_->size();
  delivery.chunk = std::move(chunk_);
  unconsumed_.fetch_add(1, std::memory_order_seq_cst);
  out->push_back(std::move(delivery));
}

bool Connection::ChunkConsumed() {
  const int left = unconsumed_.fetch_sub(1, std::memory_order_seq_cst) - 1;
  return left <= few_unconsumed_.load(std::memory_order_relaxed) && paused_.load(std::memory_order_seq_cst) &&
         paused_.exchange(false, std::memory_order_seq_cst);
}

void Connection::EndResult(const ClientResult* result, Deliveries* out) {
  if (held_ != nullptr) out->push_back(std::move(*held_));
  const bool describing = command_.kind == CommandKind::kDescribe;
  held_ = std::make_unique<Delivery>(
      NewDelivery(describing ? Delivery::Kind::kDescribed : Delivery::Kind::kResult));
  held_->end_of_result = true;
  if (describing) {
    const int count = api_.parameter_count(result);
    for (int i = 0; i < count; ++i) held_->parameter_types.push_back(api_.parameter_type(result, i));
    const int columns = api_.column_count(result);
    for (int i = 0; i < columns; ++i) held_->column_types.push_back(api_.column_type(result, i));
    return;
  }
  SplitCommandTag(api_.command_status(result), &held_->command, &held_->count);
  if (shape_ != nullptr) {
    if (chunk_ != nullptr) packed_ += chunk_->size();
    if (command_.kind == CommandKind::kExecutePrepared) {
      StatementOf(command_.statement).large = packed_ > kLargeResult;
    }
    held_->shape = std::move(shape_);
    if (chunk_ != nullptr) {
      held_->chunk = std::move(chunk_);
      unconsumed_.fetch_add(1, std::memory_order_seq_cst);
    }
    shape_.reset();
    packed_ = 0;
  }
}

Step Connection::EndCommand(Deliveries* out) {
  if (api_.status(connection_) != connection_status::kOk) return Lose(out);
  phase_ = Phase::kIdle;
  idle_since_ = std::chrono::steady_clock::now();
  interest_ = {true, false};
  const size_t before = out->size();
  TakeMessages(out);
  // What was read with the answer does not end with it: what came behind may not all have been read, and of a
  // hang-up nobody would be told again.
  if (hangup_ || out->size() > before || farewell_ != nullptr) may_have_more_ = true;
  if (failure_ != nullptr) {
    DiscardResults();
    auto delivery = NewDelivery(Delivery::Kind::kFailure);
    delivery.failure = std::move(failure_);
    held_ = std::make_unique<Delivery>(std::move(delivery));
  } else if (held_ == nullptr) {
    held_ = std::make_unique<Delivery>(NewDelivery(Delivery::Kind::kResult));
  }
  held_->end_of_command = true;
  held_->transaction_status = static_cast<uint8_t>(api_.transaction_status(connection_));
  // After a failure, in a transaction block or at a farewell the JavaScript side decides what comes next.
  const bool well = held_->kind == Delivery::Kind::kResult && !may_have_more_ &&
                    held_->transaction_status == transaction_status::kIdle;
  goes_on_ = well && TakeNextBack();
  held_->goes_on = goes_on_;
  out->push_back(std::move(*held_));
  held_.reset();
  command_.parameters.Clear();
  command_.kind = CommandKind::kNone;
  return Step::kDone;
}

void Connection::DiscardResults() {
  if (held_ != nullptr && held_->chunk != nullptr) unconsumed_.fetch_sub(1, std::memory_order_seq_cst);
  held_.reset();
  chunk_.reset();
  shape_.reset();
  if (packing_ != nullptr) api_.clear(std::exchange(packing_, nullptr));
}

// ---- the end

/**
 * What the server said before it closed (why, usually) is still unread. get_result blocks on a socket that is
 * open and silent, so it is asked only when the library has noticed the end or has a whole result.
 */
void Connection::ReadLastWords(Deliveries* out) {
  if (api_.socket(connection_) >= 0) api_.consume_input(connection_);
  while (api_.socket(connection_) < 0 || api_.is_busy(connection_) == 0) {
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
  const bool copying = phase_ == Phase::kCopying || command_.kind == CommandKind::kCopyData ||
                       command_.kind == CommandKind::kCopyEnd;
  std::string words = LibraryMessage();
  if (busy && sent_) {
    DiscardResults();
    ReadLastWords(out);
  }
  TakeMessages(out);
  auto failure = std::move(failure_);
  if (failure == nullptr && farewell_ != nullptr) failure = std::move(farewell_);
  if (failure == nullptr) {
    failure = std::make_unique<Failure>();
    failure->message = std::move(words);
  } else if (!failure->from_server && !unusable_ && !words.empty()) {
    // Asked again, the library tells of the socket that it has closed itself, and no longer why.
    failure->message = std::move(words);
  }
  failure->lost = true;
  failure->sent = (busy && sent_) || copying;
  failure->stage = connecting ? stage_ : "";
  auto delivery = NewDelivery(busy || connecting ? Delivery::Kind::kFailure : Delivery::Kind::kLost);
  delivery.end_of_command = busy || connecting;
  delivery.transaction_status = 4;
  delivery.failure = std::move(failure);
  DiscardResults();
  out->push_back(std::move(delivery));
  phase_ = Phase::kClosed;
  // The library closes the socket when it notices a loss; its number may be another connection's by now.
  socket_ = api_.socket(connection_);
  return Step::kDone;
}

void Connection::Close(const char* reason, Deliveries* out) {
  if (phase_ == Phase::kBusy || phase_ == Phase::kConnecting) {
    const bool connecting = phase_ == Phase::kConnecting;
    auto delivery = NewDelivery(Delivery::Kind::kFailure);
    delivery.end_of_command = true;
    delivery.transaction_status = 4;
    delivery.failure = std::make_unique<Failure>();
    delivery.failure->message = reason;
    delivery.failure->lost = true;
    delivery.failure->sent = !connecting && sent_;
    delivery.failure->stage = connecting ? stage_ : "";
    DiscardResults();
    out->push_back(std::move(delivery));
  }
  Release();
}

// ---- while idle

void Connection::Drain(bool hangup, Deliveries* out) {
  do {
    if (api_.consume_input(connection_) == 0) {
      api_.is_busy(connection_);  // parses what came before the end: the server's farewell
      Lose(out);
      return;
    }
    api_.is_busy(connection_);
  } while (hangup || HasInput());
  TakeMessages(out);
}

void Connection::TakeMessages(Deliveries* out) {
  for (auto& notice : std::exchange(notices_, {})) {
    if (IsFatal(*notice)) {
      farewell_ = std::move(notice);
      continue;
    }
    // What a server that is shut down at once, or whose other process has crashed, says to everybody before
    // it ends.
    const std::string* code = notice->fields.Find('C');
    if (code != nullptr && (*code == "57P01" || *code == "57P02"))
      farewell_ = std::make_unique<Failure>(*notice);
    auto delivery = NewDelivery(Delivery::Kind::kNotice);
    delivery.failure = std::move(notice);
    out->push_back(std::move(delivery));
  }
  if (connection_ == nullptr) return;
  while (ClientNotify* notify = api_.notifies(connection_)) {
    auto delivery = NewDelivery(Delivery::Kind::kNotification);
    delivery.notification = std::make_unique<Notification>();
    delivery.notification->channel = notify->channel;
    delivery.notification->payload = notify->payload != nullptr ? notify->payload : "";
    delivery.notification->backend_pid = notify->backend_pid;
    api_.free_memory(notify);
    out->push_back(std::move(delivery));
  }
}

// ---- cancelling

std::string Connection::SendCancel() const {
  std::array<char, 256> error{};
  if (api_.cancel_send(cancel_, error.data(), static_cast<int>(error.size())) == 1) return "";
  std::string message = Trimmed(error.data());
  return message.empty() ? "the cancel request could not be sent" : message;
}

}  // namespace kingbase
