#pragma once
// One client connection: a state machine over the library's non-blocking calls. Whose it is at which moment,
// and what that allows, is in hand_over.h; its phases are in the files connection_….cc.

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "client_api.h"
#include "command.h"
#include "connection_flow.h"
#include "delivery.h"
#include "group.h"
#include "hand_over.h"
#include "result_reader.h"
#include "wait_set.h"

namespace kingbase {

/** What a step leaves to be done by whoever drives the connection. */
enum class Step : uint8_t {
  /** Waits for the socket; interest() says for what. */
  kWait,
  /** Wants to go on at once, but others may come first. */
  kYield,
  /** Too much waits for the JavaScript thread; goes on when that has caught up. */
  kPaused,
  /** The command has ended (or a connection attempt has). */
  kDone,
};

/** Settings of the session that the driver reads and writes values by, as flags. Twin: `AlteredSetting` in
 * lib/addon/interface.ts. */
namespace AlteredSetting {
constexpr uint8_t kDateStyle = 1;
constexpr uint8_t kClientEncoding = 2;
constexpr uint8_t kConformingStrings = 4;
}  // namespace AlteredSetting

constexpr const char* kDateStyle = "DateStyle";
constexpr const char* kClientEncoding = "client_encoding";
constexpr const char* kConformingStrings = "standard_conforming_strings";

/** Whether dates come in the form that is parsed. */
inline bool IsInIsoStyle(const char* date_style) { return std::strncmp(date_style, "ISO", 3) == 0; }

class Connection final : public std::enable_shared_from_this<Connection>, private DeliverySource {
 public:
  struct Origin {
    /** Tells it from all others of its environment, also from those that are gone. */
    uint64_t number = 0;
    /** The JavaScript driver that it belongs to, and by what that driver knows it. */
    uint32_t core = 0;
    uint32_t id = 0;
  };

  /** Prepared statements are called `statement_prefix` and their number on the server. */
  Connection(Origin origin, std::shared_ptr<const ClientApi> library, std::shared_ptr<ResultMemory> memory,
             std::string statement_prefix);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() override;

  uint64_t number() const { return origin_.number; }
  uint32_t core() const { return origin_.core; }
  uint32_t id() const { return origin_.id; }
  HandOver& hand_over() { return hand_over_; }
  Owner owner() const { return hand_over_.owner(); }

  // ---- The owner's calls.

  Command& command() { return *command_; }
  const Command& command() const { return *command_; }
  /** For the JavaScript thread to fill while no command is offered. */
  Command& next_command() { return commands_[1 - present_]; }

  /** Begins the command. Never blocks, except that connecting by a host name that was not resolved asks the
   * DNS. */
  Step Start(Deliveries* out);
  /** Goes on until nothing more can be done without waiting, or the socket has been read `reads` times. */
  Step Advance(bool hangup, int reads, Deliveries* out);
  /** Ends the connection, which the program has closed, and with a failure whatever is going on. */
  void Close(Deliveries* out);
  /** Ends the connection, and whatever is going on, for want of something that the system does not give. */
  void GiveUp(std::string message, Deliveries* out);

  /** Whether the command that has just ended is followed by the one that was offered, which is to be begun.
   */
  bool goes_on() const { return goes_on_; }
  /** Makes the command that was offered, or the next of those that were sent together, the present one. */
  void TurnToNext();
  bool closed() const { return phase_ == Phase::kClosed; }
  bool connected() const { return phase_ == Phase::kIdle || phase_ == Phase::kBusy || copying(); }
  bool idle() const { return phase_ == Phase::kIdle; }
  /** Between the commands of a COPY … FROM STDIN. */
  bool copying() const { return phase_ == Phase::kCopying; }
  /** Whether a command or an attempt to connect has been begun and has not ended. */
  bool running() const { return phase_ == Phase::kBusy || phase_ == Phase::kConnecting; }
  /**
   * JavaScript thread, while the connection is idle: a command to fill that is to be sent together with
   * others. Null where the library cannot, or the group takes no more.
   */
  Command* NewInGroup();
  /** Takes it in; false where it has to be run by itself. */
  bool TakeIntoGroup();
  /** Makes the first of the group the connection's command. */
  void TurnToGroup();
  /** Several commands are sent together. */
  bool in_group() const { return group_.size() > 0; }
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

  // ---- Any thread.

  /** Sends a cancel request, blocking until the server has taken it. Returns '' or what went wrong. */
  std::string SendCancel();
  bool can_cancel() const { return cancel_ready_.load(std::memory_order_acquire); }
  /** Whether somebody listens to notices; else they are dropped where they come in. */
  void set_wants_notices(bool wants) { wants_notices_.store(wants, std::memory_order_relaxed); }
  bool can_bind_rows() const { return api_.send_query_prepared_rows != nullptr; }
  ConnectionFlow& flow() { return flow_; }

