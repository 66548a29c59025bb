#include "connection_object.h"

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "connection.h"
#include "core_object.h"
#include "environment.h"
#include "library_object.h"
#include "out_of_memory.h"
#include "wrapped.h"

namespace kingbase {
namespace {

/** The JavaScript side's handle on a connection; collected or closed, the connection ends on its own thread.
 */
class ConnectionObject final : public Wrapped<ConnectionObject> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(
        env, "NativeConnection",
        {
            InstanceMethod<&ConnectionObject::Sparing<&ConnectionObject::Connect>>("connect"),
            InstanceMethod<&ConnectionObject::Sparing<&ConnectionObject::Execute>>("execute"),
            InstanceMethod<&ConnectionObject::Sparing<&ConnectionObject::Prepare>>("prepare"),
            InstanceMethod<&ConnectionObject::Sparing<&ConnectionObject::Describe>>("describe"),
            InstanceMethod<&ConnectionObject::Sparing<&ConnectionObject::ExecutePrepared>>("executePrepared"),
            InstanceMethod<&ConnectionObject::Sparing<&ConnectionObject::ExecutePreparedRows>>(
                "executePreparedRows"),
            InstanceMethod<&ConnectionObject::Sparing<&ConnectionObject::OfferPrepared>>("offerPrepared"),
            InstanceMethod<&ConnectionObject::TakeNextBack>("takeNextBack"),
            InstanceMethod<&ConnectionObject::RunNext>("runNext"),
            InstanceMethod<&ConnectionObject::JoinPrepared>("joinPrepared"),
            InstanceMethod<&ConnectionObject::RunJoined>("runJoined"),
            InstanceMethod<&ConnectionObject::Sparing<&ConnectionObject::Lend>>("lend"),
            InstanceMethod<&ConnectionObject::Sparing<&ConnectionObject::Script>>("script"),
            InstanceMethod<&ConnectionObject::Sparing<&ConnectionObject::CopyIn>>("copyIn"),
            InstanceMethod<&ConnectionObject::Sparing<&ConnectionObject::CopyData>>("copyData"),
            InstanceMethod<&ConnectionObject::Sparing<&ConnectionObject::CopyEnd>>("copyEnd"),
            InstanceMethod<&ConnectionObject::Sparing<&ConnectionObject::CopyOut>>("copyOut"),
            InstanceMethod<&ConnectionObject::Consumed>("consumed"),
            InstanceMethod<&ConnectionObject::Cancel>("cancel"),
            InstanceMethod<&ConnectionObject::WantNotices>("wantNotices"),
            InstanceMethod<&ConnectionObject::KeepAnswers>("keepAnswers"),
            InstanceMethod<&ConnectionObject::Close>("close"),
        });
  }

  /** The core, the connection's number there, the library, what prepared statements are called by. */
  explicit ConnectionObject(const Napi::CallbackInfo& info)
      : Wrapped(info), environment_(Environment::Of(info.Env())) {
    kingbase::Sparing(info.Env(), [&] { Begin(info); });
  }

  void Finalize(Napi::Env) override { CloseOnce(); }

 private:
  void Begin(const Napi::CallbackInfo& info) {
    CoreObject* core = CoreObject::From(info.Env(), info[0]);
    const std::shared_ptr<const ClientLibrary> library = LibraryOf(info.Env(), info[2]);
    if (core == nullptr || library == nullptr) {
      Napi::TypeError::New(info.Env(), "a core and a library handle are needed").ThrowAsJavaScriptException();
      return;
    }
    const Connection::Origin origin{environment_->NewConnectionNumber(), core->number(), Unsigned(info, 1)};
    // The table of functions, which keeps its library open.
    const std::shared_ptr<const ClientApi> api(library, &library->api());
    connection_ =
        std::make_shared<Connection>(origin, api, core->memory(), info[3].IsString() ? Text(info[3]) : "kbn");
    core_ = core;
    core_->Hold();
  }

