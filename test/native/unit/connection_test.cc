// A connection over a library that a test plays: what the real ones do only now and then, or only some of
// them.

#include <cstdio>
#include <cstdlib>

#include "checks.h"
#include "fake_library.h"

namespace kingbase {
namespace {

class Subject {
 public:
  explicit Subject(bool tls = false, std::map<std::string, std::string> parameters = {}) {
    far.tls = tls;
    far.parameters = std::move(parameters);
    NextConnection() = &far;
    connection = std::make_shared<Connection>(Connection::Origin{1, 1, 1}, FakeLibrary(),
                                              std::make_shared<ResultMemory>(), "s");
    connection->command().kind = CommandKind::kConnect;
    connection->Start(&out);
    connection->Advance(false, 1, &out);
    out.clear();
  }

  Step Begin(CommandKind kind) {
    Command& command = connection->command();
    command.kind = kind;
    command.typed = kind == CommandKind::kExecute;
    command.types = std::make_shared<TypeMap>(std::vector<uint32_t>{});
    command.sql = "statement";
    return connection->Start(&out);
  }

  const Failure* LastFailure() const {
    return out.empty() || out.back().failure == nullptr ? nullptr : out.back().failure.get();
  }

  ClientConnection far;
  std::shared_ptr<Connection> connection;
  Deliveries out;
};

void AnswersOf(ClientConnection* far, const std::function<void()>& answer) {
  far->read = [answer](ClientConnection* self) {
    answer();
    self->busy = false;
    self->read = [](ClientConnection*) { return true; };
    return true;
  };
}

void LostSynchronisation() {
  test_name = "a library that has closed its socket and says busy for ever";
  Subject subject;
  CHECK(subject.Begin(CommandKind::kScript) == Step::kWait);
  subject.far.read = [](ClientConnection* self) {
    self->status = connection_status::kBad;
    self->error = "lost synchronization with server\n";
    return true;
  };
  CHECK(subject.connection->Advance(false, 1, &subject.out) == Step::kDone);
  const Failure* failure = subject.LastFailure();
  CHECK(failure != nullptr && failure->lost && failure->sent);
  CHECK(failure != nullptr && failure->reason == Failure::Reason::kProtocol);
  CHECK(failure != nullptr && failure->message == "lost synchronization with server");
}

void FirstReason() {
  test_name = "the first reason of a loss is the one that is told";
  Subject subject;
  subject.Begin(CommandKind::kScript);
  AnswersOf(&subject.far, [&] {
    subject.far.status = connection_status::kBad;
    subject.far.error = "invalid socket";
    ClientResult* result = subject.far.Answer(result_status::kFatalError, "");
    result->message = "lost synchronization with server: got message type \"t\"";
  });
  CHECK(subject.connection->Advance(false, 1, &subject.out) == Step::kDone);
  CHECK(subject.LastFailure() != nullptr && subject.LastFailure()->message.find("lost synchronization") == 0);
}

void Incomplete() {
  for (const CommandKind kind : {CommandKind::kScript, CommandKind::kExecute, CommandKind::kPrepare}) {
    test_name = "an answer that is only an end";
    Subject subject;
    subject.Begin(kind);
    AnswersOf(&subject.far, [] {});
    CHECK(subject.connection->Advance(false, 1, &subject.out) == Step::kDone);
    CHECK(subject.LastFailure() != nullptr && subject.LastFailure()->reason == Failure::Reason::kProtocol);
    CHECK(subject.LastFailure() != nullptr && subject.LastFailure()->lost && subject.LastFailure()->sent);
    CHECK(subject.connection->closed());
  }
  test_name = "rows without a command tag";
  Subject untagged;
  untagged.Begin(CommandKind::kExecute);
  AnswersOf(&untagged.far, [&] { untagged.far.Answer(result_status::kTuplesOk, ""); });
  untagged.connection->Advance(false, 1, &untagged.out);
  CHECK(untagged.LastFailure() != nullptr && untagged.LastFailure()->reason == Failure::Reason::kProtocol);
  test_name = "two answers to a Parse";
  Subject twice;
  twice.Begin(CommandKind::kPrepare);
  AnswersOf(&twice.far, [&] {
    twice.far.Answer(result_status::kCommandOk, "");
    twice.far.Answer(result_status::kCommandOk, "");
  });
  twice.connection->Advance(false, 1, &twice.out);
  CHECK(twice.LastFailure() != nullptr && twice.LastFailure()->reason == Failure::Reason::kProtocol);
}

void ComplaintsOnly() {
  for (const int status : {result_status::kCommandOk, result_status::kTuplesOk}) {
    test_name = "a complaint of the library's that comes with no result";
    Subject subject;
    subject.Begin(CommandKind::kExecute);
    AnswersOf(&subject.far, [&] {
      subject.far.Answer(status, "SELECT 1");
      subject.far.error = "server sent data (\"D\" message) without prior row description (\"T\" message)\n";
    });
    CHECK(subject.connection->Advance(false, 1, &subject.out) == Step::kDone);
    const Failure* failure = subject.LastFailure();
    CHECK(failure != nullptr && failure->reason == Failure::Reason::kProtocol);
    CHECK(failure != nullptr && failure->lost && failure->sent &&
          failure->message.find("server sent data") == 0);
    CHECK(subject.connection->closed());
  }
  test_name = "a library that had something to say before the answer came";
  Subject talkative;
  talkative.far.error = "left from before";
  talkative.Begin(CommandKind::kExecute);
  AnswersOf(&talkative.far, [&] { talkative.far.Answer(result_status::kCommandOk, "SET"); });
  CHECK(talkative.connection->Advance(false, 1, &talkative.out) == Step::kDone);
  CHECK(talkative.LastFailure() == nullptr && talkative.connection->idle());
}

void Strays() {
  const auto told = [](const Subject& subject) {
    const Failure* failure = subject.LastFailure();
    return failure != nullptr && failure->lost && failure->reason == Failure::Reason::kProtocol &&
           failure->message.find("message type 0x43") == 0 && subject.connection->closed();
  };
  test_name = "a message behind the end of an answer";
  Subject behind;
  behind.Begin(CommandKind::kScript);
  AnswersOf(&behind.far, [&] {
    behind.far.Answer(result_status::kCommandOk, "SET");
    behind.far.Stray();
  });
  behind.connection->Advance(false, 1, &behind.out);
  CHECK(told(behind) && behind.LastFailure()->sent && behind.out.size() == 1);

  test_name = "a message while nothing is asked";
  Subject idle;
  idle.far.busy = false;
  idle.far.read = [](ClientConnection* self) {
    self->Stray();
    return true;
  };
  idle.connection->Advance(false, 1, &idle.out);
  CHECK(told(idle) && !idle.LastFailure()->sent);
}

void EmptyAndMore() {
  test_name = "an answer to an empty statement, and another";
  Subject subject;
  subject.Begin(CommandKind::kExecute);
  AnswersOf(&subject.far, [&] {
    subject.far.Answer(result_status::kEmptyQuery, "");
    subject.far.Answer(result_status::kCommandOk, "UPDATE 1");
  });
  subject.connection->Advance(false, 1, &subject.out);
  CHECK(subject.LastFailure() != nullptr && subject.LastFailure()->reason == Failure::Reason::kProtocol);
}

void TwoDescriptions() {
  test_name = "two answers to a Describe, of which neither is told";
  Subject subject;
  subject.Begin(CommandKind::kDescribe);
  AnswersOf(&subject.far, [&] {
    subject.far.Answer(result_status::kCommandOk, "");
    subject.far.Answer(result_status::kCommandOk, "");
  });
  CHECK(subject.connection->Advance(false, 1, &subject.out) == Step::kDone);
  CHECK(subject.out.size() == 1 && subject.out.back().end_of_command);
  const Failure* failure = subject.LastFailure();
  CHECK(failure != nullptr && failure->reason == Failure::Reason::kProtocol && failure->lost);
  CHECK(subject.connection->closed());
}

void SeveralResults() {
  test_name = "two results of one Execute";
  Subject subject;
  subject.Begin(CommandKind::kExecute);
  AnswersOf(&subject.far, [&] {
    for (const char* tag : {"SELECT 1", "SELECT 2"}) subject.far.Answer(result_status::kTuplesOk, tag);
  });
  CHECK(subject.connection->Advance(false, 1, &subject.out) == Step::kDone);
  CHECK(subject.out.size() == 2);
  CHECK(subject.out[0].end_of_result && !subject.out[0].end_of_command && subject.out[0].count == 1);
  CHECK(subject.out[1].end_of_result && subject.out[1].end_of_command && subject.out[1].count == 2);
}

void Settings() {
  const auto altered = [](Subject* subject, const std::map<std::string, std::string>& parameters) {
    subject->out.clear();
    subject->far.busy = true;
    subject->Begin(CommandKind::kExecute);
    AnswersOf(&subject->far, [subject, parameters] {
      subject->far.parameters = parameters;
      subject->far.Answer(result_status::kCommandOk, "SET");
    });
    CHECK(subject->connection->Advance(false, 1, &subject->out) == Step::kDone);
    CHECK(subject->LastFailure() == nullptr);
    return subject->out.back().altered_settings;
  };
  const std::map<std::string, std::string> at_login = {
      {"DateStyle", "ISO, MDY"}, {"client_encoding", "UTF8"}, {"standard_conforming_strings", "on"}};
  test_name = "a setting that the library no longer knows";
  for (const auto& [name, flag] : std::map<std::string, uint8_t>{
           {"DateStyle", AlteredSetting::kDateStyle},
           {"client_encoding", AlteredSetting::kClientEncoding},
           {"standard_conforming_strings", AlteredSetting::kConformingStrings}}) {
    Subject subject(false, at_login);
    CHECK(altered(&subject, at_login) == 0);
    // It takes the old value out before it has memory for the new one.
    auto without = at_login;
    without.erase(name);
    CHECK(altered(&subject, without) == flag);
    CHECK(altered(&subject, at_login) == 0);
  }

  test_name = "a setting that is reported late";
  Subject late;
  CHECK(altered(&late, {}) == 0);
  CHECK(altered(&late, {{"DateStyle", "ISO, DMY"}}) == 0);
  CHECK(altered(&late, {}) == AlteredSetting::kDateStyle);
}

void NotUnderstood() {
  test_name = "an answer that the library does not understand closes the connection";
  Subject subject;
  subject.Begin(CommandKind::kExecute);
  AnswersOf(&subject.far, [&] {
    subject.far.Answer(result_status::kFatalError, "")->message = "unexpected field count in \"D\" message";
  });
  subject.connection->Advance(false, 1, &subject.out);
  CHECK(subject.LastFailure() != nullptr && subject.LastFailure()->reason == Failure::Reason::kProtocol);
  CHECK(subject.connection->closed());

  test_name = "a result that the library has no memory for leaves it open";
  Subject large;
  large.Begin(CommandKind::kExecute);
  AnswersOf(&large.far, [&] {
    large.far.Answer(result_status::kFatalError, "")->message = "out of memory for query result";
  });
  large.connection->Advance(false, 1, &large.out);
  const Failure* failure = large.LastFailure();
  CHECK(failure != nullptr && failure->reason == Failure::Reason::kMemory && !failure->lost && failure->sent);
  CHECK(large.connection->idle());
}

void WithoutMemory() {
  test_name = "no memory for a value";
  Subject subject;
  subject.Begin(CommandKind::kExecute);
  AnswersOf(&subject.far, [&] {
    ClientResult* result = subject.far.Answer(result_status::kTuplesOk, "SELECT 1");
    result->columns = 1;
    result->rows = {{"value"}};
    result->without_memory = true;
  });
  CHECK(subject.connection->Advance(false, 1, &subject.out) == Step::kDone);
  const Failure* failure = subject.LastFailure();
  CHECK(failure != nullptr && failure->reason == Failure::Reason::kMemory && failure->lost && failure->sent);
  CHECK(subject.connection->closed());

  test_name = "COPY whose bytes find no memory in the library";
  Subject copy;
  copy.Begin(CommandKind::kCopyIn);
  AnswersOf(&copy.far, [&] { copy.far.Answer(result_status::kCopyIn, ""); });
  copy.connection->Advance(false, 1, &copy.out);
  CHECK(copy.connection->copying());
  copy.far.put_copy_data = 0;
  static const uint8_t byte = 1;
  copy.connection->command().pieces = {{&byte, 1}};
  CHECK(copy.Begin(CommandKind::kCopyData) == Step::kDone);
  CHECK(copy.LastFailure() != nullptr && copy.LastFailure()->reason == Failure::Reason::kMemory);
}

void HalfARecord() {
  test_name = "the other half of a TLS record";
  Subject subject(true);
  subject.Begin(CommandKind::kExecute);
  subject.far.reads = 0;
  // The kernel is empty after the first read, and the answer complete only after the second.
  subject.far.read = [](ClientConnection* self) {
    if (self->reads == 2) {
      self->Answer(result_status::kCommandOk, "SET");
      self->busy = false;
    }
    return true;
  };
  CHECK(subject.connection->Advance(false, 1, &subject.out) == Step::kDone);
  CHECK(!subject.out.empty() && subject.out.back().end_of_command);
}

void BehindAnAnswer() {
  test_name = "what comes behind an answer, over TLS";
  Subject subject(true);
  subject.Begin(CommandKind::kExecute);
  AnswersOf(&subject.far, [&] {
    subject.far.Answer(result_status::kCommandOk, "SET");
    subject.far.Arrive(100);
  });
  subject.connection->Advance(false, 1, &subject.out);
  CHECK(subject.connection->idle() && subject.connection->may_have_more());

  test_name = "what comes behind a large answer";
  Subject plain;
  plain.Begin(CommandKind::kExecute);
  AnswersOf(&plain.far, [&] {
    ClientResult* result = plain.far.Answer(result_status::kTuplesOk, "SELECT 1");
    result->columns = 1;
    result->rows = {{std::string(16000, 'x')}};
    plain.far.Arrive(100);
  });
  plain.connection->Advance(false, 1, &plain.out);
  CHECK(plain.connection->may_have_more());

  test_name = "the end of the connection behind an answer";
  Subject ended(true);
  ended.Begin(CommandKind::kExecute);
  AnswersOf(&ended.far, [&] {
    ended.far.Answer(result_status::kCommandOk, "SET");
    ended.far.notifications.emplace_back("payload");
    ended.far.read = [](ClientConnection*) { return false; };
  });
  subject.far.reads = 0;
  ended.far.read = [&](ClientConnection* self) {
    if (self->busy) {
      self->Answer(result_status::kCommandOk, "SET");
      self->notifications.emplace_back("payload");
      self->busy = false;
      return true;
    }
    self->status = connection_status::kBad;
    self->error = "server closed the connection unexpectedly";
    return false;
  };
  ended.connection->Advance(false, 1, &ended.out);
  CHECK(ended.out.size() == 3);
  CHECK(ended.out[1].end_of_command && ended.out[1].kind == Delivery::Kind::kResult);
  CHECK(ended.out[2].kind == Delivery::Kind::kLost);
}

void Flood() {
  test_name = "a flood of notices pauses the connection until they are used";
  Subject subject;
  subject.Begin(CommandKind::kScript);
  subject.far.read = [](ClientConnection* self) {
    for (int i = 0; i < 100; ++i) self->Notice(std::string(100, 'n'));
    self->Arrive(1);
    return true;
  };
  Step step = Step::kYield;
  for (int turns = 0; step == Step::kYield && turns < 1000; ++turns) {
    step = subject.connection->Advance(false, 16, &subject.out);
  }
  CHECK(step == Step::kPaused);
  size_t waiting = 0;
  for (const Delivery& delivery : subject.out) waiting += delivery.weight;
  CHECK(waiting > 1024 * 1024 && waiting < 2 * 1024 * 1024);
  bool resumed = false;
  for (const Delivery& delivery : subject.out) {
    resumed = subject.connection->flow().Consumed(delivery.weight) || resumed;
  }
  CHECK(resumed);
  subject.out.clear();
  subject.connection->set_wants_notices(false);
  step = subject.connection->Advance(false, 16, &subject.out);
  CHECK(step == Step::kYield && subject.out.empty());

  test_name = "an idle connection is read once for each report";
  Subject idle;
  idle.far.reads = 0;
  idle.far.read = [](ClientConnection* self) {
    self->Arrive(10);
    self->Notice("n");
    return true;
  };
  idle.far.Arrive(10);
  idle.connection->Advance(false, 1, &idle.out);
  CHECK(idle.far.reads == 1 && idle.connection->may_have_more());
}

void FalseHangup() {
  test_name = "a hang-up that is none";
  Subject subject;
  subject.far.busy = false;
  subject.far.reads = 0;
  CHECK(subject.connection->Advance(true, 1, &subject.out) == Step::kDone);
  CHECK(subject.connection->idle() && subject.far.reads <= 3);
}

void Offers() {
  test_name = "nothing is offered while the owner exchanges the commands";
  HandOver hand_over;
  CHECK(hand_over.takes_offer());
  hand_over.OfferNext();
  CHECK(!hand_over.takes_offer());
  CHECK(hand_over.GoOnWithNext());
  CHECK(!hand_over.takes_offer() && !hand_over.TakeNextBack());
  hand_over.NoteWentOn();
  CHECK(hand_over.takes_offer());
  hand_over.OfferNext();
  CHECK(hand_over.TakeNextBack() && !hand_over.GoOnWithNext());
}

/** Three commands that are sent together. */
class Together : public Subject {
 public:
  Together() {
    for (uint32_t i = 0; i < 3; ++i) {
      Command* command = connection->NewInGroup();
      command->kind = CommandKind::kExecutePrepared;
      command->statement = i;
      command->typed = true;
      command->types = std::make_shared<TypeMap>(std::vector<uint32_t>{});
      CHECK(connection->TakeIntoGroup());
    }
    connection->TurnToGroup();
  }

