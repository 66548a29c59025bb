#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clocks.h"
#include "workloads.h"

enum { kRows = 200000, kLine = 128, kPiece = 65536 };

static long long MillisecondsOf(int id) { return 1577836800000LL + (long long)id * 1123; }

/** The rows of workloads/insert-table.ts. */
static char* Text(long* length) {
  char* text = malloc((size_t)kRows * kLine);
  long at = 0;
  for (int id = 1; id <= kRows; id++) {
    const long long milliseconds = MillisecondsOf(id);
    const time_t seconds = (time_t)(milliseconds / 1000);
    struct tm date;
    char when[32];
    gmtime_r(&seconds, &date);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &date);
    at += sprintf(text + at, "%d\t%lld\t%.2f\taccount holder %d\t%s.%03dZ\n", id, id * 1234567LL, id * 1.25,
                  id, when, (int)(milliseconds % 1000));
  }
  *length = at;
  return text;
}

static void CheckEnd(Connection* connection) {
  client.clear(Expect(connection, client.get_result(connection), kCommandOk));
  if (client.get_result(connection) != NULL) Fail("COPY", "more than one result came");
}

void CopyIn(const Target* target, const char* sql, int repeats) {
  Connection* connection = Connect(target);
  Times* samples = malloc(sizeof(Times) * (size_t)repeats);
  long length;
  char* text = Text(&length);
  for (int i = -1; i < repeats - 1; i++) {
    Run(connection, "truncate bench_rows");
    const Times start = Now();
    client.clear(Expect(connection, client.exec(connection, sql), kCopyIn));
    for (long at = 0; at < length; at += kPiece) {
      const long piece = length - at < kPiece ? length - at : kPiece;
      if (client.put_copy_data(connection, text + at, (int)piece) != 1) {
        Fail("COPY", client.error_message(connection));
      }
    }
    if (client.put_copy_end(connection, NULL) != 1) Fail("COPY", client.error_message(connection));
    CheckEnd(connection);
    if (i >= 0) samples[i] = Since(start);
  }
  PrintPerRepeat(samples, repeats - 1, kRows);
  free(text);
  free(samples);
  client.finish(connection);
}

void CopyOut(const Target* target, const char* sql, int repeats) {
  Connection* connection = Connect(target);
  Times* samples = malloc(sizeof(Times) * (size_t)repeats);
  for (int i = -1; i < repeats - 1; i++) {
    const Times start = Now();
    client.clear(Expect(connection, client.exec(connection, sql), kCopyOut));
    long rows = 0;
    char* bytes;
    for (int length; (length = client.get_copy_data(connection, &bytes, 0)) > 0; rows++) {
      client.free_memory(bytes);
    }
    CheckEnd(connection);
    if (rows != kRows) Fail("COPY", "it did not give as many rows as expected");
    if (i >= 0) samples[i] = Since(start);
  }
  PrintPerRepeat(samples, repeats - 1, kRows);
  free(samples);
  client.finish(connection);
}
