#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "clocks.h"
#include "workloads.h"

enum { kTableRows = 10000 };
static const double kWarmUp = 0.6;
static const char kName[] = "lookup";
static const char kSql[] = "select id, name, balance, created_at from bench_lookup where id = $1";

/** The id of the n-th look-up, as in workloads/lookup-table.ts. */
static void Id(long n, char* text, size_t size) { snprintf(text, size, "%ld", n * 7919 % kTableRows + 1); }

static Connection* Prepared(const Target* target) {
  Connection* connection = Connect(target);
  client.clear(Expect(connection, client.prepare(connection, kName, kSql, 1, NULL), kCommandOk));
  return connection;
}

static void CheckRow(Connection* connection, Result* result) {
  Expect(connection, result, kTuplesOk);
  if (client.row_count(result) != 1) Fail("Look-up", "it found no row");
  Read(result);
  client.clear(result);
}

static void OneByOne(const Target* target, double seconds) {
  Connection* connection = Prepared(target);
  long capacity = 1 << 16;
  double* latencies = malloc(sizeof(double) * (size_t)capacity);
  long n = 0;
  long measured = 0;
  Times start = Now();
  double last = start.wall;
  for (int warm = 0;;) {
    char id[16];
    Id(n++, id, sizeof id);
    const char* values[] = {id};
    CheckRow(connection, client.exec_prepared(connection, kName, 1, values, NULL, NULL, 0));
    const double now = Now().wall;
    if (!warm) {
      if (now - start.wall < kWarmUp) continue;
      warm = 1;
      start = Now();
      last = start.wall;
      continue;
    }
    if (measured == capacity) {
      capacity *= 2;
      latencies = realloc(latencies, sizeof(double) * (size_t)capacity);
    }
    latencies[measured++] = now - last;
    last = now;
    if (now - start.wall >= seconds) break;
  }
  PrintWithLatencies(Since(start), measured, latencies);
  free(latencies);
  client.finish(connection);
}

static void Send(Connection* connection, long n) {
  char id[16];
  Id(n, id, sizeof id);
  const char* values[] = {id};
  if (!client.send_query_prepared(connection, kName, 1, values, NULL, NULL, 0)) {
    Fail("Look-up", client.error_message(connection));
  }
  // So little that the socket takes it at once.
  if (client.flush(connection) != 0) Fail("Look-up", "it could not be sent in one piece");
}

/** Runs for so long, and leaves no answer outstanding. */
static long InFlight(Connection** connections, int count, int epoll, double seconds, long n) {
  const double end = Now().wall + seconds;
  long done = 0;
  int outstanding = count;
  for (int i = 0; i < count; i++) Send(connections[i], n++);
  while (outstanding > 0) {
    struct epoll_event events[64];
    const int ready = epoll_wait(epoll, events, 64, -1);
    const int more = Now().wall < end;
    for (int i = 0; i < ready; i++) {
      Connection* connection = events[i].data.ptr;
      if (!client.consume_input(connection)) Fail("Look-up", client.error_message(connection));
      if (client.is_busy(connection)) continue;
      CheckRow(connection, client.get_result(connection));
      if (client.get_result(connection) != NULL) Fail("Look-up", "more than one result came");
      done++;
      if (more)
        Send(connection, n++);
      else
        outstanding--;
    }
  }
  return done;
}

static void AllAtOnce(const Target* target, int count, double seconds) {
  Connection** connections = malloc(sizeof(Connection*) * (size_t)count);
  const int epoll = epoll_create1(0);
  for (int i = 0; i < count; i++) {
    connections[i] = Prepared(target);
    client.set_nonblocking(connections[i], 1);
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = connections[i]}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, client.socket(connections[i]), &event);
  }
  const long warm = InFlight(connections, count, epoll, kWarmUp, 0);
  const Times start = Now();
  const long operations = InFlight(connections, count, epoll, seconds, warm);
  PrintPerOperation(Since(start), operations);
  for (int i = 0; i < count; i++) client.finish(connections[i]);
  free(connections);
}

void Lookup(const Target* target, int connections, double seconds) {
  if (connections == 1)
    OneByOne(target, seconds);
  else
    AllAtOnce(target, connections, seconds);
}
