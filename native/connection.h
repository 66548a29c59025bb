#pragma once
// One client connection: a state machine over the library's non-blocking calls.
//
// Ownership instead of a lock: a connection belongs to one thread at a time, and only its owner calls the
// library with it or touches its state. `owner()` says whose it is. The present owner gives it away by GiveTo
// (release) and does not touch it afterwards; whoever reads `owner()` as itself (acquire) may go on.
//   - JavaScript thread: while idle, or while it runs a command that is alone in flight by itself.
//   - I/O thread: from the moment a command is submitted until its completion is published.
//   - connector thread: while connecting.
// The command object is filled by the JavaScript thread while the connection is idle. A second one may be
// filled and offered while a command runs: the owner begins it as soon as that has ended well, unless the
// JavaScript thread takes it back before. Sending a cancel request is the exception: it uses only the cancel
// object, which never changes after connecting.

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client_library.h"
#include "command.h"
#include "delivery.h"
#include "result_shape.h"
#include "wait_set.h"

namespace kingbase {

enum class Owner : uint8_t { kJavaScript, kIoThread, kConnector };

/** What connections of one environment share. */
struct Shared {
  std::shared_ptr<ShapeGraveyard> graveyard = std::make_shared<ShapeGraveyard>();
  ShapeCache shapes{graveyard};
  ChunkPool chunks;
};

/** What a step leaves to be done by whoever drives the connection. */
enum class Step : uint8_t {
  /** Waits for the socket; interest() says for what. */
  kWait,
  /** Wants to go on at once, but others may come first. */
  kYield,
  /** Too many rows wait for the JavaScript thread; Resume goes on. */
  kPaused,
  /** The command has ended (or a connection attempt has). */
  kDone,
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /** Prepared statements are called `statement_prefix` and their number on the server. */
  Connection(uint32_t id, std::shared_ptr<const ClientLibrary> library, std::shared_ptr<Shared> shared,
             std::string statement_prefix);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  uint32_t id() const { return id_; }
  Owner owner() const { return owner_.load(std::memory_order_acquire); }
  void GiveTo(Owner owner) { owner_.store(owner, std::memory_order_release); }
  Command& command() { return command_; }
  /** For the JavaScript thread to fill while no command is offered. */
  Command& next_command() { return next_command_; }

  // The owner's calls.
  /** Begins the command. Never blocks, except that connecting by a host name that was not resolved asks the
   * DNS. */
  Step Start(Deliveries* out);
  /** Goes on until nothing more can be done without waiting, or the socket has been read `reads` times. */
  Step Advance(bool hangup, int reads, Deliveries* out);
  /** An idle connection's socket is ready: notifications, notices or the end. */
  void Drain(bool hangup, Deliveries* out);
  /** Ends whatever is going on with a failure, and the connection. */
  void Close(const char* reason, Deliveries* out);
  /** Whether the command that has just ended is followed by the one that was offered, which is to be begun.
   */
  bool goes_on() const { return goes_on_; }
  /** Makes the command that was offered the present one. */
  void TurnToNext() { std::swap(command_, next_command_); }
  bool closed() const { return phase_ == Phase::kClosed; }
  bool connected() const { return phase_ == Phase::kIdle || phase_ == Phase::kBusy || copying(); }
  bool idle() const { return phase_ == Phase::kIdle; }
  /** Between the commands of a COPY … FROM STDIN. */
  bool copying() const { return phase_ == Phase::kCopying; }
  /** Whether a command or an attempt to connect has been begun and has not ended. */
  bool running() const { return phase_ == Phase::kBusy || phase_ == Phase::kConnecting; }
  /** Whether the command is a large one, or its answer is likely to be. Between filling the command and
   * starting it.
   */
  bool expects_much() const;
  Socket socket() const { return socket_; }
  Interest interest() const { return interest_; }
  /** Whether the last command may have left bytes unread in the kernel, so that no new edge would come. */
  bool may_have_more() const { return may_have_more_; }
  /** The owner was told that the socket is ready, and will be again, without reading now. */
  void note_unread() { unread_ = true; }
  /** Whether the socket is armed for writing, which costs a system call to undo. */
  bool was_writing() const { return was_writing_; }
  void note_writing(bool writing) { was_writing_ = writing; }

  // The JavaScript thread's own notes, whoever owns the connection.
  /** A command has been given whose end has not been delivered yet. */
  bool under_way() const { return under_way_; }
  void note_under_way(bool under_way) { under_way_ = under_way; }
  /** The program has closed the connection: the JavaScript thread leaves it alone from then on. */
  bool closing() const { return closing_; }
  void note_closing() { closing_ = true; }
  bool offers_next() const { return offered_.load(std::memory_order_relaxed); }
  /** Has the owner go on with `next_command` after the command under way. */
  void OfferNext() { offered_.store(true, std::memory_order_release); }
  /** False when the owner goes on with it, or nothing was offered. */
  bool TakeNextBack() { return offered_.exchange(false, std::memory_order_acq_rel); }
  void NoteTold() { attention_.fetch_sub(1, std::memory_order_relaxed); }

