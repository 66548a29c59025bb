// How a large result is asked for, and read: as a whole, row by row, or in chunks of rows.

#include <cstdio>
#include <string>

#include "checks.h"
#include "fake_library.h"

namespace kingbase {
namespace {

/** What the library was asked for since the last command: rows at a time, 0 for the whole result. */
int asked = 0;
/** What it answers to being asked for chunks. */
int takes_chunks = 1;

std::shared_ptr<const ClientApi> LibraryWithChunks() {
  auto api = std::make_shared<ClientApi>(*FakeLibrary());
  api->send_query_prepared = [](ClientConnection* c, const char*, int, const char* const*, const int*,
                                const int*, int) {
    asked = 0;
    return ++c->sends > 0 ? 1 : 0;
  };
  api->set_single_row_mode = [](ClientConnection*) {
    asked = 1;
    return 1;
  };
  api->set_chunked_rows_mode = [](ClientConnection*, int rows) {
    if (takes_chunks == 1) asked = rows;
    return takes_chunks;
  };
  return api;
}

std::shared_ptr<const ClientApi> LibraryWithoutChunks() {
  auto api = std::make_shared<ClientApi>(*LibraryWithChunks());
  api->set_chunked_rows_mode = nullptr;
  return api;
}

class Subject {
 public:
  explicit Subject(std::shared_ptr<const ClientApi> library = LibraryWithChunks()) {
    takes_chunks = 1;
    NextConnection() = &far;
    connection = std::make_shared<Connection>(Connection::Origin{1, 1, 1}, std::move(library),
                                              std::make_shared<ResultMemory>(), "s");
    connection->command().kind = CommandKind::kConnect;
    connection->Start(&out);
    connection->Advance(false, 1, &out);
  }

  void Begin(bool stream = false) {
    out.clear();
    far.busy = true;
    Command& command = connection->command();
    command.kind = CommandKind::kExecutePrepared;
    command.typed = true;
    command.stream = stream;
    command.types = std::make_shared<TypeMap>(std::vector<uint32_t>{});
    CHECK(connection->Start(&out) == Step::kWait);
  }

  /** Has the rows come in results of a status, the end with its tag, and all of it be used. */
  void Answer(int status, const std::vector<size_t>& chunks, size_t width, const std::string& tag_of_last,
              const std::string& tag_of_end) {
    for (size_t i = 0; i < chunks.size(); ++i) {
      ClientResult* result = far.Answer(status, i + 1 == chunks.size() ? tag_of_last : "");
      result->columns = 1;
      result->rows.assign(chunks[i], {std::string(width, 'x')});
    }
    far.Answer(result_status::kTuplesOk, tag_of_end)->columns = 1;
    ReadAll();
  }

  /** Reads what the library has, all of it used at once. */
  void ReadAll() {
    far.busy = false;
    size_t used = 0;
    Step step = Step::kPaused;
    for (int turns = 0; step == Step::kPaused && turns < 1000; ++turns) {
      step = connection->Advance(false, 1, &out);
      for (; used < out.size(); ++used) connection->flow().Consumed(out[used].weight);
    }
    CHECK(step == Step::kDone);
  }

  /** A result that is read as a whole and found large. */
  void Learn(size_t rows, size_t width) {
    Begin();
    CHECK(asked == 0);
    ClientResult* result = far.Answer(result_status::kTuplesOk, "SELECT 1");
    result->columns = 1;
    result->rows.assign(rows, {std::string(width, 'x')});
    ReadAll();
  }

  uint32_t Rows() const {
    uint32_t rows = 0;
    for (const Delivery& delivery : out) rows += delivery.chunk != nullptr ? delivery.chunk->rows : 0;
    return rows;
  }