 private:
  enum class Phase : uint8_t { kNew, kConnecting, kIdle, kBusy, kCopying, kClosed };

  Delivery NewDelivery(Delivery::Kind kind) override;
  std::string LibraryMessage() const;
  void Release();
  template <typename Work>
  Step Sparing(Work work, Deliveries* out);
  void End(Failure failure, Deliveries* out);

  // connection_connecting.cc
  Step StartConnecting(Deliveries* out);
  Step PollConnecting(Deliveries* out);
  bool IsOverTls() const;
  void FinishConnecting(Deliveries* out);

  // connection_sending.cc
  bool MayHaveDied();
  bool DiedWhileIdle();
  bool Send();
  void AskForParts();
  Step NotSent(Deliveries* out);
  std::string StatementName() const;
  bool BinaryIsAsText() const;
  bool Flush();

  // connection_group.cc
  Step StartGroup(Deliveries* out);
  Step GoOnInGroup(Deliveries* out);
  bool SendGroup();
  void NoteComplaint();
  bool MissedSync() const;
  bool LeavePipelineMode();
  void TellLost(Delivery delivery, Deliveries* out);

  // connection_reading.cc
  Step Fetch(int reads, Deliveries* out);
  bool MissedCopy();
  void TakeResult(ClientResult* result, Deliveries* out);
  bool Read();
  bool HaveReadAll();
  void ReadUnasked(int reads, Deliveries* out);
  bool ReadBehindAnswer(bool messages, Deliveries* out);
  void TakeMessages(Deliveries* out);
  static void OnNotice(void* self, const ClientResult* result);

  // connection_copying.cc
  void TakeCopy(ClientResult* result, bool in, Deliveries* out);
  enum class CopyRead : uint8_t { kMore, kEnd, kPaused };
  CopyRead ReadCopy(Deliveries* out);
  Step StartCopying(Deliveries* out);
  Step SendCopyData(Deliveries* out);
  Step EndCopyStep(Deliveries* out);

  // connection_ending.cc
  static void MakeRoom(Deliveries* out);
  void TellEnd(Delivery end, Phase next, Deliveries* out);
  Step EndCommand(Deliveries* out);
  void LookForFaults();
  uint8_t AlteredSettings();
  Step Lose(Deliveries* out);
  void ReadLastWords(Deliveries* out);

  const Origin origin_;
  const std::shared_ptr<const ClientApi> library_;
  const ClientApi& api_;
  const std::string statement_prefix_;
  HandOver hand_over_;
  ConnectionFlow flow_;
  ResultReader results_;

  ClientConnection* connection_ = nullptr;
  /** Of the two the one that the library has and the connection needs; neither changes after connecting. */
  ClientCancel* cancel_ = nullptr;
  ClientCancelConnection* encrypted_cancel_ = nullptr;
  std::mutex cancel_mutex_;
  std::atomic<bool> cancel_ready_{false};
  Phase phase_ = Phase::kNew;
  Socket socket_ = kNoSocket;
  Interest interest_;
  Stage stage_ = Stage::kTcp;
  /** Bytes that the server has sent before the session was ready. */
  size_t login_bytes_ = 0;
  bool tls_ = false;
  /** As the server has reported them at the login. */
  std::string client_encoding_;
  std::string conforming_strings_;
  /** The server reports it; not every pooler does. */
  bool knows_date_style_ = false;
  std::chrono::steady_clock::time_point idle_since_;
  /** The owner was told of readiness and has put off reading. */
  bool unread_ = false;
  bool may_have_more_ = false;
  /** How often the library has read since the kernel was last known to hold something. */
  int reads_since_input_ = 0;
  /** The library has found the connection ended while reading or sending. */
  bool io_failed_ = false;
  /** The server has sent something unasked before. */
  bool had_messages_ = false;
  std::atomic<bool> wants_notices_{true};
  bool was_writing_ = false;

  /** The present one, and the one that may be offered to follow it. */
  std::array<Command, 2> commands_;
  size_t present_ = 0;
  /** Those that are sent together, each of which is the present one in its turn. */
  Group group_;
  Command* command_ = commands_.data();
  bool goes_on_ = false;
  bool sending_ = false;
  bool sent_ = false;
  /** The library had nothing to complain of when the command had been sent. */
  bool content_ = false;
  /** What it has complained of before the end of the command, which makes it forget. */
  std::string complaint_;
  bool hangup_ = false;
  int reads_of_command_ = 0;
  bool unusable_ = false;
  bool copy_out_ = false;
  bool copy_in_ready_ = false;
  /** The piece that is being sent, and how much of it the library has taken. */
  size_t piece_ = 0;
  size_t copied_ = 0;

  std::vector<std::unique_ptr<Failure>> notices_;
  /** A FATAL that came while idle: says why the connection is about to end. */
  std::unique_ptr<Failure> farewell_;
  /** What the library said of a message that came when there was nothing to answer; '' while none has. */
  std::string stray_;
};

}  // namespace kingbase
