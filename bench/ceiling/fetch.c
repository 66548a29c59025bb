#include <stdlib.h>

#include "clocks.h"
#include "workloads.h"

void Fetch(const Target* target, const char* sql, int repeats) {
  Connection* connection = Connect(target);
  Times* samples = malloc(sizeof(Times) * (size_t)repeats);
  long rows = 0;
  for (int i = -2; i < repeats; i++) {
    const Times start = Now();
    Result* result = Expect(connection, client.exec(connection, sql), kTuplesOk);
    if (Read(result) == 0) Fail("Fetch", "no bytes came");
    if (i >= 0) samples[i] = Since(start);
    rows = client.row_count(result);
    client.clear(result);
  }
  PrintPerRepeat(samples, repeats, rows);
  free(samples);
  client.finish(connection);
}

void Stream(const Target* target, const char* sql) {
  Connection* connection = Connect(target);
  const Times start = Now();
  if (!client.send_query(connection, sql) || !client.set_single_row_mode(connection)) {
    Fail("Stream", client.error_message(connection));
  }
  long rows = 0;
  for (Result* result; (result = client.get_result(connection)) != NULL; client.clear(result)) {
    const int status = client.result_status(result);
    if (status != kSingleTuple && status != kTuplesOk) Fail("Stream", client.error_message(connection));
    Read(result);
    rows += client.row_count(result);
  }
  const Times taken = Since(start);
  PrintPerRepeat(&taken, 1, rows);
  client.finish(connection);
}