  /** Reading arguments takes memory; where there is none, the call throws and nothing has been begun. */
  template <void (ConnectionObject::*method)(const Napi::CallbackInfo&)>
  void Sparing(const Napi::CallbackInfo& info) {
    kingbase::Sparing(info.Env(), [&] { (this->*method)(info); });
  }

  void CloseOnce() {
    if (closed_ || connection_ == nullptr) return;
    closed_ = true;
    environment_->Close(connection_);
    std::exchange(core_, nullptr)->Release();
  }

  static uint32_t Unsigned(const Napi::CallbackInfo& info, size_t index) {
    uint32_t value = 0;
    napi_get_value_uint32(info.Env(), info[index], &value);
    return value;
  }

  /** The JavaScript side believes that the connection can take a command, and it cannot: the session is told
   * by the code that it is not what it seems. Twin: `NOT_IDLE` in lib/addon/interface.ts. */
  static void ThrowNotIdle(Napi::Env env) {
    Napi::Error error = Napi::Error::New(env, "the connection is busy or closed");
    error.Set("code", "not idle");
    error.ThrowAsJavaScriptException();
  }

  /** The command to fill, or null with an exception when the connection cannot take one. */
  Command* NewCommand(const Napi::CallbackInfo& info, CommandKind kind) {
    const bool connecting = kind == CommandKind::kConnect;
    const bool copying = kind == CommandKind::kCopyData || kind == CommandKind::kCopyEnd;
    const bool ready =
        !closed_ && connection_ != nullptr && connection_->owner() == Owner::kJavaScript &&
        (connecting || connection_->closed() || (copying ? connection_->copying() : connection_->idle()));
    if (!ready) {
      ThrowNotIdle(info.Env());
      return nullptr;
    }
    return Emptied(&connection_->command(), kind, Unsigned(info, 0));
  }

  static Command* Emptied(Command* command, CommandKind kind, uint32_t slot) {
    command->kind = kind;
    command->typed = false;
    command->slot = slot;
    command->sql.clear();
    command->stream = false;
    command->binary_allowed = false;
    command->rows = 1;
    command->pieces.clear();
    command->length = 0;
    return command;
  }

  static std::string Text(const Napi::Value& value) { return value.As<Napi::String>().Utf8Value(); }

  /** Arguments from `at`: number of parameters, bytes used in the parameter buffer, row mode, type map. */
  bool ReadExecution(const Napi::CallbackInfo& info, size_t at, Command* command) {
    const uint32_t count = Unsigned(info, at);
    const uint32_t length = Unsigned(info, at + 1);
    const uint32_t mode = Unsigned(info, at + 2);
    command->row_mode = (mode & 1) != 0 ? RowMode::kArray : RowMode::kObject;
    command->stream = (mode & 2) != 0;
    command->binary_allowed = (mode & 4) != 0;
    command->typed = true;
    const uint32_t type_map_id = Unsigned(info, at + 3);
    if (command->types == nullptr || command->type_map_id != type_map_id) {
      command->type_map_id = type_map_id;
      command->types = core_->FindTypeMap(type_map_id);
    }
    if (command->types == nullptr || length > core_->parameter_capacity() ||
        !command->parameters.Assign(core_->parameter_bytes(), length, count)) {
      Napi::Error::New(info.Env(), "malformed parameters or unknown type map").ThrowAsJavaScriptException();
      return false;
    }
    return true;
  }

  void Connect(const Napi::CallbackInfo& info) {
    Command* command = NewCommand(info, CommandKind::kConnect);
    if (command == nullptr) return;
    command->keywords = Text(info[1]);
    if (info[2].IsString()) {
      // One block, so that no copy of the password is left behind where the text outgrew its place.
      std::string password = Text(info[2]);
      std::string all;
      constexpr char kKeyword[] = "password";
      all.reserve(command->keywords.size() + sizeof kKeyword + password.size() + 1);
      all.append(command->keywords).append(kKeyword, sizeof kKeyword).append(password).push_back('\0');
      std::fill(password.begin(), password.end(), '\0');
      command->keywords = std::move(all);
    }
    environment_->Run(connection_);
  }