  /** As the owner of a connection does it. */
  void Follow(Step step) {
    while (step == Step::kDone && connection->goes_on()) {
      connection->TurnToNext();
      step = connection->Start(&out);
    }
  }
  ClientResult* AnswerAndSync(int status, const std::string& tag) {
    ClientResult* result = far.Answer(status, tag);
    far.results.push_back(nullptr);
    far.Answer(result_status::kPipelineSync, "");
    return result;
  }
  void ReadAll() {
    far.busy = false;
    Follow(connection->Advance(false, 16, &out));
  }
};

void Groups() {
  test_name = "commands that are sent together end one after the other";
  Together subject;
  CHECK(subject.connection->Start(&subject.out) == Step::kWait && subject.far.sends == 3);
  for (int i = 0; i < 3; ++i) subject.AnswerAndSync(result_status::kCommandOk, "UPDATE 1");
  subject.ReadAll();
  CHECK(subject.out.size() == 3);
  for (const Delivery& delivery : subject.out) {
    CHECK(delivery.kind == Delivery::Kind::kResult && delivery.end_of_command && delivery.count == 1);
    CHECK(delivery.goes_on == (&delivery != &subject.out.back()));
  }
  CHECK(subject.connection->idle() && !subject.connection->in_group());

  test_name = "the library finds no memory in the midst of a group";
  Together poor;
  poor.connection->Start(&poor.out);
  poor.AnswerAndSync(result_status::kCommandOk, "UPDATE 1");
  ClientResult* result = poor.AnswerAndSync(result_status::kTuplesOk, "SELECT 1");
  result->columns = 1;
  result->rows = {{"value"}};
  result->without_memory = true;
  poor.ReadAll();
  CHECK(poor.out.size() == 3 && poor.connection->closed());
  CHECK(poor.out[0].kind == Delivery::Kind::kResult && poor.out[0].goes_on);
  for (size_t i = 1; i < poor.out.size(); ++i) {
    const Delivery& lost = poor.out[i];
    CHECK(lost.kind == Delivery::Kind::kFailure && lost.end_of_command && lost.goes_on == (i == 1));
    CHECK(lost.failure->reason == Failure::Reason::kMemory && lost.failure->lost && lost.failure->sent);
  }

  test_name = "the library refuses a command of a group";
  Together refused;
  refused.far.takes = 1;
  refused.far.read = [](ClientConnection*) { return true; };
  refused.Follow(refused.connection->Start(&refused.out));
  CHECK(refused.out.size() == 3 && refused.connection->closed());
  for (size_t i = 0; i < refused.out.size(); ++i) {
    const Delivery& lost = refused.out[i];
    CHECK(lost.kind == Delivery::Kind::kFailure && lost.failure->lost && lost.failure->sent == (i == 0));
    CHECK(lost.goes_on == (i < 2));
  }

  test_name = "a connection that had died before a group was sent";
  Together dead;
  dead.far.status = connection_status::kBad;
  dead.Follow(dead.connection->Start(&dead.out));
  CHECK(dead.out.size() == 3);
  for (const Delivery& lost : dead.out) CHECK(lost.failure->lost && !lost.failure->sent);

  test_name = "a connection that is found lost before a group that was given is begun";
  Together idle;
  idle.far.read = [](ClientConnection* self) {
    self->status = connection_status::kBad;
    return false;
  };
  idle.connection->Advance(true, 1, &idle.out);
  CHECK(idle.out.size() == 1 && idle.out[0].kind == Delivery::Kind::kLost && !idle.out[0].goes_on);
  idle.Follow(idle.connection->Start(&idle.out));
  CHECK(idle.out.size() == 4);
  for (size_t i = 1; i < idle.out.size(); ++i) {
    const Delivery& unsent = idle.out[i];
    CHECK(unsent.kind == Delivery::Kind::kFailure && unsent.end_of_command && unsent.goes_on == (i < 3));
    CHECK(unsent.failure->lost && !unsent.failure->sent);
  }

  test_name = "a library that has lost its place in a group";
  Together lost;
  lost.connection->Start(&lost.out);
  lost.far.Answer(result_status::kCommandOk, "UPDATE 1");
  lost.far.results.push_back(nullptr);
  lost.far.results.push_back(nullptr);
  lost.ReadAll();
  CHECK(lost.out.size() == 3 && lost.connection->closed());
  for (const Delivery& each : lost.out)
    CHECK(each.failure != nullptr && each.failure->lost && each.failure->sent);

  test_name = "the program closes a connection in the midst of a group";
  Together closed;
  closed.connection->Start(&closed.out);
  closed.AnswerAndSync(result_status::kCommandOk, "UPDATE 1");
  closed.far.busy = false;
  closed.far.read = [](ClientConnection* self) {
    self->busy = true;
    return true;
  };
  const Step step = closed.connection->Advance(false, 1, &closed.out);
  CHECK(step == Step::kDone && closed.connection->goes_on());
  closed.connection->TurnToNext();
  closed.far.busy = true;
  closed.connection->Start(&closed.out);
  closed.connection->Close(&closed.out);
  CHECK(closed.out.size() == 3 && closed.out[1].goes_on && !closed.out[2].goes_on);
  CHECK(closed.out[2].failure != nullptr && closed.out[2].failure->sent);

  test_name = "one alone is no group";
  Subject alone;
  Command* command = alone.connection->NewInGroup();
  command->kind = CommandKind::kExecutePrepared;
  command->types = std::make_shared<TypeMap>(std::vector<uint32_t>{});
  CHECK(alone.connection->TakeIntoGroup());
  alone.connection->TurnToGroup();
  CHECK(!alone.connection->in_group() && alone.connection->command().kind == CommandKind::kExecutePrepared);
}

}  // namespace
}  // namespace kingbase

int main() {
  using namespace kingbase;
  for (const auto& test : {LostSynchronisation, FirstReason, Incomplete, ComplaintsOnly, Strays, EmptyAndMore,
                           TwoDescriptions, SeveralResults, Settings, NotUnderstood, WithoutMemory, HalfARecord,
                           BehindAnAnswer, Flood, FalseHangup, Offers, Groups}) {
    test();
  }
  std::printf("%s\n", failures == 0 ? "passed" : "failed");
  return failures == 0 ? 0 : 1;
}