  ClientConnection far;
  std::shared_ptr<Connection> connection;
  Deliveries out;
};

void Chunks() {
  test_name = "a result that was large is asked for in chunks";
  Subject subject;
  subject.Learn(5000, 100);
  subject.Begin();
  CHECK(asked > 1 && asked <= 128);

  test_name = "the last chunk has the command tag, and the end has none";
  subject.Answer(result_status::kTuplesChunk, {128, 128, 44}, 100, "SELECT 300", "");
  CHECK(subject.connection->idle());
  const Delivery& end = subject.out.back();
  CHECK(end.kind == Delivery::Kind::kResult && end.end_of_command && end.end_of_result);
  CHECK(end.words == "SELECT" && end.count == 300 && subject.Rows() == 300);

  test_name = "all chunks are full, and the end has the command tag";
  subject.Learn(5000, 100);
  subject.Begin();
  subject.Answer(result_status::kTuplesChunk, {128, 128}, 100, "", "SELECT 256");
  CHECK(subject.out.back().words == "SELECT" && subject.out.back().count == 256 && subject.Rows() == 256);

  test_name = "neither the chunk nor the end has a command tag";
  subject.Learn(5000, 100);
  subject.Begin();
  subject.Answer(result_status::kTuplesChunk, {5}, 100, "", "");
  CHECK(subject.out.back().failure != nullptr &&
        subject.out.back().failure->reason == Failure::Reason::kProtocol);
}

void Sizes() {
  test_name = "the wider the rows were, the fewer come at a time";
  int before = 1000;
  for (const size_t width : {100U, 1000U, 4000U, 15'000U}) {
    Subject subject;
    subject.Learn(2000, width);
    subject.Begin();
    CHECK(asked > 1 && asked <= before && static_cast<size_t>(asked) * width <= 32 * 1024);
    before = asked;
  }
  test_name = "rows as wide as a chunk come one by one";
  Subject wide;
  wide.Learn(10, 40'000);
  wide.Begin();
  CHECK(asked == 1);

  test_name = "one wide row among many decides";
  Subject mixed;
  mixed.Begin();
  ClientResult* result = mixed.far.Answer(result_status::kTuplesOk, "SELECT 1");
  result->columns = 1;
  result->rows.assign(3000, {std::string(100, 'x')});
  result->rows[1700] = {std::string(40'000, 'x')};
  mixed.ReadAll();
  mixed.Begin();
  CHECK(asked == 1);

  test_name = "what came in chunks decides on the next";
  Subject grown;
  grown.Learn(5000, 100);
  grown.Begin();
  grown.Answer(result_status::kTuplesChunk, {128}, 8000, "SELECT 128", "");
  grown.Begin();
  CHECK(asked > 1 && asked <= 4);
}

void OneByOne() {
  test_name = "the rows of a stream are asked for one by one";
  Subject stream;
  stream.Learn(5000, 100);
  stream.Begin(true);
  CHECK(asked == 1);

  test_name = "a library that refuses chunks is asked for single rows";
  Subject refused;
  refused.Learn(5000, 100);
  takes_chunks = 0;
  refused.Begin();
  CHECK(asked == 1);

  test_name = "a library without chunks is asked for single rows";
  Subject old(LibraryWithoutChunks());
  old.Learn(5000, 100);
  old.Begin();
  CHECK(asked == 1);
  old.Answer(result_status::kSingleTuple, {1, 1, 1}, 100, "", "SELECT 3");
  CHECK(old.out.back().count == 3 && old.Rows() == 3);
}

void Paused() {
  test_name = "a chunk waits where it is while the JavaScript thread has enough";
  Subject subject;
  subject.Learn(5000, 100);
  subject.Begin();
  for (int i = 0; i < 40; ++i) {
    ClientResult* result = subject.far.Answer(result_status::kTuplesChunk, "");
    result->columns = 1;
    result->rows.assign(20, {std::string(8000, 'x')});
  }
  subject.far.Answer(result_status::kTuplesOk, "SELECT 800")->columns = 1;
  subject.far.busy = false;
  CHECK(subject.connection->Advance(false, 1, &subject.out) == Step::kPaused);
  size_t waiting = 0;
  for (const Delivery& delivery : subject.out) waiting += delivery.weight;
  CHECK(waiting <= 16 * ConnectionFlow::kChunk);
  CHECK(!subject.far.results.empty());
  uint32_t rows = 0;
  Step step = Step::kPaused;
  for (int turns = 0; step == Step::kPaused && turns < 100; ++turns) {
    rows += subject.Rows();
    for (const Delivery& delivery : subject.out) subject.connection->flow().Consumed(delivery.weight);
    subject.out.clear();
    step = subject.connection->Advance(false, 1, &subject.out);
  }
  CHECK(step == Step::kDone && rows + subject.Rows() == 800);
  CHECK(subject.out.back().count == 800);
}

void FailedWithin() {
  test_name = "a statement that fails between two chunks";
  Subject subject;
  subject.Learn(5000, 100);
  subject.Begin();
  ClientResult* rows = subject.far.Answer(result_status::kTuplesChunk, "");
  rows->columns = 1;
  rows->rows.assign(128, {std::string(100, 'x')});
  ClientResult* failure = subject.far.Answer(result_status::kFatalError, "");
  failure->message = "division by zero";
  failure->code = "22012";
  failure->severity = "ERROR";
  subject.far.busy = false;
  CHECK(subject.connection->Advance(false, 1, &subject.out) == Step::kDone);
  const Delivery& end = subject.out.back();
  CHECK(end.kind == Delivery::Kind::kFailure && end.end_of_command && end.failure->from_server);
  CHECK(subject.connection->idle());
}

/** It is busy again when it has given what a test has put there. */
std::shared_ptr<const ClientApi> LibraryOfASlowServer() {
  auto api = std::make_shared<ClientApi>(*LibraryWithChunks());
  api->get_result = [](ClientConnection* c) -> ClientResult* {
    if (c->results.empty()) return nullptr;
    ClientResult* result = c->results.front().release();
    c->results.pop_front();
    c->busy = c->results.empty();
    return result;
  };
  return api;
}

void Streams() {
  test_name = "what a stream has gathered goes up as soon as all before it has been used";
  Subject subject(LibraryOfASlowServer());
  const auto come = [&](size_t width) {
    ClientResult* result = subject.far.Answer(result_status::kSingleTuple, "");
    result->columns = 1;
    result->rows = {{std::string(width, 'x')}};
    subject.far.busy = false;
    subject.out.clear();
    return subject.connection->Advance(false, 1, &subject.out);
  };
  subject.Begin(true);
  CHECK(come(10) == Step::kWait);
  CHECK(subject.Rows() == 1);
  CHECK(come(10) == Step::kWait);
  CHECK(come(10) == Step::kWait);
  CHECK(subject.Rows() == 0);
  CHECK(subject.connection->flow().Consumed(ConnectionFlow::kChunk));
  subject.out.clear();
  CHECK(subject.connection->Advance(false, 1, &subject.out) == Step::kWait);
  CHECK(subject.Rows() == 2);

  test_name = "the rows of a stream that came before a failure are told before it";
  CHECK(come(10) == Step::kWait);
  CHECK(subject.Rows() == 0);
  ClientResult* failure = subject.far.Answer(result_status::kFatalError, "");
  failure->message = "division by zero";
  failure->code = "22012";
  failure->severity = "ERROR";
  subject.far.busy = false;
  subject.out.clear();
  subject.connection->Advance(false, 1, &subject.out);
  CHECK(subject.out.size() == 1 && subject.Rows() == 1);
  subject.far.busy = false;
  CHECK(subject.connection->Advance(false, 1, &subject.out) == Step::kDone);
  CHECK(subject.out.back().kind == Delivery::Kind::kFailure && subject.out.back().end_of_command);
}

}  // namespace
}  // namespace kingbase

int main() {
  using namespace kingbase;
  for (const auto& test : {Chunks, Sizes, OneByOne, Paused, FailedWithin, Streams}) test();
  std::printf("%s\n", failures == 0 ? "passed" : "failed");
  return failures == 0 ? 0 : 1;
}