  void Execute(const Napi::CallbackInfo& info) {
    Command* command = NewCommand(info, CommandKind::kExecute);
    if (command == nullptr) return;
    command->sql = Text(info[1]);
    if (ReadExecution(info, 2, command)) environment_->Run(connection_);
  }

  void Prepare(const Napi::CallbackInfo& info) {
    Command* command = NewCommand(info, CommandKind::kPrepare);
    if (command == nullptr) return;
    command->statement = Unsigned(info, 1);
    command->sql = Text(info[2]);
    environment_->Run(connection_);
  }

  void Describe(const Napi::CallbackInfo& info) {
    Command* command = NewCommand(info, CommandKind::kDescribe);
    if (command == nullptr) return;
    command->statement = Unsigned(info, 1);
    environment_->Run(connection_);
  }

  void ExecutePrepared(const Napi::CallbackInfo& info) {
    Command* command = NewCommand(info, CommandKind::kExecutePrepared);
    if (command == nullptr) return;
    command->statement = Unsigned(info, 1);
    if (ReadExecution(info, 2, command)) environment_->Run(connection_);
  }

  void OfferPrepared(const Napi::CallbackInfo& info) {
    if (closed_ || !connection_->hand_over().under_way() || !connection_->hand_over().takes_offer()) {
      Napi::Error::New(info.Env(), "the connection takes no next command").ThrowAsJavaScriptException();
      return;
    }
    Command* command =
        Emptied(&connection_->next_command(), CommandKind::kExecutePrepared, Unsigned(info, 0));
    command->statement = Unsigned(info, 1);
    if (ReadExecution(info, 2, command)) connection_->hand_over().OfferNext();
  }

  Napi::Value TakeNextBack(const Napi::CallbackInfo& info) {
    const bool taken = connection_ != nullptr && connection_->hand_over().TakeNextBack();
    return Napi::Boolean::New(info.Env(), taken);
  }

  void RunNext(const Napi::CallbackInfo& info) {
    if (closed_ || connection_->owner() != Owner::kJavaScript ||
        !(connection_->idle() || connection_->closed())) {
      ThrowNotIdle(info.Env());
      return;
    }
    environment_->RunNext(connection_);
  }

  Napi::Value JoinPrepared(const Napi::CallbackInfo& info) {
    const auto join = [&] {
      if (closed_ || connection_->owner() != Owner::kJavaScript || !connection_->idle()) return false;
      Command* command = connection_->NewInGroup();
      if (command == nullptr) return false;
      Emptied(command, CommandKind::kExecutePrepared, Unsigned(info, 0));
      command->statement = Unsigned(info, 1);
      return ReadExecution(info, 2, command) && connection_->TakeIntoGroup();
    };
    return Napi::Boolean::New(info.Env(), kingbase::Sparing(info.Env(), join, false));
  }

  void RunJoined(const Napi::CallbackInfo& info) {
    if (closed_ || connection_->owner() != Owner::kJavaScript || !connection_->in_group() ||
        !(connection_->idle() || connection_->closed())) {
      ThrowNotIdle(info.Env());
      return;
    }
    connection_->TurnToGroup();
    environment_->Run(connection_);
  }

  /** As executePrepared, and last the number of rows that the parameters make. */
  void ExecutePreparedRows(const Napi::CallbackInfo& info) {
    Command* command = NewCommand(info, CommandKind::kExecutePreparedRows);
    if (command == nullptr) return;
    command->statement = Unsigned(info, 1);
    command->rows = Unsigned(info, 6);
    if (!ReadExecution(info, 2, command)) return;
    const auto count = static_cast<uint32_t>(command->parameters.count());
    bool whole = command->rows > 0 && count % command->rows == 0 && count / command->rows <= 32767;
    // The library sends the formats of the first row, for all.
    const uint32_t width = whole ? count / command->rows : 0;
    const int* formats = command->parameters.formats();
    for (uint32_t i = width; whole && i < count; ++i) whole = formats[i] == formats[i - width];
    if (!whole || !connection_->can_bind_rows()) {
      Napi::Error::New(info.Env(), "the library has no multi-row Bind, or not for these parameters")
          .ThrowAsJavaScriptException();
      return;
    }
    environment_->Run(connection_);
  }

