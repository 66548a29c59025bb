#include "client.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

Client client;

void Fail(const char* what, const char* reason) {
  fprintf(stderr, "%s: %s\n", what, reason);
  exit(1);
}

static void* Find(void* library, const char* kci, const char* pq) {
  void* symbol = dlsym(library, kci);
  if (symbol == NULL) symbol = dlsym(library, pq);
  if (symbol == NULL) Fail("The client library has neither spelling of an entry point", kci);
  return symbol;
}

void LoadClient(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) Fail("The client library could not be opened", dlerror());
  // A pointer to an object and one to a function differ in C, though not where dlsym exists.
#define FIND(member, kci, pq) *(void**)&client.member = Find(library, kci, pq)
  FIND(connect, "KCIConnectionCreateParams", "PQconnectdbParams");
  FIND(status, "KCIConnectionGetStatus", "PQstatus");
  FIND(finish, "KCIConnectionDestory", "PQfinish");
  FIND(socket, "KCIConnectionGetSocket", "PQsocket");
  FIND(error_message, "KCIConnectionGetLastError", "PQerrorMessage");
  FIND(set_nonblocking, "KCIConnectionSetNonBlocking", "PQsetnonblocking");
  FIND(flush, "KCIConnectionFlush", "PQflush");
  FIND(consume_input, "KCIConnectionForceRead", "PQconsumeInput");
  FIND(is_busy, "KCIConnectionIsBusy", "PQisBusy");
  FIND(exec, "KCIStatementExecute", "PQexec");
  FIND(prepare, "KCIStatementPrepare", "PQprepare");
  FIND(exec_prepared, "KCIStatementExecutePrepared", "PQexecPrepared");
  FIND(send_query, "KCIStatementSend", "PQsendQuery");
  FIND(send_query_prepared, "KCIStatementSendPrepared", "PQsendQueryPrepared");
  FIND(set_single_row_mode, "KCIsetSingleRowMode", "PQsetSingleRowMode");
  FIND(get_result, "KCIConnectionFetchResult", "PQgetResult");
  FIND(put_copy_data, "KCICopySendData", "PQputCopyData");
  FIND(put_copy_end, "KCICopySendEOF", "PQputCopyEnd");
  FIND(get_copy_data, "KCICopyReceiveData", "PQgetCopyData");
  FIND(free_memory, "KCIFree", "PQfreemem");
  FIND(result_status, "KCIResultGetStatusCode", "PQresultStatus");
  FIND(row_count, "KCIResultGetRowCount", "PQntuples");
  FIND(column_count, "KCIResultGetColumnCount", "PQnfields");
  FIND(value, "KCIResultGetColumnValue", "PQgetvalue");
  FIND(value_length, "KCIResultGetColumnValueLength", "PQgetlength");
  FIND(clear, "KCIResultDealloc", "PQclear");
#undef FIND
}

Connection* Connect(const Target* target) {
  const char* keywords[] = {"host", "port", "user", "dbname", "password", NULL};
  const char* values[] = {target->host, target->port, target->user, target->database, target->password, NULL};
  Connection* connection = client.connect(keywords, values, 0);
  if (client.status(connection) != 0) Fail("No connection", client.error_message(connection));
  return connection;
}

Result* Expect(Connection* connection, Result* result, int status) {
  if (client.result_status(result) != status) {
    Fail("An unexpected result came", client.error_message(connection));
  }
  return result;
}

void Run(Connection* connection, const char* sql) {
  client.clear(Expect(connection, client.exec(connection, sql), kCommandOk));
}

long Read(const Result* result) {
  const int rows = client.row_count(result);
  const int columns = client.column_count(result);
  long bytes = 0;
  for (int row = 0; row < rows; row++) {
    for (int column = 0; column < columns; column++) {
      const int length = client.value_length(result, row, column);
      const volatile char* value = client.value(result, row, column);
      if (length > 0) (void)value[0];
      bytes += length;
    }
  }
  return bytes;
}