  // Any thread.
  /** The socket has become ready while the JavaScript thread owned the connection, which may be dead without
   * that thread knowing yet. Counted until the JavaScript thread has been told, by NoteTold. */
  void NoteAttention() { attention_.fetch_add(1, std::memory_order_release); }
  /** Sends a cancel request, blocking until the server has taken it. Returns '' or what went wrong. */
  std::string SendCancel() const;
  bool can_bind_rows() const { return api_.send_query_prepared_rows != nullptr; }
  bool can_cancel() const { return cancel_ready_.load(std::memory_order_acquire); }

  // Back-pressure. The packing thread counts chunks up, the JavaScript thread counts them down.
  /** JavaScript thread: true when the connection waits for this and must be resumed. */
  bool ChunkConsumed();

 private:
  enum class Phase : uint8_t { kNew, kConnecting, kIdle, kBusy, kCopying, kClosed };
  struct Statement {
    std::shared_ptr<ResultShape> shape;
    bool large = false;
  };

  Step StartConnecting(Deliveries* out);
  Step PollConnecting(Deliveries* out);
  void FinishConnecting(Deliveries* out);
  bool Send();
  bool BinaryIsAsText() const;
  Step Fetch(int reads, bool hangup, Deliveries* out);
  bool Flush();
  void TakeResult(ClientResult* result, Deliveries* out);
  void TakeCopy(ClientResult* result, bool in, Deliveries* out);
  enum class CopyRead : uint8_t { kMore, kEnd, kPaused };
  CopyRead ReadCopy(Deliveries* out);
  Step StartCopying(Deliveries* out);
  Step SendCopyData(Deliveries* out);
  Step EndCopyStep(Deliveries* out);
  bool MayEmit();
  void TakeRows(ClientResult* result, bool last, Deliveries* out);
  bool PackCurrent(Deliveries* out);
  void EmitChunk(Deliveries* out);
  void FailMalformed();
  void EndResult(const ClientResult* result, Deliveries* out);
  Step EndCommand(Deliveries* out);
  void Fail(Failure failure);
  Step Lose(Deliveries* out);
  void ReadLastWords(Deliveries* out);
  void TakeMessages(Deliveries* out);
  void DiscardResults();
  void Release();
  bool HasInput() const;
  bool DiedWhileIdle();
  bool MayHaveDied();
  std::shared_ptr<ResultShape> ShapeOf(const ClientResult* result);
  Statement& StatementOf(uint32_t number);
  std::string StatementName() const;
  Delivery NewDelivery(Delivery::Kind kind);
  std::string LibraryMessage() const;
  static void OnNotice(void* self, const ClientResult* result);

  const uint32_t id_;
  const std::shared_ptr<const ClientLibrary> library_;
  const ClientApi& api_;
  const std::shared_ptr<Shared> shared_;
  const std::string statement_prefix_;
  std::atomic<Owner> owner_{Owner::kJavaScript};
  std::atomic<int> attention_{0};
  /** The owner was told of readiness and has put off reading. */
  bool unread_ = false;
  std::chrono::steady_clock::time_point idle_since_;
  bool under_way_ = false;
  bool closing_ = false;

  ClientConnection* connection_ = nullptr;
  ClientCancel* cancel_ = nullptr;
  std::atomic<bool> cancel_ready_{false};
  Phase phase_ = Phase::kNew;
  Socket socket_ = kNoSocket;
  Interest interest_;
  const char* stage_ = "tcp";

  Command command_;
  Command next_command_;
  std::atomic<bool> offered_{false};
  bool goes_on_ = false;
  bool sending_ = false;
  bool sent_ = false;
  bool hangup_ = false;
  bool single_row_ = false;
  bool copy_out_ = false;
  bool copy_in_ready_ = false;
  /** The piece that is being sent, and how much of it the library has taken. */
  size_t piece_ = 0;
  size_t copied_ = 0;
  bool unusable_ = false;
  bool may_have_more_ = false;
  bool was_writing_ = false;
  std::unique_ptr<Failure> failure_;
  /** The result being packed, its next row, and whether the result set ends with it. */
  ClientResult* packing_ = nullptr;
  int next_row_ = 0;
  bool packing_last_ = false;
  /** Bytes that the result set has taken so far. */
  size_t packed_ = 0;
  std::shared_ptr<ResultShape> shape_;
  std::unique_ptr<RowChunk> chunk_;
  /** A result whose end is not delivered yet, so that the end of the command can travel with it. */
  std::unique_ptr<Delivery> held_;

  std::shared_ptr<ResultShape> last_shape_;
  std::vector<Statement> statements_;
  std::vector<std::unique_ptr<Failure>> notices_;
  /** A FATAL that came while idle: says why the connection is about to end. */
  std::unique_ptr<Failure> farewell_;

  std::atomic<int> unconsumed_{0};
  std::atomic<int> few_unconsumed_{0};
  std::atomic<bool> paused_{false};
};

}  // namespace kingbase