  void CopyIn(const Napi::CallbackInfo& info) {
    Command* command = NewCommand(info, CommandKind::kCopyIn);
    if (command == nullptr) return;
    command->sql = Text(info[1]);
    environment_->Run(connection_);
  }

  void CopyData(const Napi::CallbackInfo& info) {
    Command* command = NewCommand(info, CommandKind::kCopyData);
    if (command == nullptr) return;
    if (!ReadPieces(info[1], &command->pieces)) return;
    for (const Piece& piece : command->pieces) command->length += piece.length;
    environment_->Run(connection_);
  }

  /** False only where the environment is being terminated. */
  static bool ReadPieces(const Napi::Value& value, std::vector<Piece>* pieces) {
    if (!value.IsArray()) return false;
    const auto list = value.As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); ++i) {
      Napi::Value piece;
      if (!list.Get(i).UnwrapTo(&piece) || !piece.IsTypedArray()) return false;
      const auto bytes = piece.As<Napi::Uint8Array>();
      pieces->push_back({bytes.Data(), bytes.ByteLength()});
    }
    return true;
  }

  /** Values of the next command's parameters. */
  void Lend(const Napi::CallbackInfo& info) {
    if (closed_ || connection_->owner() != Owner::kJavaScript) return;  // whose command will say so
    std::vector<Piece> pieces;
    if (ReadPieces(info[0], &pieces)) connection_->command().parameters.Lend(std::move(pieces));
  }

  /** A second argument says why the COPY is to fail. */
  void CopyEnd(const Napi::CallbackInfo& info) {
    Command* command = NewCommand(info, CommandKind::kCopyEnd);
    if (command == nullptr) return;
    command->fail = info[1].IsString();
    if (command->fail) command->sql = Text(info[1]);
    environment_->Run(connection_);
  }

  void CopyOut(const Napi::CallbackInfo& info) {
    Command* command = NewCommand(info, CommandKind::kCopyOut);
    if (command == nullptr) return;
    command->sql = Text(info[1]);
    command->stream = true;
    environment_->Run(connection_);
  }

  void Consumed(const Napi::CallbackInfo&) {
    if (!closed_ && connection_ != nullptr) environment_->Consumed(connection_, ConnectionFlow::kChunk);
  }

  void Script(const Napi::CallbackInfo& info) {
    Command* command = NewCommand(info, CommandKind::kScript);
    if (command == nullptr) return;
    command->sql = Text(info[1]);
    const bool rows_wanted = info.Length() > 2;
    if (!rows_wanted || ReadExecution(info, 2, command)) environment_->Run(connection_);
  }

  void Cancel(const Napi::CallbackInfo& info) {
    if (closed_) {
      Napi::Error::New(info.Env(), "the connection is closed").ThrowAsJavaScriptException();
      return;
    }
    environment_->Cancel(connection_, Unsigned(info, 0));
  }

  void WantNotices(const Napi::CallbackInfo& info) {
    if (connection_ != nullptr) connection_->set_wants_notices(IsTrue(info[0]));
  }

  void KeepAnswers(const Napi::CallbackInfo& info) {
    if (connection_ != nullptr) connection_->set_keeps_answers(IsTrue(info[0]));
  }

  void Close(const Napi::CallbackInfo&) { CloseOnce(); }

  Environment* environment_;
  CoreObject* core_ = nullptr;
  std::shared_ptr<Connection> connection_;
  bool closed_ = false;
};

}  // namespace

Napi::Function DefineConnection(Napi::Env env) { return ConnectionObject::Define(env); }

}  // namespace kingbase
